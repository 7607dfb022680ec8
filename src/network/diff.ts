import { compareText } from '../manifest/manifest';
import type { AddressRange } from './addresses';
import type { Connection, Endpoint } from './connections';
import { endpointName } from './endpoint';
import { formatPorts } from './ports';
import type { Reachability } from './reachability';

/** A connection that is not what it was. */
export interface ConnectionChange {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly source: string;
  readonly destination: string;
  /** Ports before and after, such as `TCP 80`, or `No Connections`. */
  readonly before: string;
  readonly after: string;
}

/** An end of a change as a question names it: of a range of addresses the first. */
export function partyOf(end: string): string {
  return end.endsWith('[External]') ? end.slice(0, end.indexOf('-')) : end;
}

const NOTHING = formatPorts([]);

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
          formatPorts(ports),
        ]),
    );
  const [old, now] = [byEnds(before), byEnds(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((ends) => {
    const [source, destination] = ends.split('\n') as [string, string];
    return change({
      source,
      destination,
      before: old.get(ends) ?? NOTHING,
      after: now.get(ends) ?? NOTHING,
    });
  });
}

function change(ends: Omit<ConnectionChange, 'kind'>): ConnectionChange[] {
  const { before, after } = ends;
  if (before === after) return [];
  return [{ kind: before === NOTHING ? 'added' : after === NOTHING ? 'removed' : 'changed', ...ends }];
}

interface PortsOfRange {
  readonly range: AddressRange;
  readonly ports: string;
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
    const list = ranges.get(key) ?? [];
    list.push({ range, ports: formatPorts(connection.ports) });
    ranges.set(key, list);
  }
  return ranges;
}

function addressesOf({ source, destination }: Connection): AddressRange | undefined {
  const range = ({ kind, ...rest }: Endpoint) =>
    kind === 'addresses' && 'range' in rest ? rest.range : undefined;
  return range(source) ?? range(destination);
}

interface ChangedRange {
  readonly range: AddressRange;
  readonly before: string;
  readonly after: string;
}

/** All addresses, cut where one of the lists has a border, with neighbours of the same ports put together again. */
function changedRanges(before: readonly PortsOfRange[], after: readonly PortsOfRange[]): ChangedRange[] {
  const changed: ChangedRange[] = [];
  for (const family of ['IPv4', 'IPv6'] as const) {
    const own = [before, after].map((list) => list.filter(({ range }) => range.family === family));
    const borders = own.flat().flatMap(({ range }) => [range.first, range.last + 1n]);
    const starts = [...new Set(borders)].sort((a, b) => (a < b ? -1 : 1));
    starts.slice(0, -1).forEach((first, index) => {
      const [old, now] = own.map((list) => portsAt(list, first)) as [string, string];
      const last = changed.at(-1);
      const range = { family, first, last: starts[index + 1]! - 1n };
      if (last && last.before === old && last.after === now && follows(last.range, range))
        changed[changed.length - 1] = { ...last, range: { ...range, first: last.range.first } };
      else changed.push({ range, before: old, after: now });
    });
  }
  return changed.filter((each) => each.before !== each.after);
}

function follows(first: AddressRange, second: AddressRange): boolean {
  return first.family === second.family && first.last + 1n === second.first;
}

function portsAt(list: readonly PortsOfRange[], address: bigint): string {
  return list.find(({ range }) => range.first <= address && address <= range.last)?.ports ?? NOTHING;
}
