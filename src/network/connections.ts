import type { AddressRange } from './addresses';
import { basisIn, type Basis } from './basis';
import type { Network } from './network';
import { visitPairs } from './pairs';
import type { PodClass, Workload } from './pods';
import type { Direction } from './policy';
import { NO_PORTS, type PortRange, type PortSet } from './ports';
import { startsOf, type Rows } from './rows';
import type { Services } from './services';

/** One end of a connection. */
export type Endpoint =
  | { readonly kind: 'workload'; readonly workload: Workload }
  | { readonly kind: 'addresses'; readonly range: AddressRange }
  /** Whoever serves Ingresses, in a namespace that is not known. */
  | { readonly kind: 'ingress-controller' };

/** What may be connected to what, and on which ports of the destination. */
export interface Connection {
  readonly source: Endpoint;
  readonly destination: Endpoint;
  /** Never empty. */
  readonly ports: readonly PortRange[];
  readonly basis: Basis;
}

/** A connection of which the basis is still to be told. */
type Found = Omit<Connection, 'basis'>;

/** What listing connections needs. */
export interface ListContext {
  readonly network: Network;
  readonly rows: Rows;
  readonly services: Services;
}

/**
 * Every connection that policies allow between two workloads, and between a workload and addresses outside. Traffic of a pod
 * to itself, and among the pods of a workload, is left out.
 */
export function listConnections(context: ListContext): Connection[] {
  const basis = basisIn(context.network);
  return [
    ...workloadConnections(context),
    ...addressConnections(context),
    ...ingressConnections(context),
  ].map((found) => ({ ...found, basis: basis(found.source, found.destination) }));
}

function workloadConnections({ network, rows }: ListContext): Found[] {
  const { union, rangesOf } = network.ports;
  const found = new Map<Workload, Map<Workload, PortSet>>();
  visitPairs(network, rows, (from, to, ports) => {
    for (const source of from.workloads) {
      let targets = found.get(source);
      if (!targets) found.set(source, (targets = new Map<Workload, PortSet>()));
      for (const destination of to.workloads) {
        if (destination === source) continue;
        targets.set(destination, union(targets.get(destination) ?? NO_PORTS, ports));
      }
    }
  });
  return [...found].flatMap(([source, targets]) =>
    [...targets].map(([destination, ports]) => ({
      source: { kind: 'workload', workload: source },
      destination: { kind: 'workload', workload: destination },
      ports: rangesOf(ports),
    })),
  );
}

function addressConnections({ network, rows }: ListContext): Found[] {
  return [...network.pods.workloads.values()].flatMap((workload) => {
    const own: Endpoint = { kind: 'workload', workload };
    const toConnection =
      (direction: Direction) =>
      ({ range, ports }: RangePorts): Found => {
        const other: Endpoint = { kind: 'addresses', range };
        return direction === 'egress'
          ? { source: own, destination: other, ports }
          : { source: other, destination: own, ports };
      };
    return (['ingress', 'egress'] as const).flatMap((direction) =>
      portsByRange(workload.classes, direction, { network, rows }).map(toConnection(direction)),
    );
  });
}

/** The ports with some addresses. */
export interface RangePorts {
  readonly range: AddressRange;
  readonly ports: readonly PortRange[];
}

/**
 * The ports with all addresses, in the families of the cluster. Ranges end wherever a block of some policy for the direction
 * ends, so that those of two workloads can be compared.
 */
export function portsByRange(
  classes: readonly PodClass[],
  direction: Direction,
  { network, rows }: Omit<ListContext, 'services'>,
): RangePorts[] {
  const segments = classes.map((podClass) => rows.segments(podClass, direction));
  return rangesFor(direction, network).flatMap(({ first, range }) => {
    const ports = segments
      .map((list) => list.find(({ last }) => first <= last)!.ports)
      .reduce(network.ports.union, NO_PORTS);
    return ports === NO_PORTS ? [] : [{ range, ports: network.ports.rangesOf(ports) }];
  });
}

interface NumberedRange {
  /** Number of the first piece. */
  readonly first: number;
  readonly range: AddressRange;
}

const RANGES = new WeakMap<Network, Map<Direction, readonly NumberedRange[]>>();

/** The address space of the cluster, cut along the blocks of the rules for a direction. */
function rangesFor(direction: Direction, network: Network): readonly NumberedRange[] {
  const known = RANGES.get(network) ?? new Map<Direction, readonly NumberedRange[]>();
  RANGES.set(network, known);
  const ranges = known.get(direction) ?? cutSpace(direction, network);
  known.set(direction, ranges);
  return ranges;
}

function cutSpace(direction: Direction, network: Network): NumberedRange[] {
  const space = network.space();
  const rules = network.policies.flatMap((policy) => policy[direction] ?? []);
  const starts = new Set(startsOf(rules.map((rule) => network.peersOf(rule).pieces)));
  const ranges: NumberedRange[] = [];
  space.pieces.forEach((piece, first) => {
    if (!network.families.includes(piece.family)) return;
    const before = ranges.at(-1);
    if (before?.range.family !== piece.family || starts.has(first)) ranges.push({ first, range: piece });
    else ranges[ranges.length - 1] = { ...before, range: { ...before.range, last: piece.last } };
  });
  return ranges;
}

/** The controller of an Ingress may run anywhere, so only a rule for every pod admits it for certain. */
function ingressConnections({ network, rows, services }: ListContext): Found[] {
  const { union, intersect, of, rangesOf } = network.ports;
  const found = new Map<Workload, PortSet>();
  for (const { workload, target } of services.ingresses) {
    const admitted = workload.classes
      .map((podClass) => rows.row(podClass, 'ingress').others)
      .reduce(union, NO_PORTS);
    const ports = intersect(admitted, of([target]));
    if (ports !== NO_PORTS) found.set(workload, union(found.get(workload) ?? NO_PORTS, ports));
  }
  return [...found].map(([workload, ports]) => ({
    source: { kind: 'ingress-controller' },
    destination: { kind: 'workload', workload },
    ports: rangesOf(ports),
  }));
}
