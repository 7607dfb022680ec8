import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findControl } from '../../../src/controls/catalogue';
import { compileRule } from '../../../src/controls/cel';
import { checkManifests } from '../../../src/controls/check';
import { isCredential, setsPassword, tokenFormatIn } from '../../../src/controls/credential-patterns';
import type { Manifest } from '../../../src/manifest/manifest';
import { readManifests } from '../../../src/manifest/reader';
import { ClusterTarget, SUPPORTED_MINORS } from '../../../src/target/target';

const ROOT = join(__dirname, '../../..');
const TARGET = ClusterTarget.kubernetes('1.30');
const CONTROLS = [findControl('no-credential-in-env')!, findControl('no-credential-in-config-map')!];

const rule = compileRule(isCredential('variables.name', 'variables.value'), TARGET.minor);
const fileRule = compileRule(setsPassword('variables.text'), TARGET.minor);
const isOne = (name: string, value: string) => rule({ variables: { name, value } });

/** Put together here, so that whoever scans this repository for credentials does not take these for some. */
const text = (...parts: string[]) => parts.join('');
const some = (length: number, alphabet = 'aB3dE6gH9jKmN2pQ5sT8vWxYz4cF7hJ') =>
  Array.from({ length }, (_, i) => alphabet[(i * 7 + 3) % alphabet.length]).join('');
const PRIVATE_KEY = text('-----BEGIN ', 'RSA PRIVATE KEY-----');

const TOKENS: readonly (readonly [format: string, value: string])[] = [
  ['AWS access key', text('AKIA', 'Q3EGRZ4XKJ5WT2MN')],
  ['AWS access key', text('key=ASIA', 'Q3EGRZ4XKJ5WT2MN;')],
  ['GitHub token', text('ghp', '_', some(36))],
  ['GitHub token', text('github', '_pat_', some(82))],
  ['GitLab token', text('glpat', '-', some(20))],
  ['Slack token', text('xoxb', '-123456789012-', some(24))],
  ['Slack webhook', text('https://hooks.slack', '.com/services/T0AB1CD2E/B0AB1CD2E/', some(24))],
  ['Google API key', text('AIza', some(35))],
  ['Google OAuth secret', text('GOCSPX', '-', some(28))],
  ['Stripe key', text('sk', '_live_', some(24))],
  ['SendGrid key', text('SG', '.', some(22), '.', some(43))],
  ['npm token', text('npm', '_', some(36))],
  ['npm token', text('//registry.example/:_auth', 'Token=', some(36))],
  ['Docker Hub token', text('dckr', '_pat_', some(27))],
  ['Vault token', text('hvs', '.', some(90))],
  ['JSON web token', text('eyJ', some(30), '.eyJ', some(60), '.', some(43))],
  ['private key', text(PRIVATE_KEY, '\nMIIEpAIBAAKCAQEA\n')],
  ['private key', text('-----BEGIN ', 'PRIVATE KEY-----')],
  ['private key', text('-----BEGIN PGP ', 'PRIVATE KEY BLOCK-----')],
  ['encoded private key', Buffer.from(text(PRIVATE_KEY, '\nMII')).toString('base64')],
  ['encoded private key', Buffer.from(text('-----BEGIN ', 'EC PRIVATE KEY-----')).toString('base64')],
  ['encoded private key', Buffer.from(text('-----BEGIN ', 'OPENSSH PRIVATE KEY-----')).toString('base64')],
  ['encoded private key', Buffer.from(text('-----BEGIN ', 'ENCRYPTED PRIVATE KEY-----')).toString('base64')],
  ['encoded private key', Buffer.from(text('-----BEGIN ', 'PRIVATE KEY-----')).toString('base64')],
  [
    'registry login',
    `{"auths":{"registry.example":{"auth":"${Buffer.from('robot:s3cret').toString('base64')}"}}}`,
  ],
  ['URL with a password', 'postgres://shop:hunter2@db.data:5432/shop'],
  ['URL with a password', 'redis://:hunter2@cache:6379'],
  ['URL with a password', 'jdbc:mysql://root:tiger@db/shop'],
];

