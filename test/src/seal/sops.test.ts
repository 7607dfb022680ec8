import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { isMap, isScalar, parse, parseDocument, visit, type Scalar } from 'yaml';
import { decryptText, encryptText } from '../../../src/seal/sops/cipher';
import { creationRuleFor } from '../../../src/seal/sops/creation-rules';
import { decryptFile, encryptFile, type EncryptOptions } from '../../../src/seal/sops/file';
import { readIdentities } from '../../../src/seal/sops/age';
import { decimal, leafOf } from '../../../src/seal/sops/leaf';
import { SECRET_RULE } from '../../../src/seal/sops/rule';
import { CANARY, formsOfCanary } from '../../support/canary';
import { FIXTURES, fixture, messageOf, NOW } from './support';

const KEY_FILE = path.join(FIXTURES, 'sops/key.txt');
const KEY = readIdentities(fixture('sops/key.txt'), 'key.txt');
const OTHER_KEY = readIdentities(fixture('sops/other-key.txt'), 'other-key.txt');
const recipientOf = (name: string) => /public key: (\S+)/.exec(fixture(`sops/${name}`))![1]!;
const RECIPIENT = recipientOf('key.txt');
const PLAIN = fixture('sops/plain.yaml');

const SECRET = `apiVersion: v1
kind: Secret
metadata:
  name: db
  namespace: shop-web
stringData:
  user: shop
  password: ${CANARY}
data:
  blob: AAECAw==
`;

const encrypt = (text: string, options: Partial<EncryptOptions> = {}) =>
  encryptFile(text, 'db.yaml', { recipients: [RECIPIENT], rule: SECRET_RULE, now: NOW, ...options });
const decrypt = (text: string, identities = KEY) => decryptFile(text, 'db.yaml', identities);

async function refusal(act: () => Promise<unknown>): Promise<string> {
  const error = await act().then(
    () => undefined,
    (reason: unknown) => reason as Error,
  );
  if (!error) throw new Error('Nothing was refused.');
  expect(error.name).toBe('BulwarkError');
  for (const form of formsOfCanary()) expect(error.message).not.toContain(form);
  expect(error.message).not.toContain('AGE-SECRET-KEY');
  return error.message;
}

/** What Debian's age, which .ci/run installs, makes of an armoured file. */
const ageOpens = (armoured: string) =>
  execFileSync('age', ['--decrypt', '--identity', KEY_FILE], { input: armoured });
const itWithAge = spawnSync('age', ['--version']).status === 0 ? it : it.skip;

