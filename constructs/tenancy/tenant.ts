import { Construct } from 'constructs';
import { BulwarkError } from '../../src/errors';
import { isNamespaceName } from '../../src/manifest/names';
import type { TenantAllowances } from '../../src/tenancy/allowances';
import { amountsOf, divide, type Amounts, type TenantQuota } from '../../src/tenancy/quota';
import { targetOf } from '../blueprint/settings';
import { guardSelfMade, guardTenant } from '../network/guard';
import { NetworkIntents, type AllowOptions, type NetworkMember } from '../network/intents';
import { declareTenant } from '../network/members';
import type { Peer } from '../network/peer';
import { allowancesOf, checkAddresses } from './allowances';
import { labelsOf } from './labels';
import { checkGroups, holders, type RoleHolders, type SelfService, type TenantGroups } from './people';
import { place, placementOf } from './placement';
import { checkSelfService, SelfServiceNamespaces } from './self-service';
import { registerTenant, tenancyVersion, tenancyChanged } from './registry';
import { TenantNamespace, type TenantNamespaceProps } from './tenant-namespace';
import { checkHostile, checkTrust, isAsStrict, type TrustLevel } from './trust';

/** Properties of a {@link Tenant}. */
export interface TenantProps {
  /**
   * The most that all namespaces of the tenant may use together.
   * @default see each field of {@link TenantQuota}; of a team, an equal part of what its tenant has left
   */
  readonly quota?: TenantQuota;
  /** Who the tenant's people are, by what they may do in all of its namespaces. @default nobody */
  readonly groups?: TenantGroups;
  /** How far the tenant is trusted. @default 'semi-trusted'; of a team, as far as its tenant */
  readonly trust?: TrustLevel;
  /**
   * What the guard rails in the cluster allow the tenant: registries, hosts, classes of storage, priority and runtime.
   * @default see each field of {@link TenantAllowances}; of a team, those of its tenant
   */
  readonly allowances?: TenantAllowances;
  /** Name of the pool of the target's nodes that its pods run on, and nobody else's. @default any node; of a team, that of its tenant */
  readonly nodePool?: string;
  /** Who answers for the tenant, as a label of its namespaces. @default nobody; of a team, that of its tenant */
  readonly owner?: string;
  /** Whom the tenant's use is billed to, as a label of its namespaces. @default nobody; of a team, that of its tenant */
  readonly costCenter?: string;
  /** More labels of all of its namespaces. @default none; of a team, those of its tenant */
  readonly labels?: Readonly<Record<string, string>>;
  /** What its deployers may write themselves, within the guard rails. @default nothing; of a team, what its tenant's may */
  readonly selfService?: SelfService;
  /**
   * Addresses outside of the cluster that are this tenant's alone, such as those of its database. NetworkPolicies of its people
   * may name them, and no other tenant can own them.
   * @default none
   */
  readonly addresses?: readonly string[];
}

/**
 * A team, or a customer, that shares the cluster with others: some namespaces that nothing reaches and nothing leaves unless
 * it is said. A tenant in a tenant is a team of it, with namespaces of its own out of the tenant's quota.
 *
 * @example
 * const shop = new Tenant(cluster, 'shop', { quota: { cpu: '16', memory: '32Gi' } });
 * const web = shop.namespace('web'); // the Namespace shop-web
 * const payments = new Tenant(shop, 'payments', { quota: { cpu: '4' } }); // a team of shop
 */
export class Tenant extends Construct implements NetworkMember {
  /** Name of the tenant; that of a team begins with the name of its tenant. */
  readonly name: string;
  /** How far the tenant is trusted. */
  readonly trust: TrustLevel;
  /** What all of its pods may be reached from and may reach. */
  readonly intents: NetworkIntents;

  private readonly parent: Tenant | undefined;
  private readonly props: TenantProps;
  private readonly parts = new Map<string, TenantQuota | undefined>();
  private readonly charts = new Map<string, TenantNamespace>();
  private divided?: Division;

