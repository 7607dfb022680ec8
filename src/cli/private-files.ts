import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { BulwarkError } from '../errors';
import { readPrivateKeys, type UnsealingKey } from '../seal/private-keys';
import { readGiven } from './certificate';
import { makeFolder } from '../files/make-folder';

/** The environment variable that may hold private keys in PEM. An argument may not: other users see it. */
const KEY_VARIABLE = 'BULWARK_SEALING_KEY';

/** Mode of a file that holds what was secret: for its owner alone. */
const PRIVATE = 0o600;
/** Mode of any other file, of which the umask takes some away. */
const READABLE = 0o666;

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

/** Writes a file that must not be there yet, and the folder that it is in. */
export function writeNewWithFolder(file: string, text: string, fix?: string): void {
  makeFolderOf(file, fix);
  writeNew(file, text);
}

function makeFolderOf(file: string, fix?: string): void {
  try {
    makeFolder(path.dirname(path.resolve(file)));
  } catch (error) {
    throw writeError(file, error, fix);
  }
}

/** Replaces a file as a whole, or leaves it as it was. It keeps its permissions. */
export function replaceFile(file: string, text: string): void {
  const target = fs.realpathSync(file);
  writeStaged({ file, target, mode: fs.statSync(target).mode & 0o777 }, text);
}

/**
 * Writes a file, and the folder that it is in, as a whole: one that is there stays as it was where the new one cannot be written.
 * @param fix What to do where it cannot, for the message.
 */
export function writeWhole(file: string, text: string, fix: string): void {
  makeFolderOf(file, fix);
  const mode = fs.statSync(file, { throwIfNoEntry: false })?.mode ?? READABLE;
  writeStaged({ file, target: file, mode: mode & 0o777 }, text, fix);
}

interface Place {
  /** As it was named. */
  readonly file: string;
  readonly target: string;
  readonly mode: number;
}

function writeStaged({ file, target, mode }: Place, text: string, fix?: string): void {
  const staged = path.join(
    path.dirname(target),
    `.${path.basename(target)}.${randomBytes(6).toString('hex')}`,
  );
  try {
    fs.writeFileSync(staged, text, { mode, flag: 'wx' });
    fs.renameSync(staged, target);
  } catch (error) {
    fs.rmSync(staged, { force: true });
    throw writeError(file, error, fix);
  }
}

function writeError(file: string, error: unknown, given?: string): BulwarkError {
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  const usual =
    code === 'EEXIST' ? 'It exists, and is not overwritten: name another file' : 'Correct the path';
  return new BulwarkError(`${file}: cannot be written (${code}). ${given ?? usual}.`);
}
