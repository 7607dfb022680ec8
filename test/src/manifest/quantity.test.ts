import fc from 'fast-check';
import { BulwarkError } from '../../../src/errors';
import { formatQuantity, isQuantity, parseQuantity } from '../../../src/manifest/quantity';

const NANO = 1_000_000_000n;

describe('parseQuantity', () => {
  // From the documentation of resource.Quantity and of resource management for pods and containers.
  it.each([
    ['128974848', 128974848n * NANO],
    ['129e6', 129_000_000n * NANO],
    ['129M', 129_000_000n * NANO],
    ['123Mi', 123n * 1024n ** 2n * NANO],
    ['128974848000m', 128974848n * NANO],
    ['0.1', NANO / 10n],
    ['100m', NANO / 10n],
    ['1.5Gi', 1536n * 1024n ** 2n * NANO],
    ['1Ki', 1024n * NANO],
    ['1k', 1000n * NANO],
    ['1E', 10n ** 18n * NANO],
    ['1E3', 1000n * NANO],
    ['1e3', 1000n * NANO],
    ['5e-1', NANO / 2n],
    ['1Ei', 1024n ** 6n * NANO],
    ['1n', 1n],
    ['1u', 1000n],
    ['.5', NANO / 2n],
    ['5.', 5n * NANO],
    ['+2', 2n * NANO],
    ['-2', -2n * NANO],
    ['0', 0n],
    ['0.1n', 1n],
  ])('reads %s', (text, nano) => {
    expect(parseQuantity(text)).toBe(nano);
  });

  it.each([
    '',
    ' 1',
    '1 ',
    'm',
    '1K',
    '1mi',
    '1KI',
    '1 Gi',
    '1GiB',
    '1,5',
    '0x10',
    '1e',
    '1e3Ki',
    '--1',
    'lots',
    '١',
  ])('refuses %j and says what a quantity looks like', (text) => {
    expect(() => parseQuantity(text)).toThrow(BulwarkError);
    expect(() => parseQuantity(text)).toThrow(`'${text}' is not a quantity. Write for example 500m`);
  });

  it('refuses an exponent that would fill the memory', () => {
    expect(() => parseQuantity('1e999999999')).toThrow('is not a quantity');
  });

  it('orders quantities as their numbers are ordered, whatever the suffix', () => {
    const suffixes = { m: -3, '': 0, k: 3, M: 6, G: 9 };
    const amount = fc.tuple(
      fc.integer({ min: 0, max: 99999 }),
      fc.constantFrom(...(Object.keys(suffixes) as (keyof typeof suffixes)[])),
    );
    fc.assert(
      fc.property(amount, amount, ([a, m], [b, n]) => {
        const value = (digits: number, suffix: keyof typeof suffixes) =>
          BigInt(digits) * 10n ** BigInt(suffixes[suffix] + 9);
        expect(parseQuantity(`${a}${m}`) < parseQuantity(`${b}${n}`)).toBe(value(a, m) < value(b, n));
      }),
    );
  });
});

describe('formatQuantity', () => {
  it.each([
    ['1073741824', '1Gi'],
    ['1536Mi', '1536Mi'],
    ['1.5Gi', '1536Mi'],
    ['1000', '1000'],
    ['1024', '1Ki'],
    ['0.5', '500m'],
    ['1.5', '1500m'],
    ['-0.5', '-500m'],
    ['0', '0'],
  ])('writes %s as %s', (text, written) => {
    expect(formatQuantity(parseQuantity(text))).toBe(written);
  });

  it('writes what reads as the same number, for every number of milli units', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }), (milli) => {
        const nano = milli * 1_000_000n;
        expect(parseQuantity(formatQuantity(nano))).toBe(nano);
      }),
    );
  });

  it('rounds up what is smaller than a milli unit, so that a sum is never written too small', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 15n }), (nano) => {
        const written = parseQuantity(formatQuantity(nano));
        expect(written >= nano && written - nano < 1_000_000n).toBe(true);
      }),
    );
  });
});

describe('isQuantity', () => {
  it.each(['500m', '2', 2, 0.5, 1e21])('takes %j', (value) => {
    expect(isQuantity(value)).toBe(true);
  });

  it.each<unknown>(['lots', NaN, Infinity, true, null, undefined, {}, ['1'], { toString: 1 }])(
    'refuses %p',
    (value) => {
      expect(isQuantity(value)).toBe(false);
    },
  );
});
