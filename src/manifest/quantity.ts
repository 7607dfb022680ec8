import { BulwarkError } from '../errors';
import { remembered } from './remembered';

const SUFFIXES: Readonly<Record<string, readonly [base: bigint, exponent: number]>> = {
  n: [10n, -9],
  u: [10n, -6],
  m: [10n, -3],
  '': [10n, 0],
  k: [10n, 3],
  M: [10n, 6],
  G: [10n, 9],
  T: [10n, 12],
  P: [10n, 15],
  E: [10n, 18],
  Ki: [2n, 10],
  Mi: [2n, 20],
  Gi: [2n, 30],
  Ti: [2n, 40],
  Pi: [2n, 50],
  Ei: [2n, 60],
};

const QUANTITY = /^([+-]?)(\d+\.?\d*|\.\d+)(?:([eE][+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i)?)$/;

/** Whether a value is a quantity, as text or as the number that YAML makes of `2`. */
export function isQuantity(value: unknown): value is string | number {
  return (typeof value === 'string' || typeof value === 'number') && QUANTITY.test(`${value}`);
}

/** Every quantity is a whole number of these: the API server rounds up to nano units. */
const NANO = 1_000_000_000n;

/**
 * The value of a Kubernetes quantity such as `500m`, `16Gi` or `1e3`, in nano units.
 * @throws BulwarkError when the text is no quantity.
 */
export const parseQuantity = remembered(parse);

function parse(text: string): bigint {
  const match = QUANTITY.exec(text);
  if (!match) throw new BulwarkError(`'${text}' is not a quantity. Write for example 500m, 2, 64Mi or 10Gi.`);
  const [, sign, digits = '', exponent, suffix = ''] = match;
  const [whole = '', fraction = ''] = digits.split('.');
  const [base, power] = exponent ? ([10n, Number(exponent.slice(1))] as const) : SUFFIXES[suffix]!;
  let numerator = BigInt(whole + fraction) * NANO;
  let denominator = 10n ** BigInt(fraction.length);
  if (power >= 0) numerator *= base ** BigInt(power);
  else denominator *= base ** BigInt(-power);
  const rounded = (numerator + denominator - 1n) / denominator;
  return sign === '-' ? -rounded : rounded;
}

/** Writes nano units the way people write them: the largest binary suffix that fits whole, else a plain or milli number. */
export function formatQuantity(nano: bigint): string {
  if (nano % NANO !== 0n) return `${(nano * 1000n + (nano > 0n ? NANO - 1n : 0n)) / NANO}m`;
  const value = nano / NANO;
  for (const suffix of ['Ei', 'Pi', 'Ti', 'Gi', 'Mi', 'Ki']) {
    const [base, power] = SUFFIXES[suffix]!;
    const unit = base ** BigInt(power);
    if (value !== 0n && value % unit === 0n) return `${value / unit}${suffix}`;
  }
  return `${value}`;
}
