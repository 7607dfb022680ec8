import { Construct } from 'constructs';
import { BulwarkError } from '../../src/errors';
import { NetworkIntents, type AllowOptions, type NetworkMember } from '../network/intents';
import { declareTenant } from '../network/members';
import type { Peer } from '../network/peer';
import { hardOf, type TenantQuota } from './quota';
import { TenantNamespace, type TenantNamespaceProps } from './tenant-namespace';

/** Properties of a {@link Tenant}. */
export interface TenantProps {
  /** The most that all namespaces of the tenant may use together. @default see each field of {@link TenantQuota} */
  readonly quota?: TenantQuota;
}

/**
 * A team, or a customer, that shares the cluster with others: some namespaces that nothing reaches and nothing leaves unless
 * it is said.
 *
 * @example
 * const shop = new Tenant(cluster, 'shop', { quota: { cpu: '16', memory: '32Gi' } });
 * const web = shop.namespace('web'); // the Namespace shop-web
 */
export class Tenant extends Construct implements NetworkMember {
  /** What all of its pods may be reached from and may reach. */
  readonly intents: NetworkIntents;

  private readonly quota: TenantQuota;
  private readonly namespaces = new Map<
    string,
    { readonly chart: TenantNamespace; readonly quota: TenantQuota | undefined }
  >();

  /**
   * @param id Name of the tenant: lower-case letters, digits and hyphens.
   * @throws BulwarkError when the name is none.
   */
  constructor(scope: Construct, id: string, props: TenantProps = {}) {
    super(scope, id);
    checkLabel(id, this.node.path);
    this.quota = props.quota ?? {};
    declareTenant(this);
    const charts = () => [...this.namespaces.values()].map(({ chart }) => chart);
    this.intents = new NetworkIntents({
      construct: this,
      policyName: undefined,
      namespaces: () => charts().map(({ namespace }) => namespace),
      podLabels: () => ({}),
      parts: () => charts().map(({ intents }) => intents),
    });
  }

  /** Name of the tenant. */
  get name(): string {
    return this.node.id;
  }

  /**
   * The tenant's namespace of that name, made at the first call. In the cluster it is called `TENANT-NAME`.
   * @throws BulwarkError when the name is none, or when a later call passes properties.
   */
  namespace(name: string, props?: TenantNamespaceProps): TenantNamespace {
    const known = this.namespaces.get(name);
    if (known && props) {
      throw new BulwarkError(
        `${known.chart.node.path}: is declared already. Pass its properties in the first call of namespace('${name}') only.`,
      );
    }
    if (known) return known.chart;
    const fullName = `${this.name}-${name}`;
    checkLabel(fullName, this.node.path);
    const hard = () => hardOf(this.node.path, this.quota, this.shares(), name);
    const chart = new TenantNamespace(this, name, { tenant: this.name, name: fullName, hard }, props);
    this.namespaces.set(name, { chart, quota: props?.quota });
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

  private shares(): Map<string, TenantQuota | undefined> {
    return new Map([...this.namespaces].map(([name, { quota }]) => [name, quota]));
  }
}

function checkLabel(name: string, where: string): void {
  if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) return;
  throw new BulwarkError(
    `${where}: '${name}' cannot name a namespace. Use at most 63 lower-case letters, digits and hyphens, with a letter or digit at both ends.`,
  );
}
