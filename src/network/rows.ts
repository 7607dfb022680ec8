import type { IpFamily } from '../target/target';
import type { Network } from './network';
import type { PeerSet } from './peer-set';
import { ascending } from './pod-index';
import type { PodClass } from './pods';
import type { Direction, Rule } from './policy';
import { ALL_PORTS, NO_PORTS, type PortSet } from './ports';
import { judge, tiersOf, type Tiers } from './verdict';

/** With whom the pods of a class may talk in one direction, as far as the policies on that class say. */
export interface Row {
  /** With pods that are not listed, those that no manifest shows included. */
  readonly others: PortSet;
  /** With nodes. */
  readonly nodes: PortSet;
  /** Pairs of the number of a class and the ports with it, ascending by number; for classes that differ from the others. */
  readonly pairs: Numbers;
}

/** Numbers, in whichever form is smaller. */
export type Numbers = readonly number[] | Int32Array;

/** The ports with consecutive pieces of the address space. */
export interface Segment {
  readonly first: number;
  readonly last: number;
  readonly ports: PortSet;
}

/** The other end of the traffic of a pod: pods of a class, or a piece of the address space. */
export type Peer =
  | { readonly kind: 'class'; readonly podClass: PodClass }
  | { readonly kind: 'piece'; readonly piece: number };

/** Everything that policies say about each class, computed when it is asked for. */
export interface Rows {
  row(podClass: PodClass, direction: Direction): Row;
  /** The ports in a row with a certain class. */
  portsWith(row: Row, peer: PodClass): PortSet;
  /** The ports with each address, for the whole address space. */
  segments(podClass: PodClass, direction: Direction): readonly Segment[];
}

const NO_PAIRS: readonly number[] = [];
const OPEN: Row = { others: ALL_PORTS, nodes: ALL_PORTS, pairs: NO_PAIRS };

/** Rows of a network. */
export function rowsOf(network: Network): Rows {
  const { ports, pods } = network;
  const count = pods.classes.length;
  const rows: Record<Direction, (Row | undefined)[]> = {
    ingress: new Array<Row | undefined>(count),
    egress: new Array<Row | undefined>(count),
  };
  const sums = sumsFor(count, ports.union);
  const makeRow = (podClass: PodClass, direction: Direction): Row => {
    const tiers = tiersOf(network.policiesOn(podClass), direction);
    if (tiers.admin.length + tiers.baseline.length > 0)
      return layeredRow(tiers, { network, podClass, direction });
    return tiers.network ? unionRow(tiers.network, { network, podClass, direction }, sums) : OPEN;
  };
  return {
    row: (podClass, direction) => (rows[direction][podClass.id] ??= makeRow(podClass, direction)),
    portsWith(row, peer) {
      if (network.hostNetwork === 'node' && peer.hostNetwork) return row.nodes;
      const at = find(row.pairs, peer.id, 2);
      return at < 0 ? row.others : row.pairs[at + 1]!;
    },
    segments(podClass, direction) {
      const tiers = tiersOf(network.policiesOn(podClass), direction);
      const rules = [...tiers.admin, ...(tiers.network ?? []), ...tiers.baseline];
      const borders = startsOf(rules.map((rule) => network.peersOf(rule).pieces));
      const starts = borders.filter((start) => start < network.space().pieces.length);
      return starts.map((first, index) => ({
        first,
        last: (starts[index + 1] ?? network.space().pieces.length) - 1,
        ports: judge(tiers, (rule) => portsWithPiece(rule, first, { network, podClass, direction }), ports),
      }));
    },
  };
}

/** Whose policies are asked. */
export interface Side {
  readonly network: Network;
  readonly podClass: PodClass;
  readonly direction: Direction;
}

/** NetworkPolicies only add up, so each rule is looked at once. */
function unionRow(rules: readonly Rule[], side: Side, sums: Sums): Row {
  const { network } = side;
  let [others, nodes] = [NO_PORTS, NO_PORTS];
  for (const rule of rules) {
    const set = network.peersOf(rule);
    const ports = portsOfSide(rule, side);
    if (set.any || set.allPods) others = network.ports.union(others, ports);
    if (set.any) nodes = network.ports.union(nodes, ports);
    if (side.direction === 'ingress' || rule.ports.named.length === 0) {
      for (const id of set.pods) sums.add(id, ports);
    } else {
      for (const one of namedPeers(set, rule, network)) sums.add(one.id, network.portsAt(rule.ports, one));
    }
  }
  return { others, nodes, pairs: sums.take(others) };
}

/** The ports of a rule, as far as they do not depend on the peer. */
function portsOfSide({ ports }: Rule, { network, podClass, direction }: Side): PortSet {
  return direction === 'ingress' ? network.portsAt(ports, podClass) : ports.fixed;
}

/** Sums of ports for each class. One table serves all rows, since most rows name few classes. */
interface Sums {
  readonly add: (id: number, ports: PortSet) => void;
  /** The pairs that differ from the ports with others, and an empty table again. */
  readonly take: (others: PortSet) => Numbers;
}

/** From here on a typed array takes less memory, which is what rows are made of. */
const MANY = 32;

/** From this part of all classes on it is faster to look through all of them in order than to sort some. */
const MOST = 1 / 16;

