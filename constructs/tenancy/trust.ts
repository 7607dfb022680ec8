import { BulwarkError } from '../../src/errors';
import type { TenantAllowances } from '../../src/tenancy/allowances';
import type { PodAddition } from '../../src/hardening/harden';
import type { NodePool } from '../../src/target/capacity';
import type { ClusterTarget } from '../../src/target/target';
import type { TenantQuota } from '../../src/tenancy/quota';
import type { SelfService } from './people';

/**
 * How far a tenant is trusted.
 *
 * - `trusted`: colleagues with code of their own. Developers may run commands in pods.
 * - `semi-trusted`: colleagues or partners, who make mistakes and whose accounts are stolen.
 * - `hostile`: customers whose code nobody has seen. Pods get a kernel and nodes of their own.
 */
export type TrustLevel = 'trusted' | 'semi-trusted' | 'hostile';

const LEVELS: readonly TrustLevel[] = ['trusted', 'semi-trusted', 'hostile'];

/** Whether one level trusts no more than another. */
export function isAsStrict(level: TrustLevel, than: TrustLevel): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(than);
}

/** Where the pods of a tenant run. */
export interface Placement {
  readonly runtimeClass: string | undefined;
  readonly pool: NodePool | undefined;
}

/** What decides where the pods of a tenant run. */
export interface PlacementProps {
  readonly trust: TrustLevel;
  /** Name of a pool of the target. */
  readonly nodePool: string | undefined;
}

/**
 * Where the pods of a tenant run.
 * @param where Path of the tenant, for messages.
 * @throws BulwarkError when the target has no such pool, or cannot keep a hostile tenant apart.
 */
export function placementOf(
  where: string,
  { trust, nodePool }: PlacementProps,
  target: ClusterTarget,
): Placement {
  const pool = nodePool === undefined ? undefined : target.nodePools[nodePool];
  if (nodePool !== undefined && !pool) {
    const known = Object.keys(target.nodePools).join(', ') || 'none';
    throw new BulwarkError(
      `${where}: nodePool '${nodePool}' is none of the target's (${known}). Add it: ClusterTarget.kubernetes(version, { nodePools: { '${nodePool}': { labels: { pool: '${nodePool}' } } } }).`,
    );
  }
  if (trust !== 'hostile') return { runtimeClass: undefined, pool };
  const missing = obstacles(target, pool);
  if (missing.length === 0) return { runtimeClass: target.sandboxRuntimeClass, pool };
  throw new BulwarkError(
    `${where}: is hostile, and the target cannot keep it apart: ${missing.join('; ')}. ` +
      'What is missing is a capability of ClusterTarget.kubernetes(...); declare it once the cluster has it, or give the tenant a cluster of its own.',
  );
}

function obstacles(target: ClusterTarget, pool: NodePool | undefined): string[] {
  return [
    ...(target.sandboxRuntimeClass === undefined
      ? ['its pods would share the kernel of the nodes (sandboxRuntimeClass is unset)']
      : []),
    ...(pool === undefined
      ? ['its pods would share nodes with others (nodePool of the tenant is unset)']
      : []),
    ...(pool !== undefined && (pool.taints ?? []).length === 0
      ? ['pods of others may run on its nodes (the pool has no taints)']
      : []),
    ...(target.minor < 30
      ? [`Kubernetes ${target.version} has no ValidatingAdmissionPolicy to guard it`]
      : []),
  ];
}

/** Puts the pods of a tenant where they belong; one that names another runtime than the sandbox fails the synthesis. */
export function place({ runtimeClass, pool }: Placement): PodAddition {
  return ({ spec }) => {
    if (runtimeClass !== undefined) {
      const named = (spec.runtimeClassName ??= runtimeClass);
      if (named !== runtimeClass) throw outOfSandbox(JSON.stringify(named), runtimeClass);
    }
    if (!pool) return;
    spec.nodeSelector = { ...(spec.nodeSelector as object | undefined), ...pool.labels };
    const own = Array.isArray(spec.tolerations) ? (spec.tolerations as unknown[]) : [];
    const added = (pool.taints ?? []).map(({ key, value, effect }) => ({
      key,
      ...(value === undefined ? { operator: 'Exists' } : { operator: 'Equal', value }),
      effect,
    }));
    spec.tolerations = [...own, ...added];
  };
}

function outOfSandbox(named: string, runtimeClass: string): BulwarkError {
  return new BulwarkError(
    `A pod of a hostile tenant names the RuntimeClass ${named}, out of the sandbox '${runtimeClass}'. Remove runtimeClassName.`,
  );
}

/** What a hostile tenant may not have at all. */
export interface HostileProps {
  readonly quota: TenantQuota;
  readonly selfService: SelfService;
  readonly allowances: TenantAllowances;
}

/** @throws BulwarkError when a hostile tenant is given an entrance, or rights of the platform. */
export function checkHostile(where: string, { quota, selfService, allowances }: HostileProps): void {
  const isGiven: Readonly<Record<string, boolean | number | undefined>> = {
    'quota.nodePorts, a port on every node': quota.nodePorts,
    'quota.loadBalancers, an entrance past the ingress controller': quota.loadBalancers,
    'selfService.networkPolicies': selfService.networkPolicies,
    'selfService.roleBindings': selfService.roleBindings,
    'allowances.runtimeClasses, a way out of the sandbox': allowances.runtimeClasses?.length,
    'allowances.waivedControls': allowances.waivedControls?.length,
  };
  const given = Object.keys(isGiven).filter((what) => isGiven[what]);
  if (given.length === 0) return;
  throw new BulwarkError(
    `${where}: is hostile, and is given ${given.join('; ')}. Remove that, or say trust: 'semi-trusted' if the tenant deserves it.`,
  );
}
