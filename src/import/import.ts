import { isExpired, isUnderstandable, waiversOf, type Waiver } from '../controls/waiver';
import { BulwarkError } from '../errors';
import { groupBy } from '../groups';
import { scopeOf, TENANT_LABEL } from '../manifest/kinds';
import { compareText, describeObject, identityOf, isObject, type Manifest } from '../manifest/manifest';
import { toYaml } from '../manifest/yaml';
import type { ProjectFile } from '../project/new-project';
import {
  boundSubject,
  identityOfSubject,
  subjectKey,
  subjectsOfIdentity,
  type Subject,
} from '../rbac/subject';
import type { ClusterTarget } from '../target/target';
import { cleaned, commonLabels, withoutLabels } from './cleaned';
import { excusesFor, localhostProfiles, type Excuses, type Imported } from './excuses';
import { mainCode, EXCUSE_CODE } from './main-code';
import { checkedNamespace, namer, pascalCase } from './names';
import { groupCode, type Group } from './group-code';
import { inOrder, representAll, type World } from './representation';
import { sealedFile } from './secrets';
import { NAME_LABEL } from './workload';

/** How {@link importManifests} works. */
export interface ImportOptions {
  /** The cluster that the manifests are for. */
  readonly target: ClusterTarget;
  /** The day on which waivers are judged. */
  readonly now: Date;
}

/** What became of an object. */
export interface Outcome {
  /** Its kind and name. */
  readonly object: string;
  /** The construct, `ApiObject` for an object as it is, or `nothing` for a Secret. */
  readonly became: string;
  /** Path of the file that it is in. */
  readonly file: string;
  /** Why it is no construct. */
  readonly because?: string;
  /** Ids of the controls that it is excused from. */
  readonly excused: readonly string[];
}

/** Manifests as a program. */
export interface ImportedProgram {
  readonly files: readonly ProjectFile[];
  /** One for each object, in the order of the files. */
  readonly outcomes: readonly Outcome[];
}

/**
 * Writes manifests as a TypeScript program that synthesizes the same objects, hardened: with constructs where one says exactly
 * what the object says, and as they are elsewhere. Who reaches whom stays the same. Values of Secrets are left out.
 * @throws BulwarkError for two objects of one name, for a name that cannot be one, and for a key `__proto__`.
 */
export function importManifests(manifests: readonly Manifest[], options: ImportOptions): ImportedProgram {
  const { target, now } = options;
  refuseDuplicates(manifests);
  refusePrototypes(manifests);
  const groups = groupsOf(manifests, { now, target });
  const objects = groups.flatMap((group) => group.objects);
  const excuses = excusesFor(objects, target);
  const files = groups.map((group) => ({ path: fileOf(group), text: groupCode(group, excuses) }));
  const isTenants = ({ kind, metadata }: Manifest) =>
    kind === 'Namespace' && metadata?.labels?.[TENANT_LABEL] !== undefined;
  const main = mainCode(
    groups.map(({ className }, index) => ({ className, path: files[index]!.path })),
    {
      target,
      profiles: localhostProfiles(manifests),
      hasTenants: manifests.some(isTenants),
      controllers: controllersOf(objects),
    },
  );
  const undecided = objects.some((object) =>
    [...excuses.get(object)!].some((control) => !object.waivers.has(control)),
  );
  return {
    files: [
      { path: 'main.ts', text: main },
      ...files,
      ...(undecided ? [{ path: 'excuse.ts', text: EXCUSE_CODE }] : []),
      ...objects.filter(isSealed).map(({ own }) => ({
        path: sealedFile(own),
        text: toYaml([own]),
      })),
    ],
    outcomes: groups.flatMap((group) => outcomesOf(group, excuses)),
  };
}

function isSealed({ representation }: Imported): boolean {
  return representation.as === 'construct' && representation.construct === 'SealedSecret';
}

function controllersOf(objects: readonly Imported[]): ('sealedSecrets' | 'externalSecrets')[] {
  const isMade = (construct: string) =>
    objects.some(
      ({ representation }) => representation.as === 'construct' && representation.construct === construct,
    );
  return [
    ...(isMade('SealedSecret') ? (['sealedSecrets'] as const) : []),
    ...(isMade('ExternalSecret') ? (['externalSecrets'] as const) : []),
  ];
}

function refuseDuplicates(manifests: readonly Manifest[]): void {
  const known = new Set<string>();
  for (const manifest of manifests) {
    if (typeof manifest.metadata?.name !== 'string') {
      throw new BulwarkError(
        `import: a ${manifest.kind} has no metadata.name, and kubectl apply would refuse it. Give it one.`,
      );
    }
    const identity = identityOf(manifest);
    if (known.has(identity)) {
      throw new BulwarkError(
        `import: ${describeObject(manifest)} is there twice, and one would overwrite the other. Leave one of them out.`,
      );
    }
    known.add(identity);
  }
}

