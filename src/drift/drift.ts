import type { Severity } from '../controls/control';
import { compareText, describeObject, identityOf, isObject, type Manifest } from '../manifest/manifest';
import { compareObjects, type Difference, type Step } from './compare';
import { beyondDefault, defaultObject } from './default-objects';
import { applyCommand, deleteCommand, mayBeSecret, restoreCommand } from './fix';
import { watchedKind, type WatchedKind } from './kinds';
import { lastWriter, writerOf, type Change } from './managed-fields';
import { askedLabelsOf } from './trust';
import { controllerOf, managedNamespaces, weakness, type ManagedNamespaces } from './undeclared';

/** A way in which a live cluster is not what was declared. Each object has one at most. */
export interface DriftFinding {
  readonly kind: 'missing' | 'changed' | 'undeclared';
  readonly severity: Severity;
  readonly object: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace: string | undefined;
    readonly name: string;
  };
  /** What is so, as a sentence without its full stop. */
  readonly message: string;
  /** The places that differ, such as `spec.podSelector`; values are told unless they may be credentials. */
  readonly changes: readonly DriftChange[];
  /** Who wrote there last, as far as the API server remembers: a removal leaves no trace but in the audit log. */
  readonly by: readonly Change[];
  /** A command that ends it. */
  readonly fix: string;
}

/** A place in an object that differs. */
export interface DriftChange {
  readonly field: string;
  readonly kind: Difference['kind'];
  /** As JSON. @default it was added, or may be a credential */
  readonly declared?: string;
  /** As JSON. @default it was removed, or may be a credential */
  readonly live?: string;
}

/** What {@link findDrift} compares. */
export interface DriftInput {
  readonly declared: readonly Manifest[];
  /** Objects of the kinds that were declared, and of those that can weaken a cluster. */
  readonly live: readonly Manifest[];
  /** Whether all live objects of that kind are known; of others none is called missing. @default all are */
  readonly isKnown?: (manifest: Manifest) => boolean;
  /** The file that declares an object, for the command that ends a finding. @default `-`, standard input */
  readonly fileOf?: (declared: Manifest) => string;
}

/** Kinds without which others are not kept from doing something. */
const WALLS =
  /^(Namespace|NetworkPolicy|ClusterNetworkPolicy|(Cluster)?Role(Binding)?|.*Admission.*|.*Webhook.*)$/;

/**
 * How a live cluster is not what was declared: objects that are missing, that differ from the declared ones as the API server
 * completes them, and that nobody declared and weaken it. Takes time linear in the objects. No verdict depends on managed
 * fields, which whoever writes can write as well, but for custom resources: they tell who it was.
 */
export function findDrift({
  declared,
  live,
  isKnown = () => true,
  fileOf = () => '-',
}: DriftInput): DriftFinding[] {
  const wanted = new Map(declared.map((manifest) => [identityOf(manifest), manifest]));
  const actual = new Map(live.map((manifest) => [identityOf(manifest), manifest]));
  const askedLabels = askedLabelsOf([...declared, ...live]);
  const managed = managedNamespaces(declared);
  const byUid = new Set(live.map(({ metadata }) => metadata?.uid));
  const owners = new Set(
    declared.map(({ kind, metadata }) => ownerKey(kind, metadata?.namespace, metadata?.name)),
  );
  const findings: DriftFinding[] = [];
  for (const [identity, manifest] of wanted) {
    const found = actual.get(identity);
    if (!found) {
      if (isKnown(manifest)) findings.push(missing(manifest, fileOf(manifest)));
      continue;
    }
    const differences = compareObjects(manifest, found, { askedLabels });
    if (differences.length > 0) findings.push(changed(found, differences, fileOf(manifest)));
  }
  for (const [identity, manifest] of actual) {
    if (!wanted.has(identity)) findings.push(...undeclared(manifest, { managed, byUid, owners }));
  }
  return findings.sort((a, b) => compareText(sortKey(a), sortKey(b)));
}

function sortKey({ kind, object }: DriftFinding): string {
  return [object.namespace ?? '', object.kind, object.name, kind].join('\n');
}

function objectOf({ apiVersion, kind, metadata }: Manifest): DriftFinding['object'] {
  return { apiVersion, kind, namespace: metadata?.namespace, name: metadata?.name ?? '' };
}

function severityOf({ kind }: Manifest): Severity {
  return WALLS.test(kind) ? 'critical' : 'high';
}

