import { isExpired, isUnderstandable, waiversOf, type Waiver } from '../controls/waiver';
import { BulwarkError } from '../errors';
import { groupBy } from '../groups';
import { scopeOf, TENANT_LABEL } from '../manifest/kinds';
import { compareText, describeObject, identityOf, type Manifest } from '../manifest/manifest';
import type { ProjectFile } from '../project/new-project';
import type { ClusterTarget } from '../target/target';
import { cleaned } from './cleaned';
import { excusesFor, localhostProfiles, type Excuses, type Imported } from './excuses';
import { mainCode, EXCUSE_CODE } from './main-code';
import { checkedNamespace, namer, pascalCase } from './names';
import { collectUses, groupCode, nameOf, type Group } from './namespace-code';
import { represent } from './representation';

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
 * @throws BulwarkError for two objects of one name, and for a name that cannot be one.
 */
export function importManifests(manifests: readonly Manifest[], options: ImportOptions): ImportedProgram {
  const { target, now } = options;
  refuseDuplicates(manifests);
  const groups = groupsOf(manifests, now);
  const excuses = excusesFor(
    groups.flatMap(({ objects }) => objects),
    target,
  );
  const files = groups.map((group) => ({ path: fileOf(group), text: groupCode(group, excuses) }));
  const isTenants = ({ kind, metadata }: Manifest) =>
    kind === 'Namespace' && metadata?.labels?.[TENANT_LABEL] !== undefined;
  const main = mainCode(
    groups.map(({ className }, index) => ({ className, path: files[index]!.path })),
    { target, profiles: localhostProfiles(manifests), hasTenants: manifests.some(isTenants) },
  );
  return {
    files: [
      { path: 'main.ts', text: main },
      ...files,
      ...(groups.some(({ uses }) => uses.names.own.has('excuse'))
        ? [{ path: 'excuse.ts', text: EXCUSE_CODE }]
        : []),
    ],
    outcomes: groups.flatMap((group) => outcomesOf(group, excuses)),
  };
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

/** What belongs to no namespace first, then the namespaces by name; within each the order of the manifests, accounts first. */
function groupsOf(manifests: readonly Manifest[], now: Date): Group[] {
  const places = groupBy(manifests, (manifest) =>
    scopeOf(manifest) === 'cluster' ? '' : (manifest.metadata?.namespace ?? ''),
  );
  const className = namer();
  return [...places]
    .sort(([one], [other]) => compareText(one, other))
    .map(([namespace, objects]) => {
      const name = namespace === '' ? undefined : checkedNamespace(namespace);
      return {
        className: className(`${pascalCase(name ?? 'cluster')}${name === undefined ? '' : 'Namespace'}`),
        namespace: name,
        ...contentOf(objects, now),
      };
    });
}

function contentOf(manifests: readonly Manifest[], now: Date): Pick<Group, 'objects' | 'secrets' | 'uses'> {
  const uses = collectUses();
  const isAccount = ({ kind }: Manifest) => kind === 'ServiceAccount';
  const accounts = new Set(manifests.filter(isAccount).map(nameOf));
  const neighbours = { accounts, workloads: new Set<string>() };
  const isSecret = ({ apiVersion, kind }: Manifest) => apiVersion === 'v1' && kind === 'Secret';
  const others = manifests.filter((manifest) => !isSecret(manifest));
  const ordered = [...others.filter(isAccount), ...others.filter((manifest) => !isAccount(manifest))];
  const objects = ordered.map((manifest): Imported => {
    const clean = cleaned(manifest);
    return {
      manifest: clean,
      representation: represent(clean, uses, neighbours),
      waivers: waiversIn(manifest, now),
    };
  });
  return { objects, secrets: manifests.filter(isSecret), uses };
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
      const excused = [...excuses.get(object)!].sort();
      if (representation.as === 'plain')
        return {
          object: describeObject(manifest),
          became: 'ApiObject',
          file,
          because: representation.because,
          excused,
        };
      return { object: describeObject(manifest), became: constructOf(object), file, excused };
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

function constructOf({ representation }: Imported): string {
  if (representation.as === 'workload') return representation.workload.construct;
  return representation.as === 'account' ? 'LockedServiceAccount' : 'DefaultDeny';
}
