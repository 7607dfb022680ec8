import { isIP, isIPv4 } from 'node:net';
import { BulwarkError } from '../errors';

/** A block of addresses of one family. */
export interface Cidr {
  /** As written, for example `10.0.0.0/8`. */
  readonly text: string;
  readonly family: 'IPv4' | 'IPv6';
  /** Length of the prefix in bits. */
  readonly prefix: number;
  /** First and last address as numbers of 32 or 128 bits. */
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * Reads an address block such as `10.0.0.0/8` or `fd00::/8`.
 * @throws BulwarkError when it is not one, or when bits after the prefix are set (`10.0.0.1/8`), which usually is a mistake.
 */
export function parseCidr(text: string): Cidr {
  const [, address = '', length = ''] = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = isIPv4(address) ? 'IPv4' : 'IPv6';
  const bits = family === 'IPv4' ? 32 : 128;
  const prefix = Number(length);
  if (isIP(address) === 0 || prefix > bits) {
    throw new BulwarkError(
      `'${text}' is not an address block. Write ADDRESS/LENGTH, for example 10.0.0.0/8 or fd00::/8.`,
    );
  }
  const value = addressToNumber(address);
  const hostMask = (1n << BigInt(bits - prefix)) - 1n;
  if ((value & hostMask) !== 0n) {
    throw new BulwarkError(
      `'${text}' has bits set after its /${prefix}. Write the first address of the block, or /${bits} for one address.`,
    );
  }
  return { text, family, prefix, first: value, last: value | hostMask };
}

/**
 * A block as the API server reads it, which passes over bits behind the prefix (`10.0.0.1/8`). Undefined for one that it
 * refuses.
 */
export function readCidr(text: unknown): Cidr | undefined {
  const [, address = '', length = ''] = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(String(text)) ?? [];
  const family = isIPv4(address) ? 'IPv4' : 'IPv6';
  const bits = family === 'IPv4' ? 32 : 128;
  const prefix = Number(length);
  if (isIP(address) === 0 || prefix > bits) return undefined;
  const mask = (1n << BigInt(bits - prefix)) - 1n;
  const last = addressToNumber(address) | mask;
  return { text: String(text), family, prefix, first: last - mask, last };
}

/** Whether every address of `inner` is in `outer`. */
export function contains(outer: Cidr, inner: Cidr): boolean {
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
}

/** The value of an IPv4 or IPv6 address in any of their spellings. */
export function addressToNumber(address: string): bigint {
  if (isIPv4(address)) {
    return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
  }
  return groups(address).reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
}

/** The eight 16-bit groups of an IPv6 address (RFC 4291 2.2), with `::` and a trailing IPv4 part expanded. */
function groups(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const left = groupsOf(head);
  if (tail === undefined) return left;
  const right = groupsOf(tail);
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
}

function groupsOf(part: string): number[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => {
    if (!isIPv4(group)) return [parseInt(group, 16)];
    const value = Number(addressToNumber(group));
    return [value >>> 16, value & 0xffff];
  });
}
