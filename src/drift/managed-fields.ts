import { compareText, isObject, type JsonObject, type Manifest } from '../manifest/manifest';
import type { Step } from './compare';

/** Who wrote something, as the API server remembers it. A client chooses its name, so this is a hint and no evidence. */
export interface Change {
  /** Name of the client: `kubectl-edit`, or what `--field-manager` said. */
  readonly manager: string;
  readonly operation: string;
  /** When it last wrote, as RFC 3339. */
  readonly time?: string;
}

interface Entry extends Change {
  readonly fields: JsonObject;
  readonly subresource: unknown;
}

/** Who last wrote the field at a path; undefined where the API server remembers nobody, as for what was removed. */
export function writerOf(live: Manifest, path: readonly Step[]): Change | undefined {
  return latest(entriesOf(live).filter(({ fields }) => owns(fields, live, path)));
}

/** Who last wrote anything but a status. */
export function lastWriter(live: Manifest): Change | undefined {
  return latest(entriesOf(live).filter(({ subresource }) => subresource === undefined));
}

/**
 * Whether a field of a custom resource that nobody declared can be left to its controller or its schema: nobody set it, or
 * only somebody who wrote no other part of what was declared, without `kubectl`.
 */
export function isOwnersOwn(live: Manifest, path: readonly Step[]): boolean {
  const writer = writerOf(live, path);
  return writer === undefined || (!writer.manager.startsWith('kubectl') && writer.operation === 'Update');
}

function latest(entries: readonly Entry[]): Change | undefined {
  const [last] = [...entries].sort((a, b) => compareText(b.time ?? '', a.time ?? ''));
  return last && { manager: last.manager, operation: last.operation, ...(last.time && { time: last.time }) };
}

function entriesOf({ metadata }: Manifest): Entry[] {
  const entries: readonly unknown[] = Array.isArray(metadata?.managedFields) ? metadata.managedFields : [];
  return entries.filter(isObject).map(({ manager, operation, time, fieldsV1, subresource }) => ({
    manager: String(manager),
    operation: String(operation),
    ...(typeof time === 'string' && { time }),
    fields: isObject(fieldsV1) ? fieldsV1 : {},
    subresource,
  }));
}

/** Walks the form of FieldsV1: `f:` a field, `k:` an item by its keys, `v:` an item by its value; an empty end owns all below. */
function owns(fields: JsonObject, live: Manifest, path: readonly Step[]): boolean {
  let at = fields;
  let value: unknown = live;
  for (const step of path) {
    if (Object.keys(at).length === 0) return true;
    value = isObject(value) || Array.isArray(value) ? (value as JsonObject)[step] : undefined;
    const next = typeof step === 'string' ? at[`f:${step}`] : itemOf(at, value);
    if (!isObject(next)) return false;
    at = next;
  }
  return true;
}

function itemOf(fields: JsonObject, item: unknown): unknown {
  const key = Object.keys(fields).find((one) => {
    if (one.startsWith('v:')) return one.slice(2) === JSON.stringify(item);
    if (!one.startsWith('k:') || !isObject(item)) return false;
    const wanted = JSON.parse(one.slice(2)) as JsonObject;
    return Object.entries(wanted).every(([name, value]) => item[name] === value);
  });
  return key === undefined ? undefined : fields[key];
}
