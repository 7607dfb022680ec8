import type { Scalar } from 'yaml';

/** The types of SOPS for what stands at the end of a path. */
export type LeafType = 'str' | 'int' | 'float' | 'bool' | 'time';

/** A value as SOPS hashes and encrypts it. */
export interface Leaf {
  readonly type: LeafType;
  readonly text: string;
}

const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const INT = /^[-+]?(?:0|[1-9][0-9]*)$/;
const DAY = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|[-+][0-9]{2}:[0-9]{2})$/;

/** What the YAML reader of SOPS takes for a number or a time, in a spelling that others read as something else. */
const AMBIGUOUS = [
  /^[-+]?0[0-9_]+$/,
  /^[-+]?0[xXoObB][0-9a-fA-F_]+$/,
  /^[-+]?[.0-9][0-9_.]*_[0-9_.]*(?:[eE][-+]?[0-9]+)?$/,
  /^[-+]?\.(?:inf|Inf|INF|nan|NaN|NAN)$/,
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}/,
];

/**
 * What SOPS takes a scalar for: undefined for null, which it neither hashes nor encrypts, and 'ambiguous' where readers of YAML
 * disagree, so that a hash over it would.
 */
export function leafOf({ value, source = '', type }: Scalar): Leaf | 'ambiguous' | undefined {
  if (type !== 'PLAIN') return { type: 'str', text: String(value) };
  if (/^(?:|~|null|Null|NULL)$/.test(source)) return undefined;
  if (/^(?:true|True|TRUE)$/.test(source)) return { type: 'bool', text: 'True' };
  if (/^(?:false|False|FALSE)$/.test(source)) return { type: 'bool', text: 'False' };
  return /^[-+.0-9]/.test(source) ? numberOrTime(source) : { type: 'str', text: source };
}

function numberOrTime(source: string): Leaf | 'ambiguous' {
  if (INT.test(source)) {
    const value = Number(source);
    return Number.isSafeInteger(value) ? { type: 'int', text: String(value) } : 'ambiguous';
  }
  if (TIME.test(source)) return { type: 'time', text: source };
  if (DAY.test(source)) return { type: 'time', text: `${source}T00:00:00Z` };
  if (AMBIGUOUS.some((pattern) => pattern.test(source))) return 'ambiguous';
  if (!FLOAT.test(source)) return { type: 'str', text: source };
  const value = Number(source);
  return Number.isFinite(value) ? { type: 'float', text: decimal(value) } : 'ambiguous';
}

/** A number without an exponent, in the fewest digits that tell it from its neighbours, as SOPS writes it. */
export function decimal(value: number): string {
  if (Object.is(value, -0)) return '-0';
  const [, sign = '', first = '', rest = '', exponent] =
    /^(-?)([0-9])(?:\.([0-9]+))?e([-+][0-9]+)$/.exec(value.toExponential()) ?? [];
  const digits = first + rest;
  const point = Number(exponent) + 1;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`.replace(/\.0+$/, '');
  if (point >= digits.length) return sign + digits + '0'.repeat(point - digits.length);
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}
