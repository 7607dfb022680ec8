import fs from 'node:fs';
import path from 'node:path';
import { groupBy } from '../groups';
import { isObject, identityOf, type JsonObject, type Manifest } from '../manifest/manifest';
import type { SourcedManifest } from '../manifest/reader';

/** The file beside manifests in which cdk8s and a blueprint record which construct made which object. */
export const CONSTRUCT_METADATA = 'construct-metadata.json';

/**
 * Finds the path of the construct that made an object, where {@link CONSTRUCT_METADATA} beside its file tells. cdk8s itself
 * records names without kinds, so of its record only those count that one object of the folder has.
 * @param objects Everything that was read.
 */
export function constructPaths(
  objects: readonly SourcedManifest[],
): (object: SourcedManifest) => string | undefined {
  const folders = groupBy(objects, ({ file }) => path.dirname(file));
  const paths = new Map<Manifest, string>();
  for (const [folder, there] of folders) {
    const pathOf = recorded(path.join(folder, CONSTRUCT_METADATA), there);
    for (const { manifest } of there) {
      const made = pathOf(manifest);
      if (made !== undefined) paths.set(manifest, made);
    }
  }
  return ({ manifest }) => paths.get(manifest);
}

type PathOf = (manifest: Manifest) => string | undefined;

function recorded(file: string, there: readonly SourcedManifest[]): PathOf {
  const { objects, resources } = readRecord(file);
  if (Array.isArray(objects)) {
    const byIdentity = new Map(
      objects.filter(isObject).map((entry) => [identityOfEntry(entry), textOf(entry.path)]),
    );
    return (manifest) => byIdentity.get(identityOf(manifest));
  }
  if (!isObject(resources)) return () => undefined;
  const named = new Map<unknown, number>();
  for (const { manifest } of there)
    named.set(manifest.metadata?.name, (named.get(manifest.metadata?.name) ?? 0) + 1);
  return ({ metadata }) => {
    const entry = named.get(metadata?.name) === 1 ? resources[String(metadata?.name)] : undefined;
    return isObject(entry) ? textOf(entry.path) : undefined;
  };
}

function identityOfEntry({ apiVersion, kind, namespace, name }: JsonObject): string {
  const metadata = { ...(typeof namespace === 'string' && { namespace }), name: String(name) };
  return identityOf({ apiVersion: String(apiVersion), kind: String(kind), metadata });
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** What is recorded; nothing where there is no record, or another tool's file of that name. */
function readRecord(file: string): JsonObject {
  try {
    const record: unknown = JSON.parse(fs.readFileSync(file, 'utf8'));
    return isObject(record) ? record : {};
  } catch {
    return {};
  }
}
