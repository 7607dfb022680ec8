import { BUILT_IN_GROUPS } from '../manifest/custom-resources';
import { groupOf, isObject, type JsonObject, type Manifest } from '../manifest/manifest';
import { isQuantity, parseQuantity } from '../manifest/quantity';
import { isServerDefault, meansNothing } from './defaults';
import { isOwnersOwn } from './managed-fields';
import { carriesTrust } from './trust';

/** A step into an object, or to a place in a list. */
export type Step = string | number;

/** A place at which a live object is not what was declared. */
export interface Difference {
  /** Where in the live object; the place of what is missing in a list is the length of the list. */
  readonly path: readonly Step[];
  readonly kind: 'changed' | 'added' | 'removed';
  /** Undefined for what was added. */
  readonly declared?: unknown;
  /** Undefined for what was removed. */
  readonly live?: unknown;
}

/** How {@link compareObjects} proceeds. */
export interface CompareOptions {
  /** Keys of labels that some selector asks for, so that whoever sets one gains something. @default none */
  readonly askedLabels?: ReadonlySet<string>;
}

interface Context {
  readonly live: Manifest;
  readonly declared: Manifest;
  readonly isCustom: boolean;
  readonly askedLabels: ReadonlySet<string>;
  readonly found: Difference[];
}

interface Place {
  readonly path: readonly Step[];
  readonly fields: readonly string[];
}

/** What the server and controllers keep in an object beside what was declared. */
const NOT_DECLARED: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'status', 'metadata']);

/**
 * Every place at which a live object is not the declared one after the API server has completed it: values that differ, are
 * gone or were added. Amounts are compared as amounts, lists with keys by their keys, and nothing is the same as an empty list.
 * Additional labels and annotations are passed over unless they carry trust.
 */
export function compareObjects(
  declared: Manifest,
  live: Manifest,
  { askedLabels = new Set() }: CompareOptions = {},
): Difference[] {
  const isCustom = !BUILT_IN_GROUPS.has(groupOf(declared));
  const context: Context = { live, declared, isCustom, askedLabels, found: [] };
  compareMetadata(context);
  for (const field of fieldsOf(declared, live)) {
    if (NOT_DECLARED.has(field) || isAggregated(field, declared)) continue;
    compareMember(declared, live, field, { path: [], fields: [], context });
  }
  return context.found;
}

/** A controller fills in the rules of a ClusterRole that collects those of others. */
function isAggregated(field: string, { aggregationRule }: Manifest): boolean {
  return field === 'rules' && isObject(aggregationRule);
}

function fieldsOf(...objects: readonly JsonObject[]): string[] {
  return [...new Set(objects.flatMap((object) => Object.keys(object)))];
}

function compareMetadata(context: Context): void {
  const going = context.live.metadata?.deletionTimestamp;
  if (going !== undefined)
    context.found.push({ path: ['metadata', 'deletionTimestamp'], kind: 'added', live: going });
  compareKeys('labels', context);
  compareKeys('annotations', context);
}

function compareKeys(map: 'labels' | 'annotations', { declared, live, askedLabels, found }: Context): void {
  const [wanted, actual] = [declared, live].map(({ metadata }) => metadata?.[map] ?? {});
  for (const [key, value] of Object.entries(wanted!)) {
    const isOther = key !== LAST_APPLIED && value !== actual![key];
    if (isOther) found.push(differenceAt(['metadata', map, key], value, actual![key]));
  }
  for (const [key, value] of Object.entries(actual!)) {
    const isGained = !(key in wanted!) && carriesTrust(map, key, askedLabels);
    if (isGained) found.push({ path: ['metadata', map, key], kind: 'added', live: value });
  }
}

function differenceAt(path: readonly Step[], declared: unknown, live: unknown): Difference {
  return live === undefined ? { path, kind: 'removed', declared } : { path, kind: 'changed', declared, live };
}

/** What `kubectl apply` leaves behind. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

function compareMember(
  declared: JsonObject,
  live: JsonObject,
  field: string,
  { path, fields, context }: Place & { context: Context },
): void {
  const place = { path: [...path, field], fields: [...fields, field] };
  const [wanted, actual] = [declared[field], live[field]];
  if (meansNothing(field, actual)) {
    if (!meansNothing(field, wanted)) {
      context.found.push({ path: place.path, kind: 'removed', declared: wanted });
    }
  } else if (wanted === undefined || wanted === null) {
    if (!isExpected(place, actual, { declared, context }))
      context.found.push({ path: place.path, kind: 'added', live: actual });
  } else {
    compareValues(wanted, actual, place, context);
  }
}

function isExpected(
  { path, fields }: Place,
  value: unknown,
  { declared, context }: { declared: JsonObject; context: Context },
): boolean {
  if (context.isCustom) return isOwnersOwn(context.live, path);
  if (isPodExtra(fields, value, context.declared) || isTemplateNote(fields)) return true;
  return isServerDefault(fields, value, declared, wholeOf(path, context));
}

/** The object around the one that holds the field, such as the Service around a port. */
function wholeOf(path: readonly Step[], { declared }: Context): JsonObject {
  let at: unknown = declared;
  const above = path.slice(0, -2);
  if (typeof above.at(-1) === 'number') above.pop();
  if (typeof path.at(-2) === 'number') above.splice(-1);
  for (const step of above) at = isObject(at) || Array.isArray(at) ? (at as JsonObject)[step] : undefined;
  return isObject(at) ? at : {};
}

