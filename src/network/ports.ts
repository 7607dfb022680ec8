/** Protocols that NetworkPolicies tell apart, in the order in which they are written. */
export const PROTOCOLS = ['SCTP', 'TCP', 'UDP'] as const;

/** A protocol that a NetworkPolicy can name. */
export type Protocol = (typeof PROTOCOLS)[number];

/** Ports of one protocol, from the first to the last. */
export interface PortRange {
  readonly protocol: Protocol;
  readonly first: number;
  readonly last: number;
}

/** A set of ports of a {@link PortAlgebra}: a number, so that equal sets are equal numbers. */
export type PortSet = number;

/** No port of any protocol. */
export const NO_PORTS: PortSet = 0;

/** Every port of every protocol. */
export const ALL_PORTS: PortSet = 1;

const FIRST_PORT = 1;
const LAST_PORT = 65535;
const SPAN = LAST_PORT + 1;
const ALL_RANGES: readonly PortRange[] = PROTOCOLS.map((protocol) => ({
  protocol,
  first: FIRST_PORT,
  last: LAST_PORT,
}));

/** Sets of ports. Every set is made once, and every operation on two sets is computed once. */
export interface PortAlgebra {
  /** @param ranges May overlap; what is no port, such as 0, is left out. */
  readonly of: (ranges: readonly PortRange[]) => PortSet;
  readonly union: (a: PortSet, b: PortSet) => PortSet;
  readonly intersect: (a: PortSet, b: PortSet) => PortSet;
  readonly subtract: (a: PortSet, b: PortSet) => PortSet;
  /** Ordered by protocol and number, as few as possible. The same list whenever it is asked for. */
  readonly rangesOf: (set: PortSet) => readonly PortRange[];
}

/** Ranges as ascending pairs of first and last, with all protocols on one line: protocol * 65536 + port. */
type Line = readonly number[];

/** Makes an empty table of sets. */
export function portAlgebra(): PortAlgebra {
  const lines: Line[] = [];
  const ranges: (readonly PortRange[])[] = [];
  const known = new Map<string, PortSet>();
  const intern = (line: Line): PortSet => {
    const key = line.join();
    const set = known.get(key) ?? lines.push(line) - 1;
    known.set(key, set);
    return set;
  };
  intern([]);
  intern(toLine(ALL_RANGES));
  const combine = (keep: (inA: boolean, inB: boolean) => boolean) =>
    memoized((a, b) => intern(merge(lines[a]!, lines[b]!, keep)));
  return {
    of: (ranges) => intern(toLine(ranges)),
    union: combine((inA, inB) => inA || inB),
    intersect: combine((inA, inB) => inA && inB),
    subtract: combine((inA, inB) => inA && !inB),
    rangesOf: (set) => (ranges[set] ??= toRanges(lines[set]!)),
  };
}

/** Up to here a table of every two sets, which answers ten times as fast as a Map, takes 16 MB. */
const MOST_IN_TABLE = 2048;

function memoized(operation: (a: PortSet, b: PortSet) => PortSet): (a: PortSet, b: PortSet) => PortSet {
  let size = 64;
  let table = new Int32Array(size * size).fill(-1);
  const others = new Map<number, PortSet>();
  const grow = (sets: number) => {
    while (size < sets) size *= 2;
    table = new Int32Array(size * size).fill(-1);
  };
  return (a, b) => {
    if (a >= size || b >= size) {
      const largest = Math.max(a, b);
      if (largest >= MOST_IN_TABLE) {
        const at = a * 2 ** 24 + b;
        const done = others.get(at) ?? operation(a, b);
        others.set(at, done);
        return done;
      }
      grow(largest + 1);
    }
    const at = a * size + b;
    const known = table[at]!;
    return known === -1 ? (table[at] = operation(a, b)) : known;
  };
}

function toLine(ranges: readonly PortRange[]): Line {
  const sorted = ranges
    .map(({ protocol, first, last }) => ({
      base: PROTOCOLS.indexOf(protocol) * SPAN,
      first: Math.max(first, FIRST_PORT),
      last: Math.min(last, LAST_PORT),
    }))
    .filter(({ first, last }) => first <= last)
    .map(({ base, first, last }) => [base + first, base + last] as const)
    .sort(([a], [b]) => a - b);
  const line: number[] = [];
  for (const [first, last] of sorted) {
    const end = line.length - 1;
    if (line.length > 0 && first <= line[end]! + 1) line[end] = Math.max(line[end]!, last);
    else line.push(first, last);
  }
  return line;
}

function toRanges(line: Line): PortRange[] {
  const ranges: PortRange[] = [];
  for (let i = 0; i < line.length; i += 2) {
    const protocol = PROTOCOLS[Math.floor(line[i]! / SPAN)]!;
    ranges.push({ protocol, first: line[i]! % SPAN, last: line[i + 1]! % SPAN });
  }
  return ranges;
}

/** Walks along both lines at once. Ports 0 lie between the protocols, so ranges of two protocols never touch. */
function merge(a: Line, b: Line, keep: (inA: boolean, inB: boolean) => boolean): Line {
  const line: number[] = [];
  let [i, j] = [0, 0];
  let open = false;
  while (i < a.length || j < b.length) {
    // A range ends before the number after its last.
    const nextA = i < a.length ? a[i]! + (i & 1) : Infinity;
    const nextB = j < b.length ? b[j]! + (j & 1) : Infinity;
    const at = Math.min(nextA, nextB);
    if (nextA === at) i += 1;
    if (nextB === at) j += 1;
    const now = keep((i & 1) === 1, (j & 1) === 1);
    if (now !== open) line.push(now ? at : at - 1);
    open = now;
  }
  return line;
}

/** Whether a port is in ranges. */
export function hasPort(ranges: readonly PortRange[], protocol: Protocol, port: number): boolean {
  return ranges.some((range) => range.protocol === protocol && range.first <= port && port <= range.last);
}

const TEXTS = new WeakMap<readonly PortRange[], string>();

/** Ports as text: `All Connections`, or `TCP 80,443,UDP 53`, or `No Connections`. */
export function formatPorts(ranges: readonly PortRange[]): string {
  const known = TEXTS.get(ranges);
  if (known !== undefined) return known;
  const text = toText(ranges);
  TEXTS.set(ranges, text);
  return text;
}

function toText(ranges: readonly PortRange[]): string {
  if (ranges.length === 0) return 'No Connections';
  if (isEveryPort(ranges)) return 'All Connections';
  const texts = PROTOCOLS.flatMap((protocol) => {
    const own = ranges.filter((range) => range.protocol === protocol);
    return own.length === 0 ? [] : [`${protocol} ${own.map(formatRange).join(',')}`];
  });
  return texts.join(',');
}

function isEveryPort(ranges: readonly PortRange[]): boolean {
  return (
    ranges.length === PROTOCOLS.length &&
    ranges.every(({ first, last }) => first === FIRST_PORT && last === LAST_PORT)
  );
}

function formatRange({ first, last }: PortRange): string {
  return first === last ? `${first}` : `${first}-${last}`;
}
