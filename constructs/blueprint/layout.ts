import { Names, YamlOutputType, type ApiObject } from 'cdk8s';
import { BulwarkError } from '../../src/errors';
import { push } from '../../src/groups';
import { isCustomResource } from '../../src/manifest/custom-resources';
import { objectRank, scopeOf } from '../../src/manifest/kinds';
import { compareText, describeObject, type Manifest } from '../../src/manifest/manifest';
import { isNamespaceName } from '../../src/manifest/names';
import type { Entry } from './entry';
import type { Ordered } from './order';

/** How objects are divided into files: `namespace` is the blueprint's own way, the others are those of cdk8s. */
export type Layout = 'namespace' | YamlOutputType;

/** A file to be written and the objects in it, in order. */
export interface PlannedFile {
  readonly name: string;
  readonly manifests: readonly Manifest[];
}

/** Prefix and rest of a file's name. `kubectl apply -f FOLDER` takes files in the order of their names. */
interface Place {
  readonly prefix: number;
  readonly name: string;
}

/** Objects that name no namespace land in the one that kubectl is set to. No namespace can have an underscore in its name. */
const CURRENT_NAMESPACE = '_current-namespace';

/**
 * What is in no namespace and needs a CustomResourceDefinition: in a file of its own, after what every API server takes, so that
 * the rest can be applied without it.
 */
const CLUSTER_CUSTOM = 'custom';

/** Numbers that the prefixes of one stage take, so that those of the next stage come after all of them. */
const STAGE_WIDTH: Readonly<Record<Layout, number>> = {
  namespace: 20,
  [YamlOutputType.FILE_PER_APP]: 0,
  [YamlOutputType.FILE_PER_CHART]: 10,
  [YamlOutputType.FILE_PER_RESOURCE]: 50,
  [YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE]: 0,
};

/**
 * Divides ordered objects into files whose names are in the order of application. An object that depends on one in a file of
 * a later name moves to a second file of its group, in a later stage.
 */
export function planFiles(ordered: Ordered, layout: Layout, extension: string): PlannedFile[] {
  if (layout === YamlOutputType.FILE_PER_APP) {
    const manifests = ordered.entries.map(({ manifest }) => manifest);
    return manifests.length > 0 ? [{ name: `app${extension}`, manifests }] : [];
  }
  const places = new Map<Entry, Place>(ordered.entries.map((entry) => [entry, placeOf(entry, layout)]));
  const stages = stagesOf(ordered, places, extension);
  const lastStage = [...stages.values()].reduce((last, stage) => Math.max(last, stage), 0);
  const width = Math.max(2, String((lastStage + 1) * STAGE_WIDTH[layout] - 1).length);
  const files = new Map<string, Manifest[]>();
  for (const entry of ordered.entries) {
    const { prefix, name } = places.get(entry)!;
    const number = stages.get(entry)! * STAGE_WIDTH[layout] + prefix;
    push(files, `${String(number).padStart(width, '0')}-${name}${extension}`, entry.manifest);
  }
  return [...files]
    .map(([name, manifests]) => ({ name, manifests }))
    .sort((a, b) => compareText(a.name, b.name));
}

function placeOf({ object, manifest }: Entry, layout: Layout): Place {
  switch (layout) {
    case YamlOutputType.FILE_PER_CHART:
      return { prefix: 0, name: Names.toDnsLabel(object.chart) };
    case YamlOutputType.FILE_PER_RESOURCE:
      return { prefix: objectRank(manifest), name: resourceFileName(manifest) };
    default:
      return namespacePlace(object, manifest);
  }
}

function namespacePlace(object: ApiObject, manifest: Manifest): Place {
  const scope = scopeOf(manifest);
  const namespace = manifest.metadata?.namespace;
  if (scope === 'cluster' || (scope === 'unknown' && namespace === undefined)) {
    return { prefix: 0, name: isCustomResource(manifest) ? CLUSTER_CUSTOM : 'cluster' };
  }
  if (namespace === undefined) return { prefix: 10, name: CURRENT_NAMESPACE };
  if (!isNamespaceName(namespace)) {
    throw new BulwarkError(
      `${object.node.path} (${describeObject(manifest)}): '${namespace}' is no name of a namespace. ` +
        'Use at most 63 lower-case letters, digits and hyphens, with a letter or digit at both ends.',
    );
  }
  return { prefix: 10, name: namespace };
}

function resourceFileName(manifest: Manifest): string {
  const { namespace, name } = manifest.metadata ?? {};
  return [manifest.kind, namespace, name]
    .filter((part) => part !== undefined)
    .map((part) => part.replaceAll(/[^0-9A-Za-z.-]/g, '_'))
    .join('.');
}

/** Position of a file: its stage, then where its name stands among all names of a stage. */
interface Position {
  readonly stage: number;
  readonly file: number;
}

function stagesOf(
  ordered: Ordered,
  places: ReadonlyMap<Entry, Place>,
  extension: string,
): Map<Entry, number> {
  // With the extension: it decides whether `shop` or `shop-web` comes first.
  const key = ({ prefix, name }: Place) => `${String(prefix).padStart(2, '0')}-${name}${extension}`;
  const names = [...new Set([...places.values()].map(key))].sort(compareText);
  const fileIndex = new Map(names.map((name, index) => [name, index]));
  const positions = new Map<number, Position>();
  const stages = new Map<Entry, number>();
  ordered.forEachNode((node, entry, prerequisites) => {
    const latest = prerequisites.map((before) => positions.get(before)!).reduce(later, { stage: 0, file: 0 });
    const place = entry && places.get(entry);
    if (!entry || !place) {
      positions.set(node, latest);
      return;
    }
    const file = fileIndex.get(key(place))!;
    const stage = latest.file <= file ? latest.stage : latest.stage + 1;
    positions.set(node, { stage, file });
    stages.set(entry, stage);
  });
  return stages;
}

function later(a: Position, b: Position): Position {
  return a.stage > b.stage || (a.stage === b.stage && a.file >= b.file) ? a : b;
}
