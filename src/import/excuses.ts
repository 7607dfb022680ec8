import { auditManifests } from '../controls/audit';
import { WAIVER_CONTROLS } from '../controls/waived';
import type { Waiver } from '../controls/waiver';
import { hardenManifest } from '../hardening/harden';
import { isObject, type Manifest } from '../manifest/manifest';
import { podTemplateOf } from '../manifest/pod';
import type { ClusterTarget } from '../target/target';
import { apiToken } from '../hardening/api-token';
import type { MadePod, Representation } from './made';

/** An object on its way into code. */
export interface Imported {
  /** Without waivers as annotations. */
  readonly manifest: Manifest;
  /** Without what the chart gives to all of its objects. */
  readonly own: Manifest;
  readonly representation: Representation;
  /** The waivers that it had as annotations, by control. */
  readonly waivers: ReadonlyMap<string, Waiver>;
}

/** The controls that the code of an object has to be excused from, so that a synthesis takes it as it is. */
export type Excuses = ReadonlyMap<Imported, ReadonlySet<string>>;

/** What is excused is no longer mended, which may show in another control, so it takes a few rounds. */
const ROUNDS = 5;
const ABOUT_WAIVERS: ReadonlySet<string> = new Set(WAIVER_CONTROLS.map(({ id }) => id));

/** Which controls of the profile `hardened` do not hold for what a synthesis will make of the objects. */
export function excusesFor(objects: readonly Imported[], target: ClusterTarget): Excuses {
  let excused: Excuses = new Map(objects.map((object) => [object, new Set(object.waivers.keys())]));
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = excused;
    const broken = brokenControls(objects, target, before);
    const isSame = objects.every((object) => sameSet(broken.get(object)!, before.get(object)!));
    excused = broken;
    if (isSame) break;
  }
  return excused;
}

function brokenControls(objects: readonly Imported[], target: ClusterTarget, excused: Excuses): Excuses {
  const made = objects.flatMap((object) => madeOf(object, target, excused.get(object)!));
  const owners = new Map<Manifest, Imported>(made.map(({ manifest, object }) => [manifest, object]));
  const broken = new Map<Imported, Set<string>>(objects.map((object) => [object, new Set()]));
  const manifests = made.map(({ manifest }) => manifest);
  for (const { control, manifest } of auditManifests(manifests, { profile: 'hardened', target })) {
    const owner = owners.get(manifest);
    if (owner && !ABOUT_WAIVERS.has(control.id)) broken.get(owner)!.add(control.id);
  }
  return broken;
}

function sameSet(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((id) => other.has(id));
}

/** What a synthesis makes of an object, as far as any control looks at it. */
function madeOf(object: Imported, target: ClusterTarget, excused: ReadonlySet<string>) {
  const { manifest, representation } = object;
  if (representation.as === 'plain')
    return [{ object, manifest: hardened(representation.manifest ?? manifest, target, excused) }];
  if (manifest.kind === 'ServiceAccount')
    return [{ object, manifest: { ...manifest, automountServiceAccountToken: false } }];
  const pod = representation.as === 'construct' ? representation.pod : undefined;
  if (!pod) return [{ object, manifest }];
  const { name, namespace } = manifest.metadata!;
  const filled = withPod(manifest, { account: pod.account, token: pod.token });
  const own: Manifest = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, ...(namespace !== undefined && { namespace }) },
    automountServiceAccountToken: false,
  };
  return [
    { object, manifest: hardened(filled, target, excused) },
    ...(pod.ownsAccount ? [{ object, manifest: own }] : []),
  ];
}

function hardened(manifest: Manifest, target: ClusterTarget, waived: ReadonlySet<string>): Manifest {
  return hardenManifest(manifest, { target, waived }).manifest;
}

function withPod(manifest: Manifest, { account, token }: Pick<MadePod, 'account' | 'token'>): Manifest {
  const copy = structuredClone(manifest);
  const pod = podTemplateOf(copy)!;
  pod.spec.serviceAccountName = account;
  if (token) {
    pod.spec.automountServiceAccountToken = false;
    apiToken({})(pod);
  }
  return copy;
}

/** The names of the profiles of nodes that pods ask for. */
export function localhostProfiles(manifests: readonly Manifest[]): { appArmor: string[]; seccomp: string[] } {
  const found = { appArmorProfile: new Set<string>(), seccompProfile: new Set<string>() };
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    if (!isObject(value)) return;
    for (const kind of ['appArmorProfile', 'seccompProfile'] as const) {
      const profile = value[kind];
      if (isObject(profile) && typeof profile.localhostProfile === 'string')
        found[kind].add(profile.localhostProfile);
    }
    Object.values(value).forEach(visit);
  };
  for (const manifest of manifests) {
    const pod = podTemplateOf(manifest);
    visit(pod?.spec);
    for (const profile of Object.values(pod?.metadata?.annotations ?? {})) {
      if (typeof profile === 'string' && profile.startsWith('localhost/')) {
        found.appArmorProfile.add(profile.slice('localhost/'.length));
      }
    }
  }
  return { appArmor: [...found.appArmorProfile].sort(), seccomp: [...found.seccompProfile].sort() };
}
