import fc from 'fast-check';
import { dump } from 'js-yaml';
import { BulwarkError } from '../../../src/errors';
import { readSealedSecret } from '../../../src/seal/sealed-secret';

const CANARY = 'hunter2-canary';

/** A value as kubeseal makes it: the length of the RSA part, that part, and AES-GCM with its tag of 16 bytes. */
function sealed(bytes: { rsa?: number; declared?: number; gcm?: number } = {}): string {
  const { rsa = 512, gcm = 16 + 7 } = bytes;
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.declared ?? rsa);
  return Buffer.concat([length, Buffer.alloc(rsa, 0xa5), Buffer.alloc(gcm, 0x5a)]).toString('base64');
}

function document(changes: Record<string, unknown> = {}, spec: Record<string, unknown> = {}) {
  return {
    apiVersion: 'bitnami.com/v1alpha1',
    kind: 'SealedSecret',
    metadata: { name: 'database', namespace: 'shop' },
    spec: { encryptedData: { password: sealed() }, ...spec },
    ...changes,
  };
}

const read = (value: unknown) => readSealedSecret(typeof value === 'string' ? value : dump(value), 'db.yaml');

function refusal(value: unknown): string {
  try {
    read(value);
  } catch (error) {
    expect(error).toBeInstanceOf(BulwarkError);
    return (error as BulwarkError).message;
  }
  throw new Error('It was read.');
}

describe('a SealedSecret that kubeseal made', () => {
  it('is read, from YAML and from JSON', () => {
    const expected = {
      metadata: { name: 'database', namespace: 'shop' },
      scope: 'strict',
      encryptedData: { password: sealed() },
      type: undefined,
      immutable: undefined,
      templateData: undefined,
    };
    expect(read(document())).toEqual(expected);
    expect(read(JSON.stringify(document()))).toEqual(expected);
  });

  it('keeps the type, immutability and template of the Secret that it becomes', () => {
    const template = {
      type: 'kubernetes.io/tls',
      immutable: true,
      data: { url: 'postgres://{{ .user }}:{{ .password }}@db' },
      metadata: { name: 'database' },
    };
    expect(read(document({}, { template }))).toMatchObject({
      type: 'kubernetes.io/tls',
      immutable: true,
      templateData: template.data,
    });
  });

  it.each([
    [{}, 'strict'],
    [{ 'sealedsecrets.bitnami.com/namespace-wide': 'true' }, 'namespace-wide'],
    [{ 'sealedsecrets.bitnami.com/cluster-wide': 'true' }, 'cluster-wide'],
    [
      {
        'sealedsecrets.bitnami.com/cluster-wide': 'true',
        'sealedsecrets.bitnami.com/namespace-wide': 'true',
      },
      'cluster-wide',
    ],
    [{ 'sealedsecrets.bitnami.com/cluster-wide': 'false' }, 'strict'],
  ])('has the scope that its own annotations say: %j', (annotations, scope) => {
    expect(read(document({ metadata: { name: 'database', annotations } })).scope).toBe(scope);
  });

  it('does not take its scope from the template, which the controller does not ask', () => {
    const template = { metadata: { annotations: { 'sealedsecrets.bitnami.com/cluster-wide': 'true' } } };
    expect(read(document({}, { template })).scope).toBe('strict');
  });

  it.each([2048, 3072, 4096, 8192])(
    'may be sealed with a key of %i bits, and hold an empty value',
    (bits) => {
      const password = sealed({ rsa: bits / 8, gcm: 16 });
      expect(read(document({}, { encryptedData: { password } })).encryptedData).toEqual({ password });
    },
  );
});