  /**
   * @param id Name of the tenant: lower-case letters, digits and hyphens.
   * @throws BulwarkError when the name is none or somebody else's, when a quota, a group or an allowance is none, and when the
   * target cannot keep the tenant apart as its trust demands.
   */
  constructor(scope: Construct, id: string, props: TenantProps = {}) {
    super(scope, id);
    this.parent = scope.node.scopes.reverse().find((above) => above instanceof Tenant);
    this.name = this.parent ? `${this.parent.name}-${id}` : id;
    checkLabel(this.name, this.node.path);
    this.props = inherited(props, this.parent?.props);
    this.trust = this.props.trust ?? 'semi-trusted';
    this.check();
    this.parent?.addPart(teamPart(id), props.quota);
    this.register();
    this.node.addValidation({ validate: () => this.quotaProblems() });
    declareTenant(this, this.name);
    this.addSelfService();
    const charts = () => [...this.charts.values()];
    this.intents = new NetworkIntents({
      construct: this,
      policyName: undefined,
      namespaces: () => charts().map(({ namespace }) => namespace),
      podLabels: () => ({}),
      parts: () => charts().map(({ intents }) => intents),
    });
  }

  /**
   * The tenant's namespace of that name, made at the first call. In the cluster it is called `TENANT-NAME`.
   * @throws BulwarkError when the name is none or somebody else's, or when a later call passes properties.
   */
  namespace(name: string, props?: TenantNamespaceProps): TenantNamespace {
    const known = this.charts.get(name);
    if (known && props) {
      throw new BulwarkError(
        `${known.node.path}: is declared already. Pass its properties in the first call of namespace('${name}') only.`,
      );
    }
    if (known) return known;
    const fullName = `${this.name}-${name}`;
    checkLabel(fullName, this.node.path);
    const owner = { tenant: this.name, name: fullName, ...this.given(namespacePart(name)) };
    const chart = new TenantNamespace(this, name, owner, props);
    this.charts.set(name, chart);
    this.addPart(namespacePart(name), props?.quota);
    if (this.charts.size === 1) guardTenant(this, this.intents.subject.namespaces);
    if (this.intents.all.length > 0) chart.intents.ensurePolicy();
    return chart;
  }

  /**
   * Lets a peer reach every pod of the tenant, in all of its namespaces. `tenant.allowFrom(tenant, { ports: [8080] })` lets
   * them reach each other.
   * @throws BulwarkError when no port is named.
   */
  allowFrom(peer: Peer | NetworkMember, options?: AllowOptions): void {
    this.intents.allowFrom(peer, options);
  }

  /**
   * Lets every pod of the tenant reach a peer.
   * @throws BulwarkError when no port is named and the peer implies none.
   */
  allowTo(peer: Peer | NetworkMember, options?: AllowOptions): void {
    this.intents.allowTo(peer, options);
  }

  /** Agrees that another tenant, or a workload of it, reaches what is in this tenant. Nothing is opened before it says `allowTo`. */
  offerTo(partner: NetworkMember | 'every-tenant', options?: AllowOptions): void {
    this.intents.offerTo(partner, options);
  }

  private get whereabouts() {
    return { trust: this.trust, nodePool: this.props.nodePool };
  }

  private check(): void {
    const { quota = {}, groups = {}, selfService = {}, allowances = {}, addresses = [] } = this.props;
    const { path } = this.node;
    checkTrust(path, this.trust);
    checkGroups(path, groups);
    checkQuota(path, quota);
    checkAddresses(path, addresses);
    if (this.parent && !isAsStrict(this.trust, this.parent.trust)) {
      throw new BulwarkError(
        `${path}: is ${this.trust}, and its tenant is ${this.parent.trust}: what is not trusted as a whole is not trusted in part. Leave trust out.`,
      );
    }
    if (selfService.namespaces) checkSelfService(path, selfService.namespaces, targetOf(this));
    if (this.trust === 'hostile') checkHostile(path, { quota, selfService, allowances });
    placementOf(path, this.whereabouts, targetOf(this));
  }

  private register(): void {
    const { owner, costCenter, labels = {}, allowances = {}, addresses = [], nodePool } = this.props;
    const { selfService = {} } = this.props;
    registerTenant(this, {
      name: this.name,
      path: this.node.path,
      above: this.parent ? this.parent.lineage() : [],
      owner,
      costCenter,
      labels,
      amounts: () => this.amounts(),
      hosts: allowances.ingressHosts ?? [],
      blocks: addresses,
      isHostile: this.trust === 'hostile',
      nodePool,
      tolerations: allowances.tolerations ?? [],
      makesNamespaces: selfService.namespaces !== undefined,
    });
  }

