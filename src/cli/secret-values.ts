import fs from 'node:fs';
import path from 'node:path';
import { BulwarkError } from '../errors';
import { dockerConfigJson } from '../seal/docker-config';
import { readEnvFile } from '../seal/env-file';

/** The options that say where values come from. None takes a value itself: other users see the arguments of a process. */
export interface ValueOptions {
  readonly fromFile?: readonly string[];
  readonly fromStdin?: string;
  readonly fromEnvFile?: readonly string[];
  readonly dockerServer?: string;
  readonly dockerUsername?: string;
  readonly dockerPasswordFile?: string;
}

/**
 * Reads the values of a Secret.
 * @throws BulwarkError when a source cannot be read, two have the same key, or both want standard input.
 */
export function readValues(options: ValueOptions): Map<string, Buffer> {
  refuseSharedInput(options);
  const entries: [string, Buffer][] = [
    ...(options.fromFile ?? []).map(fileEntry),
    ...(options.fromStdin === undefined
      ? []
      : [[options.fromStdin, readBytes('-', '--from-stdin')] as [string, Buffer]]),
    ...(options.fromEnvFile ?? []).flatMap((file) => [
      ...readEnvFile(readBytes(file, '--from-env-file').toString('utf8'), file),
    ]),
    ...dockerEntries(options),
  ];
  const values = new Map<string, Buffer>();
  for (const [key, value] of entries) {
    if (values.has(key))
      throw new BulwarkError(`seal: the key '${key}' is given twice. Leave one of both out.`);
    values.set(key, value);
  }
  return values;
}

/**
 * What may surprise later, where the key is no name of a file: `echo` and most editors end a text with a line break, and a
 * password with one does not match.
 */
export function notesOn(values: ReadonlyMap<string, Buffer>): string[] {
  return [...values]
    .filter(
      ([key, value]) => !key.includes('.') && value.length > 1 && value.indexOf('\n') === value.length - 1,
    )
    .map(
      ([key]) =>
        `note: ${key} is one line with a line break at its end, which is sealed too. Use printf instead of echo if that is not meant.`,
    );
}

function fileEntry(given: string): [string, Buffer] {
  const separator = given.indexOf('=');
  const [key, file] =
    separator < 0 ? [path.basename(given), given] : [given.slice(0, separator), given.slice(separator + 1)];
  return [key, readBytes(file, '--from-file')];
}

function dockerEntries(options: ValueOptions): [string, Buffer][] {
  const { dockerServer: server, dockerUsername: username, dockerPasswordFile: file } = options;
  if (server === undefined && username === undefined && file === undefined) return [];
  if (server === undefined || username === undefined || file === undefined) {
    throw new BulwarkError(
      'seal: a registry login has three parts. Give --docker-server, --docker-username and --docker-password-file.',
    );
  }
  const password = readBytes(file, '--docker-password-file');
  // A token that was saved by an editor or printed by a command ends in a line break, and no password does.
  const end = /\r?\n$/.exec(password.toString('latin1'))?.index ?? password.length;
  const value = dockerConfigJson({ server, username, password: password.subarray(0, end) });
  password.fill(0);
  return [['.dockerconfigjson', value]];
}

function refuseSharedInput({
  fromFile = [],
  fromStdin,
  fromEnvFile = [],
  dockerPasswordFile,
}: ValueOptions): void {
  const readers = [
    ...fromFile.filter((given) => given === '-' || given.endsWith('=-')),
    ...fromEnvFile.filter((file) => file === '-'),
    ...(fromStdin === undefined ? [] : [fromStdin]),
    ...(dockerPasswordFile === '-' ? [dockerPasswordFile] : []),
  ];
  if (readers.length > 1) {
    throw new BulwarkError(
      'seal: standard input can be one value only, and several options read it. Put the others into files.',
    );
  }
}

function readBytes(file: string, option: string): Buffer {
  try {
    return fs.readFileSync(file === '-' ? 0 : file);
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    // Somebody may have given the value in place of its file, so the file is named only where it looks like one.
    const name = /[/.]/.test(file) && fs.existsSync(path.dirname(file)) ? file : 'what it names';
    throw new BulwarkError(
      `${option}: ${name} cannot be read (${code}). Name a file, KEY=PATH, or - for standard input.`,
    );
  }
}
