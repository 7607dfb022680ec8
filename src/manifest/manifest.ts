/** A part of a manifest whose fields are not known beforehand. */
export interface JsonObject {
  [key: string]: unknown;
}

/** The metadata every Kubernetes object has. */
export interface ObjectMeta extends JsonObject {
  name?: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

/** A Kubernetes object as plain JSON. */
export interface Manifest extends JsonObject {
  apiVersion: string;
  kind: string;
  metadata?: ObjectMeta;
}

/** Whether a value is a JSON object, not an array and not null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A copy without members that are null, which is how YAML writes an unset field: the API server reads `securityContext:` with
 * nothing behind it as if the line were not there. Shares nothing with the original, also where that shares parts (YAML anchors).
 */
export function withoutNulls<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item: unknown) => withoutNulls(item)) as T;
  // Whatever is no plain JSON, such as a date that YAML made, stays what it is.
  if (!isObject(value) || Object.prototype.toString.call(value) !== '[object Object]') return value;
  const set = Object.entries(value).filter(([, member]) => member !== null && member !== undefined);
  return Object.fromEntries(set.map(([key, member]) => [key, withoutNulls(member)])) as T;
}

/** The same as {@link withoutNulls} for whoever only reads: the very value where it holds no null, and not a copy. */
export function readWithoutNulls<T>(value: T): T {
  return holdsNull(value) ? withoutNulls(value) : value;
}

/** Whether a value is null or undefined, or holds either anywhere. */
export function holdsNull(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value !== 'object') return false;
  if (Array.isArray(value)) return value.some(holdsNull);
  for (const key in value) {
    if (holdsNull((value as JsonObject)[key])) return true;
  }
  return false;
}

/** The group of `apiVersion`; empty for the core group. */
export function groupOf(manifest: Pick<Manifest, 'apiVersion'>): string {
  const slash = manifest.apiVersion.indexOf('/');
  return slash < 0 ? '' : manifest.apiVersion.slice(0, slash);
}

/** `Kind namespace/name`, the way messages name an object. */
export function describeObject(manifest: Manifest): string {
  const { namespace, name } = manifest.metadata ?? {};
  return `${manifest.kind} ${namespace ? `${namespace}/` : ''}${name ?? '(no name)'}`;
}

/** The labels of a pod or another object; none where they are no mapping. */
export function labelsOf({ metadata }: { readonly metadata?: unknown }): Readonly<Record<string, string>> {
  const labels = isObject(metadata) ? metadata.labels : undefined;
  return isObject(labels) ? (labels as Record<string, string>) : {};
}

/** What makes an object the same object for the API server: group, kind, namespace and name. */
export function identityOf(manifest: Manifest): string {
  const { namespace, name } = manifest.metadata ?? {};
  return [groupOf(manifest), manifest.kind, namespace ?? '', name ?? ''].join('|');
}

/** Orders text by code units, the same on every machine. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
