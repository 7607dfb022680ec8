import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { BulwarkError } from '../errors';
import { readIdentities } from '../seal/sops/age';
import { creationRuleFor, type CreationRule } from '../seal/sops/creation-rules';
import { decryptFile, encryptFile } from '../seal/sops/file';
import { SECRET_RULE } from '../seal/sops/rule';
import { readGiven } from './certificate';
import type { CommandContext, CommandResult } from './command';
import { filesOf } from './input';
import { replaceFile, writeNew, writePrivate } from './private-files';

const CONFIG = '.sops.yaml';

/** Options of `bulwark sops encrypt`, as they are typed. */
export interface EncryptCommandOptions {
  /** Recipients of age, which are public. */
  readonly age?: readonly string[];
  readonly output?: string;
  readonly inPlace?: boolean;
  /** Path by which the creation rule is chosen. */
  readonly filenameOverride?: string;
}

/**
 * `bulwark sops encrypt`: encrypts a Secret for Git, as SOPS and Flux read it.
 * @throws BulwarkError before anything is written.
 */
export async function encryptCommand(
  file: string,
  { age = [], output, inPlace, filenameOverride = file }: EncryptCommandOptions,
  { now }: Pick<CommandContext, 'now'>,
): Promise<CommandResult> {
  const text = readGiven(file, 'sops encrypt');
  const { recipients, rule, macOnlyEncrypted } = ruleFor(filenameOverride, age);
  const options = { recipients, rule: rule ?? SECRET_RULE, macOnlyEncrypted, now };
  const encrypted = await encryptFile(text, named(file), options);
  const said = `encrypted for ${recipients.join(', ')}`;
  if (inPlace) {
    replaceFile(file, encrypted);
    return { output: `${file}: ${said}`, unremarkable: true, errors: [], exitCode: 0 };
  }
  if (output === undefined) return { output: encrypted.trimEnd(), errors: [], exitCode: 0 };
  writeNew(output, encrypted);
  return { output: `${output}: ${said}`, unremarkable: true, errors: [], exitCode: 0 };
}

/** Options of `bulwark sops decrypt`, as they are typed. */
export interface DecryptCommandOptions {
  readonly output?: string;
  /** Whether plaintext may be shown on a terminal. */
  readonly show?: boolean;
}

/**
 * `bulwark sops decrypt`: the file in the clear, once its MAC is verified.
 * @throws BulwarkError when no identity opens it, or it was changed; then nothing of it is shown.
 */
export async function decryptCommand(
  file: string,
  { output, show }: DecryptCommandOptions,
  isTerminal: boolean,
): Promise<CommandResult> {
  if (output === undefined && isTerminal && !show) {
    throw new BulwarkError(
      'sops decrypt: would show the secret on the terminal, where it stays in the scroll back. Write it to a file with -o FILE, pipe it, or say --show.',
    );
  }
  const text = await decryptFile(readGiven(file, 'sops decrypt'), named(file), loadIdentities());
  if (output === undefined) return { output: text.trimEnd(), errors: [], exitCode: 0 };
  writePrivate(output, text);
  return {
    output: `${output}: the file in the clear, mode 0600`,
    unremarkable: true,
    errors: [],
    exitCode: 0,
  };
}

/** `bulwark sops verify`: whether files are as they were encrypted. Ends with 1 when one is not. */
export async function sopsVerifyCommand(paths: readonly string[]): Promise<CommandResult> {
  const identities = loadIdentities();
  const errors: string[] = [];
  const lines: string[] = [];
  for (const file of paths.flatMap(filesOf)) {
    try {
      if (file instanceof BulwarkError) throw file;
      await decryptFile(readGiven(file, 'sops verify'), file, identities);
      lines.push(`${file}: as it was encrypted`);
    } catch (error) {
      if (!(error instanceof BulwarkError)) throw error;
      errors.push(error.message);
    }
  }
  const count = `${lines.length} of ${lines.length + errors.length} files are as they were encrypted`;
  return {
    output: [...lines, count].join('\n'),
    unremarkable: true,
    errors,
    exitCode: errors.length > 0 ? 1 : 0,
  };
}

function named(file: string): string {
  return file === '-' ? 'standard input' : file;
}

/** Recipients that are named come before those of `.sops.yaml`, as for SOPS. */
function ruleFor(file: string, age: readonly string[]): CreationRule {
  const given = age.length > 0 ? age : (process.env.SOPS_AGE_RECIPIENTS ?? '').split(',').filter(Boolean);
  if (given.length > 0) {
    const recipients = given.flatMap((list) => list.split(',')).map((one) => one.trim());
    return { recipients, rule: undefined, macOnlyEncrypted: false };
  }
  if (file === '-') {
    throw new BulwarkError(
      'sops encrypt: standard input has no path for a rule of .sops.yaml. Add --filename-override or --age.',
    );
  }
  const config = findConfig(path.resolve(path.dirname(file)));
  if (config === undefined) {
    throw new BulwarkError(
      `${file}: there is no ${CONFIG} in its folder or above, and nobody is named. Name recipients with --age, or add the file.`,
    );
  }
  const relative = path.relative(path.dirname(config), path.resolve(file)).replaceAll('\\', '/');
  return creationRuleFor(readGiven(config, 'sops encrypt'), config, relative);
}

function findConfig(folder: string): string | undefined {
  const config = path.join(folder, CONFIG);
  if (fs.existsSync(config)) return config;
  const above = path.dirname(folder);
  return above === folder ? undefined : findConfig(above);
}

/**
 * Identities from where SOPS looks for them: `SOPS_AGE_KEY`, the file in `SOPS_AGE_KEY_FILE`, or `sops/age/keys.txt` in the user's
 * folder of configuration. Never from an argument, which other users see.
 */
function loadIdentities(): string[] {
  const { SOPS_AGE_KEY: text, SOPS_AGE_KEY_FILE: file, XDG_CONFIG_HOME: home } = process.env;
  const fallback = path.join(home || path.join(os.homedir(), '.config'), 'sops/age/keys.txt');
  const identities = [
    ...(text ? readIdentities(text, 'SOPS_AGE_KEY') : []),
    ...(file ? readIdentities(readGiven(file, 'SOPS_AGE_KEY_FILE'), file) : []),
    ...(!text && !file && fs.existsSync(fallback)
      ? readIdentities(readGiven(fallback, 'sops'), fallback)
      : []),
  ];
  if (identities.length > 0) return identities;
  throw new BulwarkError(
    `sops: there is no identity of age. Name its file in SOPS_AGE_KEY_FILE, or put it at ${fallback}. It is never an argument, which other users would see.`,
  );
}