const HITS: readonly (readonly [name: string, value: string])[] = [
  ['POSTGRES_PASSWORD', 'postgres'],
  ['MYSQL_ROOT_PASSWORD', 'changeme'],
  ['SMTP_PASS', 'Sommer2024!'],
  ['db.password', 'hunter2'],
  ['databasePassword', 'correct-horse-battery'],
  ['KEYSTORE_PASSPHRASE', 'opensesame'],
  ['AWS_SECRET_ACCESS_KEY', some(40)],
  ['API_KEY', '3f9a7c1e5b8d2f4a6c0e9b7d1a3f5c8e'],
  ['apiKey', '3f9a7c1e5b8d2f4a6c0e9b7d1a3f5c8e'],
  ['HEROKU_API_KEY', '01234567-89ab-4cde-8f01-23456789abcd'],
  ['SESSION_SECRET', 'k8Jd92nQx7Lm4Zp1'],
  ['JWT_SECRET', some(64)],
  ['ACCESS_TOKEN', 'a1b2c3d4e5f6a7b8c9d0'],
];

const MISSES: readonly (readonly [name: string, value: string])[] = [
  ['PASSWORD', ''],
  ['PASSWORD', '$(DATABASE_PASSWORD)'],
  ['PASSWORD', '${DATABASE_PASSWORD}'],
  ['PASSWORD', '{{ .Values.password }}'],
  ['PASSWORD', '<your password>'],
  ['PASSWORD', '********'],
  ['POSTGRES_PASSWORD_FILE', '/run/secrets/db/password'],
  ['DB_PASSWORD', '/run/secrets/db/password'],
  ['DB_PASSWORD', 'vault:secret/data/db#password'],
  ['ALLOW_EMPTY_PASSWORD', 'yes'],
  ['MYSQL_RANDOM_ROOT_PASSWORD', 'true'],
  ['MIN_LENGTH_OF_PASSWORD', '12'],
  ['PASSWORD_MIN_LENGTH', '12'],
  ['FORGOT_PASSWORD', 'Forgot your password?'],
  ['COMPASS', 'north'],
  ['SECRET_NAME', 'shop-database-7d4b9c6f5'],
  ['TLS_SECRET', 'shop-tls-2024-01-7d4b9c6f5'],
  ['OAUTH_SECRET', 'oauth2-proxy-v7-credentials'],
  ['TOKEN', '/var/run/secrets/kubernetes.io/serviceaccount/token'],
  ['API_KEY', 'none'],
  ['TOKEN_TTL', '3600'],
  ['CSRF_TOKEN', 'X-CSRF-Token'],
  ['AWS_ACCESS_KEY_ID', text('AKIA', 'IOSFODNN7EXAMPLE')],
  ['AWS_SECRET_ACCESS_KEY', text('wJalrXUtnFEMI/K7MDENG/', 'bPxRfiCYEXAMPLEKEY')],
  ['DATABASE_URL', 'postgres://shop@db.data:5432/shop'],
  ['DATABASE_URL', 'postgres://shop:$(PASSWORD)@db.data:5432/shop'],
  ['DATABASE_URL', 'postgres://shop:${PASSWORD}@db.data:5432/shop'],
  ['DATABASE_URL', 'postgres://user:password@db.data:5432/shop'],
  ['ENDPOINT', 'https://api.example.com:8443/v1?mail=a@example.com'],
  ['SERVICE', 'http://[fd00::1]:8080/path'],
  ['IMAGE', 'registry.example:5000/shop/api@sha256:0123456789abcdef'],
  ['PUBLIC_KEY', '-----BEGIN PUBLIC KEY-----\nMIIBIjANBg\n-----END PUBLIC KEY-----'],
  ['CA', '-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----'],
  ['GIT_COMMIT', '3f9a7c1e5b8d2f4a6c0e9b7d1a3f5c8e12345678'],
  ['RELEASE', 'sk_releases_and_other_things'],
  ['KUBERNETES_PORT', 'tcp://10.0.0.1:443'],
];

