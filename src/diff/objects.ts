import { podTemplateOf } from '../manifest/pod';
import { describeObject } from '../manifest/manifest';
import { listSome } from '../wording';
import type { Change } from './change';
import { changedFields, type ObjectPair } from './pairs';

/** One line for each object that no other part of the comparison tells of. */
export function diffObjects(pairs: readonly ObjectPair[], isTold: (pair: ObjectPair) => boolean): Change[] {
  return pairs
    .filter((pair) => !isTold(pair))
    .map((pair) => ({ area: 'objects', effect: 'neutral', text: describe(pair) }));
}

function describe({ before, after }: ObjectPair): string {
  if (!after) return `${describeObject(before!)} was removed`;
  if (!before) return `${describeObject(after)} was added`;
  return `${describeObject(after)} changed in ${listSome(changedFields(before, after).map(shorten))}${images(before, after)}`;
}

/** The fields of a pod are found as well without the way to its spec. */
function shorten(path: string): string {
  return path.replace(/^spec\.(jobTemplate\.spec\.)?template\.spec\./, 'pod ');
}

function images(...sides: readonly NonNullable<ObjectPair['after']>[]): string {
  const [old, now] = sides.map((side) =>
    (podTemplateOf(side)?.spec.containers ?? []).map(({ image }) => String(image)),
  );
  const added = (now ?? []).filter((image) => !old!.includes(image));
  return added.length > 0 ? `; new images: ${listSome(added)}` : '';
}
