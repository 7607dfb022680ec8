import { BulwarkError } from '../errors';

/**
 * Reads a file of `KEY=value` lines as kubectl reads one for `--from-env-file`: the value is everything behind the first `=`, quotes
 * and spaces included; empty lines and those that begin with `#` are passed over.
 *
 * @param where File, for messages. No value is ever part of one.
 * @throws BulwarkError with the line that is none of these, or whose key was there before.
 */
export function readEnvFile(text: string, where: string): Map<string, Buffer> {
  const values = new Map<string, Buffer>();
  text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .forEach((line, index) => {
      const entry = line.trimStart();
      if (entry === '' || entry.startsWith('#')) return;
      const separator = entry.indexOf('=');
      if (separator <= 0) {
        throw new BulwarkError(
          `${where}:${index + 1}: is no KEY=value. A key alone would take its value from the environment, which is not read.`,
        );
      }
      const key = entry.slice(0, separator);
      if (values.has(key)) {
        throw new BulwarkError(
          `${where}:${index + 1}: sets a key for the second time. Remove one of both lines.`,
        );
      }
      values.set(key, Buffer.from(entry.slice(separator + 1)));
    });
  return values;
}
