import { ApiObject, Chart, JsonPatch } from 'cdk8s';
import type { Construct } from 'constructs';
import { BulwarkError } from '../../src/errors';
import type { PodAddition } from '../../src/hardening/harden';
import {
  allowancesConfigMap,
  PLATFORM_OWNED_LABEL,
  type TenantAllowances,
} from '../../src/tenancy/allowances';
import type { Amounts, TenantQuota } from '../../src/tenancy/quota';
import { TENANT_LABEL } from '../../src/manifest/kinds';
import { targetOf } from '../blueprint/settings';
import { DefaultDeny } from '../network/default-deny';
import { NetworkIntents, type AllowOptions, type NetworkMember } from '../network/intents';
import { declareNamespace } from '../network/members';
import type { Peer } from '../network/peer';
import { addToPods } from '../workload/hardening';
import { limits, podSecurityLabels } from './namespace-objects';
import { claimNamespace } from './registry';
import { tenantRole } from './roles';
import type { RoleHolders } from './people';

/** Properties of a namespace of a tenant. */
export interface TenantNamespaceProps {
  /** The namespace's part of the tenant's quota. @default an equal part of what the other namespaces leave */
  readonly quota?: TenantQuota;
  /** More labels of the Namespace. @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * A weaker Pod Security level, with the reason, which stays on the Namespace as an annotation.
   * @default restricted
   */
  readonly podSecurity?: PodSecurityException;
}

/** Why the pods of a namespace are not held to `restricted`. */
export interface PodSecurityException {
  readonly level: 'baseline' | 'privileged';
  /** At least 10 characters. */
  readonly reason: string;
}

/** What a namespace gets from its tenant. @internal */
export interface NamespaceOwner {
  /** Name of the tenant. */
  readonly tenant: string;
  /** Name of the Namespace. */
  readonly name: string;
  /** Labels that the tenant alone decides. */
  readonly labels: Readonly<Record<string, string>>;
  /** The namespace's part of the quota; asked for when everything is declared. */
  readonly amounts: () => Amounts;
  readonly allowances: TenantAllowances;
  readonly people: readonly RoleHolders[];
  /** Puts pods where those of the tenant run. */
  readonly placement: PodAddition;
}

const LONGEST_NAME = 63;
/** A CronJob's pods are named after it, with 11 characters more. */
const LONGEST_CRON_JOB_NAME = 52;

/**
 * A namespace of a tenant, and the chart of what is in it: pods are held to Pod Security `restricted` at the target's
 * version, resources are limited by a ResourceQuota and a LimitRange, and nothing is reachable until it is allowed.
 *
 * Objects are named by their place below the chart, without a hash: `new HardenedDeployment(namespace, 'api')` is named `api`.
 */
export class TenantNamespace extends Chart implements NetworkMember {
  /** Name of the Namespace. */
  override readonly namespace: string;

  /** What all of its pods may be reached from and may reach. */
  readonly intents: NetworkIntents;

  /** Use {@link Tenant.namespace}. @internal */
  constructor(scope: Construct, id: string, owner: NamespaceOwner, props: TenantNamespaceProps = {}) {
    super(scope, id, { namespace: owner.name });
    claimNamespace(this, owner.name, scope.node.path);
    this.namespace = owner.name;
    this.addNamespace(owner, props);
    this.addLimits(owner);
    new DefaultDeny(this, 'DefaultDeny');
    this.addAllowances(owner);
    for (const { role, subjects } of owner.people) tenantRole(this, role).bindIn(this, ...subjects);
    this.markAsOwnedByPlatform();
    addToPods(this, owner.placement);
    declareNamespace(this, owner.name);
    this.intents = new NetworkIntents({
      construct: this,
      policyName: 'allow-namespace',
      namespaces: () => [owner.name],
      podLabels: () => ({}),
    });
  }

  /**
   * Lets a peer reach every pod of the namespace.
   * @throws BulwarkError when no port is named.
   */
  allowFrom(peer: Peer | NetworkMember, options?: AllowOptions): void {
    this.intents.allowFrom(peer, options);
  }

  /**
   * Lets every pod of the namespace reach a peer.
   * @throws BulwarkError when no port is named and the peer implies none.
   */
  allowTo(peer: Peer | NetworkMember, options?: AllowOptions): void {
    this.intents.allowTo(peer, options);
  }

  /** Agrees that another tenant, or a workload of it, reaches what is in this namespace. Nothing is opened before it says `allowTo`. */
  offerTo(partner: NetworkMember | 'every-tenant', options?: AllowOptions): void {
    this.intents.offerTo(partner, options);
  }

  /** @throws BulwarkError when the name would be too long. */
  override generateObjectName(object: ApiObject): string {
    const path = object.node.scopes.slice(object.node.scopes.indexOf(this) + 1).map(({ node }) => node.id);
    const name = path
      .filter((part) => part !== 'Resource' && part !== 'Default')
      .join('-')
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-|-$/g, '');
    const longest = object.kind === 'CronJob' ? LONGEST_CRON_JOB_NAME : LONGEST_NAME;
    if (name.length > longest || name === '') {
      throw new BulwarkError(
        `${object.node.path}: its name '${name}' has ${name.length} characters, and a ${object.kind} may have 1 to ${longest}. Set metadata.name.`,
      );
    }
    return name;
  }

  /** Where guard rails are, the tenant's people change none of it, whatever their roles let them do. */
  private markAsOwnedByPlatform(): void {
    for (const object of this.node.findAll()) {
      // Namespaces have guards of their own.
      if (!ApiObject.isApiObject(object) || object.kind === 'Namespace') continue;
      object.metadata.addLabel(PLATFORM_OWNED_LABEL, 'true');
    }
  }

  private addNamespace(owner: NamespaceOwner, props: TenantNamespaceProps): void {
    const namespace = new ApiObject(this, 'Namespace', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name: owner.name,
        labels: {
          ...props.labels,
          ...owner.labels,
          [TENANT_LABEL]: owner.tenant,
          ...this.podSecurityLabels(props.podSecurity),
        },
        ...(props.podSecurity && { annotations: { 'cdk8s-bulwark/pod-security': props.podSecurity.reason } }),
      },
    });
    // The chart's namespace is put on every object, and a Namespace is in none.
    namespace.addJsonPatch(JsonPatch.remove('/metadata/namespace'));
  }

  private addLimits({ amounts, allowances }: NamespaceOwner): void {
    for (const [id, object] of Object.entries(limits(amounts, allowances.priorityClasses))) {
      new ApiObject(this, id, object);
    }
  }

  private addAllowances({ name, allowances }: NamespaceOwner): void {
    const manifest = allowancesConfigMap(name, allowances, this.node.path);
    // What reads them are ValidatingAdmissionPolicies.
    if (targetOf(this).minor >= 30) new ApiObject(this, 'Allowances', manifest);
  }

  private podSecurityLabels(exception: PodSecurityException | undefined): Record<string, string> {
    if (exception && exception.reason.trim().length < 10) {
      throw new BulwarkError(
        `${this.node.path}: podSecurity '${exception.level}' is weaker than restricted, and its reason has to be understood by whoever reviews it: write 10 characters or more.`,
      );
    }
    return podSecurityLabels(targetOf(this), exception?.level);
  }
}
