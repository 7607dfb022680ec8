import { createHash } from 'node:crypto';
import { BulwarkError } from './errors';

/** With a hyphen and the digits of {@link nameByContent} it is still a label of DNS, as which the longest has 63 characters. */
const NAME = /^[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$/;
const HASH_DIGITS = 10;

/** Whether a profile, or one within it, may be named so. */
export function isProfileName(name: string): boolean {
  return NAME.test(name);
}

/**
 * @param where The profile, for the message.
 * @throws BulwarkError for what is no name of a profile, of its file and of its object.
 */
export function checkProfileName(name: string, where: string): void {
  if (isProfileName(name)) return;
  throw new BulwarkError(
    `${where}: is no name for a profile, which is also the name of a file and of an object. Use at most 52 lower-case letters, digits and hyphens.`,
  );
}

/** A name that ends with a hash of what it is for, so that what has changed has another one. */
export function nameByContent(name: string, content: string): string {
  return `${name}-${createHash('sha256').update(content).digest('hex').slice(0, HASH_DIGITS)}`;
}
