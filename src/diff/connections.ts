import { groupBy } from '../groups';
import { compareText } from '../manifest/manifest';
import { diffConnections, type ConnectionChange } from '../network/diff';
import { findCrossings, tenantLookup } from '../network/isolation';
import { isListable } from '../network/listable';
import { workloadName } from '../network/pods';
import { formatPorts, NO_PORTS, type PortAlgebra, type PortRange } from '../network/ports';
import type { Reachability } from '../network/reachability';
import { listSome } from '../wording';
import type { Change, Effect } from './change';

/** What changed in who reaches whom. */
export interface NetworkDiff {
  readonly changes: readonly Change[];
  /** Namespaces of the ends of changed connections: what changed in their policies is told by {@link changes}. */
  readonly told: ReadonlySet<string>;
}

/**
 * Which connections are gained and lost. Those of the same ends are told of together. Where so much is open that the connections
 * cannot be listed, what each workload is open to is compared instead, so that the time stays linear.
 */
export function diffNetworks(before: Reachability, after: Reachability): NetworkDiff {
  const changes = [before, after].every(isListable)
    ? diffConnections(before, after)
    : diffOpenings(before, after);
  const context = contextOf(before, after);
  const blocks = blocksOf(changes.map((change) => judged(change, context)));
  const told = new Set(changes.flatMap(({ source, destination }) => [source, destination]).map(namespaceOf));
  return { changes: blocks.map((block) => describeBlock(block, context)), told };
}

/** What stands for all pods that are not named, where connections are not listed one by one. */
const EVERYBODY = 'every other pod';

/** Compares what each workload lets out to and in from pods that its policies do not name. */
function diffOpenings(before: Reachability, after: Reachability): ConnectionChange[] {
  const [old, now] = [openingsOf(before), openingsOf(after)];
  const keys = [...new Set([...old.keys(), ...now.keys()])].sort(compareText);
  return keys.flatMap((key) => {
    const [was, is] = [old.get(key) ?? [], now.get(key) ?? []];
    if (formatPorts(was) === formatPorts(is)) return [];
    const [source, destination] = key.split('\n') as [string, string];
    const kind = was.length === 0 ? 'added' : is.length === 0 ? 'removed' : 'changed';
    return [{ kind, source, destination, before: was, after: is }];
  });
}

function openingsOf({ network, rows, workloads }: Reachability): Map<string, readonly PortRange[]> {
  const openings = new Map<string, readonly PortRange[]>();
  for (const workload of workloads) {
    const own = workloadName(workload);
    const ports = (direction: 'ingress' | 'egress') =>
      network.ports.rangesOf(
        workload.classes.map((one) => rows.row(one, direction).others).reduce(network.ports.union, NO_PORTS),
      );
    openings.set(`${own}\n${EVERYBODY}`, ports('egress'));
    openings.set(`${EVERYBODY}\n${own}`, ports('ingress'));
  }
  return openings;
}

interface Context {
  readonly isNew: (end: string) => boolean;
  readonly isGone: (end: string) => boolean;
  readonly ports: PortAlgebra;
  /** The tenant of an end of a connection before or after; undefined where it has none. */
  readonly tenantOf: (end: string) => string | undefined;
  /** Whether a tenant reached another one before. */
  readonly met: (from: string, to: string) => boolean;
}

function contextOf(before: Reachability, after: Reachability): Context {
  const [old, now] = [before.network.pods.workloads, after.network.pods.workloads];
  const [oldTenant, newTenant] = [tenantLookup(before), tenantLookup(after)];
  const crossings = new Set(
    findCrossings(before, { limit: 100_000 }).map(({ from, to }) => `${from}\n${to}`),
  );
  return {
    isNew: (end) => isWorkload(end) && now.has(end) && !old.has(end),
    isGone: (end) => isWorkload(end) && old.has(end) && !now.has(end),
    ports: after.network.ports,
    tenantOf: (end) => newTenant(namespaceOf(end)) ?? oldTenant(namespaceOf(end)),
    met: (from, to) => crossings.has(`${from}\n${to}`),
  };
}

