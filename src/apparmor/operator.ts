import { BulwarkError } from '../errors';
import type { JsonObject, Manifest } from '../manifest/manifest';
import { patternsMeet } from './path';
import type { AppArmorProfile, FileRule } from './profile';
import { renderAppArmorProfile } from './render';

/** API version of the Security Profiles Operator since its 1.0. */
export const SECURITY_PROFILES_API_VERSION = 'security-profiles-operator.x-k8s.io/v1';

/**
 * A profile as a resource of the Security Profiles Operator, which writes and loads the text itself. Its model is smaller: it
 * adds `abstractions/base`, also allows to link and lock what may be written, and has no word for some rules.
 *
 * @throws BulwarkError for a profile that holds such a rule.
 */
export function operatorAppArmorProfile(profile: AppArmorProfile): Manifest {
  const { name } = renderAppArmorProfile(profile);
  const where = `AppArmor profile ${JSON.stringify(profile.name)}`;
  const untold = [
    ...untoldRules(profile),
    ...(profile.files ?? []).flatMap(untoldFile),
    ...hiddenWrites(profile),
  ];
  if (untold.length > 0) {
    throw new BulwarkError(
      `${where}: the Security Profiles Operator has no word for ${untold.join('; ')}. ` +
        'Leave that out, or load the profile in another way: ProfileLoader.nodeFiles() or ProfileLoader.daemonSet().',
    );
  }
  return {
    apiVersion: SECURITY_PROFILES_API_VERSION,
    kind: 'AppArmorProfile',
    metadata: { name },
    spec: { abstract: abstractOf(profile) },
  };
}

/** Paths that the operator's own validation accepts. */
const ACCEPTED_PATH = /^[\w./*?@{},[\]^+~: -]+$/;

function untoldRules(profile: AppArmorProfile): string[] {
  const { execute = [], network = [], includes = [] } = profile;
  const parts: readonly (readonly [string, object | undefined])[] = [
    ['child profiles', profile.children],
    ['deny rules', Object.values(profile.deny ?? {}).flat()],
    ['ptrace rules', profile.ptrace],
    ['signal rules', profile.signals],
  ];
  const sockets = network.filter((access) => !['tcp', 'udp', 'raw'].includes(access));
  const paths = execute.map(({ path }) => path).filter((path) => !ACCEPTED_PATH.test(path));
  return [
    ...parts.filter(([, rules]) => Object.keys(rules ?? {}).length > 0).map(([name]) => name),
    ...includes.filter((file) => file !== 'abstractions/base').map((file) => `the include ${file}`),
    ...sockets.map((access) => `the network access ${access}`),
    ...paths.map((path) => `the path ${JSON.stringify(path)}`),
  ];
}

function untoldFile({ path, access, owner }: FileRule): string[] {
  if (!ACCEPTED_PATH.test(path)) return [`the path ${JSON.stringify(path)}`];
  if (owner) return [`owner ${path}`];
  return kindOf(access) ? [] : [`${access} of ${path}`];
}

type PathList = 'allowedLibraries' | 'readOnlyPaths' | 'readWritePaths' | 'writeOnlyPaths';

function kindOf(access: string): PathList | undefined {
  const letters = [...new Set(access)]
    .filter((letter) => letter !== 'k' && letter !== 'l')
    .sort()
    .join('');
  const kinds: Readonly<Record<string, PathList>> = {
    m: 'allowedLibraries',
    mr: 'allowedLibraries',
    r: 'readOnlyPaths',
    rw: 'readWritePaths',
    w: 'writeOnlyPaths',
  };
  return kinds[letters];
}

/** The operator denies to write what is read-only, and a denial also holds for the narrower path that may be written. */
function hiddenWrites({ files = [] }: AppArmorProfile): string[] {
  const readOnly = files.filter(({ access }) => kindOf(access) === 'readOnlyPaths');
  const writable = files.filter(({ access }) => access.includes('w'));
  return writable.flatMap(({ path }) =>
    readOnly
      .filter((rule) => patternsMeet(rule.path, path))
      .map((rule) => `${path} being writable within ${rule.path}, which is read-only`),
  );
}

function abstractOf({
  files = [],
  execute = [],
  network = [],
  capabilities = [],
}: AppArmorProfile): JsonObject {
  const paths = (kind: PathList) => {
    const found = files.filter(({ access }) => kindOf(access) === kind).map(({ path }) => path);
    return found.length > 0 ? { [kind]: [...new Set(found)] } : {};
  };
  const executables = [...new Set(execute.map(({ path }) => path))];
  return {
    executable: {
      ...(executables.length > 0 && { allowedExecutables: executables }),
      ...paths('allowedLibraries'),
    },
    filesystem: { ...paths('readOnlyPaths'), ...paths('readWritePaths'), ...paths('writeOnlyPaths') },
    network: {
      allowRaw: network.includes('raw'),
      allowedProtocols: { allowTcp: network.includes('tcp'), allowUdp: network.includes('udp') },
    },
    ...(capabilities.length > 0 && {
      capability: { allowedCapabilities: [...new Set(capabilities)].map((name) => name.toLowerCase()) },
    }),
  };
}
