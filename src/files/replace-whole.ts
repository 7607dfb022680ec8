import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

/** Mode of a file that anybody may read, of which the umask takes some away. */
const READABLE = 0o666;

/**
 * Writes a file as a whole: the old content is there or the new one, whenever this fails or is interrupted.
 * @param mode Permissions of the new file. @default those that the umask leaves
 * @throws The error of the file system. Nothing is left beside the file then.
 */
export function replaceWhole(file: string, text: string, mode = READABLE): void {
  const staged = path.join(path.dirname(file), `.${path.basename(file)}.${randomBytes(6).toString('hex')}`);
  try {
    fs.writeFileSync(staged, text, { mode, flag: 'wx' });
    fs.renameSync(staged, file);
  } catch (error) {
    fs.rmSync(staged, { force: true });
    throw error;
  }
}
