import fs from 'node:fs';
import path from 'node:path';
import { BulwarkError } from '../errors';
import { writeNewWithFolder } from './private-files';
import type { ProjectFile } from '../project/new-project';

/**
 * Writes files that were not there.
 * @throws BulwarkError when something is in the way; then nothing was written.
 */
export function writeNewFiles(folder: string, files: readonly ProjectFile[], command: string): void {
  const taken = files.map(({ path: name }) => inTheWay(folder, name)).filter((file) => file !== undefined);
  if (taken.length > 0) {
    const names = [...new Set(taken)].map((file) => `  ${file}`).join('\n');
    throw new BulwarkError(
      `${command}: nothing was written, since these are in the way:\n${names}\nChoose an empty folder.`,
    );
  }
  for (const { path: name, text } of files) {
    // Whatever was made there in the meantime stays as well.
    writeNewWithFolder(path.join(folder, name), text, 'Choose another folder');
  }
}

/** The file itself, or one that stands where a folder has to be. */
function inTheWay(folder: string, name: string): string | undefined {
  const file = path.join(folder, name);
  for (let parent = path.dirname(file); ; parent = path.dirname(parent)) {
    const stat = statOf(parent);
    if (stat?.isDirectory()) break;
    if (stat) return parent;
    // Nothing of the path is there, not even where it begins.
    if (parent === path.dirname(parent)) return undefined;
  }
  return fs.lstatSync(file, { throwIfNoEntry: false }) && file;
}

/** Undefined also for what is below a file. */
function statOf(file: string): fs.Stats | undefined {
  try {
    return fs.statSync(file, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw error;
  }
}
