import fs from 'node:fs';
import path from 'node:path';
import { BulwarkError } from '../errors';
import { readManifests, type SourcedManifest } from '../manifest/reader';

const MANIFEST_FILE = /\.(ya?ml|json)$/;
const LARGEST_FILE = 64 * 1024 * 1024;

/**
 * The Kubernetes objects of files, folders (with what is below them) and, for `-`, of standard input.
 * @throws BulwarkError with every file and document that could not be read.
 */
export function readPaths(paths: readonly string[]): SourcedManifest[] {
  const results = paths
    .flatMap(filesOf)
    .map((file) => readManifests(readText(file), file === '-' ? 'standard input' : file));
  const errors = results.flatMap((result) => result.errors);
  if (errors.length > 0) throw new BulwarkError(errors.map(({ message }) => message).join('\n'));
  return results.flatMap((result) => result.manifests);
}

function filesOf(given: string): string[] {
  if (given === '-') return ['-'];
  const stat = fs.statSync(given, { throwIfNoEntry: false });
  if (!stat) throw new BulwarkError(`${given}: there is no such file or folder. Correct the path.`);
  if (!stat.isDirectory()) return [given];
  const names = fs.readdirSync(given, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => MANIFEST_FILE.test(name)).sort();
  if (files.length === 0)
    throw new BulwarkError(`${given}: holds no .yaml, .yml or .json file. Name a folder of manifests.`);
  return files.map((name) => path.join(given, name));
}

function readText(file: string): string {
  if (file === '-') return fs.readFileSync(0, 'utf8');
  const { size } = fs.statSync(file);
  if (size > LARGEST_FILE) {
    throw new BulwarkError(
      `${file}: has ${Math.round(size / 1024 / 1024)} MB, and a file of manifests may have 64. Split it.`,
    );
  }
  return fs.readFileSync(file, 'utf8');
}
