import fc from 'fast-check';
import { BlockList } from 'node:net';
import { BulwarkError } from '../../../src/errors';
import { addressToNumber, contains, parseCidr } from '../../../src/network/cidr';

const v4 = fc.ipV4();
const v6 = fc.ipV6().filter((address) => !/^::(ffff:)?[\d.]+$/i.test(address));

/** The block of an address: all bits after the prefix cleared, written in full. */
function blockOf(address: string, prefix: number): string {
  const bits = address.includes(':') ? 128 : 32;
  const host = BigInt(bits - prefix);
  const first = (addressToNumber(address) >> host) << host;
  return `${written(first, bits)}/${prefix}`;
}

function written(value: bigint, bits: number): string {
  const [width, radix, separator] = bits === 32 ? ([8, 10, '.'] as const) : ([16, 16, ':'] as const);
  const parts = Array.from({ length: bits / width }, (_, index) =>
    ((value >> BigInt(bits - width * (index + 1))) & ((1n << BigInt(width)) - 1n)).toString(radix),
  );
  return parts.join(separator);
}

describe('parseCidr', () => {
  it.each([
    ['10.0.0.0/8', 'IPv4', 8, '10.0.0.0', '10.255.255.255'],
    ['0.0.0.0/0', 'IPv4', 0, '0.0.0.0', '255.255.255.255'],
    ['169.254.169.254/32', 'IPv4', 32, '169.254.169.254', '169.254.169.254'],
    ['fd00::/8', 'IPv6', 8, 'fd00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['::/0', 'IPv6', 0, '::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['::1/128', 'IPv6', 128, '::1', '::1'],
    ['::ffff:10.0.0.0/104', 'IPv6', 104, '::ffff:a00:0', '::ffff:aff:ffff'],
    ['2001:DB8::/32', 'IPv6', 32, '2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
  ])('reads %s', (text, family, prefix, first, last) => {
    expect(parseCidr(text)).toEqual({
      text,
      family,
      prefix,
      first: addressToNumber(first),
      last: addressToNumber(last),
    });
  });

  it.each([
    ...['', '10.0.0.0', '10.0.0.0/', '/8', '10.0.0.0/33', '::/129', '10.0.0/8', '256.0.0.0/8', '10.0.0.0/-1'],
    ...[
      '10.0.0.0/8 ',
      ' 10.0.0.0/8',
      '10.0.0.0/8/8',
      'fe80::1%eth0/128',
      '010.0.0.0/8',
      ':::/0',
      '1::2::3/128',
    ],
    ...['localhost/8', '0x0a.0.0.0/8', '10.0.0.0/٨', '10.0.0.0/8\n'],
  ])('refuses %j and says what a block looks like', (text) => {
    expect(() => parseCidr(text)).toThrow(BulwarkError);
    expect(() => parseCidr(text)).toThrow('is not an address block. Write ADDRESS/LENGTH');
  });

  it.each([
    ['10.0.0.1/8', '/32'],
    ['fd00::1/8', '/128'],
    ['169.254.169.254/31', undefined],
  ])('refuses %s if bits are set after the prefix, since one of the two is a mistake', (text, single) => {
    if (single === undefined) expect(parseCidr(text).prefix).toBe(31);
    else expect(() => parseCidr(text)).toThrow(`or ${single} for one address`);
  });

  it.each([
    ['IPv4', v4, 32],
    ['IPv6', v6, 128],
  ] as const)(
    'says of any two %s blocks whether one is in the other as node:net does',
    (family, addresses, bits) => {
      const cases = fc.record({
        address: addresses,
        other: addresses,
        isNear: fc.boolean(),
        prefix: fc.nat({ max: bits }),
        length: fc.nat({ max: bits }),
      });
      fc.assert(
        fc.property(cases, ({ address, other, isNear, prefix, length }) => {
          const outer = parseCidr(blockOf(address, prefix));
          // Two addresses by chance share no block, so half of them are made from the first one.
          const inner = parseCidr(blockOf(isNear ? written(outer.first, bits) : other, length));
          const list = new BlockList();
          list.addSubnet(written(outer.first, bits), prefix, family === 'IPv4' ? 'ipv4' : 'ipv6');
          const has = (value: bigint) =>
            list.check(written(value, bits), family === 'IPv4' ? 'ipv4' : 'ipv6');
          expect(contains(outer, inner)).toBe(has(inner.first) && has(inner.last));
        }),
        { numRuns: 1000 },
      );
    },
  );

  it('never finds a block of one family in a block of the other', () => {
    fc.assert(
      fc.property(v4, v6, (a, b) => {
        expect(contains(parseCidr('::/0'), parseCidr(`${a}/32`))).toBe(false);
        expect(contains(parseCidr('0.0.0.0/0'), parseCidr(`${b}/128`))).toBe(false);
      }),
    );
  });

  it('reads every spelling of an address as the same number', () => {
    fc.assert(
      fc.property(v6, (address) => {
        expect(addressToNumber(written(addressToNumber(address), 128))).toBe(addressToNumber(address));
        expect(addressToNumber(address.toUpperCase())).toBe(addressToNumber(address));
      }),
      { numRuns: 1000 },
    );
  });
});
