import { BulwarkError } from '../../src/errors';
import type { PodAddition } from '../../src/hardening/harden';
import type { NodePool, NodeTaint } from '../../src/target/capacity';
import type { ClusterTarget } from '../../src/target/target';
import type { TenantAllowances } from '../../src/tenancy/allowances';
import type { TrustLevel } from './trust';

/** Where the pods of a tenant run, and where they do not. */
export interface Placement {
  /** RuntimeClass that all of them have; undefined where it is theirs to choose. */
  readonly runtimeClass: string | undefined;
  readonly pool: NodePool | undefined;
  /** Labels, `KEY=VALUE`, of tainted nodes that are not the tenant's. */
  readonly foreignNodeLabels: readonly string[];
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
  const foreignNodeLabels = foreignLabels(target, pool);
  if (trust !== 'hostile') return { runtimeClass: undefined, pool, foreignNodeLabels };
  const missing = obstacles(target, pool);
  if (missing.length === 0) return { runtimeClass: target.sandboxRuntimeClass, pool, foreignNodeLabels };
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
    ...(pool !== undefined && !keepsOthersAway(pool)
      ? [
          `pods of others may run on its nodes (the pool has no taint of effect NoSchedule or NoExecute with a key outside of ${NODE_CONDITION})`,
        ]
      : []),
    ...(target.minor < 30
      ? [`Kubernetes ${target.version} has no ValidatingAdmissionPolicy to guard it`]
      : []),
  ];
}

/** Begins the taints by which Kubernetes says how a node is; pods get tolerations of them by themselves. */
const NODE_CONDITION = 'node.kubernetes.io/';

/** The scheduler goes past a taint of any other effect when it has no other node. */
function keepsOthersAway(pool: NodePool): boolean {
  return wallsOf(pool).length > 0;
}

function wallsOf({ taints = [] }: NodePool): readonly NodeTaint[] {
  return taints.filter(({ key, effect }) => effect !== 'PreferNoSchedule' && !key.startsWith(NODE_CONDITION));
}

/** Whether pods that may tolerate these taints, `KEY=VALUE` or `KEY`, can run on nodes of a pool. */
export function tolerates(tolerations: readonly string[], pool: NodePool | undefined): boolean {
  const isTolerated = (taint: NodeTaint) =>
    tolerations.includes(taint.key) || tolerations.includes(textOf(taint));
  return pool !== undefined && tolerations.length > 0 && wallsOf(pool).every(isTolerated);
}

/** The tolerations, `KEY=VALUE` or `KEY`, one of which every pod needs to run on nodes of a pool; none where it has no taint that keeps pods away. */
export function neededTolerations(pool: NodePool): readonly string[] {
  return wallsOf(pool)
    .slice(0, 1)
    .flatMap((taint) => [taint.key, textOf(taint)]);
}

/** The tolerations that pods of a pool's tenant have. */
export function tolerationsOf({ taints = [] }: NodePool): readonly string[] {
  return taints.map(textOf);
}

/** Whether one node can have the labels of both. */
export function canCoincide({ labels }: NodePool, other: NodePool): boolean {
  return Object.entries(labels).every(([key, value]) => (other.labels[key] ?? value) === value);
}

function textOf({ key, value = '' }: NodeTaint): string {
  return `${key}=${value}`;
}

/** A pool without such a taint is anybody's. */
function foreignLabels({ nodePools }: ClusterTarget, own: NodePool | undefined): string[] {
  const ownLabels = own ? labelsOf(own) : [];
  const foreign = Object.values(nodePools).filter((pool) => pool !== own && keepsOthersAway(pool));
  return [...new Set(foreign.flatMap(labelsOf))].filter((label) => !ownLabels.includes(label));
}

function labelsOf({ labels }: NodePool): string[] {
  return Object.entries(labels).map(([key, value]) => `${key}=${value}`);
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
    spec.tolerations = [...own, ...(pool.taints ?? []).map(tolerationOf)];
  };
}

/** A taint without a value has the empty one; `Exists` would tolerate the taints of every pool with that key. */
function tolerationOf({ key, value, effect }: NodeTaint): object {
  return { key, operator: 'Equal', ...(value !== undefined && { value }), effect };
}

function outOfSandbox(named: string, runtimeClass: string): BulwarkError {
  return new BulwarkError(
    `A pod of a hostile tenant names the RuntimeClass ${named}, out of the sandbox '${runtimeClass}'. Remove runtimeClassName.`,
  );
}

/** What the guard rails have to hold the pods of a tenant to so that they are placed so, also where somebody makes them by hand. */
export function placed(
  allowances: TenantAllowances,
  { runtimeClass, pool, foreignNodeLabels }: Placement,
): TenantAllowances {
  const own = pool ? tolerationsOf(pool) : [];
  return {
    ...allowances,
    ...(runtimeClass !== undefined && { sandboxes: [runtimeClass] }),
    tolerations: [...new Set([...(allowances.tolerations ?? []), ...own])],
    nodeLabels: [...(allowances.nodeLabels ?? []), ...(pool ? labelsOf(pool) : [])],
    foreignNodeLabels: [...(allowances.foreignNodeLabels ?? []), ...foreignNodeLabels],
  };
}
