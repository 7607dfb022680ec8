import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { decryptCommand, encryptCommand, sopsVerifyCommand } from '../../../src/cli/sops';
import { CANARY } from '../../support/canary';
import { useTemporaryFolder } from '../../support/folders';
import { FIXTURES, fixture, NOW } from '../seal/support';

const ROOT = path.join(__dirname, '../../..');
const KEY_FILE = path.join(FIXTURES, 'sops/key.txt');
const OTHER_KEY_FILE = path.join(FIXTURES, 'sops/other-key.txt');
const recipientOf = (name: string) => /public key: (\S+)/.exec(fixture(`sops/${name}`))![1]!;

const SECRET = `apiVersion: v1\nkind: Secret\nmetadata: { name: db }\nstringData:\n  password: ${CANARY}\n`;

const folder = useTemporaryFolder();

function write(name: string, content: string): string {
  const file = path.join(folder.path, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, content);
  return file;
}

const CONFIG = `creation_rules:
- path_regex: ^prod/
  age: ${recipientOf('other-key.txt')}
- age: ${recipientOf('key.txt')}
`;

const encrypt = (file: string, options: Parameters<typeof encryptCommand>[1] = {}) =>
  encryptCommand(file, options, { now: NOW });

async function refusal(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('Nothing was refused.');
}

describe('bulwark sops', () => {
  const before = { ...process.env };
  beforeEach(() => {
    process.env.SOPS_AGE_KEY_FILE = KEY_FILE;
    process.env.XDG_CONFIG_HOME = path.join(folder.path, 'config');
    delete process.env.SOPS_AGE_KEY;
    delete process.env.SOPS_AGE_RECIPIENTS;
  });
  afterAll(() => (process.env = before));

  it('encrypts for the recipients that the rule of .sops.yaml names, and decrypts', async () => {
    write('.sops.yaml', CONFIG);
    const file = write('staging/db.yaml', SECRET);
    expect((await encrypt(file, { inPlace: true })).output).toBe(
      `${file}: encrypted for ${recipientOf('key.txt')}`,
    );
    expect(fs.readFileSync(file, 'utf8')).not.toContain(CANARY);
    expect(parse((await decryptCommand(file, {}, false)).output)).toEqual(parse(SECRET));
    const prod = write('prod/db.yaml', SECRET);
    await encrypt(prod, { inPlace: true });
    expect(await refusal(() => decryptCommand(prod, {}, false))).toMatch(
      /none of 1 identities of age opens it/,
    );
    process.env.SOPS_AGE_KEY_FILE = OTHER_KEY_FILE;
    expect(parse((await decryptCommand(prod, {}, false)).output)).toEqual(parse(SECRET));
  });

  it('writes plaintext to a file of its owner alone, a pipe, or when asked', async () => {
    const file = path.join(FIXTURES, 'sops/secret.yaml');
    const output = path.join(folder.path, 'plain.yaml');
    await decryptCommand(file, { output }, true);
    expect(fs.statSync(output).mode & 0o777).toBe(0o600);
    expect(await refusal(() => decryptCommand(file, { output }, true))).toMatch(/EEXIST/);
    expect(await refusal(() => decryptCommand(file, {}, true))).toMatch(
      /would show the secret on the terminal/,
    );
    expect((await decryptCommand(file, { show: true }, true)).output).toContain('kind: Secret');
  });

  it('finds identities where sops does, and says where it looked', async () => {
    const file = path.join(FIXTURES, 'sops/default.yaml');
    delete process.env.SOPS_AGE_KEY_FILE;
    expect(await refusal(() => decryptCommand(file, {}, false))).toMatch(
      /no identity of age.*config\/sops\/age\/keys\.txt/,
    );
    write('config/sops/age/keys.txt', fixture('sops/key.txt'));
    expect((await decryptCommand(file, {}, false)).exitCode).toBe(0);
    fs.rmSync(path.join(folder.path, 'config'), { recursive: true });
    process.env.SOPS_AGE_KEY = fixture('sops/key.txt');
    expect((await decryptCommand(file, {}, false)).exitCode).toBe(0);
  });

  it('verifies files and folders, and ends with 1 when one was changed', async () => {
    const good = write('a/good.yaml', fixture('sops/secret.yaml'));
    expect(await sopsVerifyCommand([good])).toMatchObject({ exitCode: 0, errors: [] });
    const bad = write(
      'a/bad.yaml',
      fixture('sops/secret.yaml').replace('namespace: shop-web', 'namespace: x'),
    );
    const plain = write('a/plain.yaml', SECRET);
    const { output, errors, exitCode } = await sopsVerifyCommand([path.join(folder.path, 'a')]);
    expect([exitCode, output]).toEqual([
      1,
      `${good}: as it was encrypted\n1 of 3 files are as they were encrypted`,
    ]);
    expect(errors).toEqual([
      expect.stringContaining(`${bad}: its MAC does not match`),
      expect.stringContaining(`${plain}: is not encrypted`),
    ]);
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    [
      'nobody is named',
      () => encrypt(write('x/db.yaml', SECRET)),
      /there is no \.sops\.yaml in its folder or above/,
    ],
    ['a file is missing', () => encrypt(path.join(folder.path, 'none.yaml')), /cannot be read \(ENOENT\)/],
  ])('says what to do when %s', async (_what, act, message) => {
    expect(await refusal(act)).toMatch(message);
  });

  it('leaves a file as it was when it cannot be encrypted', async () => {
    const file = write('db.yaml', 'kind: ConfigMap\n');
    await refusal(() => encrypt(file, { age: [recipientOf('key.txt')], inPlace: true }));
    expect(fs.readFileSync(file, 'utf8')).toBe('kind: ConfigMap\n');
  });

  it('is a filter without a word beside the result', () => {
    const args = ['-r', 'ts-node/register/transpile-only', 'src/cli/main.ts', 'sops', 'encrypt', '-'];
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [...args, '--age', recipientOf('key.txt')],
      { input: SECRET, encoding: 'utf8', cwd: ROOT },
    );
    expect([status, stderr]).toEqual([0, '']);
    expect(parse(stdout)).toMatchObject({ kind: 'Secret', sops: { encrypted_regex: '^(data|stringData)$' } });
    expect(stdout).not.toContain(CANARY);
  });
});