function sumsFor(count: number, union: (a: PortSet, b: PortSet) => PortSet): Sums {
  const sums = new Int32Array(count);
  const touched = new Int32Array(count);
  let length = 0;
  const sortTouched = () => {
    if (length > MANY && length > count * MOST) {
      for (let id = 0, next = 0; next < length; id += 1) if (sums[id] !== NO_PORTS) touched[next++] = id;
    } else if (length > 1) touched.subarray(0, length).sort();
  };
  return {
    add(id, ports) {
      const before = sums[id]!;
      if (before === ports || ports === NO_PORTS) return;
      if (before === NO_PORTS) touched[length++] = id;
      sums[id] = before === NO_PORTS ? ports : union(before, ports);
    },
    take(others) {
      if (length === 0) return NO_PAIRS;
      sortTouched();
      const pairs = length > MANY ? new Int32Array(length * 2) : new Array<number>(length * 2);
      let end = 0;
      for (let next = 0; next < length; next += 1) {
        const id = touched[next]!;
        const ports = union(sums[id]!, others);
        sums[id] = NO_PORTS;
        if (ports === others) continue;
        pairs[end++] = id;
        pairs[end++] = ports;
      }
      length = 0;
      return end === pairs.length ? pairs : pairs.slice(0, end);
    },
  };
}

/** The peers of a rule that have to be looked at one by one, since each has a port of its own by that name. */
function namedPeers(set: PeerSet, rule: Rule, { pods, declarersOf }: Network): readonly PodClass[] {
  const explicit = set.pods.map((id) => pods.classes[id]!);
  return set.any || set.allPods ? [...explicit, ...declarersOf(rule.ports)] : explicit;
}

/** Where the order of rules counts, whoever a rule names is judged by all rules. */
function layeredRow(tiers: Tiers, side: Side): Row {
  const { network } = side;
  const { classes } = network.pods;
  const rules = [...tiers.admin, ...(tiers.network ?? []), ...tiers.baseline];
  const judged = (matching: (rule: Rule, family: IpFamily) => PortSet) =>
    judgeFamilies(tiers, matching, side);
  const others = judged((rule, family) => portsWithOthers(rule, family, side));
  const nodes = judged((rule, family) => portsWithNodes(rule, family, side));
  const touched = new Set(rules.flatMap((rule) => network.peersOf(rule).pods));
  rules
    .filter(({ ports }) => side.direction === 'egress' && ports.named.length > 0)
    .forEach((rule) => network.declarersOf(rule.ports).forEach(({ id }) => touched.add(id)));
  // Only NetworkPolicies may take them for pods like others.
  classes.forEach(({ hostNetwork, id }) => hostNetwork && touched.add(id));
  const pairs = ascending([...touched]).flatMap((id) => {
    const ports = judged((rule, family) => portsWithClass(rule, classes[id]!, { ...side, family }));
    return ports === others ? [] : [id, ports];
  });
  return { others, nodes, pairs };
}

/** Traffic between two pods may use any family that both have. Which one matters only to networks of whole families. */
function judgeFamilies(
  tiers: Tiers,
  matching: (rule: Rule, family: IpFamily) => PortSet,
  { network }: Side,
): PortSet {
  return network.families.reduce(
    (sum, family) =>
      network.ports.union(
        sum,
        judge(tiers, (rule) => matching(rule, family), network.ports),
      ),
    NO_PORTS,
  );
}

function portsWithOthers(rule: Rule, family: IpFamily, side: Side): PortSet {
  const { any, allPods, families } = side.network.peersOf(rule);
  return any || allPods || families.includes(family) ? portsOfSide(rule, side) : NO_PORTS;
}

function portsWithNodes(rule: Rule, family: IpFamily, side: Side): PortSet {
  const { any, nodes, families } = side.network.peersOf(rule);
  return any || nodes || families.includes(family) ? portsOfSide(rule, side) : NO_PORTS;
}

/** The ports on which a rule matches traffic with a peer. */
export function matchedPorts(rule: Rule, peer: Peer, side: Side & { readonly family: IpFamily }): PortSet {
  return peer.kind === 'class'
    ? portsWithClass(rule, peer.podClass, side)
    : portsWithPiece(rule, peer.piece, side);
}

/** The ports on which a rule matches traffic with pods of a class. */
function portsWithClass(
  rule: Rule,
  peer: PodClass,
  { network, podClass, direction, family }: Side & { readonly family: IpFamily },
): PortSet {
  const destination = direction === 'ingress' ? podClass : peer;
  return matchesClass(rule, peer, { network, family }) ? network.portsAt(rule.ports, destination) : NO_PORTS;
}

function matchesClass(
  rule: Rule,
  peer: PodClass,
  { network, family }: { readonly network: Network; readonly family: IpFamily },
): boolean {
  const { any, allPods, pods, nodes, families } = network.peersOf(rule);
  if (any || families.includes(family)) return true;
  const isNode = peer.hostNetwork && (rule.clusterWide || network.hostNetwork === 'node');
  if (isNode) return nodes;
  return allPods || find(pods, peer.id, 1) >= 0;
}

/** A port by name means nothing outside of the cluster. */
function portsWithPiece(rule: Rule, piece: number, side: Side): PortSet {
  const { any, pieces } = side.network.peersOf(rule);
  return any || holds(pieces, piece) ? portsOfSide(rule, side) : NO_PORTS;
}

function holds(pieces: readonly number[], piece: number): boolean {
  for (let i = 0; i < pieces.length; i += 2) {
    if (pieces[i]! <= piece && piece <= pieces[i + 1]!) return true;
  }
  return false;
}

/** The pieces at which a block begins, or the rest behind one, ascending. */
export function startsOf(pieces: readonly (readonly number[])[]): number[] {
  const starts = new Set([0]);
  for (const list of pieces) {
    for (let i = 0; i < list.length; i += 2) starts.add(list[i]!).add(list[i + 1]! + 1);
  }
  return [...starts].sort((a, b) => a - b);
}

/** The index of a number in ascending numbers, every second of which counts where `step` is 2, or -1. */
function find(numbers: Numbers, wanted: number, step: 1 | 2): number {
  let [low, high] = [0, numbers.length / step - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = numbers[middle * step]!;
    if (found === wanted) return middle * step;
    if (found < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
