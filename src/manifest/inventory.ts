import { groupOf, isObject, type JsonObject, type Manifest } from './manifest';
import { podTemplateOf, type PodTemplate } from './pod';

/** An object with pods in it. */
export interface WorkloadEntry {
  readonly manifest: Manifest;
  readonly pod: PodTemplate;
  readonly namespace: string;
}

/** All manifests, found by what rules about more than one object ask for. Made once, in time linear in the manifests. */
export interface Inventory {
  readonly manifests: readonly Manifest[];
  /** Objects of a kind of Kubernetes' own or of any other group, by kind alone. */
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

/** Indexes manifests. */
export function takeInventory(manifests: readonly Manifest[]): Inventory {
  const byKind = new Map<string, Manifest[]>();
  const byName = new Map<string, Manifest>();
  const byNamespace = new Map<string, Manifest[]>();
  const workloads: WorkloadEntry[] = [];
  const workloadsByNamespace = new Map<string, WorkloadEntry[]>();
  const namespaces = new Set<string>();
  for (const manifest of manifests) {
    const { kind } = manifest;
    const namespace = CLUSTER_KINDS.has(kind) ? '' : namespaceOf(manifest);
    if (kind === 'Namespace') namespaces.add(manifest.metadata?.name ?? '');
    else if (namespace !== '') namespaces.add(namespace);
    push(byKind, kind, manifest);
    push(byNamespace, `${kind}/${namespace}`, manifest);
    byName.set(`${kind}/${namespace}/${manifest.metadata?.name}`, manifest);
    const pod = podTemplateOf(manifest);
    if (!pod) continue;
    const entry = { manifest, pod, namespace };
    workloads.push(entry);
    push(workloadsByNamespace, namespace, entry);
  }
  return {
    manifests,
    ofKind: (kind) => byKind.get(kind) ?? [],
    find: (kind, namespace, name) => byName.get(`${kind}/${namespace}/${name}`),
    inNamespace: (kind, namespace) => byNamespace.get(`${kind}/${namespace}`) ?? [],
    workloads,
    workloadsIn: (namespace) => workloadsByNamespace.get(namespace) ?? [],
    namespaces: [...namespaces],
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
  const matchLabels = Object.entries(isObject(selector.matchLabels) ? selector.matchLabels : {});
  const expressions = Array.isArray(selector.matchExpressions)
    ? selector.matchExpressions.filter(isObject)
    : [];
  return (
    matchLabels.every(([key, value]) => labels[key] === value) && expressions.every((e) => meets(e, labels))
  );
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

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** Whether an object is of a kind, written `Kind` for the core group or `group/Kind`. */
export function isKind(manifest: Manifest, kind: string): boolean {
  const slash = kind.lastIndexOf('/');
  return manifest.kind === kind.slice(slash + 1) && groupOf(manifest) === kind.slice(0, Math.max(0, slash));
}
