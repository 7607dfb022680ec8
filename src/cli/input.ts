import { isUtf8 } from 'node:buffer';
import fs from 'node:fs';
import path from 'node:path';
import { BulwarkError } from '../errors';
import { readManifests, type ReadResult } from '../manifest/reader';
import { CONSTRUCT_METADATA } from './construct-paths';
import { progress } from './progress';

const MANIFEST_FILE = /\.(ya?ml|json)$/;
const LARGEST_FILE = 64 * 1024 * 1024;

/**
 * The Kubernetes objects of files, folders (with what is below them, save what a synthesis made for nodes) and, for `-`, of
 * standard input, and an error for each file and document that could not be read.
 */
export function readPaths(paths: readonly string[]): ReadResult {
  const files = paths.flatMap(filesOf);
  const results = files.map((file, index) => {
    progress().step(index, files.length, 'files read');
    return readFile(file);
  });
  progress().phase(`${files.length.toLocaleString('en')} files read`);
  return {
    manifests: results.flatMap(({ manifests }) => manifests),
    errors: results.flatMap(({ errors }) => errors),
  };
}

/**
 * Ends a command that says what is not so where only a part of its input was read: what is left out of a comparison is said to be
 * gone, and of a proof to be harmless.
 * @param errors What could not be read.
 * @param outcome What was not done, for the message.
 * @throws BulwarkError when there are errors.
 */
export function refuseUnread(errors: readonly string[], outcome: string): void {
  if (errors.length > 0) throw new BulwarkError([...errors, `${outcome}.`].join('\n'));
}

/** The files that paths stand for. A path that stands for none is an error in place of a file. */
export function filesOf(given: string): (string | BulwarkError)[] {
  if (given === '-') return ['-'];
  const stat = fs.statSync(given, { throwIfNoEntry: false });
  if (!stat) return [new BulwarkError(`${given}: there is no such file or folder. Correct the path.`)];
  if (!stat.isDirectory()) return [given];
  const names = fs.readdirSync(given, { recursive: true, encoding: 'utf8' });
  const forNodes = foldersForNodes(names);
  const files = names
    .filter(
      (name) =>
        MANIFEST_FILE.test(name) &&
        !OF_TOOLS.has(path.basename(name)) &&
        !name.includes('node_modules') &&
        !forNodes.some((folder) => name.startsWith(folder)),
    )
    .sort();
  if (files.length > 0) return files.map((name) => path.join(given, name));
  return [new BulwarkError(`${given}: holds no .yaml, .yml or .json file. Name a folder of manifests.`)];
}

/** Files of a project that are YAML or JSON and never manifests, whatever folder they are in. */
const OF_TOOLS: ReadonlySet<string> = new Set([
  ...[CONSTRUCT_METADATA, 'bulwark.yaml', 'cdk8s.yaml'],
  ...['package.json', 'package-lock.json', 'tsconfig.json'],
]);

/** The list that a synthesis leaves in each folder of files that are for nodes, not for kubectl. */
const NODE_FILES_INDEX = '.made-by-cdk8s-bulwark';

/** Folders that kubectl does not read either; whoever means one names it. */
function foldersForNodes(names: readonly string[]): string[] {
  return names
    .filter((name) => path.basename(name) === NODE_FILES_INDEX && path.dirname(name) !== '.')
    .map((name) => `${path.dirname(name)}${path.sep}`);
}

function readFile(file: string | BulwarkError): ReadResult {
  if (file instanceof BulwarkError) return { manifests: [], errors: [file] };
  try {
    return readManifests(readText(file), file === '-' ? 'standard input' : file);
  } catch (error) {
    return { manifests: [], errors: [explain(error, file)] };
  }
}

/**
 * The text of a file, or of standard input for `-`.
 * @throws BulwarkError when it is too large, or not UTF-8.
 */
export function readText(file: string): string {
  const name = file === '-' ? 'standard input' : file;
  // The size first, so that a file that is too large is not read at all.
  if (file !== '-') refuseLarge(name, fs.statSync(file).size);
  const bytes = fs.readFileSync(file === '-' ? 0 : file);
  refuseLarge(name, bytes.length);
  if (!isUtf8(bytes)) throw notUtf8(name, bytes);
  return bytes.toString('utf8');
}

function refuseLarge(name: string, size: number): void {
  if (size <= LARGEST_FILE) return;
  const megabytes = Math.ceil(size / 1024 / 1024);
  throw new BulwarkError(`${name}: has ${megabytes} MB, and a file of manifests may have 64. Split it.`);
}

/** No byte of a character in UTF-8 is a line feed, so each line can be looked at alone. */
function notUtf8(name: string, bytes: Buffer): BulwarkError {
  let line = 1;
  let start = 0;
  for (let end = bytes.indexOf('\n'); end >= 0; end = bytes.indexOf('\n', start)) {
    if (!isUtf8(bytes.subarray(start, end))) break;
    line += 1;
    start = end + 1;
  }
  return new BulwarkError(`${name}:${line}: is not UTF-8. Save the file as UTF-8.`);
}

function explain(error: unknown, file: string): BulwarkError {
  if (error instanceof BulwarkError) return error;
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  return new BulwarkError(`${file}: cannot be read (${code}). Correct the path or its permissions.`);
}
