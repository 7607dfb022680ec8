import { groupBy, push } from '../groups';
import { groupOf, isObject, type JsonObject, type Manifest } from './manifest';
import { isLent, lazily, lent, rememberedOfLent } from './remembered';
import { podTemplateOf, type PodTemplate } from './pod';

/** An object with pods in it. */
export interface WorkloadEntry {
  readonly manifest: Manifest;
  readonly pod: PodTemplate;
  readonly namespace: string;
}

/** All manifests, found by what rules about more than one object ask for. Made once, in time linear in the manifests. */
export interface Inventory {
  /** Lent: whoever is given these takes the same inventory. */
  readonly manifests: readonly Manifest[];
  /** Objects of a kind: `Kind` of whatever group, or `group/Kind`. */
  ofKind(kind: string): readonly Manifest[];
  /** The object of that kind, namespace and name; the namespace of a cluster-wide object is empty. */
  find(kind: string, namespace: string, name: string): Manifest | undefined;
  /** Objects of a kind in a namespace. */
  inNamespace(kind: string, namespace: string): readonly Manifest[];
  readonly workloads: readonly WorkloadEntry[];
  workloadsIn(namespace: string): readonly WorkloadEntry[];
  /** Every namespace that an object names or that is declared, in the order of first mention. */
  readonly namespaces: readonly string[];
}

/** An object that names no namespace lands in the one of whoever applies it, which is `default` until it is set. */
export function namespaceOf(manifest: Manifest): string {
  return manifest.metadata?.namespace ?? 'default';
}

/** Indexes manifests, lent lists of them once. */
export function takeInventory(manifests: readonly Manifest[]): Inventory {
  return inventoryOf(isLent(manifests) ? manifests : lent([...manifests]));
}

const inventoryOf = rememberedOfLent((manifests: readonly Manifest[]): Inventory => {
  const byKind = new Map<string, Manifest[]>();
  const namespaces = new Set<string>();
  const workloads: WorkloadEntry[] = [];
  for (const manifest of manifests) {
    push(byKind, manifest.kind, manifest);
    const namespace = placeOf(manifest);
    if (manifest.kind === 'Namespace') namespaces.add(manifest.metadata?.name ?? '');
    else if (namespace !== '') namespaces.add(namespace);
    const pod = podTemplateOf(manifest);
    if (pod) workloads.push({ manifest, pod, namespace });
  }
  const ofGroup = onDemand((kind) =>
    ofKind(kind.slice(kind.indexOf('/') + 1)).filter((each) => isKind(each, kind)),
  );
  const ofKind = (kind: string): readonly Manifest[] =>
    kind.includes('/') ? ofGroup(kind) : (byKind.get(kind) ?? []);
  const byNamespace = onDemand((kind) => groupBy(ofKind(kind), placeOf));
  const byName = onDemand((kind) => {
    const named = new Map<string, Map<unknown, Manifest>>();
    for (const [namespace, each] of byNamespace(kind)) {
      named.set(namespace, new Map(each.map((manifest) => [manifest.metadata?.name, manifest])));
    }
    return named;
  });
  const workloadsByNamespace = lazily(() => groupBy(workloads, ({ namespace }) => namespace));
  return {
    manifests,
    ofKind,
    find: (kind, namespace, name) => byName(kind).get(namespace)?.get(name),
    inNamespace: (kind, namespace) => byNamespace(kind).get(namespace) ?? [],
    workloads,
    workloadsIn: (namespace) => workloadsByNamespace().get(namespace) ?? [],
    namespaces: [...namespaces],
  };
});

/** The namespace of an object; empty for one of the whole cluster. */
function placeOf(manifest: Manifest): string {
  return CLUSTER_KINDS.has(manifest.kind) ? '' : namespaceOf(manifest);
}

/** Most kinds are never asked for by name or namespace, so what finds them is made when it is wanted. */
function onDemand<T>(make: (kind: string) => T): (kind: string) => T {
  const made = new Map<string, T>();
  return (kind) => {
    const known = made.get(kind);
    if (known !== undefined) return known;
    const value = make(kind);
    made.set(kind, value);
    return value;
  };
}

/** Cluster-wide kinds that rules about more than one object refer to by name. */
const CLUSTER_KINDS: ReadonlySet<string> = new Set([
  'Namespace',
  'ClusterRole',
  'ClusterRoleBinding',
  'PersistentVolume',
  'PriorityClass',
  'RuntimeClass',
  'StorageClass',
  'IngressClass',
  'CustomResourceDefinition',
  'ClusterNetworkPolicy',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
]);

/** Whether an object selects these labels (meta/v1 LabelSelector); an empty selector selects everything. */
export function selects(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  if (!isObject(selector)) return false;
  const { matchLabels, matchExpressions } = selector;
  if (isObject(matchLabels)) {
    for (const key in matchLabels) if (labels[key] !== matchLabels[key]) return false;
  }
  return !Array.isArray(matchExpressions) || matchExpressions.filter(isObject).every((e) => meets(e, labels));
}

function meets(expression: JsonObject, labels: Readonly<Record<string, string>>): boolean {
  const value = labels[String(expression.key)];
  const values = Array.isArray(expression.values) ? expression.values : [];
  switch (expression.operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

/** Whether an object is of a kind, written `Kind` for the core group or `group/Kind`. */
export function isKind(manifest: Manifest, kind: string): boolean {
  if (!kind.endsWith(manifest.kind)) return false;
  const group = groupOf(manifest);
  return group === '' ? kind === manifest.kind : kind === `${group}/${manifest.kind}`;
}