describe('what the real sops encrypted', () => {
  it.each(['secret', 'mac-only-encrypted', 'unencrypted-regex', 'encrypted-suffix', 'default'])(
    'is verified and decrypted: %s.yaml',
    async (name) => {
      const opened = await decrypt(fixture(`sops/${name}.yaml`));
      expect(parse(opened)).toEqual(parse(PLAIN.replace('t: 2024-01-02', 't: 2024-01-02T00:00:00Z')));
      expect(opened).toContain('# last comment');
      expect(opened).not.toContain('ENC[');
    },
  );

  it('opens with each of its keys, and with no other', async () => {
    expect(parse(await decrypt(fixture('sops/secret.yaml'), OTHER_KEY))).toMatchObject({ kind: 'Secret' });
    const one = fixture('sops/default.yaml');
    expect(await refusal(() => decrypt(one, OTHER_KEY))).toMatch(
      /none of 1 identities of age opens it\. It is for age1/,
    );
  });

  it.each([
    ['a value that is not encrypted', /namespace: shop-web/, 'namespace: shop-wed', /MAC does not match/],
    ['a number', /"n": 5/, '"n": 6', /MAC does not match/],
    ['a value that is added', /kind: Secret/, 'kind: Secret\nmore: x', /MAC does not match/],
    ['a value that is gone', / {4}namespace: shop-web\n/, '', /MAC does not match/],
    [
      'the order of keys',
      /( {4}name: db # trailing\n)( {4}namespace: shop-web\n)/,
      '$2$1',
      /MAC does not match/,
    ],
    ['the time', /lastmodified: "2026/, 'lastmodified: "2027', /MAC does not match/],
    ['the rule', /\^\(data\|stringData\)\$/, '^(data|stringDatb)$', /MAC does not match/],
    [
      'a rule that covers more',
      /\^\(data\|stringData\)\$/,
      '^(data|stringData|kind)$',
      /kind is not encrypted/,
    ],
    [
      'the name of an encrypted value',
      /user: ENC/,
      'uzer: ENC',
      /stringData\.uzer is not encrypted, or was changed or moved/,
    ],
    [
      'plaintext in place of a value',
      /password: ENC\S+/,
      'password: plain',
      /stringData\.password is not encrypted/,
    ],
    ['a MAC that is gone', /mac: \S+/, 'mac: ""', /no valid lastmodified or MAC/],
    ['another MAC', /mac: \S+/, 'mac: plain', /MAC does not match/],
    ['a field that SOPS does not have', /version: 3/, 'x: y\n    version: 3', /metadata of SOPS is damaged/],
    [
      'a recipient',
      /recipient: age1.{4}/,
      'recipient: age1qqqq',
      /metadata of SOPS is damaged \(age\.recipient\)/,
    ],
  ])('is refused once somebody changed %s', async (_what, pattern, replacement, message) => {
    const changed = fixture('sops/secret.yaml').replace(pattern, replacement);
    expect(changed).not.toBe(fixture('sops/secret.yaml'));
    expect(await refusal(() => decrypt(changed))).toMatch(message);
  });

  it('may be edited outside of its encrypted values where its MAC covers those only', async () => {
    const changed = fixture('sops/mac-only-encrypted.yaml').replace(
      'namespace: shop-web',
      'namespace: other',
    );
    expect(parse(await decrypt(changed))).toMatchObject({ metadata: { namespace: 'other' } });
    const [swapped] = [fixture('sops/mac-only-encrypted.yaml').replace(/number: ENC\S+/, 'number: ""')];
    expect(await refusal(() => decrypt(swapped))).toMatch(/MAC does not match/);
  });
});

describe('encrypting', () => {
  it('leaves what is no secret readable, and nothing of what is', async () => {
    const encrypted = await encrypt(
      `# kept by the shop\n${SECRET.replace('\ndata:\n', `\ndata:\n  # ${CANARY}\n`)}`,
    );
    expect(encrypted).toMatch(/^# kept by the shop\napiVersion: v1\nkind: Secret\nmetadata:\n {2}name: db\n/);
    for (const form of formsOfCanary()) expect(encrypted).not.toContain(form);
    expect(encrypted).not.toContain('AAECAw==');
    expect(parse(await decrypt(encrypted))).toEqual(parse(SECRET));
  });

  itWithAge('wraps the key of the file so that age opens it, and age’s so that we do', async () => {
    const { sops, stringData } = parse(await encrypt(SECRET));
    const dataKey = ageOpens(sops.age[0].enc);
    expect(dataKey).toHaveLength(32);
    expect(decryptText(stringData.password, dataKey, 'stringData:password:')?.text).toBe(CANARY);
    const enc = execFileSync('age', ['--encrypt', '--armor', '--recipient', RECIPIENT], { input: dataKey });
    const rewrapped = parseDocument(await encrypt(SECRET));
    const original = parseDocument(await encrypt(SECRET));
    original.setIn(['sops', 'age', 0, 'enc'], enc.toString());
    expect(await refusal(() => decrypt(original.toString()))).toMatch(/is not encrypted, or was changed/);
    const own = ageOpens(rewrapped.getIn(['sops', 'age', 0, 'enc']) as string);
    const again = execFileSync('age', ['--encrypt', '--armor', '--recipient', RECIPIENT], { input: own });
    rewrapped.setIn(['sops', 'age', 0, 'enc'], again.toString());
    expect(parse(await decrypt(rewrapped.toString({ lineWidth: 0 })))).toEqual(parse(SECRET));
  });

  it('opens for every recipient', async () => {
    const encrypted = await encrypt(SECRET, { recipients: [RECIPIENT, recipientOf('other-key.txt')] });
    for (const identities of [KEY, OTHER_KEY])
      expect(parse(await decrypt(encrypted, identities))).toEqual(parse(SECRET));
  });

  it('gives back every text as it was, whatever is in it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          fc.stringMatching(/^[-._a-zA-Z0-9]{1,12}$/),
          fc.string({ unit: 'grapheme', maxLength: 40 }),
          { minKeys: 1, maxKeys: 5 },
        ),
        async (values) => {
          const document = { apiVersion: 'v1', kind: 'Secret', stringData: { ...values, always: 'x' } };
          const text = parseDocument('').createNode(document);
          const yaml = parseDocument('');
          yaml.contents = text as never;
          const encrypted = await encrypt(yaml.toString());
          const { stringData } = parse(encrypted) as { stringData: Record<string, string> };
          for (const value of Object.values(stringData)) expect(value).toMatch(/^(ENC\[.*\])?$/);
          expect(parse(await decrypt(encrypted))).toEqual(document);
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each<[string, string, Partial<EncryptOptions>, RegExp]>([
    ['a file that is encrypted', fixture('sops/secret.yaml'), {}, /is encrypted already/],
    ['a file with nothing to encrypt', 'kind: ConfigMap\n', {}, /nothing in it would be encrypted/],
    ['several documents', `${SECRET}---\n${SECRET}`, {}, /holds several documents/],
    ['no YAML', `a: [${CANARY}`, {}, /db\.yaml:\d+: is not YAML/],
    ['a list', `- ${CANARY}`, {}, /is no mapping/],
    [
      'a number that readers differ on',
      `data: { a: 0400 }`,
      {},
      /data\.a is a number or a time in a spelling/,
    ],
    ['an alias', `data: { a: &x ${CANARY}, b: *x }`, {}, /has an alias or a tag/],
    ['a tag', `data: { a: !secret ${CANARY} }`, {}, /has an alias or a tag/],
    ['a key that is no text', `data: { 1: ${CANARY} }`, {}, /has a key below 'data' that is no text/],
    ['nobody to encrypt for', SECRET, { recipients: [] }, /nobody to encrypt it for/],
    ['a private key as recipient', SECRET, { recipients: KEY }, /one of them is no recipient of age/],
    ['a wrong recipient', SECRET, { recipients: ['age1x'] }, /one of them 'age1x' is no recipient/],
    ['post-quantum beside classic', SECRET, { recipients: [RECIPIENT, 'age1pq1x'] }, /Use one kind/],
  ])('refuses %s, and shows nothing of it', async (_what, text, options, message) => {
    expect(await refusal(() => encrypt(text, options))).toMatch(message);
  });
});

describe('a file that we encrypted', () => {
  let encrypted: string;
  beforeAll(async () => {
    encrypted = await encrypt(SECRET);
  });

  it('is refused once any character of a value, of the MAC or of the time was changed', async () => {
    const places = [
      ...encrypted.matchAll(
        /(?:ENC\[[^\]]+\]|lastmodified: "[^"]+"|(?:name|namespace|kind|apiVersion): (?!age)\S+)/g,
      ),
    ];
    const offsets = places.flatMap((match) => {
      const skip = match[0].startsWith('ENC') ? 0 : match[0].indexOf(' ') + 1;
      return Array.from({ length: match[0].length - skip }, (_, index) => match.index + skip + index);
    });
    expect(offsets.length).toBeGreaterThan(600);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...offsets),
        fc.constantFrom(1, 2, 4, 8, 16, 32),
        async (offset, flip) => {
          const character = String.fromCharCode(encrypted.charCodeAt(offset) ^ flip);
          const changed = encrypted.slice(0, offset) + character + encrypted.slice(offset + 1);
          await refusal(() => decrypt(changed));
        },
      ),
      { numRuns: 250 },
    );
  });

  it('is refused once any bit of the wrapped key was changed', async () => {
    const armoured = [...encrypted.matchAll(/(?<=^ {8})[A-Za-z0-9+/]{64}$/gm)];
    const offsets = armoured.flatMap((match) =>
      Array.from({ length: 63 }, (_, index) => match.index + index),
    );
    expect(offsets.length).toBeGreaterThan(150);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...offsets), async (offset) => {
        const character = encrypted[offset] === 'A' ? 'B' : 'A';
        await refusal(() => decrypt(encrypted.slice(0, offset) + character + encrypted.slice(offset + 1)));
      }),
      { numRuns: 60 },
    );
  });

  it('is refused once two values changed places, or the order of two keys did', async () => {
    const document = parseDocument(encrypted);
    const scalars: Scalar[] = [];
    visit(document, { Scalar: (key, node) => void (key === 'value' && scalars.push(node)) });
    const values = scalars.slice(0, 7);
    for (const one of values) {
      for (const other of values.filter((candidate) => candidate.value !== one.value)) {
        [one.value, other.value] = [other.value, one.value];
        await refusal(() => decrypt(document.toString({ lineWidth: 0 })));
        [one.value, other.value] = [other.value, one.value];
      }
    }
    for (const parent of [document.contents, document.get('metadata'), document.get('stringData')]) {
      if (!isMap(parent)) throw new Error('no mapping');
      parent.items.unshift(parent.items.splice(1, 1)[0]!);
      await refusal(() => decrypt(document.toString({ lineWidth: 0 })));
      parent.items.splice(1, 0, parent.items.shift()!);
    }
    expect(parse(await decrypt(document.toString({ lineWidth: 0 })))).toEqual(parse(SECRET));
  });
});

