import { describeObject, identityOf, type Manifest } from '../manifest/manifest';
import { lent } from '../manifest/remembered';
import { WAIVER_ANNOTATION } from '../controls/waiver';
import { diffConnections, partyOf, type ConnectionChange } from '../network/diff';
import { explainConnection } from '../network/explain';
import { formatPorts, type PortRange } from '../network/ports';
import type { Reachability } from '../network/reachability';
import { reachabilityBesideProof } from '../network/tenant-network';
import { closedByGuardrails } from '../rbac/guarded';
import { escalationOf, sentenceOf, type EscalationPath } from '../rbac/escalation';
import { powerKey } from '../rbac/power';
import type { ClusterTarget } from '../target/target';
import { proveTenancy } from '../tenancy/theorem';
import { controllerOf } from './undeclared';

/** Whether what was proved of the declared manifests is true of the live cluster. */
export interface LiveProof {
  readonly holds: boolean;
  /** What shows that it is not, one for each object through which it is not; the first hundred. */
  readonly counterExamples: readonly LiveCounterExample[];
}

/** Something that can be done in the live cluster and could not be done in the declared one. */
export interface LiveCounterExample {
  /** What, as a sentence without its full stop. */
  readonly what: string;
  /** The object that lets it, and where in it. */
  readonly through: string;
}

const SHOWN = 100;

/**
 * Asks who can reach whom, how far rights lead and whether tenants are kept apart, of the live objects and of the declared
 * ones, and tells what the live cluster lets through beyond the declared. A waiver counts only where it was declared.
 */
export function proveLive(
  declared: readonly Manifest[],
  live: readonly Manifest[],
  target: ClusterTarget,
): LiveProof {
  const uids = new Set(live.map(({ metadata }) => metadata?.uid));
  // What a workload has made is looked at as the workload.
  const roots = live.filter((manifest) => !uids.has(controllerOf(manifest)?.uid ?? ''));
  // Lent, so that what one question finds out is not found out again for the next.
  const wanted = lent([...declared]);
  const actual = lent(withDeclaredWaivers(declared, roots));
  const found = [
    ...newConnections(wanted, actual, target),
    ...newCrossings(wanted, actual, target),
    ...newRights(wanted, actual),
  ];
  const counterExamples = [...new Map(found.map((one) => [one.through, one])).values()];
  return { holds: counterExamples.length === 0, counterExamples: counterExamples.slice(0, SHOWN) };
}

/** Whoever may annotate an object cannot excuse it. */
function withDeclaredWaivers(declared: readonly Manifest[], live: readonly Manifest[]): Manifest[] {
  const known = new Map(declared.map((manifest) => [identityOf(manifest), manifest.metadata?.annotations]));
  return live.map((manifest) => {
    const annotations = Object.entries(manifest.metadata?.annotations ?? {});
    const waived = (key: string, value: unknown) =>
      !key.startsWith(WAIVER_ANNOTATION) || known.get(identityOf(manifest))?.[key] === value;
    const kept = annotations.filter(([key, value]) => waived(key, value));
    if (kept.length === annotations.length) return manifest;
    return { ...manifest, metadata: { ...manifest.metadata, annotations: Object.fromEntries(kept) } };
  });
}

function newConnections(
  declared: readonly Manifest[],
  live: readonly Manifest[],
  target: ClusterTarget,
): LiveCounterExample[] {
  const [before, after] = [declared, live].map((manifests) => reachabilityBesideProof(manifests, target)) as [
    Reachability,
    Reachability,
  ];
  const isOurs = (end: string) => end.endsWith('[External]') || before.network.pods.workloads.has(end);
  return diffConnections(before, after)
    .filter(({ kind, source, destination }) => kind !== 'removed' && isOurs(source) && isOurs(destination))
    .flatMap((change) => beyond(change, before, after));
}

function beyond(change: ConnectionChange, before: Reachability, after: Reachability): LiveCounterExample[] {
  const ends = [change.source, change.destination].map(partyOf) as [string, string];
  const { ports } = after.network;
  const had = ports.of(before.portsBetween(...ends));
  const extra = ports.rangesOf(ports.subtract(ports.of(after.portsBetween(...ends)), had));
  if (extra.length === 0) return [];
  return [
    {
      what: `${change.source} reaches ${change.destination} on ${formatPorts(extra)}`,
      through: opener(ends, extra, before, after),
    },
  ];
}

function opener(
  ends: readonly [string, string],
  [first]: readonly PortRange[],
  before: Reachability,
  after: Reachability,
): string {
  const port = { protocol: first!.protocol, port: first!.first };
  const old = explainConnection(before, ...ends, port).sides;
  const sides = explainConnection(after, ...ends, port).sides;
  const side = sides.find((_, index) => !old[index]?.allowed) ?? sides[0]!;
  return side.because.kind === 'rule'
    ? `${side.because.policy} ${side.because.field}`
    : `no policy that selects ${side.workload} for ${side.direction}`;
}

function newCrossings(
  declared: readonly Manifest[],
  live: readonly Manifest[],
  target: ClusterTarget,
): LiveCounterExample[] {
  const [before, after] = [declared, live].map((manifests) => proveTenancy(manifests, { target }));
  const known = new Set(before!.network.holes.map(({ from, to }) => `${from}\n${to}`));
  const agreed = new Set([...before!.rights.agreed, ...before!.rights.holes].map((one) => escapeKey(one)));
  return [
    ...after!.network.holes
      .filter(({ from, to }) => !known.has(`${from}\n${to}`))
      .map(({ from, to, source, destination, ports }) => ({
        what: `The tenant ${from} reaches the tenant ${to}: ${source.name} => ${destination.name} on ${formatPorts(ports)}`,
        through: `${describeObject(source.manifest)} and ${describeObject(destination.manifest)}`,
      })),
    ...[...after!.rights.holes, ...after!.rights.agreed]
      .filter((one) => !agreed.has(escapeKey(one)))
      .map(({ from, into, path, manifest }) => ({
        what: `A way leads from ${from.join(', ')} into ${into ?? 'every tenant'}: ${stepsOf(path)}`,
        through: describeObject(manifest),
      })),
  ];
}

function escapeKey({
  into,
  manifest,
  path,
}: {
  into?: string;
  manifest: Manifest;
  path: EscalationPath;
}): string {
  return `${identityOf(manifest)} ${into ?? '*'} ${powerKey(path.from)}`;
}

function stepsOf({ steps }: EscalationPath): string {
  return steps.map(sentenceOf).join('; ');
}

/** Who gets to the whole cluster or to a node by live bindings, and does not by the declared ones and those of Kubernetes. */
function newRights(declared: readonly Manifest[], live: readonly Manifest[]): LiveCounterExample[] {
  const waysIn = (manifests: readonly Manifest[]) =>
    escalationOf(manifests, { closedBy: closedByGuardrails(manifests) }).critical();
  const keyOf = ({ from, to }: EscalationPath) => `${powerKey(from)} ${powerKey(to)}`;
  const known = new Set(waysIn(declared).map(keyOf));
  return waysIn(live)
    .filter((path) => !known.has(keyOf(path)))
    .map((path) => ({
      what: stepsOf(path),
      through: throughOf(path),
    }));
}

function throughOf({ from, steps }: EscalationPath): string {
  const grant = steps.flatMap(({ grants }) => grants)[0];
  if (grant) return describeObject(grant.binding);
  return from.kind === 'pod' ? from.name : 'a subject of Kubernetes itself';
}
