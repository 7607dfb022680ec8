import { auditManifests, type AuditOptions } from '../controls/audit';
import { namespaceOf } from '../manifest/inventory';
import type { Manifest } from '../manifest/manifest';
import { analyzeNetwork } from '../network/reachability';
import { CLUSTER_POLICY_KINDS } from '../network/read-cluster-policy';
import { rbacOf } from '../rbac/rbac';
import { targetFor } from '../target/target';
import { AREAS, EFFECTS, type Change } from './change';
import { diffNetworks } from './connections';
import { diffFindings } from './controls';
import { diffGuards } from './guards';
import { diffObjects } from './objects';
import { changedObjects, type ObjectPair } from './pairs';
import { diffRights } from './rights';
import { diffSecrets } from './secrets';

export { AREAS, EFFECTS, type Area, type Change, type Effect } from './change';

/** Kinds whose change shows in who reaches whom. */
const NETWORK_KINDS = ['NetworkPolicy', ...CLUSTER_POLICY_KINDS];

/**
 * What changes from one set of manifests to another: in who may do what, who reaches whom, what guards refuse, which controls
 * hold and who reads which Secrets, and a line for each other object. What one change leads to is told once. Takes time linear
 * in the manifests and in what changed.
 *
 * @param options What both are held to.
 */
export function diffClusters(
  before: readonly Manifest[],
  after: readonly Manifest[],
  options: AuditOptions = {},
): Change[] {
  const pairs = changedObjects(before, after);
  // Most of the time is for what did not change, and then nothing did.
  if (pairs.length === 0) return [];
  const rights = diffRights(rbacOf(before), rbacOf(after));
  const target = targetFor(options.target);
  const network = diffNetworks(analyzeNetwork(before, { target }), analyzeNetwork(after, { target }));
  const guards = diffGuards(pairs);
  const secrets = diffSecrets(pairs);
  const removed = new Set(pairs.flatMap(({ identity, after: now }) => (now ? [] : [identity])));
  const findings = diffFindings(
    auditManifests(before, options),
    auditManifests(after, options),
    (identity) => removed.has(identity) || guards.told.has(identity),
  );
  const isTold = (pair: ObjectPair) =>
    [rights.told, guards.told, secrets.told].some((told) => told.has(pair.identity)) ||
    isNetworkTold(pair, network.told);
  const changes = [
    ...rights.changes,
    ...network.changes,
    ...guards.changes,
    ...findings,
    ...secrets.changes,
    ...diffObjects(pairs, isTold),
  ];
  return sortChanges(changes);
}

/** A cluster-wide policy is about every namespace. */
function isNetworkTold({ before, after }: ObjectPair, namespaces: ReadonlySet<string>): boolean {
  const manifest = (after ?? before)!;
  if (!NETWORK_KINDS.includes(manifest.kind)) return false;
  return manifest.kind === 'NetworkPolicy' ? namespaces.has(namespaceOf(manifest)) : namespaces.size > 0;
}

/** By area, and what was widened first. */
function sortChanges(changes: readonly Change[]): Change[] {
  const rank = ({ area, effect }: Change) => AREAS.indexOf(area) * EFFECTS.length + EFFECTS.indexOf(effect);
  return [...changes].sort((a, b) => rank(a) - rank(b));
}
