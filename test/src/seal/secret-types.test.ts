import fc from 'fast-check';
import { dockerConfigJson } from '../../../src/seal/docker-config';
import { readEnvFile } from '../../../src/seal/env-file';
import { checkSecretValues } from '../../../src/seal/secret-types';
import { fixture, KEY_PEM, messageOf } from './support';

const CERTIFICATE = fixture('kubeseal/certificate.pem');
const OTHER_KEY = fixture('certificates/next-key.pem');
const SECRET = 'never-shown-anywhere';

const check = (type: string, values: Record<string, string>, kept: string[] = []) =>
  checkSecretValues(
    type,
    new Map(Object.entries(values).map(([key, value]) => [key, Buffer.from(value)])),
    kept,
    'db',
  );

const login = (auth: object) => JSON.stringify({ auths: { 'registry.example': auth } });
const AUTH = Buffer.from(`robot:${SECRET}`).toString('base64');
const SSH = `-----BEGIN OPENSSH PRIVATE KEY-----\n${SECRET}\n-----END OPENSSH PRIVATE KEY-----\n`;

describe('values that fit the type of their Secret', () => {
  it.each<[string, Record<string, string>, ...string[]]>([
    ['Opaque', { anything: '' }],
    ['example.com/own', { '.anything': '\0' }],
    ['kubernetes.io/dockerconfigjson', { '.dockerconfigjson': login({ auth: AUTH }) }],
    [
      'kubernetes.io/dockerconfigjson',
      { '.dockerconfigjson': login({ username: 'robot', password: SECRET }) },
    ],
    ['kubernetes.io/tls', { 'tls.crt': CERTIFICATE, 'tls.key': KEY_PEM }],
    ['kubernetes.io/tls', { 'tls.key': OTHER_KEY }, 'tls.crt'],
    ['kubernetes.io/basic-auth', { username: 'robot' }],
    ['kubernetes.io/basic-auth', { password: SECRET }],
    ['kubernetes.io/ssh-auth', { 'ssh-privatekey': SSH, known_hosts: 'x' }],
  ])('are sealed: %s', (type, values, ...kept) => {
    expect(() => check(type, values, kept)).not.toThrow();
  });
});

describe('values that do not', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ['kubernetes.io/dockerconfigjson', { config: SECRET }, /has the key '\.dockerconfigjson'/],
    ['kubernetes.io/dockerconfigjson', { '.dockerconfigjson': SECRET }, /is no Docker configuration/],
    ['kubernetes.io/dockerconfigjson', { '.dockerconfigjson': '{"auths":{}}' }, /is no Docker configuration/],
    [
      'kubernetes.io/dockerconfigjson',
      { '.dockerconfigjson': `{"auths":["${SECRET}"]}` },
      /is no Docker configuration/,
    ],
    ['kubernetes.io/dockerconfigjson', { '.dockerconfigjson': login({}) }, /without a usable 'auth'/],
    [
      'kubernetes.io/dockerconfigjson',
      { '.dockerconfigjson': login({ auth: SECRET }) },
      /without a usable 'auth'/,
    ],
    [
      'kubernetes.io/dockerconfigjson',
      { '.dockerconfigjson': login({ auth: 'bm9jb2xvbg==' }) },
      /without a usable/,
    ],
    ['kubernetes.io/tls', { 'tls.crt': CERTIFICATE }, /has the key 'tls\.key'/],
    ['kubernetes.io/tls', { 'tls.crt': SECRET, 'tls.key': KEY_PEM }, /tls\.crt is no certificate in PEM/],
    ['kubernetes.io/tls', { 'tls.crt': CERTIFICATE, 'tls.key': SECRET }, /tls\.key is no private key in PEM/],
    [
      'kubernetes.io/tls',
      { 'tls.crt': CERTIFICATE, 'tls.key': OTHER_KEY },
      /is not the private key of tls\.crt/,
    ],
    ['kubernetes.io/basic-auth', { user: SECRET }, /one of the keys username, password/],
    [
      'kubernetes.io/ssh-auth',
      { 'ssh-privatekey': `ssh-ed25519 ${SECRET}` },
      /is no private key as ssh-keygen writes it/,
    ],
    ['Opaque', { [SECRET.replace('-', ' ')]: 'x' }, /^db: key 1 is no key of a Secret/],
    ['Opaque', { '..': 'x' }, /is no key of a Secret/],
    [
      'Opaque',
      { a: 'x'.repeat(1024 * 1024), b: 'x' },
      /holds 1048577 bytes, and the API server takes at most 1048576/,
    ],
  ])('are refused by their key, and never shown: %s %#', (type, values, message) => {
    const text = messageOf(() => check(type, values));
    expect(text).toMatch(message);
    expect(text).not.toContain('never');
  });

  it('may have just the size that the API server takes', () => {
    expect(() => check('Opaque', { a: 'x'.repeat(1024 * 1024) })).not.toThrow();
  });
});

describe('the login at a registry', () => {
  it('is what kubectl create secret docker-registry writes', () => {
    const built = dockerConfigJson({
      server: 'registry.example',
      username: 'robot',
      password: Buffer.from('a:b'),
    });
    expect(JSON.parse(built.toString())).toEqual({
      auths: { 'registry.example': { username: 'robot', password: 'a:b', auth: 'cm9ib3Q6YTpi' } },
    });
    expect(() =>
      check('kubernetes.io/dockerconfigjson', { '.dockerconfigjson': built.toString() }),
    ).not.toThrow();
  });

  it.each(['', 'a:b'])('has no username %j', (username) => {
    const login = { server: 'registry.example', username, password: Buffer.from('x') };
    expect(messageOf(() => dockerConfigJson(login))).toMatch(/--docker-username: is empty or holds a colon/);
  });
});

describe('a file of KEY=value', () => {
  it('is read as kubectl reads it', () => {
    const text = '\uFEFFUSER=robot\r\n\n  # a comment\n  PASSWORD="a = b" \nEMPTY=\n';
    expect([...readEnvFile(text, 'x')].map(([key, value]) => [key, value.toString()])).toEqual([
      ['USER', 'robot'],
      ['PASSWORD', '"a = b" '],
      ['EMPTY', ''],
    ]);
  });

  it.each([
    ['a key without a value', `A=1\n${SECRET}\n`, 'db.env:2: is no KEY=value'],
    ['a value without a key', `=${SECRET}`, 'db.env:1: is no KEY=value'],
    ['a key twice', `A=1\nA=${SECRET}`, 'db.env:2: sets a key for the second time'],
  ])('names the line, and shows nothing of it: %s', (_what, text, message) => {
    expect(messageOf(() => readEnvFile(text, 'db.env'))).toContain(message);
    expect(messageOf(() => readEnvFile(text, 'db.env'))).not.toContain(SECRET);
  });

  it('keeps every value as it is', () => {
    const value = fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\n]/.test(text));
    fc.assert(
      fc.property(value, (text) => {
        expect(readEnvFile(`KEY=${text}\n`, 'x').get('KEY')!.toString()).toBe(Buffer.from(text).toString());
      }),
      { numRuns: 200 },
    );
  });
});
