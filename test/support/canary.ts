import fs from 'node:fs';
import path from 'node:path';

/**
 * A value that tests use where a secret would stand, and that must be found nowhere afterwards. It is put together here, so that the
 * sources do not hold it either.
 */
export const CANARY: string = ['bulwark', 'canary', '5d1f8c27'].join('-');

/** The forms in which the canary would give itself away: as it is, in hexadecimal, and in base64 wherever it stands in a text. */
export function formsOfCanary(): string[] {
  const bytes = Buffer.from(CANARY);
  const encoded = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    // The first and last characters depend on what stands around.
    return text.slice([0, 2, 3][before], -4);
  });
  return [CANARY, bytes.toString('hex'), ...encoded];
}

/** What others made or keep for themselves. */
const SKIPPED = new Set(['node_modules', '.git']);

/** The files below folders that hold the canary in one of its forms, and the number of files that were read. */
export function findCanary(folders: readonly string[]): { readonly files: number; readonly found: string[] } {
  const forms = formsOfCanary().map((form) => Buffer.from(form));
  const files = folders.flatMap(filesBelow);
  const found = files.filter((file) => {
    const bytes = fs.readFileSync(file);
    return forms.some((form) => bytes.includes(form));
  });
  return { files: files.length, found };
}

function filesBelow(folder: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (SKIPPED.has(entry.name)) return [];
    if (entry.isDirectory()) return filesBelow(file);
    return entry.isFile() ? [file] : [];
  });
}
