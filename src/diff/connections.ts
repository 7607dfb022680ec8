import { groupBy } from '../groups';
import { compareText } from '../manifest/manifest';
import { diffConnections, type ConnectionChange } from '../network/diff';
import { findCrossings, tenantLookup } from '../network/isolation';
import { isListable } from '../network/listable';
import { workloadName } from '../network/pods';
import {
  ALL_PORTS,
  formatPorts,
  NO_PORTS,
  portAlgebra,
  type PortRange,
  type Protocol,
} from '../network/ports';
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
    const [was, is] = [old.get(key) ?? NOTHING, now.get(key) ?? NOTHING];
    if (was === is) return [];
    const [source, destination] = key.split('\n') as [string, string];
    const kind = was === NOTHING ? 'added' : is === NOTHING ? 'removed' : 'changed';
    return [{ kind, source, destination, before: was, after: is }];
  });
}

const NOTHING = formatPorts([]);

function openingsOf({ network, rows, workloads }: Reachability): Map<string, string> {
  const openings = new Map<string, string>();
  for (const workload of workloads) {
    const own = workloadName(workload);
    const ports = (direction: 'ingress' | 'egress') =>
      formatPorts(
        network.ports.rangesOf(
          workload.classes
            .map((one) => rows.row(one, direction).others)
            .reduce(network.ports.union, NO_PORTS),
        ),
      );
    openings.set(`${own}\n${EVERYBODY}`, ports('egress'));
    openings.set(`${EVERYBODY}\n${own}`, ports('ingress'));
  }
  return openings;
}

interface Context {
  readonly isNew: (end: string) => boolean;
  readonly isGone: (end: string) => boolean;
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
function judged(change: ConnectionChange, { isNew, isGone, tenantOf }: Context): JudgedChange {
  const { source, destination } = change;
  const ends = [source, destination];
  const tenants = new Set(ends.map(tenantOf));
  const isInside = ends.every(isWorkload) && tenants.size === 1;
  if (isInside && ends.some(isNew)) return { ...change, effect: 'neutral' };
  if (ends.some(isGone)) return { ...change, effect: 'neutral' };
  return { ...change, effect: isWider(change) ? 'widened' : 'narrowed' };
}

/** Whether a port is open after that was not before. */
function isWider({ before, after }: ConnectionChange): boolean {
  const { of, subtract } = ALGEBRA;
  return subtract(of(portsIn(after)), of(portsIn(before))) !== NO_PORTS;
}

const ALGEBRA = portAlgebra();
const EVERY_PORT = formatPorts(ALGEBRA.rangesOf(ALL_PORTS));

/** Reads what `formatPorts` has written: `TCP 80,443-445,UDP 53`. */
function portsIn(text: string): readonly PortRange[] {
  if (text === NOTHING) return [];
  if (text === EVERY_PORT) return ALGEBRA.rangesOf(ALL_PORTS);
  let protocol: Protocol = 'TCP';
  return text.split(',').flatMap((part) => {
    const [, name, first, last = first] = /^(?:([A-Z]+) )?(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    protocol = (name as Protocol | undefined) ?? protocol;
    return first === undefined ? [] : [{ protocol, first: Number(first), last: Number(last) }];
  });
}

/** Changes of the same ports that all of some sources have with all of some destinations. */
interface Block extends Pick<JudgedChange, 'before' | 'after' | 'effect'> {
  readonly sources: readonly string[];
  readonly destinations: readonly string[];
}

function blocksOf(changes: readonly JudgedChange[]): Block[] {
  const byDestination = groupBy(changes, ({ effect, before, after, destination }) =>
    [effect, before, after, destination].join('\n'),
  );
  const blocks = new Map<string, Block & { readonly destinations: string[] }>();
  for (const own of byDestination.values()) {
    const { effect, before, after, destination } = own[0]!;
    const sources = [...new Set(own.map(({ source }) => source))];
    const key = [effect, before, after, ...sources].join('\n');
    const block = blocks.get(key);
    if (block) block.destinations.push(destination);
    else blocks.set(key, { effect, before, after, sources, destinations: [destination] });
  }
  return [...blocks.values()];
}

function describeBlock({ effect, before, after, sources, destinations }: Block, context: Context): Change {
  const ends = `${listSome(sources)} ${after === NOTHING ? 'may no longer' : 'may now'} connect to ${listSome(destinations)}`;
  const ports =
    before === NOTHING
      ? ` on ${after}`
      : after === NOTHING
        ? `, which was open on ${before}`
        : ` on ${after}, before on ${before}`;
  return {
    area: 'network',
    effect,
    text: `${ends}${ports}${isolationLost(effect, sources, destinations, context)}`,
  };
}

function isolationLost(
  effect: Effect,
  sources: readonly string[],
  destinations: readonly string[],
  { tenantOf, met }: Context,
): string {
  if (effect !== 'widened') return '';
  const tenants = (ends: readonly string[]) => [...new Set(ends.flatMap((end) => tenantOf(end) ?? []))];
  const lost = tenants(sources).flatMap((from) =>
    tenants(destinations).flatMap((to) => (from === to || met(from, to) ? [] : [`${from} reaches ${to}`])),
  );
  return lost.length > 0 ? `. Isolation is lost: the tenant ${listSome(lost)}` : '';
}
