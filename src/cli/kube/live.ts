import { managedNamespaces } from '../../drift/undeclared';
import { WATCHED_KINDS } from '../../drift/kinds';
import { withSelfMade } from '../../drift/self-made';
import { readingOf } from '../../drift/rights';
import type { Manifest } from '../../manifest/manifest';
import { CONCURRENCY, type ListResult, type Reader, type Refusal, type ServedKind } from './reader';

/** What could be read of a cluster. */
export interface LiveCluster {
  /** `1.37`. */
  readonly version: string;
  readonly objects: readonly Manifest[];
  /** Whether all objects of the kind of a manifest were read. */
  readonly isKnown: (manifest: Manifest) => boolean;
  /** The rights that were missing. */
  readonly refusals: readonly Refusal[];
  /** What was read in namespaces only, since the right to read it everywhere was missing. */
  readonly narrowed: readonly string[];
}

/** Reads the objects of every kind that was declared or can weaken a cluster. @throws BulwarkError as the reader does. */
export async function readLive(reader: Reader, declared: readonly Manifest[]): Promise<LiveCluster> {
  const version = await reader.version();
  const kinds = await kindsToRead(reader, declared);
  const namespaces = [
    ...new Set([
      ...managedNamespaces(declared).declared,
      ...declared.flatMap(({ metadata }) => metadata?.namespace ?? []),
    ]),
  ];
  const first = await inParallel(kinds, async (kind) => ({
    kind,
    ...(await readKind(reader, kind, declared, namespaces)),
  }));
  const results = [...first, ...(await readSelfMade(reader, declared, first))];
  const unread = new Set(
    results.filter(({ refusals }) => refusals.length > 0).map(({ kind }) => keyOf(kind)),
  );
  return {
    version,
    objects: results.flatMap(({ items }) => items),
    isKnown: (manifest) => !unread.has(keyOf(manifest)),
    refusals: results.flatMap(({ refusals }) => refusals),
    narrowed: results.filter(({ narrowed }) => narrowed).map(({ kind }) => kind.plural),
  };
}

/** What belongs into namespaces that people made is known once these are, and of some kinds only what is known is read. */
async function readSelfMade(
  reader: Reader,
  declared: readonly Manifest[],
  read: readonly (KindResult & { readonly kind: ServedKind })[],
): Promise<(KindResult & { readonly kind: ServedKind })[]> {
  const live = read.flatMap(({ items }) => items);
  const made = withSelfMade(declared, live).slice(declared.length);
  if (made.length === 0) return [];
  const complete = new Set(
    read.filter(({ kind }) => readingOf(kind) === 'all').map(({ kind }) => keyOf(kind)),
  );
  const kinds = (await kindsToRead(reader, made)).filter((kind) => !complete.has(keyOf(kind)));
  return inParallel(kinds, async (kind) => ({ kind, ...(await readKind(reader, kind, made, [])) }));
}

function keyOf({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): string {
  return `${apiVersion} ${kind}`;
}

/** Kinds that the server does not have are left out: of these there is no object, and what was declared is missing. */
async function kindsToRead(reader: Reader, declared: readonly Manifest[]): Promise<ServedKind[]> {
  const wanted = new Map(declared.map((manifest) => [keyOf(manifest), manifest]));
  const versions = new Set([
    ...declared.map(({ apiVersion }) => apiVersion),
    ...WATCHED_KINDS.flatMap(({ apiVersions }) => apiVersions),
  ]);
  const served = new Map(
    await inParallel([...versions], async (version) => [version, await reader.discover(version)] as const),
  );
  const found = new Map<string, ServedKind>();
  for (const { apiVersion, kind } of wanted.values()) {
    const one = served.get(apiVersion)?.get(kind);
    if (one) found.set(keyOf(one), one);
  }
  for (const { apiVersions, kind } of WATCHED_KINDS) {
    const one = apiVersions.flatMap((version) => served.get(version)?.get(kind) ?? [])[0];
    if (one && !apiVersions.some((version) => found.has(`${version} ${kind}`))) found.set(keyOf(one), one);
  }
  return [...found.values()];
}

interface KindResult {
  readonly items: readonly Manifest[];
  readonly refusals: readonly Refusal[];
  readonly narrowed: boolean;
}

/** Everywhere at once, or where that is refused in each namespace that was declared. */
async function readKind(
  reader: Reader,
  kind: ServedKind,
  declared: readonly Manifest[],
  namespaces: readonly string[],
): Promise<KindResult> {
  const reading = readingOf(kind);
  if (reading !== 'all') {
    const objects = declared.filter((manifest) => keyOf(manifest) === keyOf(kind));
    const metadataOnly = reading === 'metadata-of-each';
    return merged(
      await inParallel(objects, ({ metadata }) =>
        reader.get(kind, metadata?.name ?? '', { namespace: metadata?.namespace ?? 'default', metadataOnly }),
      ),
    );
  }
  const all = await reader.list(kind);
  if ('items' in all || !kind.namespaced || namespaces.length === 0) return merged([all]);
  const parts = await inParallel(namespaces, (namespace) => reader.list(kind, namespace));
  // One right for all is the shorter way to say what is missing.
  if (parts.every((part) => 'refused' in part)) return merged([all]);
  return { ...merged(parts), narrowed: true };
}

function merged(results: readonly ListResult[]): KindResult {
  return {
    items: results.flatMap((result) => ('items' in result ? result.items : [])),
    refusals: eachOnce(results.flatMap((result) => ('refused' in result ? [result.refused] : []))),
    narrowed: false,
  };
}

/** Many objects may want the same right. */
function eachOnce(refusals: readonly Refusal[]): Refusal[] {
  return [...new Map(refusals.map((refusal) => [JSON.stringify(refusal), refusal])).values()];
}

async function inParallel<T, R>(items: readonly T[], task: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await task(items[index]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, items.length) }, worker));
  return results;
}
