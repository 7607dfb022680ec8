import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { openValue, parseSealed, sealValue } from '../../../src/seal/cipher';
import { sealLabel, SEAL_SCOPES, type SealScope } from '../../../src/seal/scope';
import { CERTIFICATE, KEYS, NEXT_CERTIFICATE, NEXT_KEYS, itWithPython, openWithPython } from './support';

const place = (scope: SealScope, namespace = 'shop-web', name = 'db') => ({ scope, namespace, name });
const seal = (value: Buffer, label: string) => sealValue(value, label, CERTIFICATE.publicKey);
const open = (sealed: string, label: string, keys = KEYS) =>
  openValue(parseSealed(sealed)!, label, keys[0]!.key);

const VALUES: readonly (readonly [string, Buffer])[] = [
  ['a password', Buffer.from('correct horse battery staple')],
  ['nothing', Buffer.alloc(0)],
  ['one byte', Buffer.from([0])],
  ['every byte', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
  ['letters beyond ASCII', Buffer.from('größe ✓ 密码')],
  ['1 MB', randomBytes(1024 * 1024)],
];
const CASES = VALUES.flatMap(([what, value]) => SEAL_SCOPES.map((scope) => ({ what, value, scope })));

describe('a sealed value', () => {
  itWithPython(
    'is opened by an implementation of somebody else, in every scope, whatever its bytes and size',
    () => {
      const cases = CASES.map(({ value, scope }) => {
        const label = sealLabel(place(scope));
        return { sealed: seal(value, label), label };
      });
      openWithPython(cases).forEach((opened, index) => {
        const { what, value, scope } = CASES[index]!;
        expect([what, scope, opened?.equals(value)]).toEqual([what, scope, true]);
      });
    },
  );

  itWithPython('is not opened by it for another name, namespace or scope', () => {
    const labels = ['shop-web/db', 'shop-web', ''];
    const wrong = ['shop-web/other', 'other/db', 'shop-webdb', 'shop-web/', 'other'];
    const cases = labels.flatMap((label) => {
      const sealed = seal(Buffer.from('x'), label);
      return [...labels, ...wrong]
        .filter((other) => other !== label)
        .map((other) => ({ sealed, label: other }));
    });
    expect(openWithPython(cases)).toEqual(cases.map(() => null));
    expect(cases.map(({ sealed, label }) => open(sealed, label))).toEqual(cases.map(() => undefined));
  });

  it('opens here as well, for the place that it was sealed for', () => {
    for (const { what, value, scope } of CASES) {
      const opened = open(seal(value, sealLabel(place(scope))), sealLabel(place(scope)));
      expect([what, scope, opened?.equals(value)]).toEqual([what, scope, true]);
    }
  });

  it('is another text each time, so equal passwords do not show', () => {
    expect(seal(Buffer.from('x'), '')).not.toBe(seal(Buffer.from('x'), ''));
  });

  it('does not open with another key', () => {
    const sealed = sealValue(Buffer.from('x'), '', NEXT_CERTIFICATE.publicKey);
    expect(open(sealed, '', NEXT_KEYS)?.toString()).toBe('x');
    expect(open(sealed, '', KEYS)).toBeUndefined();
  });

  it('does not open once any of its bits was changed', () => {
    const label = 'shop-web/db';
    const sealed = Buffer.from(
      sealValue(Buffer.from('a secret'), label, NEXT_CERTIFICATE.publicKey),
      'base64',
    );
    fc.assert(
      fc.property(fc.nat(sealed.length * 8 - 1), (bit) => {
        const changed = Buffer.from(sealed);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        const parts = parseSealed(changed.toString('base64'));
        expect(parts && openValue(parts, label, NEXT_KEYS[0]!.key)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });
});

describe('the label of a scope', () => {
  it.each([
    ['strict', 'shop-web/db'],
    ['namespace-wide', 'shop-web'],
    ['cluster-wide', ''],
  ] as const)('is, for %s: %j', (scope, label) => {
    expect(sealLabel(place(scope))).toBe(label);
  });
});