/** A restart by kubectl, and whatever else is written into the annotations of a template, changes nothing unless it carries trust. */
function isTemplateNote(fields: readonly string[]): boolean {
  const [map, key] = fields.slice(-2);
  if (fields.at(-1) === 'creationTimestamp') return true;
  return (
    map === 'annotations' && fields.includes('template') && !carriesTrust('annotations', key!, new Set())
  );
}

const ADMITTED_PODS_HAVE: ReadonlySet<string> = new Set(['nodeName', 'priority', 'tolerations', 'hostname']);

/** What admission and the scheduler write into a Pod, though not into a template. */
function isPodExtra(fields: readonly string[], value: unknown, { kind }: Manifest): boolean {
  if (kind === 'Job' && /^spec\.(selector|template\.metadata(\.labels)?)/.test(fields.join('.'))) return true;
  if (kind !== 'Pod') return false;
  const item = JSON.stringify(value);
  return ADMITTED_PODS_HAVE.has(fields.at(-1)!) || item.includes('kube-api-access-');
}

function compareValues(declared: unknown, live: unknown, place: Place, context: Context): void {
  if (Array.isArray(declared) && Array.isArray(live)) compareLists(declared, live, place, context);
  else if (isObject(declared) && isObject(live)) {
    for (const field of fieldsOf(declared, live)) compareMember(declared, live, field, { ...place, context });
  } else if (!isSame(declared, live, place.fields))
    context.found.push({ path: place.path, kind: 'changed', declared, live });
}

const AMOUNTS = /^(requests|limits|hard|capacity|default|defaultRequest|max|min|maxLimitRequestRatio)$/;

function isSame(declared: unknown, live: unknown, fields: readonly string[]): boolean {
  if (declared === live) return true;
  const isAmount = AMOUNTS.test(fields.at(-2) ?? '') || /^(sizeLimit|divisor)$/.test(fields.at(-1)!);
  if (!isAmount || !isQuantity(declared) || !isQuantity(live)) return false;
  return parseQuantity(String(declared)) === parseQuantity(String(live));
}

/** What tells the items of a list apart (the listMapKeys of the API); a list that is not named is taken as a whole. */
const LIST_KEYS: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  volumes: ['name'],
  env: ['name'],
  imagePullSecrets: ['name'],
  volumeMounts: ['mountPath'],
  volumeDevices: ['devicePath'],
  webhooks: ['name'],
  variables: ['name'],
  matchConditions: ['name'],
  'containers.ports': ['containerPort', 'protocol'],
  'initContainers.ports': ['containerPort', 'protocol'],
  'spec.ports': ['port', 'protocol'],
};

function compareLists(
  declared: readonly unknown[],
  live: readonly unknown[],
  { path, fields }: Place,
  context: Context,
): void {
  const keys = LIST_KEYS[fields.slice(-2).join('.')] ?? LIST_KEYS[fields.at(-1)!];
  const pairs =
    (keys && pairByKey(declared, live, keys)) ?? pairInOrder(declared, live, { path, fields }, context);
  for (const { wanted, at } of pairs) {
    const here = { path: [...path, at ?? live.length], fields };
    if (at === undefined) context.found.push({ path: here.path, kind: 'removed', declared: wanted });
    else if (wanted === undefined) {
      if (!isPodExtra(fields, live[at], context.declared))
        context.found.push({ path: here.path, kind: 'added', live: live[at] });
    } else compareValues(wanted, live[at], here, context);
  }
}

interface Pair {
  readonly wanted?: unknown;
  /** Place of the live item. */
  readonly at?: number;
}

function pairByKey(
  declared: readonly unknown[],
  live: readonly unknown[],
  keys: readonly string[],
): Pair[] | undefined {
  const keyOf = (item: unknown) =>
    isObject(item)
      ? keys.map((key) => JSON.stringify(item[key] ?? (key === 'protocol' ? 'TCP' : null))).join()
      : undefined;
  const places = new Map(live.map((item, index) => [keyOf(item), index]));
  const wanted = new Map(declared.map((item) => [keyOf(item), item]));
  if (places.size < live.length || wanted.size < declared.length) return undefined;
  return [
    ...[...wanted].map(([key, item]) => ({ wanted: item, at: places.get(key) })),
    ...[...places].filter(([key]) => !wanted.has(key)).map(([, at]) => ({ at })),
  ];
}

/** Of lists of one length each item with the one in its place; otherwise those that are the same, and the rest alone. */
function pairInOrder(
  declared: readonly unknown[],
  live: readonly unknown[],
  place: Place,
  context: Context,
): Pair[] {
  if (declared.length === live.length) return declared.map((wanted, at) => ({ wanted, at }));
  const free = new Set(live.keys());
  const pairs = declared.map((wanted) => {
    const at = [...free].find((index) => {
      const found: Difference[] = [];
      compareValues(wanted, live[index], { ...place, path: [...place.path, index] }, { ...context, found });
      return found.length === 0;
    });
    if (at !== undefined) free.delete(at);
    return at === undefined ? { wanted } : { wanted, at };
  });
  return [...pairs, ...[...free].map((at) => ({ at }))];
}
