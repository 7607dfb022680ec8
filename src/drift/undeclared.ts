import { isObject, type Manifest } from '../manifest/manifest';
import { TENANT_LABEL } from '../manifest/kinds';
import { defaultObject } from './default-objects';
import { watchedKind, type WatchedKind } from './kinds';
import { isSelfMade } from './self-made';

/** Namespaces that Kubernetes makes, of which a set of manifests that has something in them declares only that. */
const OF_KUBERNETES: ReadonlySet<string> = new Set([
  'default',
  'kube-system',
  'kube-public',
  'kube-node-lease',
]);

/** Namespaces by who says what is in them. */
export interface ManagedNamespaces {
  /** Those that manifests declare as a whole: what is in them beside what was declared is nobody's. */
  readonly declared: ReadonlySet<string>;
  /** Those that people of a tenant made, who run in them what they like. */
  readonly selfMade: ReadonlySet<string>;
}

export function managedNamespaces(declared: readonly Manifest[]): ManagedNamespaces {
  const selfMade = new Set(declared.filter(isSelfMade).map(({ metadata }) => metadata?.name ?? ''));
  const named = declared.map(({ kind, metadata }) =>
    kind === 'Namespace' ? metadata?.name : metadata?.namespace,
  );
  const isWhole = (name: string | undefined): name is string =>
    name !== undefined && !OF_KUBERNETES.has(name) && !selfMade.has(name);
  return { declared: new Set(named.filter(isWhole)), selfMade };
}

/** What people may not make either where they run what they like, since it opens their namespace to others. */
const NEVER_SELF_MADE: readonly string[] = ['NetworkPolicy', 'Role', 'RoleBinding'];

function isManaged({ kind, metadata }: Manifest, { declared, selfMade }: ManagedNamespaces): boolean {
  const namespace = metadata?.namespace ?? '';
  return declared.has(namespace) || (selfMade.has(namespace) && NEVER_SELF_MADE.includes(kind));
}

/** What of an object that nobody declared weakens the cluster; undefined where nothing does. */
export function weakness(live: Manifest, managed: ManagedNamespaces): WatchedKind | undefined {
  const watched = watchedKind(live.apiVersion, live.kind);
  if (!watched || defaultObject(live)) return undefined;
  if (watched.namespaced && !isManaged(live, managed)) return undefined;
  const isHarmless = HARMLESS[live.kind];
  return isHarmless?.(live) ? undefined : watched;
}

/** Objects that a kind has in every cluster, or that do nothing by themselves. */
const HARMLESS: Readonly<Record<string, (live: Manifest) => boolean>> = {
  ServiceAccount: ({ metadata }) => metadata?.name === 'default',
  Namespace: ({ metadata }) => metadata?.labels?.[TENANT_LABEL] === undefined,
  Service: ({ spec }) =>
    isObject(spec) &&
    (spec.type ?? 'ClusterIP') === 'ClusterIP' &&
    !(Array.isArray(spec.externalIPs) && spec.externalIPs.length > 0),
  // Nobody has what is in a role until it is bound, unless a role that is bound collects it.
  ClusterRole: ({ metadata }) =>
    !Object.keys(metadata?.labels ?? {}).some((key) =>
      key.startsWith('rbac.authorization.k8s.io/aggregate-to-'),
    ),
  APIService: ({ spec }) => !isObject(spec) || !isObject(spec.service),
};

/** The object that controls another; undefined for one that stands by itself. */
export function controllerOf({
  metadata,
}: Manifest): { uid: string; kind: string; name: string } | undefined {
  const owners: readonly unknown[] = Array.isArray(metadata?.ownerReferences) ? metadata.ownerReferences : [];
  const owner = owners.filter(isObject).find(({ controller }) => controller === true);
  return owner && { uid: String(owner.uid), kind: String(owner.kind), name: String(owner.name) };
}
