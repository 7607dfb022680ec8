import { pluralOf } from '../manifest/custom-resources';
import { compareText, groupOf } from '../manifest/manifest';
import { push } from '../groups';
import { WATCHED_KINDS } from './kinds';

/** How objects of a kind are read: all of them, each that was declared, or of each the metadata alone. */
export type Reading = 'all' | 'each' | 'metadata-of-each';

/** A right that a comparison takes. */
export interface DriftRight {
  readonly verb: 'list' | 'get';
  /** `PLURAL`, or `PLURAL.GROUP`. */
  readonly resource: string;
  /** Names that it is limited to; empty for all objects. */
  readonly names: readonly string[];
}

/** An object as far as rights depend on it. */
export interface NamedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}

/**
 * How objects of a kind are read. What others keep in ConfigMaps and Secrets is nobody's business, and one that nobody declared
 * weakens nothing.
 */
export function readingOf({ apiVersion, kind }: Pick<NamedObject, 'apiVersion' | 'kind'>): Reading {
  if (apiVersion !== 'v1') return 'all';
  if (kind === 'Secret') return 'metadata-of-each';
  return kind === 'ConfigMap' ? 'each' : 'all';
}

/**
 * The rights that it takes to compare a cluster with what was declared, in the whole cluster. Secrets are left out: there is no
 * right to metadata alone, so whoever may ask for it may read all of a Secret.
 */
export function rightsToCompare(declared: readonly NamedObject[]): DriftRight[] {
  const named = new Map<string, string[]>();
  const listed = new Set<string>();
  for (const { apiVersions, kind } of WATCHED_KINDS) {
    for (const apiVersion of apiVersions) listed.add(resourceOf(apiVersion, kind));
  }
  for (const { apiVersion, kind, name } of declared) {
    const reading = readingOf({ apiVersion, kind });
    if (reading === 'all') listed.add(resourceOf(apiVersion, kind));
    if (reading === 'each') push(named, resourceOf(apiVersion, kind), name);
  }
  return [
    ...[...listed].sort(compareText).map((resource) => ({ verb: 'list' as const, resource, names: [] })),
    ...[...named].map(([resource, names]) => ({ verb: 'get' as const, resource, names })),
  ];
}

function resourceOf(apiVersion: string, kind: string): string {
  const group = groupOf({ apiVersion });
  return `${pluralOf(kind)}${group && `.${group}`}`;
}