const FILES: readonly (readonly [what: string, text: string, expected: boolean])[] = [
  ['a property', 'db.user=shop\ndb.password=hunter2\n', true],
  ['a quoted YAML value', 'database:\n  password: "Sommer2024!"\n', true],
  ['an exported variable', 'export DB_PASSWORD=s3cretly\n', true],
  ['a value of JSON', '{\n  "password": "hunter2",\n  "user": "shop"\n}', true],
  ['a reference', 'password: ${DB_PASSWORD}\npassword = $DB_PASSWORD\npassword=%(env)s', false],
  ['a path', 'password: /run/secrets/db/password\npasswordFile: /run/secrets/1', false],
  ['code', "password = os.environ['DB_PASSWORD1']\npassword = base64.b64decode(data)\n", false],
  ['a call', 'password: lookup("db1")\n', false],
  ['words', 'password: required\npassword: true\n# password: hunter2 was the old one\n', false],
  ['a rule about passwords', 'password_min_length: 12\npassword.policy = strong1\n', false],
];

describe('a credential', () => {
  it.each(TOKENS)('is what has the format of a %s', (format, value) => {
    expect(tokenFormatIn(value)).toBe(format);
    expect(isOne('SETTING', value)).toBe(true);
  });

  it.each(HITS)('is the value of %s: %s', (name, value) => {
    expect(isOne(name, value)).toBe(true);
  });

  it.each(MISSES)('is not the value of %s: %s', (name, value) => {
    expect(isOne(name, value)).toBe(false);
    expect(tokenFormatIn(value)).toBeUndefined();
  });

  it.each(FILES)('in the text of a file is found as such: %s', (_what, content, expected) => {
    expect(fileRule({ variables: { text: content } })).toBe(expected);
  });

  it('is the same for every version of Kubernetes', () => {
    for (let minor = SUPPORTED_MINORS.oldest; minor <= SUPPORTED_MINORS.newest; minor++) {
      const same = compileRule(isCredential('variables.name', 'variables.value'), minor);
      for (const [name, value] of HITS) expect(same({ variables: { name, value } })).toBe(true);
    }
  });
});

/** Every object below a folder. */
function objectsBelow(folder: string): Manifest[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /[.]ya?ml$/.test(name))
    .flatMap((name) => readManifests(readFileSync(join(folder, name), 'utf8'), name).manifests)
    .map(({ manifest }) => manifest);
}

const found = (manifests: readonly Manifest[]) =>
  checkManifests(manifests, { target: TARGET, controls: CONTROLS });

describe('a finding about a credential', () => {
  const value = 'correct-horse-battery';
  const pod: Manifest = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'api' },
    spec: { containers: [{ name: 'api', env: [{ name: 'DATABASE_PASSWORD', value }] }] },
  };

  it('never says what it is', () => {
    const [finding] = found([pod]);
    const { manifest: _object, control: _control, ...said } = finding!;
    expect(JSON.stringify(said)).not.toContain(value);
  });

  it('is none about what the example synthesizes', () => {
    const objects = objectsBelow(join(ROOT, 'dist'));
    expect(objects.length).toBeGreaterThan(50);
    expect(found(objects)).toEqual([]);
  });
});

const corpora = process.env.BULWARK_CORPORA;
if (process.env.CI && !corpora)
  throw new Error('BULWARK_CORPORA must name the folder of published cases in CI');
const describeWithCorpus = corpora && existsSync(join(corpora, 'network-policy')) ? describe : describe.skip;

describeWithCorpus('published applications (need BULWARK_CORPORA)', () => {
  it('hold no credential', () => {
    const objects = objectsBelow(join(corpora!, 'network-policy'));
    expect(objects.length).toBeGreaterThan(150);
    expect(found(objects).map(({ manifest, field }) => `${manifest.metadata?.name} ${field}`)).toEqual([]);
  });
});
