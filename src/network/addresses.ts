import { readCidr, type Cidr } from './cidr';
import { isObject, type JsonObject } from '../manifest/manifest';
import type { IpFamily } from '../target/target';

/** Consecutive addresses of one family. */
export interface AddressRange {
  readonly family: IpFamily;
  readonly first: bigint;
  readonly last: bigint;
}

/** The addresses of an ipBlock or of a network: those of the block without the exceptions. */
export interface Block {
  readonly cidr: Cidr;
  readonly except: readonly Cidr[];
}

/**
 * All addresses of both families, cut wherever a block begins or ends, so that a block is a number of whole pieces. Pieces
 * are counted through, those of IPv4 first.
 */
export interface AddressSpace {
  readonly pieces: readonly AddressRange[];
  /** The pieces of a block as pairs of first and last number. */
  piecesOf(block: Block): readonly number[];
  /** The piece that an address is in. */
  pieceAt(family: IpFamily, address: bigint): number;
}

const LAST: Readonly<Record<IpFamily, bigint>> = { IPv4: (1n << 32n) - 1n, IPv6: (1n << 128n) - 1n };
const FAMILIES = ['IPv4', 'IPv6'] as const;

/** Reads an ipBlock. Undefined for one that the API server refuses. */
export function readBlock({ cidr, except }: JsonObject): Block | undefined {
  const whole = readCidr(cidr);
  const parts = Array.isArray(except) ? except.map(readCidr) : [];
  return whole && parts.every(isDefined) ? { cidr: whole, except: parts } : undefined;
}

/** Reads the block of a peer, where it has one. */
export function blockOfPeer(peer: unknown): Block | undefined {
  return isObject(peer) && isObject(peer.ipBlock) ? readBlock(peer.ipBlock) : undefined;
}

/** Cuts all addresses along these blocks. */
export function addressSpace(blocks: Iterable<Block>): AddressSpace {
  const starts: Record<IpFamily, Set<bigint>> = { IPv4: new Set([0n]), IPv6: new Set([0n]) };
  const cut = ({ family, first, last }: Cidr) => {
    starts[family].add(first);
    if (last < LAST[family]) starts[family].add(last + 1n);
  };
  for (const { cidr, except } of blocks) {
    cut(cidr);
    except.forEach(cut);
  }
  const sorted = {
    IPv4: [...starts.IPv4].sort(compareNumbers),
    IPv6: [...starts.IPv6].sort(compareNumbers),
  };
  const pieceAt = (family: IpFamily, address: bigint) =>
    (family === 'IPv4' ? 0 : sorted.IPv4.length) + lastAtMost(sorted[family], address);
  return {
    pieces: FAMILIES.flatMap((family) =>
      sorted[family].map((first, index) => ({
        family,
        first,
        last: (sorted[family][index + 1] ?? LAST[family] + 1n) - 1n,
      })),
    ),
    pieceAt,
    piecesOf: (block) =>
      rangesOf(block).flatMap(({ family, first, last }) => [pieceAt(family, first), pieceAt(family, last)]),
  };
}

/** The addresses of a block as ranges, ascending. */
export function rangesOf({ cidr, except }: Block): AddressRange[] {
  const { family } = cidr;
  const holes = except
    .filter((each) => each.family === family)
    .sort((a, b) => compareNumbers(a.first, b.first));
  const ranges: AddressRange[] = [];
  let first = cidr.first;
  for (const hole of holes) {
    if (hole.first > first) ranges.push({ family, first, last: smaller(hole.first - 1n, cidr.last) });
    if (hole.last >= first) first = hole.last + 1n;
  }
  if (first <= cidr.last) ranges.push({ family, first, last: cidr.last });
  return ranges.filter((range) => range.first <= range.last);
}

/** `a-b`, as both addresses are usually written. */
export function formatRange({ family, first, last }: AddressRange): string {
  return `${formatAddress(family, first)}-${formatAddress(family, last)}`;
}

/** An address in its usual spelling; that of IPv6 is RFC 5952's. */
export function formatAddress(family: IpFamily, address: bigint): string {
  const count = family === 'IPv4' ? 4 : 8;
  const bits = family === 'IPv4' ? 8n : 16n;
  const parts = Array.from({ length: count }, (_, index) =>
    Number((address >> (bits * BigInt(count - 1 - index))) & ((1n << bits) - 1n)),
  );
  if (family === 'IPv4') return parts.join('.');
  const text = parts.map((part) => part.toString(16)).join(':');
  const zeros = [...text.matchAll(/(?<![^:])0(:0)+(?![^:])/g)].sort((a, b) => b[0].length - a[0].length)[0];
  if (!zeros) return text;
  const before = text.slice(0, zeros.index).replace(/:$/, '');
  return `${before}::${text.slice(zeros.index + zeros[0].length).replace(/^:/, '')}`;
}

function lastAtMost(sorted: readonly bigint[], value: bigint): number {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (sorted[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

function compareNumbers(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function isDefined<T>(value: T | undefined): value is T {
  return value !== undefined;
}
