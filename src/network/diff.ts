import { push } from '../groups';
import { compareText } from '../manifest/manifest';
import type { AddressRange } from './addresses';
import type { Connection, Endpoint } from './connections';
import { endpointName } from './endpoint';
import { formatPorts, type PortRange } from './ports';
import type { Reachability } from './reachability';

/** A connection that is not what it was. */
export interface ConnectionChange {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly source: string;
  readonly destination: string;
  /** Ports before and after; none where nothing was or is allowed. */
  readonly before: readonly PortRange[];
  readonly after: readonly PortRange[];
}

/** An end of a change as a question names it: of a range of addresses the first. */
export function partyOf(end: string): string {
  return end.endsWith('[External]') ? end.slice(0, end.indexOf('-')) : end;
}

/** What can be connected now and could not before, or the other way round. A range of addresses is cut where the ports differ. */
export function diffConnections(before: Reachability, after: Reachability): ConnectionChange[] {
  const [old, now] = [before.connections(), after.connections()];
  return [...diffNamed(old, now), ...diffAddresses(old, now)].sort(
    (a, b) => compareText(a.source, b.source) || compareText(a.destination, b.destination),
  );
}

function diffNamed(before: readonly Connection[], after: readonly Connection[]): ConnectionChange[] {
  const byEnds = (connections: readonly Connection[]) =>
    new Map(
      connections
        .filter((connection) => !addressesOf(connection))
        .map(({ source, destination, ports }) => [
          `${endpointName(source)}\n${endpointName(destination)}`,
          ports,
        ]),
    );
  const [old, now] = [byEnds(before), byEnds(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((ends) => {
    const [source, destination] = ends.split('\n') as [string, string];
    return change({
      source,
      destination,
      before: old.get(ends) ?? [],
      after: now.get(ends) ?? [],
    });
  });
}

function change(ends: Omit<ConnectionChange, 'kind'>): ConnectionChange[] {
  const { before, after } = ends;
  if (arePorts(before, after)) return [];
  return [{ kind: before.length === 0 ? 'added' : after.length === 0 ? 'removed' : 'changed', ...ends }];
}

/** Whether two lists, ordered and as short as can be, are of the same ports. Their texts are kept, so that this is one look. */
function arePorts(some: readonly PortRange[], others: readonly PortRange[]): boolean {
  return formatPorts(some) === formatPorts(others);
}

interface PortsOfRange {
  readonly range: AddressRange;
  readonly ports: readonly PortRange[];
}

/** Compares what each workload has with addresses, range by range. */
function diffAddresses(before: readonly Connection[], after: readonly Connection[]): ConnectionChange[] {
  const [old, now] = [byWorkload(before), byWorkload(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((key) => {
    const [workload, direction] = key.split('\n') as [string, string];
    return changedRanges(old.get(key) ?? [], now.get(key) ?? []).flatMap(({ range, ...ports }) => {
      const other = endpointName({ kind: 'addresses', range });
      const [source, destination] = direction === 'egress' ? [workload, other] : [other, workload];
      return change({ source, destination, ...ports });
    });
  });
}

function byWorkload(connections: readonly Connection[]): Map<string, PortsOfRange[]> {
  const ranges = new Map<string, PortsOfRange[]>();
  for (const connection of connections) {
    const range = addressesOf(connection);
    if (!range) continue;
    const [own, direction] =
      connection.source.kind === 'addresses'
        ? [connection.destination, 'ingress']
        : [connection.source, 'egress'];
    const key = `${endpointName(own)}\n${direction}`;
    push(ranges, key, { range, ports: connection.ports });
  }
  return ranges;
}

function addressesOf({ source, destination }: Connection): AddressRange | undefined {
  const range = ({ kind, ...rest }: Endpoint) =>
    kind === 'addresses' && 'range' in rest ? rest.range : undefined;
  return range(source) ?? range(destination);
}

interface ChangedRange extends Pick<ConnectionChange, 'before' | 'after'> {
  readonly range: AddressRange;
}

/** All addresses, cut where one of the lists has a border, with neighbours of the same ports put together again. */
function changedRanges(before: readonly PortsOfRange[], after: readonly PortsOfRange[]): ChangedRange[] {
  const changed: ChangedRange[] = [];
  for (const family of ['IPv4', 'IPv6'] as const) {
    const own = [before, after].map((list) => list.filter(({ range }) => range.family === family));
    const borders = own.flat().flatMap(({ range }) => [range.first, range.last + 1n]);
    const starts = [...new Set(borders)].sort((a, b) => (a < b ? -1 : 1));
    starts.slice(0, -1).forEach((first, index) => {
      const [old, now] = own.map((list) => portsAt(list, first)) as [
        readonly PortRange[],
        readonly PortRange[],
      ];
      const last = changed.at(-1);
      const range = { family, first, last: starts[index + 1]! - 1n };
      if (last && arePorts(last.before, old) && arePorts(last.after, now) && follows(last.range, range))
        changed[changed.length - 1] = { ...last, range: { ...range, first: last.range.first } };
      else changed.push({ range, before: old, after: now });
    });
  }
  return changed.filter((each) => !arePorts(each.before, each.after));
}

function follows(first: AddressRange, second: AddressRange): boolean {
  return first.family === second.family && first.last + 1n === second.first;
}

function portsAt(list: readonly PortsOfRange[], address: bigint): readonly PortRange[] {
  return list.find(({ range }) => range.first <= address && address <= range.last)?.ports ?? [];
}
