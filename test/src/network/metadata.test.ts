import { contains, parseCidr } from '../../../src/network/cidr';
import { metadataExcept } from '../../../src/network/metadata';

describe('metadataExcept', () => {
  it('keeps the addresses of every cloud out of the whole internet', () => {
    const [v4, v6] = ['0.0.0.0/0', '::/0'].map((all) => metadataExcept(parseCidr(all)));
    expect(v4).toEqual([
      '169.254.169.254/32',
      '169.254.169.252/32',
      '169.254.170.2/32',
      '169.254.170.23/32',
      '169.254.0.23/32',
      '169.254.42.42/32',
      '100.100.100.200/32',
      '168.63.129.16/32',
    ]);
    expect(v6).toEqual([
      'fd00:ec2::254/128',
      'fd00:ec2::23/128',
      'fd20:ce::254/128',
      'fd00:c1::a9fe:a9fe/128',
      'fd00:100::100:200/128',
      'fd00:a9fe:a9fe::1/128',
      'fd00:42::42/128',
      'fe80::a9fe:a9fe/128',
    ]);
  });

  it.each([
    ['169.254.0.0/16', 6],
    ['169.254.169.254/32', 1],
    ['100.64.0.0/10', 1],
    ['fd00::/8', 7],
    ['10.0.0.0/8', 0],
    ['2001:db8::/32', 0],
  ])('lists for %s the %i addresses in it, as the API server demands of except', (text, count) => {
    const block = parseCidr(text);
    const except = metadataExcept(block);
    expect(except).toHaveLength(count);
    expect(except.every((address) => contains(block, parseCidr(address)))).toBe(true);
  });
});
