import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { BulwarkError } from '../errors';
import { readPrivateKeys, type UnsealingKey } from '../seal/private-keys';
import { readGiven } from './certificate';

/** The environment variable that may hold private keys in PEM. An argument may not: other users see it. */
const KEY_VARIABLE = 'BULWARK_SEALING_KEY';

/** Mode of a file that holds what was secret: for its owner alone. */
const PRIVATE = 0o600;

/**
 * The private keys of files, and of the environment.
 * @throws BulwarkError when a file cannot be read or holds none; no message has a part of a key.
 */
export function loadPrivateKeys(files: readonly string[]): UnsealingKey[] {
  const inEnvironment = process.env[KEY_VARIABLE];
  return [
    ...files.flatMap((file) => readPrivateKeys(readGiven(file, '--key'), file)),
    ...(inEnvironment === undefined ? [] : readPrivateKeys(inEnvironment, KEY_VARIABLE)),
  ];
}

/** @throws BulwarkError when there is no key. */
export function needPrivateKeys(files: readonly string[]): UnsealingKey[] {
  const keys = loadPrivateKeys(files);
  if (keys.length > 0) return keys;
  throw new BulwarkError(
    `--key: name a file with a private key of the controller, or set ${KEY_VARIABLE}. It is never an argument, which other users would see.`,
  );
}

/** Writes a new file that its owner alone can read. It does not follow or replace what is there. */
export function writePrivate(file: string, text: string): void {
  try {
    fs.writeFileSync(file, text, { mode: PRIVATE, flag: 'wx' });
  } catch (error) {
    throw writeError(file, error);
  }
}

/** Writes a file that must not be there yet. */
export function writeNew(file: string, text: string): void {
  try {
    fs.writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    throw writeError(file, error);
  }
}

/** Replaces a file as a whole, or leaves it as it was. It keeps its permissions. */
export function replaceFile(file: string, text: string): void {
  const target = fs.realpathSync(file);
  const staged = path.join(
    path.dirname(target),
    `.${path.basename(target)}.${randomBytes(6).toString('hex')}`,
  );
  try {
    fs.writeFileSync(staged, text, { mode: fs.statSync(target).mode & 0o777, flag: 'wx' });
    fs.renameSync(staged, target);
  } catch (error) {
    fs.rmSync(staged, { force: true });
    throw writeError(file, error);
  }
}

function writeError(file: string, error: unknown): BulwarkError {
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  const fix = code === 'EEXIST' ? 'It exists, and is not overwritten: name another file' : 'Correct the path';
  return new BulwarkError(`${file}: cannot be written (${code}). ${fix}.`);
}
