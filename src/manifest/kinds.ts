import { groupOf, type Manifest } from './manifest';

/** Label of a Namespace that says which level of Pod Security its pods are held to. */
export const POD_SECURITY_LABEL = 'pod-security.kubernetes.io/enforce';

/** Name of the ConfigMap that tells the guard rails in a cluster what is allowed in its namespace. */
export const ALLOWANCES_NAME = 'tenant-allowances';

/**
 * The order in which kinds are written and so applied: what others live in or refer to first, what restricts pods before the
 * pods, what calls out to a running pod last. Kinds that are not listed, custom resources among them, come with the
 * workloads' configuration (`OTHER`).
 */
const RANKED_KINDS: readonly string[] = [
  'Namespace',
  'CustomResourceDefinition',
  'PriorityClass',
  'RuntimeClass',
  'StorageClass',
  'IngressClass',
  'ValidatingAdmissionPolicy',
  'MutatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'MutatingAdmissionPolicyBinding',
  'ClusterNetworkPolicy',
  'ResourceQuota',
  'LimitRange',
  'NetworkPolicy',
  'ServiceAccount',
  'ClusterRole',
  'ClusterRoleBinding',
  'Role',
  'RoleBinding',
  'SealedSecret',
  'Secret',
  'ConfigMap',
  'OTHER',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'Service',
  'PodDisruptionBudget',
  'DaemonSet',
  'Pod',
  'ReplicationController',
  'ReplicaSet',
  'StatefulSet',
  'Deployment',
  'Job',
  'CronJob',
  'HorizontalPodAutoscaler',
  'Ingress',
  'APIService',
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
];

const RANKS: ReadonlyMap<string, number> = new Map(RANKED_KINDS.map((kind, rank) => [kind, rank]));
const OTHER_RANK = RANKED_KINDS.indexOf('OTHER');

/** Position of a kind in the order of application. */
export function kindRank(kind: string): number {
  return RANKS.get(kind) ?? OTHER_RANK;
}

/** Position of an object in the order of application. */
export function objectRank({ kind, metadata }: Manifest): number {
  // In a namespace that does not say what is allowed, guard rails refuse whatever else is applied.
  const isAllowances = kind === 'ConfigMap' && metadata?.name === ALLOWANCES_NAME;
  return isAllowances ? kindRank('Namespace') + 1 : kindRank(kind);
}

/** Kinds of Kubernetes' own API groups whose objects belong to no namespace (`kubectl api-resources --namespaced=false`). */
const CLUSTER_SCOPED: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    '': ['Namespace', 'Node', 'PersistentVolume', 'ComponentStatus'],
    'admissionregistration.k8s.io': [
      'MutatingAdmissionPolicy',
      'MutatingAdmissionPolicyBinding',
      'MutatingWebhookConfiguration',
      'ValidatingAdmissionPolicy',
      'ValidatingAdmissionPolicyBinding',
      'ValidatingWebhookConfiguration',
    ],
    'apiextensions.k8s.io': ['CustomResourceDefinition'],
    'apiregistration.k8s.io': ['APIService'],
    'capsule.clastix.io': ['Tenant', 'GlobalTenantResource'],
    'certificates.k8s.io': ['CertificateSigningRequest', 'ClusterTrustBundle'],
    'flowcontrol.apiserver.k8s.io': ['FlowSchema', 'PriorityLevelConfiguration'],
    'networking.k8s.io': ['IngressClass', 'IPAddress', 'ServiceCIDR'],
    'node.k8s.io': ['RuntimeClass'],
    'policy.networking.k8s.io': ['ClusterNetworkPolicy', 'AdminNetworkPolicy', 'BaselineAdminNetworkPolicy'],
    'rbac.authorization.k8s.io': ['ClusterRole', 'ClusterRoleBinding'],
    'resource.k8s.io': ['DeviceClass', 'ResourceSlice'],
    'scheduling.k8s.io': ['PriorityClass'],
    'storage.k8s.io': ['CSIDriver', 'CSINode', 'StorageClass', 'VolumeAttachment', 'VolumeAttributesClass'],
  }),
);

/** Kubernetes' own groups in which every kind that is not listed above lives in a namespace. */
const NAMESPACED_GROUPS: ReadonlySet<string> = new Set([
  '',
  'apps',
  'autoscaling',
  'batch',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
]);

/** Where an object lives: `cluster`, `namespace`, or `unknown` for a custom resource that names no namespace. */
export function scopeOf(manifest: Manifest): 'cluster' | 'namespace' | 'unknown' {
  const group = groupOf(manifest);
  if (CLUSTER_SCOPED.get(group)?.includes(manifest.kind)) return 'cluster';
  if (manifest.metadata?.namespace !== undefined) return 'namespace';
  return NAMESPACED_GROUPS.has(group) ? 'namespace' : 'unknown';
}

/** Whether an object tells Capsule something, which makes namespaces for people of tenants. */
export function isCapsules(manifest: Pick<Manifest, 'apiVersion'>): boolean {
  return groupOf(manifest) === 'capsule.clastix.io';
}

/** Label of a Namespace that names its tenant. */
export const TENANT_LABEL = 'cdk8s-bulwark/tenant';

/** Label of a Namespace that people of its tenant made themselves, with the value `true`. */
export const SELF_SERVICE_LABEL = 'cdk8s-bulwark/self-service';

/** Label of a Namespace that says how far its tenant is trusted. */
export const TRUST_LABEL = 'cdk8s-bulwark/trust';

/** Label of a Namespace that names the tenant that its tenant is a team of. */
export const PARENT_LABEL = 'cdk8s-bulwark/parent-tenant';

/** Label of a Namespace that names who answers for its tenant. */
export const OWNER_LABEL = 'cdk8s-bulwark/owner';

/** Label of a Namespace that names whom its tenant's use is billed to. */
export const COST_CENTER_LABEL = 'cdk8s-bulwark/cost-center';

/** Label of a Namespace that names the pool of nodes that its pods run on. */
export const NODE_POOL_LABEL = 'cdk8s-bulwark/node-pool';

/** Label of the objects in a tenant's namespace that the platform alone may change or delete, with the value `true`. */
export const PLATFORM_OWNED_LABEL = 'cdk8s-bulwark/platform-owned';

/** What stands for "any" in the ConfigMap. A key that is missing there allows nothing. */
export const ANY = '*';
