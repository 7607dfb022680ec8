import { parseQuantity } from '../../manifest/quantity';
import { Opaque, type CelLibrary } from './library';

const NANO_SCALE = -9;
const MAX_INT = 2n ** 63n - 1n;
/** What an integer of 64 bits holds for sure, in decimal digits. */
const SAFE_DIGITS = 18;

/**
 * A quantity as the API server has it: an integer of 64 bits times a power of ten where that fits, else an exact decimal.
 * Which of them it is decides what counts as an integer: `1Gi` does, while `1000m` and `1.5Gi` do not.
 */
class Quantity extends Opaque {
  constructor(
    /** The value in nano units, in which every quantity is whole. */
    readonly nano: bigint,
    /** The power of ten that the digits are multiplied with. */
    readonly scale: number,
    /** Whether the digits are an integer of 64 bits. */
    readonly small: boolean,
  ) {
    super(`${nano}`);
  }
}

const QUANTITY = /^([+-]?)(\d*)(?:\.(\d*))?(|[numkMGTPE]|[KMGTPE]i|[eE][+-]?\d{1,3})$/;
const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** The quantity library of Kubernetes. */
export const quantity: CelLibrary = {
  since: 29,
  types: { 'kubernetes.Quantity': Quantity },
  functions: {
    'quantity(string): kubernetes.Quantity': (text: string) => read(text) ?? refuse(text),
    'isQuantity(string): bool': (text: string) => read(text) !== undefined,
    // The API server turns the numbers that manifests have for quantities into strings before it evaluates anything.
    'quantity(double): kubernetes.Quantity': (number: number) => read(`${number}`) ?? refuse(`${number}`),
    'isQuantity(double): bool': (number: number) => read(`${number}`) !== undefined,
    // Documented as a method, which no API server has.
    'sign(kubernetes.Quantity): int': ({ nano }: Quantity) => sign(nano),
    'kubernetes.Quantity.isInteger(): bool': (q: Quantity) => asInteger(q) !== undefined,
    'kubernetes.Quantity.asInteger(): int': (q: Quantity) => {
      const value = asInteger(q);
      if (value === undefined) throw new Error('cannot convert value to integer');
      return value;
    },
    'kubernetes.Quantity.asApproximateFloat(): double': (q: Quantity) =>
      Number(digitsAt(q.nano, q.scale)) * Number(`1e${q.scale}`),
    'kubernetes.Quantity.add(kubernetes.Quantity): kubernetes.Quantity': add,
    'kubernetes.Quantity.add(int): kubernetes.Quantity': (q: Quantity, n: bigint) => add(q, ofInteger(n)),
    'kubernetes.Quantity.sub(kubernetes.Quantity): kubernetes.Quantity': (a: Quantity, b: Quantity) =>
      add(a, negative(b)),
    'kubernetes.Quantity.sub(int): kubernetes.Quantity': (q: Quantity, n: bigint) => add(q, ofInteger(-n)),
    'kubernetes.Quantity.isGreaterThan(kubernetes.Quantity): bool': (a: Quantity, b: Quantity) =>
      a.nano > b.nano,
    'kubernetes.Quantity.isLessThan(kubernetes.Quantity): bool': (a: Quantity, b: Quantity) =>
      a.nano < b.nano,
    'kubernetes.Quantity.compareTo(kubernetes.Quantity): int': (a: Quantity, b: Quantity) =>
      sign(a.nano - b.nano),
  },
};

function read(text: string): Quantity | undefined {
  const match = QUANTITY.exec(text);
  if (!match || text === '') return undefined;
  const [, signText = '', whole = '', fraction = '', suffix = ''] = match;
  // The API server takes missing digits for zero, even where there are none at all.
  const nano = parseQuantity(`${signText}0${whole}.${fraction}0${suffix}`);
  const digits = whole.replace(/^0+/, '') || '0';
  const exponent = BINARY.indexOf(suffix);
  return exponent < 0
    ? decimal(nano, digits.length, exponentOf(suffix) - fraction.length, fraction.length)
    : binary(nano, fraction === '' ? digits.length : Infinity, (exponent + 1) * 10);
}

/** Decimal quantities are small where their digits surely fit. */
function decimal(nano: bigint, whole: number, scale: number, fraction: number): Quantity {
  const small = whole + fraction <= SAFE_DIGITS && scale >= NANO_SCALE;
  return new Quantity(nano, small ? scale : NANO_SCALE, small);
}

function exponentOf(suffix: string): number {
  const position = DECIMAL.indexOf(suffix);
  return position >= 0 ? position * 3 + NANO_SCALE : Number(suffix.slice(1));
}

/** Binary quantities are small where an estimate of their digits says so, and the others have a maximum. */
function binary(nano: bigint, digits: number, exponent: number): Quantity {
  if (digits + Math.trunc((exponent * 3) / 10) < 15) return new Quantity(nano, 0, true);
  const max = nanoOf(MAX_INT);
  const magnitude = nano < 0n ? -nano : nano;
  const capped = magnitude > max ? max : magnitude;
  return new Quantity(nano < 0n ? -capped : capped, NANO_SCALE, false);
}

function refuse(text: string): never {
  throw new Error(`'${text}' is not a quantity`);
}

const nanoOf = (integer: bigint): bigint => integer * 10n ** BigInt(-NANO_SCALE);
const ofInteger = (integer: bigint): Quantity => new Quantity(nanoOf(integer), 0, true);
const negative = ({ nano, scale, small }: Quantity): Quantity => new Quantity(-nano, scale, small);
const digitsAt = (nano: bigint, scale: number): bigint => nano / 10n ** BigInt(scale - NANO_SCALE);
const fits = (integer: bigint): boolean => integer <= MAX_INT && integer >= -MAX_INT - 1n;

function sign(number: bigint): bigint {
  if (number === 0n) return 0n;
  return number > 0n ? 1n : -1n;
}

function asInteger({ nano, scale, small }: Quantity): bigint | undefined {
  if (!small || scale < 0) return undefined;
  const value = digitsAt(nano, 0);
  return fits(value) ? value : undefined;
}

function add(a: Quantity, b: Quantity): Quantity {
  if (a.small && b.small && b.nano === 0n) return a;
  if (a.small && b.small && a.nano === 0n) return b;
  const scale = Math.min(a.scale, b.scale);
  const nano = a.nano + b.nano;
  const small = a.small && b.small && [a.nano, b.nano, nano].every((each) => fits(digitsAt(each, scale)));
  return new Quantity(nano, scale, small);
}