  private addSelfService(): void {
    const { namespaces } = this.props.selfService ?? {};
    if (!namespaces) return;
    for (let index = 0; index < namespaces.atMost; index += 1)
      this.addPart(selfMadePart(index), namespaces.quota);
    const owner = { tenant: this.name, ...this.given(selfMadePart(0)) };
    new SelfServiceNamespaces(this, SELF_SERVICE, owner, namespaces);
    guardSelfMade(this);
  }

  /** What every namespace gets, also one that somebody makes. */
  private given(part: string) {
    const placement = placementOf(this.node.path, this.whereabouts, targetOf(this));
    return {
      labels: labelsOf(this.node.path, { ...this.props, trust: this.trust, parent: this.parent?.name }),
      amounts: () => this.partOf(part),
      allowances: allowancesOf(this.props, placement),
      people: this.people(),
      placement: place(placement),
    };
  }

  /** Names of the tenants that this is a part of, itself included, the outermost first. */
  private lineage(): string[] {
    return [...(this.parent?.lineage() ?? []), this.name];
  }

  /** Whoever may do something in all of a tenant may do it in its teams. */
  private people(): RoleHolders[] {
    const { groups = {}, selfService = {} } = this.props;
    return [...(this.parent?.people() ?? []), ...holders(groups, this.trust, selfService)];
  }

  private addPart(part: string, quota: TenantQuota | undefined): void {
    this.parts.set(part, quota);
    tenancyChanged(this);
  }

  private amounts(): Amounts {
    if (this.parent) return this.parent.partOf(teamPart(this.node.id));
    const { quota = {}, allowances = {} } = this.props;
    const loadBalancers = quota.loadBalancers ?? allowances.loadBalancers?.length ?? 0;
    return amountsOf({ ...quota, loadBalancers });
  }

  /** The quota of a part, or nothing where the parts do not add up, which {@link quotaProblems} tells once. */
  private partOf(part: string): Amounts {
    return this.division().amounts.get(part) ?? new Map();
  }

  private quotaProblems(): string[] {
    const { problem } = this.division();
    return problem === undefined ? [] : [problem];
  }

  private division(): Division {
    const version = tenancyVersion(this);
    if (this.divided?.version !== version) this.divided = { version, ...this.divide() };
    return this.divided;
  }

  private divide(): Omit<Division, 'version'> {
    try {
      const whole = this.amounts();
      // The tenant of this team has told what is wrong.
      if (whole.size === 0) return { amounts: new Map() };
      return { amounts: divide(whole, this.parts) };
    } catch (error) {
      if (error instanceof BulwarkError) return { amounts: new Map(), problem: error.message };
      throw error;
    }
  }
}

/** How the quota of a tenant is divided at a moment. */
interface Division {
  /** What {@link tenancyVersion} was. */
  readonly version: number;
  readonly amounts: ReadonlyMap<string, Amounts>;
  readonly problem?: string;
}

/** What a team does not say is as with its tenant; its people, its quota, its addresses and who makes its namespaces are its own. */
function inherited(own: TenantProps, above: TenantProps | undefined): TenantProps {
  if (!above) return own;
  const { groups: _people, quota: _quota, addresses: _addresses, selfService, ...passedOn } = above;
  const { namespaces: _namespaces, ...withinNamespaces } = selfService ?? {};
  return {
    ...passedOn,
    ...(selfService && { selfService: withinNamespaces }),
    ...own,
    labels: { ...above.labels, ...own.labels },
  };
}

/** What is no quantity is told here, where the tenant is declared, and not for each of its parts. */
function checkQuota(where: string, quota: TenantQuota): void {
  try {
    amountsOf(quota);
  } catch (error) {
    throw error instanceof BulwarkError ? new BulwarkError(`${where}: ${error.message}`) : error;
  }
}

/** Id of the chart with what is said of the namespaces that people make: that of no namespace, since it has a capital letter. */
const SELF_SERVICE = 'selfService.namespaces';

function selfMadePart(index: number): string {
  return `self-made ${index}`;
}

function namespacePart(name: string): string {
  return `namespace ${name}`;
}

function teamPart(name: string): string {
  return `team ${name}`;
}

function checkLabel(name: string, where: string): void {
  if (isNamespaceName(name)) return;
  throw new BulwarkError(
    `${where}: '${name}' cannot name a namespace. Use at most 63 lower-case letters, digits and hyphens, with a letter or digit at both ends.`,
  );
}
