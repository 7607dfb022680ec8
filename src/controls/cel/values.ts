import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import { Opaque } from './library';

export type CelList = readonly unknown[] | ReadonlySet<unknown>;
type CelMap = ReadonlyMap<unknown, unknown> | Readonly<Record<string, unknown>>;

/** Equality as the `==` of CEL has it: by value, and across the number types. */
export function celEquals(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  // The strict operator does not compare the two types that JavaScript has for numbers.
  if (isNumber(a) && isNumber(b)) return plain(a) <= plain(b) && plain(a) >= plain(b);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  return sameKind(a, b) && sameObjects(a, b);
}

/** Equality of two values of one kind. */
function sameObjects(a: object, b: object): boolean {
  if (a instanceof Opaque) return a.key === (b as Opaque).key;
  if (isScalarObject(a)) return celCompare(a, b) === 0;
  if (isList(a)) return sameLists([...a], [...(b as CelList)]);
  return sameMaps(entriesOf(a as CelMap), entriesOf(b as CelMap));
}

export function isList(value: unknown): value is CelList {
  return Array.isArray(value) || value instanceof Set;
}

/** Whether a list holds an element that is equal to a value. */
export function includes(list: CelList, value: unknown): boolean {
  return [...list].some((element) => celEquals(element, value));
}

function sameLists(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((element, i) => celEquals(element, b[i]));
}

function entriesOf(map: CelMap): (readonly [unknown, unknown])[] {
  return map instanceof Map ? [...(map as ReadonlyMap<unknown, unknown>)] : Object.entries(map);
}

function sameMaps(a: (readonly [unknown, unknown])[], b: (readonly [unknown, unknown])[]): boolean {
  // cel-js has integer keys as strings in the maps of literals.
  const other = new Map(b.map(([key, value]) => [String(key), value]));
  return (
    a.length === b.length &&
    a.every(([key, value]) => other.has(String(key)) && celEquals(value, other.get(String(key))))
  );
}

type CelNumber = bigint | number | UnsignedInt;

export function isNumber(value: unknown): value is CelNumber {
  return typeof value === 'bigint' || typeof value === 'number' || value instanceof UnsignedInt;
}

const plain = (value: CelNumber): bigint | number => (value instanceof UnsignedInt ? value.value : value);

function isScalarObject(value: object): value is Date | Duration | Uint8Array {
  return value instanceof Date || value instanceof Duration || value instanceof Uint8Array;
}

/** Whether two values have the same CEL type; the number types count as one, since manifests do not tell them apart. */
function sameKind(a: unknown, b: unknown): boolean {
  return kind(a) === kind(b);
}

/** cel-js has more than one class for lists, maps and bytes. */
function kind(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return isNumber(value) ? 'number' : typeof value;
  if (isNumber(value)) return 'number';
  if (value instanceof Uint8Array) return 'bytes';
  if (isList(value)) return 'list';
  if (value instanceof Map || value.constructor === Object || value.constructor === undefined) return 'map';
  return value.constructor;
}

/**
 * The order of two values: negative, zero or positive.
 * @throws when they have none.
 */
export function celCompare(a: unknown, b: unknown): number {
  if (isNumber(a) && isNumber(b)) return compareNumbers(plain(a), plain(b));
  if (!sameKind(a, b)) throw new Error('no such overload: the values have different types');
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string));
  if (a instanceof Uint8Array) return Buffer.compare(a, b as Uint8Array);
  if (typeof a === 'boolean') return Number(a) - Number(b);
  if (a instanceof Date) return a.getTime() - (b as Date).getTime();
  if (a instanceof Duration) return compareNumbers(nanosOf(a), nanosOf(b as Duration));
  throw new Error('no such overload: the values have no order');
}

const nanosOf = ({ seconds, nanos }: Duration): bigint => seconds * 1_000_000_000n + BigInt(nanos);

function compareNumbers(a: bigint | number, b: bigint | number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) throw new Error('NaN values cannot be ordered');
  if (a < b) return -1;
  return a > b ? 1 : 0;
}
