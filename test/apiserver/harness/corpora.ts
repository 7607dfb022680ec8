import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The path of a published file that the project does not copy, in the folder named by `BULWARK_CORPORA`.
 *
 * @returns `undefined` when the variable is unset, so that a contributor without the folder can run the other tests.
 * @throws when the variable is unset in CI, where a skipped test would pass for a good one, and when the file is missing.
 */
export function corpusFile(...path: string[]): string | undefined {
  const dir = process.env.BULWARK_CORPORA;
  if (!dir) {
    if (process.env.CI) throw new Error('BULWARK_CORPORA must name the folder of the published cases in CI');
    return undefined;
  }
  const file = join(dir, ...path);
  if (!existsSync(file)) throw new Error(`BULWARK_CORPORA is ${dir}, which has no ${join(...path)}`);
  return file;
}
