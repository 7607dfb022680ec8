import fs from 'node:fs';
import path from 'node:path';

/**
 * Makes a folder and those that it is in. The recursive way of Node.js 20 never returns where a file system does not have what it
 * says is there, as /proc does.
 */
export function makeFolder(folder: string): void {
  const missing: string[] = [];
  // What has no folder above it is the root, which is there or cannot be made, such as a drive that does not exist.
  const isRoot = (at: string) => path.dirname(at) === at;
  for (let at = path.resolve(folder); !isFolder(at) && !isRoot(at); at = path.dirname(at)) missing.push(at);
  for (const one of missing.reverse()) makeOne(one);
}

function isFolder(folder: string): boolean {
  return fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function makeOne(folder: string): void {
  try {
    fs.mkdirSync(folder);
  } catch (error) {
    // Somebody else may have made it in the meantime.
    if (!isFolder(folder)) throw error;
  }
}
