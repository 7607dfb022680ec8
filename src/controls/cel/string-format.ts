import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import { isList, isNumber, type CelList } from './values';

const CLAUSE = /%(?:(%)|(?:\.(\d+))?([sdbxXo])|([^]?))/g;

/**
 * `format` of CEL, without its clauses for the numbers of a locale, `%e` and `%f`.
 * @throws when the template or a value does not fit.
 */
export function formatString(template: string, list: CelList): string {
  const values = [...list];
  let used = 0;
  return template.replace(CLAUSE, (match: string, percent?: string, _precision?: string, clause?: string) => {
    if (percent) return '%';
    if (!clause) throw new Error(`'${match}' is not a supported formatting clause`);
    if (used >= values.length) throw new Error(`index ${used} out of range`);
    return clause === 's' ? plain(values[used++]) : integer(clause, values[used++]);
  });
}

function unsupported(value: unknown): never {
  throw new Error(`error during formatting: a value of type ${typeof value} does not fit`);
}

const BASES: Readonly<Record<string, number>> = { b: 2, o: 8, d: 10, x: 16, X: 16 };

function integer(clause: string, value: unknown): string {
  if (clause === 'b' && typeof value === 'boolean') return value ? '1' : '0';
  const text = clause.toLowerCase() === 'x' ? hexOfBytes(value) : undefined;
  const digits = text ?? integerOf(value).toString(BASES[clause]);
  return clause === 'X' ? digits.toUpperCase() : digits;
}

function hexOfBytes(value: unknown): string | undefined {
  const bytes = typeof value === 'string' || value instanceof Uint8Array ? Buffer.from(value) : undefined;
  return bytes?.toString('hex');
}

function integerOf(value: unknown): bigint {
  if (value instanceof UnsignedInt) return value.value;
  // The integers of manifests are doubles to cel-js.
  if (typeof value === 'bigint' || Number.isInteger(value)) return BigInt(value as bigint | number);
  return unsupported(value);
}

function plain(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return formatDouble(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  return isNumber(value) ? value.toString() : formatObject(value);
}

function formatObject(value: unknown): string {
  if (value === null || typeof value === 'boolean') return `${value}`;
  if (typeof value !== 'object') return unsupported(value);
  if (value instanceof Duration) return value.toString();
  if (value instanceof Date) return value.toISOString().replace(/\.?0*Z$/, 'Z');
  if (isList(value)) return `[${[...value].map(literal).join(', ')}]`;
  if (value instanceof Map) return formatMap([...(value as ReadonlyMap<unknown, unknown>)]);
  if (Object.prototype.toString.call(value).startsWith('[object Type<')) {
    return (value as { name: string }).name;
  }
  return value.constructor === Object ? formatMap(Object.entries(value)) : unsupported(value);
}

function formatMap(entries: (readonly [unknown, unknown])[]): string {
  const texts = entries.map(([key, value]) => [literal(key), literal(value)] as const);
  const sorted = texts.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return `{${sorted.map(([key, value]) => `${key}:${value}`).join(', ')}}`;
}

/** A value within a list or map, in quotes where CEL has them. */
function literal(value: unknown): string {
  const text = plain(value);
  if (value instanceof Date) return `timestamp(${JSON.stringify(text)})`;
  if (value instanceof Duration) return `duration(${JSON.stringify(text)})`;
  if (value instanceof Uint8Array) return `b${JSON.stringify(text)}`;
  if (typeof value === 'number' && !Number.isInteger(value)) {
    return Number.isFinite(value) ? value.toFixed(6) : `"${text}"`;
  }
  return typeof value === 'string' ? JSON.stringify(text) : text;
}

/** A double as Go writes it; a whole one without exponent, since it usually is an integer of a manifest. */
function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Number.isSafeInteger(value)) return `${value}`;
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return `${value}`;
  return scientific(digits, power);
}

function scientific(digits: string, power: number): string {
  return `${digits}e${power < 0 ? '-' : '+'}${`${Math.abs(power)}`.padStart(2, '0')}`;
}
