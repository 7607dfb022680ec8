import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { load } from 'js-yaml';
import { sealCommand, type SealCommandOptions } from '../../../src/cli/seal';
import { resealCommand, unsealCommand, verifyCommand } from '../../../src/cli/unseal';
import { CANARY, formsOfCanary } from '../../support/canary';
import { useTemporaryFolder } from '../../support/folders';
import { FIXTURES, fixture, NOW, itWithPython, openWithPython } from '../seal/support';

const CERT = path.join(FIXTURES, 'kubeseal/certificate.pem');
const KEY = path.join(FIXTURES, 'kubeseal/key.pem');
const NEXT_CERT = path.join(FIXTURES, 'certificates/next.pem');
const NEXT_KEY = path.join(FIXTURES, 'certificates/next-key.pem');

const ROOT = path.join(__dirname, '../../..');
const BULWARK = ['-r', 'ts-node/register/transpile-only', 'src/cli/main.ts'];

const folder = useTemporaryFolder();
const inFolder = (name: string) => path.join(folder.path, name);

function write(name: string, content: string | Buffer): string {
  fs.writeFileSync(inFolder(name), content);
  return inFolder(name);
}

/** Seals the canary and another value into `db.yaml`, strictly for shop-web/db. */
function seal(options: SealCommandOptions = {}, name: string | undefined = 'db') {
  return sealCommand(name, { cert: CERT, namespace: 'shop-web', ...options }, { now: NOW });
}

async function sealedFile(): Promise<string> {
  const password = write('password', CANARY);
  const fromFile = [`password=${password}`, `user=${write('user', 'shop')}`];
  await seal({ fromFile, output: inFolder('db.yaml') });
  return inFolder('db.yaml');
}

const encryptedData = (text: string) =>
  (load(text) as { spec: { encryptedData: Record<string, string> } }).spec.encryptedData;

async function refusal(act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('Nothing was refused.');
}

