import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { loadAll } from 'js-yaml';
import type { Manifest } from '../../constructs';

/** Makes a temporary folder for each test of a file, and removes it afterwards. */
export function useTemporaryFolder(): { readonly path: string } {
  let folder = '';
  beforeEach(() => {
    // Without links, so that a path in a message is the one that was asked for.
    folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'bulwark-test-')));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));
  return {
    get path() {
      return folder;
    },
  };
}

/** The paths of all files in a folder and what is below it. */
export function filesBelow(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

/** Content of every file of a folder, by name, in the order in which `kubectl apply -f` reads them. */
export function filesIn(folder: string): Record<string, string> {
  const names = fs
    .readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? [] : [entry.name]))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return Object.fromEntries(names.map((name) => [name, fs.readFileSync(path.join(folder, name), 'utf8')]));
}

/** Every object in the files of a folder, in the order in which `kubectl apply -f` applies them. */
export function manifestsIn(folder: string): Manifest[] {
  return Object.values(filesIn(folder)).flatMap(manifestsOf);
}

/** Every object of a YAML text. */
export function manifestsOf(yaml: string): Manifest[] {
  return loadAll(yaml).filter(Boolean) as Manifest[];
}