describe('identities', () => {
  it.each([
    ['nothing', '# created: today\n', /holds no identity/],
    ['a recipient', `${RECIPIENT}\n`, /key\.txt:1: is no identity/],
    ['half a key', `# x\n${KEY[0]!.slice(0, 40)}\n`, /key\.txt:2: is no identity/],
    [
      'a key with another letter',
      KEY[0]!.replace(/.$/, (last) => (last === 'Q' ? 'P' : 'Q')),
      /key\.txt:1: is no identity/,
    ],
  ])('are refused without a word of them: %s', (_what, text, message) => {
    const said = messageOf(() => readIdentities(text, 'key.txt'));
    expect(said).toMatch(message);
    expect(said).not.toContain(KEY[0]!.slice(0, 20));
  });
});

describe('what a value is for SOPS', () => {
  it.each<[string, unknown]>([
    ['5', { type: 'int', text: '5' }],
    ['-0', { type: 'int', text: '0' }],
    ['+7', { type: 'int', text: '7' }],
    ['1.50', { type: 'float', text: '1.5' }],
    ['1e3', { type: 'float', text: '1000' }],
    ['true', { type: 'bool', text: 'True' }],
    ['yes', { type: 'str', text: 'yes' }],
    ['"5"', { type: 'str', text: '5' }],
    ['2024-01-02', { type: 'time', text: '2024-01-02T00:00:00Z' }],
    ['2024-01-02T03:04:05Z', { type: 'time', text: '2024-01-02T03:04:05Z' }],
    ['10.0.0.0/8', { type: 'str', text: '10.0.0.0/8' }],
    ['1.2.3', { type: 'str', text: '1.2.3' }],
    ['5m', { type: 'str', text: '5m' }],
    ['~', undefined],
    ['0400', 'ambiguous'],
    ['0x1F', 'ambiguous'],
    ['0o7', 'ambiguous'],
    ['1_000', 'ambiguous'],
    ['.inf', 'ambiguous'],
    ['9007199254740993', 'ambiguous'],
    ['2024-1-2', 'ambiguous'],
    ['1e999', 'ambiguous'],
  ])('%s', (text, leaf) => {
    const { contents } = parseDocument(text);
    expect(isScalar(contents) && leafOf(contents)).toEqual(leaf);
  });

  it('is a number without an exponent, that reads as the same number', () => {
    expect([1e21, 1e-7, 0.1, 123.456, 5e-324, -2.5, 100].map(decimal)).toEqual([
      '1000000000000000000000',
      '0.0000001',
      '0.1',
      '123.456',
      `0.${'0'.repeat(323)}5`,
      '-2.5',
      '100',
    ]);
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(decimal(value)).toMatch(/^-?\d+(\.\d+)?$/);
        expect(Object.is(Number(decimal(value)), value)).toBe(true);
      }),
    );
  });

  it('is bound to its path', () => {
    const key = Buffer.alloc(32, 7);
    const encrypted = encryptText('x', 'str', key, 'a:b:');
    expect(decryptText(encrypted, key, 'a:b:')).toEqual({ type: 'str', text: 'x' });
    expect(decryptText(encrypted, key, 'a:c:')).toBeUndefined();
  });
});

