import { groupOf, type Manifest } from './manifest';

/** API groups that an API server of 1.27 to 1.37 has of itself; `` is the core group. */
export const BUILT_IN_GROUPS: ReadonlySet<string> = new Set([
  '',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'apps',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'internal.apiserver.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'resource.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
  'storagemigration.k8s.io',
]);

/**
 * The CustomResourceDefinitions that have to be in the cluster before manifests are applied, by name (`plural.group`), with the
 * number of objects that need each. Those that are among the manifests are left out.
 */
export function requiredDefinitions(manifests: readonly Manifest[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const manifest of manifests) {
    if (!isCustomResource(manifest)) continue;
    const name = `${pluralOf(manifest.kind)}.${groupOf(manifest)}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  for (const { kind, metadata } of manifests) {
    if (kind === 'CustomResourceDefinition') counts.delete(metadata?.name ?? '');
  }
  return new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Whether the API server knows such an object by a CustomResourceDefinition only. */
export function isCustomResource(manifest: Manifest): boolean {
  return !BUILT_IN_GROUPS.has(groupOf(manifest));
}

/** The plural of a kind as definitions spell it: `SealedSecret` is `sealedsecrets`, `ClusterNetworkPolicy` `clusternetworkpolicies`. */
export function pluralOf(kind: string): string {
  const singular = kind.toLowerCase();
  // The one kind of Kubernetes that is called by a plural.
  if (singular === 'endpoints') return singular;
  if (/(s|x|z|ch|sh)$/.test(singular)) return `${singular}es`;
  return /[^aeiou]y$/.test(singular) ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}
