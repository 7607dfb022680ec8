import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import type { CelLibrary } from './library';
import { celCompare, celEquals, includes, isList, type CelList } from './values';

const MAX_INT = 2n ** 63n - 1n;

/** The list library of Kubernetes. */
export const lists: CelLibrary = {
  since: 0,
  functions: {
    'list.isSorted(): bool': (list: CelList) => {
      const values = comparable(list);
      return values.every((value, i) => i === 0 || celCompare(values[i - 1], value) <= 0);
    },
    // With types that depend on the list, cel-js would compare the result of a list it does not know with nothing.
    'list.sum(): dyn': (list: CelList) => [...list].reduce(add, [...list].length === 0 ? 0n : undefined),
    'list.min(): dyn': (list: CelList) => extreme(list, { name: 'min', sign: -1 }),
    'list.max(): dyn': (list: CelList) => extreme(list, { name: 'max', sign: 1 }),
    // Not `list<A>` and `A`, or the integers of a literal and of a manifest would not fit.
    'list.indexOf(dyn): int': (list: CelList, value: unknown) =>
      BigInt([...list].findIndex((element) => celEquals(element, value))),
    'list.lastIndexOf(dyn): int': (list: CelList, value: unknown) =>
      BigInt([...list].map((element) => celEquals(element, value)).lastIndexOf(true)),
  },
};

/** The extension of CEL for sets, which Kubernetes includes. */
export const sets: CelLibrary = {
  since: 30,
  namespace: 'sets',
  functions: {
    'sets.contains(list, list): bool': containsAll,
    'sets.equivalent(list, list): bool': (a: CelList, b: CelList) => containsAll(a, b) && containsAll(b, a),
    'sets.intersects(list, list): bool': (a: CelList, b: CelList) =>
      [...a].some((element) => includes(b, element)),
  },
};

/** The extension of CEL for lists, which Kubernetes includes. The macro `sortBy` is missing. */
export const extendedLists: CelLibrary = {
  since: 35,
  namespace: 'lists',
  functions: {
    'lists.range(int): list<int>': range,
    'list.distinct(): list': (list: CelList) =>
      [...list].filter((value, i, all) => all.findIndex((other) => celEquals(other, value)) === i),
    'list.flatten(): list': (list: CelList) => flatten(list, 1n),
    'list.flatten(int): list': flatten,
    'list.reverse(): list': (list: CelList) => [...list].reverse(),
    'list.slice(int, int): list': slice,
    'list.sort(): list': (list: CelList) => comparable(list).sort(celCompare),
  },
};

/** Sorting and searching for extremes need every element to have an order, even a single one. */
function comparable(list: CelList): unknown[] {
  const values = [...list];
  for (const value of values) celCompare(value, values[0]);
  return values;
}

function extreme(list: CelList, { name, sign }: { name: string; sign: number }): unknown {
  const [first, ...rest] = comparable(list);
  if (first === undefined) throw new Error(`${name} called on empty list`);
  return rest.reduce((best, value) => (Math.sign(celCompare(value, best)) === sign ? value : best), first);
}

function add(sum: unknown, value: unknown): unknown {
  if (sum === undefined) return addable(value);
  if (sum instanceof Duration && value instanceof Duration) return sum.addDuration(value);
  if (sum instanceof UnsignedInt && value instanceof UnsignedInt) {
    return new UnsignedInt(sum.value + value.value);
  }
  if (typeof sum === 'number' && typeof value === 'number') return sum + value;
  return addIntegers(sum, value);
}

function addable(value: unknown): unknown {
  const fits = value instanceof Duration || value instanceof UnsignedInt || typeof value === 'number';
  return fits ? value : addIntegers(0n, value);
}

/** Integers of literals and of manifests, which are doubles to cel-js. */
function addIntegers(a: unknown, b: unknown): bigint {
  if (!isInteger(a) || !isInteger(b)) throw new Error('no such overload: the values cannot be added');
  const sum = BigInt(a) + BigInt(b);
  if (sum > MAX_INT || sum < -MAX_INT - 1n) throw new Error('integer overflow');
  return sum;
}

function isInteger(value: unknown): value is bigint | number {
  return typeof value === 'bigint' || Number.isInteger(value);
}

function containsAll(list: CelList, wanted: CelList): boolean {
  return [...wanted].every((element) => includes(list, element));
}

const MAX_RANGE = 1_000_000n;

function range(size: bigint): bigint[] {
  if (size < 0n || size > MAX_RANGE) throw new Error(`lists.range: size ${size} is not 0 to ${MAX_RANGE}`);
  return Array.from({ length: Number(size) }, (_, i) => BigInt(i));
}

function flatten(list: CelList, depth: bigint): unknown[] {
  if (depth < 0n) throw new Error('level must be non-negative');
  return [...list].flatMap((value) => (depth > 0n && isList(value) ? flatten(value, depth - 1n) : [value]));
}

function slice(list: CelList, start: bigint, end: bigint): unknown[] {
  const values = [...list];
  if (start < 0n || start > end || end > values.length) {
    throw new Error(`cannot slice(${start}, ${end}) a list of length ${values.length}`);
  }
  return values.slice(Number(start), Number(end));
}