describe('the rules of .sops.yaml', () => {
  const CONFIG = `creation_rules:
- path_regex: ^clusters/prod/.*\\.ya?ml$
  age: age1prod, age1backup
  mac_only_encrypted: true
- path_regex: staging
  encrypted_suffix: _secret
  age: [age1staging]
- path_regex: cloud
  kms: arn:aws:kms:eu-west-1:1:key/x
  age: age1x
- path_regex: groups
  key_groups: [{ age: [age1group] }]
- age: age1all
`;
  const ruleFor = (file: string) => creationRuleFor(CONFIG, '.sops.yaml', file);

  it.each([
    [
      'clusters/prod/db.yaml',
      { recipients: ['age1prod', 'age1backup'], rule: undefined, macOnlyEncrypted: true },
    ],
    [
      'staging/db.yaml',
      {
        recipients: ['age1staging'],
        rule: { field: 'encrypted_suffix', value: '_secret' },
        macOnlyEncrypted: false,
      },
    ],
    ['groups/db.yaml', { recipients: ['age1group'], rule: undefined, macOnlyEncrypted: false }],
    ['x/clusters/prod/db.yaml', { recipients: ['age1all'], rule: undefined, macOnlyEncrypted: false }],
  ])('are tried in their order: %s', (file, rule) => {
    expect(ruleFor(file)).toEqual(rule);
  });

  it.each([
    [CONFIG, 'cloud/db.yaml', /creation rule 3: asks for keys of kms too/],
    ['creation_rules: [{ path_regex: prod }]', 'db.yaml', /has no creation rule for db\.yaml/],
    ['creation_rules: [{ path_regex: "(" }]', 'db.yaml', /path_regex '\(' is no regular expression/],
    ['stores: {}', 'db.yaml', /has no list of creation_rules/],
    ['a: [', 'db.yaml', /is not YAML/],
    ['creation_rules: [{ age: 5 }]', 'db.yaml', /age is no list of recipients/],
    [
      'creation_rules: [{ age: a, encrypted_regex: x, encrypted_suffix: y }]',
      'db.yaml',
      /has to have one of/,
    ],
    [
      'creation_rules: [{ key_groups: [{ age: [a] }, { age: [b] }] }]',
      'db.yaml',
      /more than one group of age/,
    ],
  ])('are refused where they ask for what is not written here: %s', (config, file, message) => {
    expect(messageOf(() => creationRuleFor(config, '.sops.yaml', file))).toMatch(message);
  });
});

const SOPS = process.env.BULWARK_SOPS;
// Only where somebody has it; CI compares with the files that it made.
if (SOPS) {
  it('the real sops decrypts what we encrypted', async () => {
    const file = path.join(fs.mkdtempSync('/tmp/bulwark-sops-'), 'db.yaml');
    fs.writeFileSync(file, await encrypt(PLAIN));
    const opened = execFileSync(SOPS, ['decrypt', file], {
      env: { ...process.env, SOPS_AGE_KEY_FILE: KEY_FILE },
      encoding: 'utf8',
    });
    fs.rmSync(path.dirname(file), { recursive: true });
    expect(parse(opened)).toEqual(parse(PLAIN.replace('t: 2024-01-02', 't: 2024-01-02T00:00:00Z')));
  });
}
