import { compareSemver, normalizeSemver, parseSemver, type Semver } from '../../manifest/semver';
import { Opaque, type CelLibrary } from './library';

class Version extends Opaque {
  constructor(readonly value: Semver) {
    const { major, minor, patch, prerelease } = value;
    super([major, minor, patch, prerelease.join('.')].join('/'));
  }
}

/** The semantic version library of Kubernetes. */
export const semver: CelLibrary = {
  since: 34,
  types: { 'kubernetes.Semver': Version },
  functions: {
    'semver(string): kubernetes.Semver': read,
    'semver(string, bool): kubernetes.Semver': (text: string, normalize: boolean) =>
      read(normalize ? normalizeSemver(text) : text),
    'isSemver(string): bool': (text: string) => parseSemver(text) !== undefined,
    'isSemver(string, bool): bool': (text: string, normalize: boolean) =>
      parseSemver(normalize ? normalizeSemver(text) : text) !== undefined,
    'kubernetes.Semver.major(): int': ({ value }: Version) => toInt(value.major),
    'kubernetes.Semver.minor(): int': ({ value }: Version) => toInt(value.minor),
    'kubernetes.Semver.patch(): int': ({ value }: Version) => toInt(value.patch),
    'kubernetes.Semver.compareTo(kubernetes.Semver): int': (a: Version, b: Version) =>
      BigInt(Math.sign(compareSemver(a.value, b.value))),
    'kubernetes.Semver.isLessThan(kubernetes.Semver): bool': (a: Version, b: Version) =>
      compareSemver(a.value, b.value) < 0,
    'kubernetes.Semver.isGreaterThan(kubernetes.Semver): bool': (a: Version, b: Version) =>
      compareSemver(a.value, b.value) > 0,
  },
};

function read(text: string): Version {
  const value = parseSemver(text);
  if (!value) throw new Error(`'${text}' is not a semantic version`);
  return new Version(value);
}

/** The integers of CEL have a sign; the API server does not look whether a number fits. */
function toInt(number: bigint): bigint {
  return BigInt.asIntN(64, number);
}