function missing(declared: Manifest, file: string): DriftFinding {
  return {
    kind: 'missing',
    severity: severityOf(declared),
    object: objectOf(declared),
    message: `${describeObject(declared)} was declared and is not there`,
    changes: [],
    by: [],
    fix: applyCommand(file),
  };
}

function changed(live: Manifest, differences: readonly Difference[], file?: string): DriftFinding {
  return {
    kind: 'changed',
    severity: severityOf(live),
    object: objectOf(live),
    message: `${describeObject(live)} is not what was declared`,
    changes: differences.map((difference) => changeOf(difference)),
    by: writersOf(live, differences),
    fix: restoreCommand(live, differences, file),
  };
}

/** Of what was removed the server remembers at best who wrote around it, so that counts only where nothing else differs. */
function writersOf(live: Manifest, differences: readonly Difference[]): Change[] {
  const present = differences.filter(({ kind }) => kind !== 'removed');
  const asked = present.length > 0 ? present : differences;
  const writers = asked.flatMap(({ path }) => writerOf(live, path) ?? []);
  return [...new Map(writers.map((one) => [`${one.manager} ${one.operation} ${one.time}`, one])).values()];
}

function changeOf({ path, kind, declared, live }: Difference): DriftChange {
  const isTold = !mayBeSecret(path);
  return {
    field: fieldName(path),
    kind,
    ...(isTold && declared !== undefined && { declared: JSON.stringify(declared) }),
    ...(isTold && live !== undefined && { live: JSON.stringify(withoutSecrets(live)) }),
  };
}

/** Of a container that somebody added, its environment and command may hold credentials. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !mayBeSecret([key]))
      .map(([key, member]) => [key, withoutSecrets(member)]),
  );
}

/** A path as findings write it: `spec.ports[0].port`, `metadata.labels['a.b/c']`. */
function fieldName(path: readonly Step[]): string {
  return path
    .map((step) => {
      if (typeof step === 'number') return `[${step}]`;
      return /^\w+$/.test(step) ? `.${step}` : `['${step}']`;
    })
    .join('')
    .replace(/^\./, '');
}

interface Surroundings {
  readonly managed: ManagedNamespaces;
  readonly byUid: ReadonlySet<unknown>;
  /** What was declared, by {@link ownerKey}: the owner may be a custom resource, of which only those are known. */
  readonly owners: ReadonlySet<string>;
}

function undeclared(live: Manifest, { managed, byUid, owners }: Surroundings): DriftFinding[] {
  const standard = defaultObject(live);
  if (standard) {
    const differences = beyondDefault(live, standard);
    return differences.length > 0 ? [changed(live, differences)] : [];
  }
  const owner = controllerOf(live);
  // What an object controls that is there itself, is looked at by looking at that.
  const isControlled = owner && (byUid.has(owner.uid) || isDeclaredOwner(owner, live, owners));
  if (isControlled) return isDebugged(live, managed) ? [debugged(live)] : [];
  const weak = weakness(live, managed);
  return weak ? [unknownObject(live, weak)] : [];
}

function unknownObject(live: Manifest, { severity, danger }: WatchedKind): DriftFinding {
  const by = lastWriter(live);
  return {
    kind: 'undeclared',
    severity,
    object: objectOf(live),
    message: `${describeObject(live)} was declared by nobody and ${danger}`,
    changes: [],
    by: by ? [by] : [],
    fix: deleteCommand(live),
  };
}

function isDebugged({ metadata, spec }: Manifest, managed: ManagedNamespaces): boolean {
  const ephemeral = isObject(spec) ? spec.ephemeralContainers : undefined;
  return managed.declared.has(metadata?.namespace ?? '') && Array.isArray(ephemeral) && ephemeral.length > 0;
}

function ownerKey(kind: string, namespace?: string, name?: string): string {
  return `${kind} ${namespace ?? ''}/${name ?? ''}`;
}

function isDeclaredOwner(
  owner: { kind: string; name: string },
  { metadata }: Manifest,
  owners: ReadonlySet<string>,
): boolean {
  if (watchedKind('apps/v1', owner.kind) ?? watchedKind('batch/v1', owner.kind)) return false;
  return owners.has(ownerKey(owner.kind, metadata?.namespace, owner.name));
}

function debugged(live: Manifest): DriftFinding {
  const path = ['spec', 'ephemeralContainers'];
  const by = writerOf(live, path);
  return {
    kind: 'changed',
    severity: 'high',
    object: objectOf(live),
    message: `${describeObject(live)} has a container that somebody added while it was running`,
    changes: [{ field: fieldName(path), kind: 'added' }],
    by: by ? [by] : [],
    fix: deleteCommand(live),
  };
}
