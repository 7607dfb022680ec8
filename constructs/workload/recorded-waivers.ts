import { waiverAnnotation, type Waiver } from '../../src/controls/waiver';
import { isObject, type Manifest } from '../../src/manifest/manifest';

/** The object with its waivers as annotations, so that whoever reads the manifest sees them. */
export function recordWaivers(manifest: Manifest, waivers: readonly Waiver[]): Manifest {
  if (waivers.length === 0) return sorted(manifest);
  const metadata = { ...manifest.metadata };
  metadata.annotations = { ...metadata.annotations, ...Object.fromEntries(waivers.map(waiverAnnotation)) };
  return sorted({ ...manifest, metadata });
}

/** cdk8s sorts the keys of every object below the top level, unless told otherwise; so do we with what we added. */
function sorted(manifest: Manifest): Manifest {
  if (process.env.CDK8S_DISABLE_SORT) return manifest;
  return Object.fromEntries(
    Object.entries(manifest).map(([key, value]) => [key, sortKeys(value)]),
  ) as Manifest;
}

/** The very value where everything in it is in order. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(sortKeys);
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  if (!isObject(value)) return value;
  const keys = Object.keys(value);
  const members = keys.map((key) => sortKeys(value[key]));
  const isSame = keys.every(
    (key, index) => members[index] === value[key] && (index === 0 || keys[index - 1]! < key),
  );
  if (isSame) return value;
  const entries = keys.map((key, index) => [key, members[index]] as const);
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}