describe('what is no SealedSecret', () => {
  it.each<[string, unknown, string]>([
    ['a Secret', { apiVersion: 'v1', kind: 'Secret', stringData: { a: CANARY } }, 'Never commit it: seal it'],
    [
      'a SealedSecret of another version',
      document({ apiVersion: 'bitnami.com/v2' }),
      'of bitnami.com/v1alpha1',
    ],
    ['a text', CANARY, 'holds something else'],
    ['nothing', '', 'holds something else'],
    ['a list', [document()], 'holds something else'],
    ['a kind that is no text', document({ kind: { [CANARY]: 1 } }), 'holds something else'],
    ['two documents', `${dump(document())}---\n${dump(document())}`, 'Put one SealedSecret in each file'],
    ['no YAML', `a: [${CANARY}`, 'is not one YAML document'],
    ['no spec', document({ spec: undefined }), 'has no spec'],
    ['no encrypted data', document({ spec: {} }), 'has no encryptedData'],
    ['a spec that is a text', document({ spec: CANARY }), 'has no spec'],
    ['encrypted data that is a list', document({}, { encryptedData: [CANARY] }), 'has no encryptedData'],
    ['empty encrypted data', document({}, { encryptedData: {} }), 'Seal at least one value'],
    ['the format from before 2018', document({}, { data: CANARY }), 'the format from before 2018'],
    ['no metadata', document({ metadata: undefined }), 'has no metadata'],
    ['no name', document({ metadata: { namespace: 'shop' } }), 'metadata.name is missing'],
    ['a name that is no text', document({ metadata: { name: 7 } }), 'metadata.name is missing'],
    ['a name without a letter', document({ metadata: { name: '' } }), 'metadata.name is missing'],
  ])('is refused with the file and what to do: %s', (_name, value, message) => {
    expect(refusal(value)).toContain(message);
    expect(refusal(value)).toMatch(/^db\.yaml(:\d+)?: /);
    expect(refusal(value)).not.toContain(CANARY);
  });
});

describe('a value that the controller could not open', () => {
  const good = sealed();

  it.each<[string, unknown]>([
    ['plaintext', CANARY],
    ['plaintext that is base64', Buffer.from(CANARY).toString('base64')],
    ['plaintext that is long', Buffer.from(CANARY.repeat(100)).toString('base64')],
    ['nothing', ''],
    ['a number', 123456],
    ['a truth value', true],
    ['null', null],
    ['an object', { value: good }],
    ['a list', [good]],
    ['a value cut off after the RSA part', sealed({ gcm: 0 })],
    ['a value cut off inside the tag', sealed({ gcm: 15 })],
    ['a value cut off inside the RSA part', good.slice(0, 400)],
    ['a value whose base64 is cut off', good.slice(0, -1)],
    ['a value of two bytes', good.slice(0, 4)],
    ['a key of 1024 bits', sealed({ rsa: 128 })],
    ['a length that is too large', sealed({ declared: 0xffff })],
    ['a length of nothing', sealed({ declared: 0 })],
    ['a space inside', `${good.slice(0, 100)} ${good.slice(100)}`],
    ['a line break at the end', `${good}\n`],
    ['an ellipsis in the middle', `${good.slice(0, 20)}...${good.slice(-20)}`],
    ['base64 for addresses', good.replace(/[+/]/g, '-').replace(/^./, '_')],
    ['padding in the middle', `${good.slice(0, 100)}==${good.slice(102)}`],
  ])('is refused by its key: %s', (_name, value) => {
    const message = refusal(document({}, { encryptedData: { fine: good, password: value } }));
    expect(message).toContain('db.yaml: spec.encryptedData.password is no sealed value');
    expect(message).not.toContain(CANARY);
    expect(message).not.toContain(good.slice(0, 20));
  });

  it('is not found in a value of any length that kubeseal makes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 256, max: 1024 }), fc.integer({ min: 16, max: 3000 }), (rsa, gcm) => {
        const password = sealed({ rsa, gcm });
        expect(read(document({}, { encryptedData: { password } })).encryptedData.password).toBe(password);
      }),
      { numRuns: 200 },
    );
  });

  it('never gives away what it says, whatever it is and wherever it stands', () => {
    const secret = fc
      .string({ unit: 'grapheme-ascii', maxLength: 20 })
      .map((text) => `${text}${CANARY}${text}`);
    const places: ((value: string) => unknown)[] = [
      (value) => document({}, { encryptedData: { password: value } }),
      (value) => document({}, { data: value }),
      (value) => document({ spec: value }),
      (value) => document({ metadata: value }),
      (value) => ({ apiVersion: 'v1', kind: 'Secret', stringData: { password: value } }),
      (value) => `password: ${value}`,
      (value) => `password: "${value}`,
      (value) => `- *${value}`,
      (value) => `password: !${value} x`,
      (value) => value,
    ];
    fc.assert(
      fc.property(secret, fc.constantFrom(...places), (value, place) => {
        expect(refusal(place(value))).not.toContain(CANARY);
      }),
      { numRuns: 1000 },
    );
  });
});