/** JavaScript takes a key of this name for something else, and cdk8s would lose it. */
function refusePrototypes(manifests: readonly Manifest[]): void {
  for (const manifest of manifests) {
    const path = isSecret(manifest) ? undefined : prototypeIn(manifest, '');
    if (path === undefined) continue;
    throw new BulwarkError(
      `import: ${describeObject(manifest)} has a key __proto__ in ${path || 'its root'}, which cdk8s cannot write. Rename it, or apply the object by itself.`,
    );
  }
}

/** Path of an object that has the key. */
function prototypeIn(value: unknown, path: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Object.hasOwn(value, '__proto__')) return path;
  for (const [key, field] of Object.entries(value)) {
    const found = prototypeIn(field, path === '' ? key : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What belongs to no namespace first, then the namespaces by name. */
function groupsOf(manifests: readonly Manifest[], options: ImportOptions): Group[] {
  const places = groupBy(manifests, (manifest) =>
    scopeOf(manifest) === 'cluster' ? '' : (manifest.metadata?.namespace ?? ''),
  );
  const className = namer();
  const world = worldOf(manifests, options);
  return [...places]
    .sort(([one], [other]) => compareText(one, other))
    .map(([namespace, objects]) => {
      const name = namespace === '' ? undefined : checkedNamespace(namespace);
      return {
        className: className(`${pascalCase(name ?? 'cluster')}${name === undefined ? '' : 'Namespace'}`),
        namespace: name,
        ...contentOf(objects, world, options.now),
      };
    });
}

function worldOf(manifests: readonly Manifest[], { target, now }: ImportOptions): World {
  const bound = new Set(manifests.flatMap(boundSubjects));
  const isBound = (subject: Subject) => bound.has(subjectKey(subject));
  const selecting = manifests.filter(({ kind }) => kind === 'NetworkPolicy' || kind === 'Service');
  const asked = new Set(selecting.flatMap(({ spec }) => askedNames(spec)));
  return {
    target,
    hasRights: (namespace, name) =>
      subjectsOfIdentity(identityOfSubject({ kind: 'ServiceAccount', namespace, name })).some(isBound),
    asksForName: (name) => asked.has(name) || asked.has(undefined),
    waived: (manifest) => new Set(waiversIn(manifest, now).keys()),
  };
}

/** Whom a binding names. Its role may be one of the cluster, so that it is not asked what that allows. */
function boundSubjects({ kind, metadata, subjects }: Manifest): string[] {
  if (!/^(Cluster)?RoleBinding$/.test(kind) || !Array.isArray(subjects)) return [];
  const namespace = kind === 'RoleBinding' ? metadata?.namespace : undefined;
  return (subjects as unknown[]).flatMap((entry) => {
    const subject = boundSubject(entry, namespace);
    return subject ? [subjectKey(subject)] : [];
  });
}

/** The values of the label of names that selectors ask for; undefined where one asks in another way. */
function askedNames(value: unknown): (string | undefined)[] {
  if (Array.isArray(value)) return value.flatMap(askedNames);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, field]) => {
    if (key === NAME_LABEL) return [String(field)];
    if (key === 'key' && field === NAME_LABEL) return [undefined];
    return askedNames(field);
  });
}

function contentOf(
  manifests: readonly Manifest[],
  world: World,
  now: Date,
): Pick<Group, 'objects' | 'secrets' | 'labels'> {
  const given = inOrder(manifests.filter((manifest) => !isSecret(manifest)));
  const clean = given.map(cleaned);
  const labels = commonLabels(clean);
  const own = clean.map((manifest) => withoutLabels(manifest, labels));
  const representations = representAll(own, world);
  const objects = given.map((manifest, index): Imported => {
    const representation = representations.get(own[index]!)!;
    return {
      manifest: clean[index]!,
      own: own[index]!,
      representation,
      waivers: waiversIn(manifest, now),
    };
  });
  return { objects, secrets: manifests.filter(isSecret), labels };
}

function isSecret({ apiVersion, kind }: Manifest): boolean {
  return apiVersion === 'v1' && kind === 'Secret';
}

/** Those that are in force, by control. */
function waiversIn(manifest: Manifest, now: Date): ReadonlyMap<string, Waiver> {
  const valid = waiversOf(manifest).filter(
    (waiver) => isUnderstandable(waiver.reason) && !isExpired(waiver, now),
  );
  return new Map(valid.map((waiver) => [waiver.control, waiver]));
}

function fileOf({ namespace }: Group): string {
  return namespace === undefined ? 'cluster.ts' : `namespaces/${namespace}.ts`;
}

function outcomesOf(group: Group, excuses: Excuses): Outcome[] {
  const file = fileOf(group);
  return [
    ...group.objects.map((object): Outcome => {
      const { manifest, representation } = object;
      const common = { object: describeObject(manifest), file, excused: [...excuses.get(object)!].sort() };
      if (representation.as === 'plain')
        return { ...common, became: 'ApiObject', because: representation.because };
      return { ...common, became: representation.construct };
    }),
    ...group.secrets.map((manifest): Outcome => ({
      object: describeObject(manifest),
      became: 'nothing',
      file,
      because: 'its values have no place in code; the file says how to seal them',
      excused: [],
    })),
  ];
}
