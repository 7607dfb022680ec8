import { identityOf, isObject, type Manifest } from '../manifest/manifest';
import { stableText } from '../manifest/stable-text';

/** An object before and after; one of them is undefined where it was added or removed. */
export interface ObjectPair {
  readonly identity: string;
  readonly before: Manifest | undefined;
  readonly after: Manifest | undefined;
}

/** Every object that is not the same on both sides, in the order of the new ones, then those that are gone. */
export function changedObjects(before: readonly Manifest[], after: readonly Manifest[]): ObjectPair[] {
  const old = new Map(before.map((manifest) => [identityOf(manifest), manifest]));
  const now = new Map(after.map((manifest) => [identityOf(manifest), manifest]));
  const changed: ObjectPair[] = [];
  for (const [identity, manifest] of now) {
    const other = old.get(identity);
    if (!other || stableText(other) !== stableText(manifest))
      changed.push({ identity, before: other, after: manifest });
  }
  for (const [identity, manifest] of old) {
    if (!now.has(identity)) changed.push({ identity, before: manifest, after: undefined });
  }
  return changed;
}

/** Paths of the fields that differ, such as `spec.replicas`; a list that differs is one field. */
export function changedFields(before: unknown, after: unknown, path = ''): string[] {
  if (stableText(before) === stableText(after)) return [];
  if (!isObject(before) || !isObject(after)) return [path];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => changedFields(before[key], after[key], path === '' ? key : `${path}.${key}`));
}