function isWorkload(end: string): boolean {
  return end.includes('/') && !end.endsWith('[External]');
}

function namespaceOf(end: string): string {
  return isWorkload(end) ? end.slice(0, end.indexOf('/')) : '';
}

interface JudgedChange extends ConnectionChange {
  readonly effect: Effect;
}

/** What a workload that is new reaches in its own tenant is part of being there; what it opens beyond is a widening. */
function judged(change: ConnectionChange, { isNew, isGone, tenantOf, ports }: Context): JudgedChange {
  const { source, destination } = change;
  const ends = [source, destination];
  const tenants = new Set(ends.map(tenantOf));
  const isInside = ends.every(isWorkload) && tenants.size === 1;
  if (isInside && ends.some(isNew)) return { ...change, effect: 'neutral' };
  if (ends.some(isGone)) return { ...change, effect: 'neutral' };
  return { ...change, effect: isWider(change, ports) ? 'widened' : 'narrowed' };
}

/** Whether a port is open after that was not before. */
function isWider({ before, after }: ConnectionChange, { of, subtract }: PortAlgebra): boolean {
  return subtract(of(after), of(before)) !== NO_PORTS;
}

/** Changes of the same ports that all of some sources have with all of some destinations. */
interface Block extends Pick<JudgedChange, 'before' | 'after' | 'effect'> {
  readonly sources: readonly string[];
  readonly destinations: readonly string[];
}

function blocksOf(changes: readonly JudgedChange[]): Block[] {
  const byDestination = groupBy(changes, ({ effect, before, after, destination }) =>
    [effect, formatPorts(before), formatPorts(after), destination].join('\n'),
  );
  const blocks = new Map<string, Block & { readonly destinations: string[] }>();
  for (const own of byDestination.values()) {
    const { effect, before, after, destination } = own[0]!;
    const sources = [...new Set(own.map(({ source }) => source))];
    const key = [effect, formatPorts(before), formatPorts(after), ...sources].join('\n');
    const block = blocks.get(key);
    if (block) block.destinations.push(destination);
    else blocks.set(key, { effect, before, after, sources, destinations: [destination] });
  }
  return [...blocks.values()];
}

function describeBlock(block: Block, context: Context): Change {
  const { effect, sources, destinations } = block;
  const [may, ports] = describePorts(block, context.ports);
  return {
    area: 'network',
    effect,
    text: `${listSome(sources)} ${may} connect to ${listSome(destinations)}${ports}${isolationLost(block, context)}`,
  };
}

/** Names the ports that opened or closed first, since these are what somebody has to look at. */
function describePorts({ before, after }: Block, { of, subtract, rangesOf }: PortAlgebra): [string, string] {
  const without = (some: readonly PortRange[], others: readonly PortRange[]) =>
    rangesOf(subtract(of(some), of(others)));
  const [gained, lost] = [without(after, before), without(before, after)];
  const [was, is, opened, closed] = [before, after, gained, lost].map(formatPorts);
  if (before.length === 0) return ['may now', ` on ${is}`];
  if (after.length === 0) return ['may no longer', `, which was open on ${was}`];
  if (lost.length === 0) return ['may now', ` on ${opened}, before on ${was} only`];
  if (gained.length === 0) return ['may no longer', ` on ${closed}, but still on ${is}`];
  return ['may now', ` on ${opened}, and no longer on ${closed}`];
}

function isolationLost({ effect, sources, destinations }: Block, { tenantOf, met }: Context): string {
  if (effect !== 'widened') return '';
  const tenants = (ends: readonly string[]) => [...new Set(ends.flatMap((end) => tenantOf(end) ?? []))];
  const lost = tenants(sources).flatMap((from) =>
    tenants(destinations).flatMap((to) => (from === to || met(from, to) ? [] : [`${from} reaches ${to}`])),
  );
  return lost.length > 0 ? `. Isolation is lost: the tenant ${listSome(lost)}` : '';
}