describe('bulwark seal', () => {
  it('writes what the controller takes as it is, with the same metadata in the template', async () => {
    const fromFile = [`password=${write('password', 'p')}`];
    const { output } = await seal({
      fromFile,
      label: ['app=shop'],
      annotation: ['team=a=b'],
      immutable: true,
    });
    const metadata = {
      name: 'db',
      namespace: 'shop-web',
      labels: { app: 'shop' },
      annotations: { team: 'a=b' },
    };
    expect(load(output)).toEqual({
      apiVersion: 'bitnami.com/v1alpha1',
      kind: 'SealedSecret',
      metadata,
      spec: {
        encryptedData: { password: expect.stringMatching(/^Ag/) },
        template: { metadata, type: 'Opaque', immutable: true },
      },
    });
  });

  itWithPython.each([
    ['strict', 'shop-web/db', {}],
    ['namespace-wide', 'shop-web', { annotations: { 'sealedsecrets.bitnami.com/namespace-wide': 'true' } }],
    ['cluster-wide', '', { annotations: { 'sealedsecrets.bitnami.com/cluster-wide': 'true' } }],
  ])('seals %s, and says so where the controller looks', async (scope, label, annotations) => {
    const fromFile = [`password=${write('password', CANARY)}`];
    const { output } = await seal({ fromFile, scope });
    const { metadata, spec } = load(output) as any;
    expect(metadata).toEqual({ name: 'db', namespace: 'shop-web', ...annotations });
    expect(spec.template.metadata).toEqual(metadata);
    const [opened] = openWithPython([{ sealed: spec.encryptedData.password, label }]);
    expect(opened?.toString()).toBe(CANARY);
  });

  it('writes into a folder that is not there yet', async () => {
    const output = inFolder('sealed/shop/db.yaml');
    await seal({ fromFile: [`password=${write('password', CANARY)}`], output });
    expect(load(fs.readFileSync(output, 'utf8'))).toMatchObject({ kind: 'SealedSecret' });
  });

  itWithPython('takes values from files, standard input and files of KEY=value, byte for byte', () => {
    const binary = Buffer.from([0, 255, 10, 13, 0]);
    const env = write('db.env', 'USER=shop\nEMPTY=\n');
    const args = ['db', '-n', 'shop-web', '--cert', CERT, '--from-stdin', 'stdin', '--from-env-file', env];
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [...BULWARK, 'seal', ...args, '--from-file', write('named.bin', binary)],
      { input: Buffer.from(`${CANARY}\n`), encoding: 'utf8', cwd: ROOT },
    );
    expect([status, stderr]).toEqual([
      0,
      expect.stringContaining('note: stdin is one line with a line break'),
    ]);
    const sealed = encryptedData(stdout);
    const cases = Object.values(sealed).map((value) => ({ sealed: value, label: 'shop-web/db' }));
    const opened = openWithPython(cases);
    expect(Object.keys(sealed).map((key, index) => [key, opened[index]])).toEqual([
      ['named.bin', binary],
      ['stdin', Buffer.from(`${CANARY}\n`)],
      ['USER', Buffer.from('shop')],
      ['EMPTY', Buffer.alloc(0)],
    ]);
  });

  itWithPython('builds the login at a registry, and gives the Secret its type', async () => {
    const dockerPasswordFile = write('token', `${CANARY}\n`);
    const { output } = await seal({
      dockerServer: 'registry.example',
      dockerUsername: 'robot',
      dockerPasswordFile,
    });
    const { spec } = load(output) as any;
    expect(spec.template.type).toBe('kubernetes.io/dockerconfigjson');
    const [opened] = openWithPython([
      { sealed: spec.encryptedData['.dockerconfigjson'], label: 'shop-web/db' },
    ]);
    const { auth } = JSON.parse(opened!.toString()).auths['registry.example'];
    expect(Buffer.from(auth, 'base64').toString()).toBe(`robot:${CANARY}`);
  });

  it('takes the certificate from an https address, and from no other', async () => {
    const server = https.createServer({
      cert: fixture('certificates/next.pem'),
      key: fixture('certificates/next-key.pem'),
    });
    server.on('request', ({ url }, response) => {
      if (url === '/v1/cert.pem') return response.end(fixture('kubeseal/certificate.pem'));
      if (url === '/large') return response.end('x'.repeat(100_000));
      if (url === '/moved') response.setHeader('location', '/v1/cert.pem');
      return response.writeHead(url === '/moved' ? 302 : 404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const fromFile = [`password=${write('password', 'p')}`];
    try {
      expect(await refusal(() => seal({ fromFile, cert: `${address}/v1/cert.pem` }))).toMatch(
        /cannot be fetched: /,
      );
      https.globalAgent.options.ca = fixture('certificates/next.pem');
      https.globalAgent.options.checkServerIdentity = () => undefined;
      const { output } = await seal({ fromFile, cert: `${address}/v1/cert.pem` });
      expect(encryptedData(output)).toHaveProperty('password');
      expect(await refusal(() => seal({ fromFile, cert: `${address}/x` }))).toMatch(/answers with 404/);
      expect(await refusal(() => seal({ fromFile, cert: `${address}/moved` }))).toMatch(/answers with 302/);
      expect(await refusal(() => seal({ fromFile, cert: `${address}/large` }))).toMatch(
        /more than a certificate/,
      );
      for (const scheme of ['http://127.0.0.1/v1/cert.pem', 'ftp://x/y', 'file:///etc/passwd'])
        expect(await refusal(() => seal({ fromFile, cert: scheme }))).toMatch(
          /is not fetched: .*Use https, or a file/,
        );
    } finally {
      delete https.globalAgent.options.ca;
      delete https.globalAgent.options.checkServerIdentity;
      https.globalAgent.destroy();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it.each<[string, () => SealCommandOptions, RegExp]>([
    ['no value', () => ({}), /there is no value to seal/],
    [
      'no certificate',
      () => ({ cert: undefined, fromEnvFile: [write('e', 'A=1')] }),
      /--cert: name the file/,
    ],
    [
      'a certificate that is not there',
      () => ({ cert: inFolder('none.pem') }),
      /--cert: .*cannot be read \(ENOENT\)/,
    ],
    ['no namespace', () => ({ namespace: undefined, fromEnvFile: [write('e', 'A=1')] }), /Add --namespace/],
    [
      'a namespace that is none',
      () => ({ namespace: 'Shop', fromEnvFile: [write('e', 'A=1')] }),
      /'Shop' is none/,
    ],
    ['a scope that is none', () => ({ scope: 'wide' }), /Use one of: strict, namespace-wide, cluster-wide/],
    [
      'the same key twice',
      () => ({ fromEnvFile: [write('a', 'A=1'), write('b', 'A=2')] }),
      /'A' is given twice/,
    ],
    [
      'two values on standard input',
      () => ({ fromStdin: 'a', fromFile: ['b=-'] }),
      /standard input can be one value only/,
    ],
    ['half a login', () => ({ dockerServer: 'registry.example' }), /a registry login has three parts/],
    [
      'a value in place of its file',
      () => ({ fromFile: [`password=${CANARY}`] }),
      /--from-file: what it names cannot be read/,
    ],
    [
      'values for another type',
      () => ({ type: 'kubernetes.io/tls', fromEnvFile: [write('e', 'A=1')] }),
      /has the key 'tls\.crt'/,
    ],
    [
      'a file that is there',
      () => ({ fromEnvFile: [write('e', 'A=1')], output: write('o', 'x') }),
      /not overwritten/,
    ],
  ])('refuses %s, and shows no value', async (_what, options, message) => {
    const text = await refusal(() => seal(options()));
    expect(text).toMatch(message);
    for (const form of formsOfCanary()) expect(text).not.toContain(form);
  });

  it.each([
    ['--from-literal=password=', /--from-literal: a value that is an argument is seen/],
    ['--form-literal=password=', /unknown option '--form-literal=\.\.\.'/],
  ])('takes no value as an argument, and does not repeat it: %s', (argument, message) => {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [...BULWARK, 'seal', 'db', `${argument}${CANARY}`],
      { encoding: 'utf8', cwd: ROOT },
    );
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain(CANARY);
  });
});

describe('merging into a SealedSecret', () => {
  const WITH_COMMENTS = (text: string) =>
    `# rotated every quarter\n${text.replace('  encryptedData:', '  encryptedData: # by hand').replace(/(\n\s+)user:/, '$1# whoever\n    user:')}`;

  itWithPython(
    'seals the named keys only, and leaves comments and every other byte as they were',
    async () => {
      const file = await sealedFile();
      const before = WITH_COMMENTS(fs.readFileSync(file, 'utf8'));
      fs.writeFileSync(file, before, { mode: 0o640 });
      fs.chmodSync(file, 0o640);
      await seal(
        { namespace: undefined, mergeInto: file, fromFile: [`password=${write('new', 'next')}`] },
        undefined,
      );
      const after = fs.readFileSync(file, 'utf8');
      const [was, is] = [encryptedData(before), encryptedData(after)];
      expect(after).toBe(before.replace(was.password!, is.password!));
      expect(is.password).not.toBe(was.password);
      expect(openWithPython([{ sealed: is.password!, label: 'shop-web/db' }])[0]?.toString()).toBe('next');
      expect(fs.statSync(file).mode & 0o777).toBe(0o640);
      expect(fs.readdirSync(folder.path).filter((name) => name.startsWith('.'))).toEqual([]);
    },
  );

  itWithPython('adds a key, for the scope that the file has', async () => {
    const file = write('fixture.yaml', fixture('kubeseal/namespace-wide.yaml'));
    await seal({ mergeInto: file, fromFile: [`more=${write('more', CANARY)}`] }, 'fixture');
    const { more, password } = encryptedData(fs.readFileSync(file, 'utf8'));
    expect(password).toBe(encryptedData(fixture('kubeseal/namespace-wide.yaml')).password);
    expect(openWithPython([{ sealed: more!, label: 'shop-web' }])[0]?.toString()).toBe(CANARY);
  });

  it.each<[string, SealCommandOptions, string | undefined, RegExp]>([
    ['another name', {}, 'other', /has the name 'db', and 'other' was asked for/],
    ['another namespace', { namespace: 'other' }, undefined, /has the namespace 'shop-web', and 'other'/],
    ['another scope', { scope: 'cluster-wide' }, undefined, /has the scope 'strict', and 'cluster-wide'/],
    ['another type', { type: 'kubernetes.io/tls' }, undefined, /keeps its type, labels, annotations/],
  ])('is refused for %s, and writes nothing', async (_what, options, name, message) => {
    const file = await sealedFile();
    const before = fs.readFileSync(file, 'utf8');
    const fromFile = [`password=${write('new', 'next')}`];
    expect(
      await refusal(() =>
        sealCommand(name, { cert: CERT, mergeInto: file, fromFile, ...options }, { now: NOW }),
      ),
    ).toMatch(message);
    expect(fs.readFileSync(file, 'utf8')).toBe(before);
  });
});

describe('bulwark unseal', () => {
  it('writes a file that its owner alone can read, and no other', async () => {
    const file = await sealedFile();
    const output = inFolder('secret.yaml');
    expect(unsealCommand(file, { key: [KEY], output }, true).output).toBe(
      `${output}: the Secret in the clear, mode 0600`,
    );
    expect(fs.statSync(output).mode & 0o777).toBe(0o600);
    const { data } = load(fs.readFileSync(output, 'utf8')) as { data: Record<string, string> };
    expect(Buffer.from(data.password!, 'base64').toString()).toBe(CANARY);
    expect(await refusal(() => unsealCommand(file, { key: [KEY], output }, true))).toMatch(
      /EEXIST.*not overwritten/,
    );
  });

  it('writes to a pipe, and to a terminal only when asked', async () => {
    const file = await sealedFile();
    expect(load(unsealCommand(file, { key: [KEY] }, false).output)).toMatchObject({
      kind: 'Secret',
      type: 'Opaque',
    });
    expect(load(unsealCommand(file, { key: [KEY], show: true }, true).output)).toMatchObject({
      kind: 'Secret',
    });
    expect(await refusal(() => unsealCommand(file, { key: [KEY] }, true))).toMatch(
      /would show the secret on the terminal/,
    );
  });

  it('tries several keys, also that of the environment', async () => {
    const file = await sealedFile();
    expect(load(unsealCommand(file, { key: [NEXT_KEY, KEY] }, false).output)).toMatchObject({
      kind: 'Secret',
    });
    process.env.BULWARK_SEALING_KEY = fixture('kubeseal/key.pem');
    try {
      expect(load(unsealCommand(file, {}, false).output)).toMatchObject({ kind: 'Secret' });
    } finally {
      delete process.env.BULWARK_SEALING_KEY;
    }
  });

  it('says which keys did not open what, and nothing else', async () => {
    const file = await sealedFile();
    const text = await refusal(() => unsealCommand(file, { key: [NEXT_KEY] }, false));
    expect(text).toMatch(
      /none of 1 private keys \([0-9a-f]{16}\) opens password, user as strict for shop-web\/db/,
    );
    expect(await refusal(() => unsealCommand(file, {}, false))).toMatch(
      /--key: name a file with a private key/,
    );
  });
});

describe('bulwark verify', () => {
  it('shows scope, sizes and the key that opens, and no value', async () => {
    const file = await sealedFile();
    const { output, exitCode } = await verifyCommand(
      [folder.path.concat('/db.yaml')],
      { key: [NEXT_KEY, KEY], cert: CERT },
      { now: NOW },
    );
    expect(output.replaceAll(/[0-9a-f]{16}/g, 'KEY').split('\n')).toEqual([
      'certificate KEY: RSA 4096, expires 2126-10-31T06:03:37.000Z',
      `${file}: SealedSecret db, strict, bound to shop-web/db, becomes a Secret of the type Opaque`,
      `  password: ${CANARY.length} bytes, RSA 4096, opens with KEY`,
      '  user: 4 bytes, RSA 4096, opens with KEY',
      '1 SealedSecret, 0 problems',
    ]);
    expect(exitCode).toBe(0);
  });

  it('ends with 1 when no key opens a value, and with 2 when a value is damaged', async () => {
    const file = await sealedFile();
    const closed = await verifyCommand([file], { key: [NEXT_KEY] }, { now: NOW });
    expect([closed.exitCode, closed.output]).toEqual([
      1,
      expect.stringContaining('WRONG spec.encryptedData.password opens with none of'),
    ]);
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(/password: Ag/, 'password: Ax'));
    const damaged = await verifyCommand([file], {}, { now: NOW });
    expect([damaged.exitCode, damaged.errors]).toEqual([
      2,
      [expect.stringContaining('encryptedData.password is no sealed value')],
    ]);
  });

  it('refuses an expired certificate', async () => {
    const file = await sealedFile();
    const now = new Date('2127-01-01T00:00:00Z');
    expect(await refusal(() => verifyCommand([file], { cert: CERT }, { now }))).toMatch(
      /the certificate expired at 2126/,
    );
  });
});

describe('bulwark reseal', () => {
  it('moves all files to another key pair, and leaves the rest of them as it was', async () => {
    const before = await sealedFile();
    fs.writeFileSync(before, `# a comment\n${fs.readFileSync(before, 'utf8')}`);
    const json = write('fixture.json', fixture('kubeseal/strict.json'));
    const { output } = await resealCommand([before, json], { key: [KEY], cert: NEXT_CERT }, { now: NOW });
    expect(output).toMatch(/2 files sealed again$/);
    expect(fs.readFileSync(before, 'utf8')).toMatch(/^# a comment\n/);
    const { output: opened } = unsealCommand(before, { key: [NEXT_KEY] }, false);
    expect(opened).toContain(Buffer.from(CANARY).toString('base64'));
    expect(unsealCommand(json, { key: [NEXT_KEY] }, false).output).toContain('app: shop');
    expect(await refusal(() => unsealCommand(json, { key: [KEY] }, false))).toMatch(/none of 1 private keys/);
  });

  it('writes no file when one of them cannot be opened', async () => {
    const file = await sealedFile();
    const other = write(
      'moved.yaml',
      fixture('kubeseal/strict.yaml').replaceAll('name: fixture', 'name: moved'),
    );
    const before = fs.readFileSync(file, 'utf8');
    expect(
      await refusal(() => resealCommand([file, other], { key: [KEY], cert: NEXT_CERT }, { now: NOW })),
    ).toMatch(/moved\.yaml: none of/);
    expect(fs.readFileSync(file, 'utf8')).toBe(before);
  });
});
