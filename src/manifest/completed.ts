import { isObject, withoutNulls, type Manifest } from './manifest';
import { containersOf, podTemplateOf } from './pod';

/**
 * A manifest as rules of admission see it: the API server writes the limits of a Pod's container into requests that are
 * unset before it asks them. It does so in a Pod only, and not in a template. Leaves its argument alone.
 */
export function completed(manifest: Manifest): Manifest {
  if (manifest.kind !== 'Pod') return manifest;
  const copy = withoutNulls(manifest);
  const pod = podTemplateOf(copy);
  for (const { container } of pod ? containersOf(pod.spec) : []) {
    const { resources } = container;
    if (!isObject(resources) || !isObject(resources.limits) || !isObject(resources.requests ?? {})) continue;
    resources.requests = { ...resources.limits, ...resources.requests };
  }
  return copy;
}
