import { WAIVER_ANNOTATION } from '../controls/waiver';
import type { JsonObject, Manifest } from '../manifest/manifest';

/** What the API server, kubectl and controllers write, and nobody who writes a manifest. */
const WRITTEN_BY_SERVER: ReadonlySet<string> = new Set([
  ...['uid', 'resourceVersion', 'generation', 'creationTimestamp', 'selfLink', 'managedFields'],
  ...['deletionTimestamp', 'deletionGracePeriodSeconds'],
]);
const WRITTEN_BY_TOOLS: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'deployment.kubernetes.io/revision',
  'deprecated.daemonset.template.generation',
]);

/** The manifest as somebody would write it, without what an export of a running cluster adds. */
export function cleaned(manifest: Manifest): Manifest {
  const { status: _status, ...written } = manifest;
  return withoutNullFields({ ...written, metadata: cleanMetadata(manifest.metadata ?? {}) }) as Manifest;
}

function cleanMetadata(metadata: JsonObject): JsonObject {
  const kept = Object.entries(metadata).filter(([key]) => !WRITTEN_BY_SERVER.has(key));
  return Object.fromEntries(
    kept.flatMap(([key, value]) => {
      if (key !== 'annotations' || value === null) return [[key, value]];
      const own = Object.entries(value as JsonObject).filter(([name]) => isWritten(name));
      return own.length > 0 ? [[key, Object.fromEntries(own)]] : [];
    }),
  );
}

/** Labels that all of several objects have. */
export function commonLabels(manifests: readonly Manifest[]): Record<string, string> {
  const [first, ...others] = manifests.map(({ metadata }) => metadata?.labels ?? {});
  if (!first || others.length === 0) return {};
  return Object.fromEntries(
    Object.entries(first).filter(
      ([key, value]) => typeof value === 'string' && others.every((labels) => labels[key] === value),
    ),
  );
}

/** An object without labels that are said elsewhere. */
export function withoutLabels(manifest: Manifest, labels: Readonly<Record<string, string>>): Manifest {
  if (Object.keys(labels).length === 0) return manifest;
  const { labels: own = {}, ...metadata } = manifest.metadata ?? {};
  const rest = Object.entries(own).filter(([key]) => !Object.hasOwn(labels, key));
  return {
    ...manifest,
    metadata: { ...metadata, ...(rest.length > 0 && { labels: Object.fromEntries(rest) }) },
  };
}

/** Waivers become code, where they are seen. */
function isWritten(annotation: string): boolean {
  return !WRITTEN_BY_TOOLS.has(annotation) && !annotation.startsWith(WAIVER_ANNOTATION);
}

/** `null` is the same as nothing for the API server, and exports are full of it. */
function withoutNullFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNullFields);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== null)
      .map(([key, field]) => [key, withoutNullFields(field)]),
  );
}
