/** A semantic version (semver.org), without its build metadata, which says nothing about the order. */
export interface Semver {
  readonly major: bigint;
  readonly minor: bigint;
  readonly patch: bigint;
  readonly prerelease: readonly string[];
}

const NUMBER = '(0|[1-9]\\d*)';
const IDENTIFIER = '[0-9A-Za-z-]+';
const SEMVER = new RegExp(
  `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${IDENTIFIER}(?:\\.${IDENTIFIER})*))?(?:\\+${IDENTIFIER}(?:\\.${IDENTIFIER})*)?$`,
);
/** Kubernetes reads numbers into 64 bits without a sign. */
const MAX_NUMBER = 2n ** 64n - 1n;

/** Reads a version such as `1.2.3-rc.1`; undefined where a text is none. */
export function parseSemver(text: string): Semver | undefined {
  const match = SEMVER.exec(text);
  if (!match) return undefined;
  const [, major = '', minor = '', patch = '', suffix] = match;
  const prerelease = suffix?.split('.') ?? [];
  const numbers = [major, minor, patch, ...prerelease.filter(isNumeric)];
  if (numbers.some((number) => BigInt(number) > MAX_NUMBER)) return undefined;
  if (prerelease.some((part) => /^0\d+$/.test(part))) return undefined;
  return { major: BigInt(major), minor: BigInt(minor), patch: BigInt(patch), prerelease };
}

/**
 * Makes a strict version of a sloppy one, as Kubernetes does: no `v` in front, no leading zeros, and `1.2` is `1.2.0`.
 * The result need not be a version.
 */
export function normalizeSemver(text: string): string {
  const [major = '', minor, ...rest] = text.replace(/^v/, '').split('.');
  const parts = [
    major,
    ...(minor === undefined ? [] : [minor]),
    ...(rest.length > 0 ? [rest.join('.')] : []),
  ];
  const trimmed = parts.map((part) => (part.length > 1 ? part.replace(/^0+(?=\d)/, '') : part));
  // A suffix behind fewer than three numbers is left where it is, so that the result is not a version.
  return trimmed.length < 3 && !/[+-]/.test(trimmed.at(-1)!)
    ? [...trimmed, '0', '0'].slice(0, 3).join('.')
    : trimmed.join('.');
}

/** The order of two versions by semver.org: negative, zero or positive. */
export function compareSemver(a: Semver, b: Semver): number {
  for (const part of ['major', 'minor', 'patch'] as const) {
    if (a[part] !== b[part]) return a[part] < b[part] ? -1 : 1;
  }
  return comparePrereleases(a.prerelease, b.prerelease);
}

function comparePrereleases(a: readonly string[], b: readonly string[]): number {
  // A version without prerelease comes after those with one.
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  for (const [i, part] of a.entries()) {
    const other = b[i];
    if (other === undefined) return 1;
    if (part !== other) return compareParts(part, other);
  }
  return a.length - b.length;
}

function compareParts(a: string, b: string): number {
  if (isNumeric(a) && isNumeric(b)) return BigInt(a) < BigInt(b) ? -1 : 1;
  if (isNumeric(a) !== isNumeric(b)) return isNumeric(a) ? -1 : 1;
  return a < b ? -1 : 1;
}

function isNumeric(part: string): boolean {
  return /^\d+$/.test(part);
}
