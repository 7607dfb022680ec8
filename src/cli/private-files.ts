import fs from 'node:fs';
import path from 'node:path';
import { BulwarkError } from '../errors';
import { readPrivateKeys, type UnsealingKey } from '../seal/private-keys';
import { readGiven } from './certificate';
import { makeFolder } from '../files/make-folder';
import { replaceWhole } from '../files/replace-whole';

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
  orExplain(file, () => fs.writeFileSync(file, text, { mode: PRIVATE, flag: 'wx' }));
}

/** Writes a file that must not be there yet. */
export function writeNew(file: string, text: string): void {
  orExplain(file, () => fs.writeFileSync(file, text, { flag: 'wx' }));
}

/** Writes a file that must not be there yet, and the folder that it is in. */
export function writeNewWithFolder(file: string, text: string, fix?: string): void {
  makeFolderOf(file, fix);
  writeNew(file, text);
}

function makeFolderOf(file: string, fix?: string): void {
  orExplain(file, () => makeFolder(path.dirname(path.resolve(file))), fix);
}

/** Replaces a file as a whole, or leaves it as it was. It keeps its permissions. */
export function replaceFile(file: string, text: string): void {
  const target = fs.realpathSync(file);
  const mode = modeOf(target);
  orExplain(file, () => replaceWhole(target, text, mode));
}

/**
 * Writes a file, and the folder that it is in, as a whole: one that is there stays as it was where the new one cannot be written.
 * @param fix What to do where it cannot, for the message.
 */
export function writeWhole(file: string, text: string, fix: string): void {
  makeFolderOf(file, fix);
  const mode = modeOf(file);
  orExplain(file, () => replaceWhole(file, text, mode), fix);
}

/** Undefined for a file that is not there. */
function modeOf(file: string): number | undefined {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  return stat && stat.mode & 0o777;
}

function orExplain(file: string, write: () => void, fix?: string): void {
  try {
    write();
  } catch (error) {
    throw writeError(file, error, fix);
  }
}

function writeError(file: string, error: unknown, given?: string): BulwarkError {
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  const usual =
    code === 'EEXIST' ? 'It exists, and is not overwritten: name another file' : 'Correct the path';
  return new BulwarkError(`${file}: cannot be written (${code}). ${given ?? usual}.`);
}
