import { isIP } from 'node:net';
import { addressToNumber } from '../../network/cidr';
import { Opaque, type CelLibrary } from './library';

class IpAddress extends Opaque {
  constructor(
    readonly value: bigint,
    readonly bits: 32 | 128,
  ) {
    super(bits === 32 ? formatIPv4(value) : formatIPv6(value));
  }
}

/** A block that, other than those of our own API, may have bits set after its prefix. */
class CidrBlock extends Opaque {
  constructor(
    readonly address: IpAddress,
    readonly prefix: number,
  ) {
    super(`${address.key}/${prefix}`);
  }
}

/** The IP address library of Kubernetes. */
export const ip: CelLibrary = {
  since: 31,
  namespace: 'ip',
  types: { 'net.IP': IpAddress },
  functions: {
    'ip(string): net.IP': parseIp,
    'isIP(string): bool': (text: string) => readIp(text) !== undefined,
    'ip.isCanonical(string): bool': (text: string) => parseIp(text).key === text,
    'string(net.IP): string': ({ key }: IpAddress) => key,
    'net.IP.family(): int': ({ bits }: IpAddress) => (bits === 32 ? 4n : 6n),
    'net.IP.isUnspecified(): bool': isUnspecified,
    'net.IP.isLoopback(): bool': isLoopback,
    'net.IP.isLinkLocalMulticast(): bool': isLinkLocalMulticast,
    'net.IP.isLinkLocalUnicast(): bool': isLinkLocalUnicast,
    'net.IP.isGlobalUnicast(): bool': (address: IpAddress) =>
      !isUnspecified(address) &&
      !isLoopback(address) &&
      !isMulticast(address) &&
      !isLinkLocalUnicast(address) &&
      !(address.bits === 32 && address.value === 0xffff_ffffn),
  },
};

/** The CIDR library of Kubernetes. */
export const cidr: CelLibrary = {
  since: 31,
  types: { 'net.CIDR': CidrBlock },
  functions: {
    'cidr(string): net.CIDR': parseCidrBlock,
    'isCIDR(string): bool': (text: string) => readCidrBlock(text) !== undefined,
    'string(net.CIDR): string': ({ key }: CidrBlock) => key,
    'net.CIDR.containsIP(net.IP): bool': containsIp,
    'net.CIDR.containsIP(string): bool': (block: CidrBlock, text: string) => containsIp(block, parseIp(text)),
    'net.CIDR.containsCIDR(net.CIDR): bool': containsBlock,
    'net.CIDR.containsCIDR(string): bool': (block: CidrBlock, text: string) =>
      containsBlock(block, parseCidrBlock(text)),
    'net.CIDR.ip(): net.IP': ({ address }: CidrBlock) => address,
    'net.CIDR.prefixLength(): int': ({ prefix }: CidrBlock) => BigInt(prefix),
    'net.CIDR.masked(): net.CIDR': ({ address, prefix }: CidrBlock) =>
      new CidrBlock(masked(address, prefix), prefix),
  },
};

function isUnspecified({ value }: IpAddress): boolean {
  return value === 0n;
}

function isLoopback({ value, bits }: IpAddress): boolean {
  return bits === 32 ? value >> 24n === 127n : value === 1n;
}

function isMulticast({ value, bits }: IpAddress): boolean {
  return bits === 32 ? value >> 28n === 0xen : value >> 120n === 0xffn;
}

function isLinkLocalMulticast({ value, bits }: IpAddress): boolean {
  return bits === 32 ? value >> 8n === 0xe0_0000n : ((value >> 112n) & 0xff0fn) === 0xff02n;
}

function isLinkLocalUnicast({ value, bits }: IpAddress): boolean {
  return bits === 32 ? value >> 16n === 0xa9fen : value >> 118n === 0x3fan;
}

const MAPPED_IPV4 = 0xffffn;

/** Neither a zone nor an IPv4 address in the form of an IPv6 address is allowed, as on the API server. */
function readIp(text: string): IpAddress | undefined {
  const version = text.includes('%') ? 0 : isIP(text);
  if (version === 0) return undefined;
  const value = addressToNumber(text);
  if (version === 4) return new IpAddress(value, 32);
  return value >> 32n === MAPPED_IPV4 ? undefined : new IpAddress(value, 128);
}

function parseIp(text: string): IpAddress {
  const address = readIp(text);
  if (!address) throw new Error(`'${text}' is not an IP address`);
  return address;
}

function readCidrBlock(text: string): CidrBlock | undefined {
  const [, addressText = '', length] = /^(.*)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const address = readIp(addressText);
  return address && Number(length) <= address.bits ? new CidrBlock(address, Number(length)) : undefined;
}

function parseCidrBlock(text: string): CidrBlock {
  const block = readCidrBlock(text);
  if (!block) throw new Error(`'${text}' is not an address block in CIDR notation`);
  return block;
}

function masked({ value, bits }: IpAddress, prefix: number): IpAddress {
  const host = BigInt(bits - prefix);
  return new IpAddress((value >> host) << host, bits);
}

function containsIp({ address, prefix }: CidrBlock, other: IpAddress): boolean {
  return address.bits === other.bits && masked(address, prefix).value === masked(other, prefix).value;
}

function containsBlock(outer: CidrBlock, inner: CidrBlock): boolean {
  return outer.prefix <= inner.prefix && containsIp(outer, inner.address);
}

function formatIPv4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.');
}

/** The canonical form of RFC 5952: `::` for the first of the longest runs of two and more zero groups. */
function formatIPv6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => (value >> BigInt(112 - 16 * i)) & 0xffffn);
  const text = groups.map((group) => group.toString(16)).join(':');
  const runs = [...text.matchAll(/(?<![0-9a-f])0(?::0)+(?![0-9a-f])/g)];
  const longest = runs.reduce((best, [run]) => (run.length > best.length ? run : best), '');
  if (longest === '') return text;
  const { index } = runs.find(([run]) => run === longest)!;
  const [before, after] = [text.slice(0, index), text.slice(index + longest.length)];
  return `${before.replace(/:$/, '')}::${after.replace(/^:/, '')}`;
}
