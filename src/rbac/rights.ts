import type { Severity } from '../controls/control';

/** What the holders of a right gain by it, beyond the right itself. */
export type Gain =
  /** Everything in the cluster. */
  | 'cluster'
  /** Root on some node, whichever. */
  | 'node'
  /** Every right in the namespace. */
  | 'everything'
  /** Pods of their choice in the namespace, as any of its ServiceAccounts. */
  | 'workloads'
  /** Commands in the pods that are in the namespace. */
  | 'pods'
  /** What every Secret of the namespace holds. */
  | 'secrets'
  /** The ServiceAccounts of the namespace, or those that the rule names. */
  | 'accounts'
  /** Nothing of that kind, or only together with another right. */
  | 'nothing';

/** Something that rules grant and that leads further than it looks. */
export interface Right {
  readonly id: string;
  /** What whoever has it does, without a place: `reads Secrets`. */
  readonly does: string;
  readonly severity: Severity;
  /** Empty for any. */
  readonly groups: readonly string[];
  /** Empty for any. A resource that ends with a slash stands for each of its subresources. */
  readonly resources: readonly string[];
  /** A verb that ends with a colon stands for every one that begins so. */
  readonly verbs: readonly string[];
  readonly gains: Gain;
  /** Where it counts: a resource of the whole cluster is granted by a ClusterRoleBinding only. @default 'namespace' */
  readonly scope?: 'cluster' | 'namespace' | 'kube-system';
  /** Names that matter where the rule names objects. @default all */
  readonly names?: readonly string[];
  /** Source. */
  readonly reference: string;
}

const READ = ['get', 'list', 'watch'];
const CHANGE = ['create', 'update', 'patch'];
const WRITE = [...CHANGE, 'delete', 'deletecollection'];
const RBAC = 'rbac.authorization.k8s.io';
const ADMISSION = 'admissionregistration.k8s.io';
const AUTHENTICATION = 'authentication.k8s.io';
const CERTIFICATES = 'certificates.k8s.io';

function practice(heading: string): string {
  return `Kubernetes, RBAC Good Practices: ${heading}`;
}

function impersonation(id: string, does: string, resource: string): Right {
  return {
    id,
    does,
    severity: 'critical',
    groups: [''],
    resources: [resource],
    verbs: ['impersonate'],
    gains: 'nothing',
    scope: 'cluster',
    reference: practice('Impersonate verb'),
  };
}

/** From Kubernetes 1.36 on it takes another right for each request that is made as somebody else (KEP-5284). */
function constrained(id: string, does: string, resource: string, mode: string): Right {
  const verbs = [`impersonate:${mode}`];
  return { ...impersonation(id, does, resource), groups: [AUTHENTICATION], verbs, reference: 'KEP 5284' };
}

/**
 * Every right by which somebody gets further than their roles say. Sources: Kubernetes, "RBAC Good Practices" and "Using RBAC
 * Authorization"; KEP-5284 (constrained impersonation); CVE-2020-8554, CVE-2021-25740.
 */
export const RIGHTS: readonly Right[] = [
  {
    id: 'everything',
    does: 'does everything',
    severity: 'critical',
    groups: ['*'],
    resources: ['*'],
    verbs: ['*'],
    gains: 'everything',
    reference: practice('Least privilege'),
  },
  {
    id: 'read-secrets',
    does: 'reads Secrets',
    severity: 'critical',
    groups: [''],
    resources: ['secrets'],
    verbs: READ,
    gains: 'secrets',
    reference: practice('Listing secrets'),
  },
  {
    id: 'create-secrets',
    does: 'creates Secrets, into which tokens of ServiceAccounts are written',
    severity: 'high',
    groups: [''],
    resources: ['secrets'],
    verbs: ['create'],
    gains: 'nothing',
    reference: 'Kubernetes, ServiceAccount token Secrets',
  },
  {
    id: 'request-tokens',
    does: 'requests tokens of ServiceAccounts',
    severity: 'high',
    groups: [''],
    resources: ['serviceaccounts/token'],
    verbs: ['create'],
    gains: 'accounts',
    reference: practice('Token request'),
  },
  {
    id: 'create-workloads',
    does: 'starts pods as any ServiceAccount',
    severity: 'medium',
    groups: [''],
    resources: ['pods'],
    verbs: ['create'],
    gains: 'workloads',
    reference: practice('Workload creation'),
  },
  {
    id: 'write-workloads',
    does: 'writes workloads, whose pods may be any ServiceAccount',
    severity: 'medium',
    groups: ['', 'apps', 'batch', 'extensions'],
    resources: [
      ...['replicationcontrollers', 'deployments', 'daemonsets', 'statefulsets', 'replicasets'],
      ...['jobs', 'cronjobs'],
    ],
    verbs: CHANGE,
    gains: 'workloads',
    reference: practice('Workload creation'),
  },
  {
    id: 'change-pods',
    does: 'changes the images of running pods',
    severity: 'high',
    groups: [''],
    resources: ['pods'],
    verbs: ['update', 'patch'],
    gains: 'pods',
    reference: practice('Workload creation'),
  },
  {
    id: 'run-commands',
    does: 'runs commands in pods',
    severity: 'high',
    groups: [''],
    resources: ['pods/exec', 'pods/attach'],
    // A WebSocket begins with a GET, which was enough before Kubernetes 1.35.
    verbs: ['create', 'get'],
    gains: 'pods',
    reference: 'MITRE ATT&CK T1609',
  },
  {
    id: 'add-containers',
    does: 'adds containers to running pods',
    severity: 'high',
    groups: [''],
    resources: ['pods/ephemeralcontainers'],
    verbs: ['update', 'patch'],
    gains: 'pods',
    reference: 'MITRE ATT&CK T1610',
  },
  {
    id: 'open-tunnels',
    does: 'opens connections into pods past every NetworkPolicy',
    severity: 'medium',
    groups: [''],
    resources: ['pods/portforward', 'pods/proxy', 'services/proxy'],
    verbs: ['create', 'get', 'update', 'patch', 'delete'],
    gains: 'nothing',
    reference: 'MITRE ATT&CK T1090',
  },
  {
    id: 'node-proxy',
    does: 'runs commands in every pod through the kubelets',
    severity: 'critical',
    groups: [''],
    resources: ['nodes/proxy'],
    verbs: ['get', 'create'],
    gains: 'node',
    scope: 'cluster',
    reference: practice('Access to proxy subresource of Nodes'),
  },
  {
    id: 'escalate-roles',
    does: 'gives roles rights that it lacks itself',
    severity: 'critical',
    groups: [RBAC],
    resources: ['roles', 'clusterroles'],
    verbs: ['escalate'],
    gains: 'nothing',
    reference: practice('Escalate verb'),
  },
  {
    id: 'bind-roles',
    does: 'binds roles whose rights it lacks',
    severity: 'critical',
    groups: [RBAC],
    resources: ['roles', 'clusterroles'],
    verbs: ['bind'],
    gains: 'nothing',
    reference: practice('Bind verb'),
  },
  {
    id: 'write-roles',
    does: 'writes roles',
    severity: 'high',
    groups: [RBAC],
    resources: ['roles', 'clusterroles'],
    verbs: CHANGE,
    gains: 'nothing',
    reference: 'MITRE ATT&CK T1098.006',
  },
  {
    id: 'write-bindings',
    does: 'hands its rights on to anybody',
    severity: 'high',
    groups: [RBAC],
    resources: ['rolebindings', 'clusterrolebindings'],
    verbs: CHANGE,
    gains: 'nothing',
    reference: 'MITRE ATT&CK T1098.006',
  },
  impersonation('impersonate-users', 'acts as other users', 'users'),
  impersonation('impersonate-groups', 'acts as members of other groups', 'groups'),
  {
    ...impersonation('impersonate-accounts', 'acts as ServiceAccounts', 'serviceaccounts'),
    scope: 'namespace',
  },
  constrained('impersonate-users-for', 'acts as other users, for some requests', 'users', 'user-info'),
  constrained(
    'impersonate-groups-for',
    'acts as members of other groups, for some requests',
    'groups',
    'user-info',
  ),
  {
    ...constrained(
      'impersonate-accounts-for',
      'acts as ServiceAccounts, for some requests',
      'serviceaccounts',
      'serviceaccount',
    ),
    scope: 'namespace',
  },
  constrained('impersonate-nodes-for', 'acts as nodes, for some requests', 'nodes', ''),
  {
    ...impersonation('impersonate-extra', 'claims ids and attributes of other users', 'uids'),
    groups: [AUTHENTICATION],
    resources: ['uids', 'userextras/'],
    severity: 'medium',
  },
  {
    id: 'create-certificate-requests',
    does: 'asks for certificates',
    severity: 'low',
    groups: [CERTIFICATES],
    resources: ['certificatesigningrequests'],
    verbs: ['create'],
    gains: 'nothing',
    scope: 'cluster',
    reference: practice('CSRs and certificate issuing'),
  },
  {
    id: 'approve-certificates',
    does: 'approves certificates',
    severity: 'high',
    groups: [CERTIFICATES],
    resources: ['certificatesigningrequests/approval'],
    verbs: ['update', 'patch'],
    gains: 'nothing',
    scope: 'cluster',
    reference: practice('CSRs and certificate issuing'),
  },
  {
    id: 'approve-for-signers',
    does: 'approves for signers of client certificates',
    severity: 'high',
    groups: [CERTIFICATES],
    resources: ['signers'],
    verbs: ['approve'],
    gains: 'nothing',
    scope: 'cluster',
    names: [
      ...['kubernetes.io/kube-apiserver-client', 'kubernetes.io/*'],
      'kubernetes.io/kube-apiserver-client-kubelet',
    ],
    reference: practice('CSRs and certificate issuing'),
  },
  {
    id: 'change-objects-in-flight',
    does: 'changes every object before it is stored',
    severity: 'critical',
    groups: [ADMISSION],
    resources: [
      ...['mutatingwebhookconfigurations', 'mutatingadmissionpolicies', 'mutatingadmissionpolicybindings'],
    ],
    verbs: CHANGE,
    gains: 'cluster',
    scope: 'cluster',
    reference: practice('Control admission webhooks'),
  },
  {
    id: 'read-objects-in-flight',
    does: 'is sent every object before it is stored, Secrets too',
    severity: 'critical',
    groups: [ADMISSION],
    resources: ['validatingwebhookconfigurations'],
    verbs: CHANGE,
    gains: 'secrets',
    scope: 'cluster',
    reference: practice('Control admission webhooks'),
  },
  {
    id: 'switch-off-admission',
    does: 'switches off admission policies and webhooks',
    severity: 'critical',
    groups: [ADMISSION],
    resources: [
      ...['validatingadmissionpolicies', 'validatingadmissionpolicybindings'],
      ...['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'],
      ...['mutatingadmissionpolicies', 'mutatingadmissionpolicybindings'],
    ],
    verbs: WRITE,
    gains: 'nothing',
    scope: 'cluster',
    reference: practice('Control admission webhooks'),
  },
  {
    id: 'write-api-services',
    does: 'answers requests to groups of the API in place of the API server',
    severity: 'critical',
    groups: ['apiregistration.k8s.io'],
    resources: ['apiservices'],
    verbs: CHANGE,
    gains: 'cluster',
    scope: 'cluster',
    reference: 'MITRE ATT&CK T1557',
  },
  {
    id: 'write-custom-resource-definitions',
    does: 'sees and changes every custom resource by a conversion webhook',
    severity: 'high',
    groups: ['apiextensions.k8s.io'],
    resources: ['customresourcedefinitions'],
    verbs: WRITE,
    gains: 'nothing',
    scope: 'cluster',
    reference: 'MITRE ATT&CK T1557',
  },
  {
    id: 'change-namespaces',
    does: 'changes the labels by which Pod Security and NetworkPolicies know namespaces',
    severity: 'high',
    groups: [''],
    resources: ['namespaces'],
    verbs: ['update', 'patch'],
    gains: 'nothing',
    reference: practice('Namespace modification'),
  },
  {
    id: 'create-persistent-volumes',
    does: 'makes PersistentVolumes of folders of nodes',
    severity: 'medium',
    groups: [''],
    resources: ['persistentvolumes'],
    verbs: ['create'],
    gains: 'nothing',
    scope: 'cluster',
    reference: practice('Persistent volume creation'),
  },
  {
    id: 'write-network-policies',
    does: 'opens the network',
    severity: 'high',
    groups: ['networking.k8s.io', 'extensions'],
    resources: ['networkpolicies'],
    verbs: WRITE,
    gains: 'nothing',
    reference: 'OWASP K8s 2025 K05',
  },
  {
    id: 'write-cluster-network-policies',
    does: 'opens the network of every namespace',
    severity: 'high',
    groups: ['policy.networking.k8s.io'],
    resources: ['clusternetworkpolicies', 'adminnetworkpolicies', 'baselineadminnetworkpolicies'],
    verbs: WRITE,
    gains: 'nothing',
    scope: 'cluster',
    reference: 'OWASP K8s 2025 K05',
  },
  {
    id: 'write-quotas',
    does: 'lifts quotas and limits',
    severity: 'medium',
    groups: [''],
    resources: ['resourcequotas', 'limitranges'],
    verbs: WRITE,
    gains: 'nothing',
    reference: practice('Object creation denial-of-service'),
  },
  {
    id: 'write-classes',
    does: 'decides how storage, ingress, priority and sandboxes work for everybody',
    severity: 'medium',
    groups: [
      'storage.k8s.io',
      'networking.k8s.io',
      'gateway.networking.k8s.io',
      'scheduling.k8s.io',
      'node.k8s.io',
      'resource.k8s.io',
    ],
    resources: [
      ...['storageclasses', 'volumeattributesclasses', 'ingressclasses', 'gatewayclasses'],
      ...['priorityclasses', 'runtimeclasses', 'deviceclasses'],
    ],
    verbs: WRITE,
    gains: 'nothing',
    scope: 'cluster',
    reference: 'MITRE ATT&CK T1565',
  },
  {
    id: 'write-gateways',
    does: 'decides what a gateway takes in',
    severity: 'medium',
    groups: ['gateway.networking.k8s.io'],
    resources: ['gateways'],
    verbs: CHANGE,
    gains: 'nothing',
    reference: 'MITRE ATT&CK T1557',
  },
  {
    id: 'write-replications',
    does: 'has Capsule write what it likes into the namespaces of the tenant, as the account of Capsule',
    severity: 'high',
    groups: ['capsule.clastix.io'],
    resources: ['tenantresources'],
    verbs: CHANGE,
    gains: 'nothing',
    reference: 'Capsule, TenantResources',
  },
  {
    id: 'write-capsule-tenants',
    does: 'has Capsule write what it likes into any namespace, as the account of Capsule',
    severity: 'critical',
    groups: ['capsule.clastix.io'],
    resources: ['globaltenantresources', 'tenants', 'capsuleconfigurations'],
    verbs: CHANGE,
    gains: 'cluster',
    scope: 'cluster',
    reference: 'Capsule, GlobalTenantResources',
  },
  {
    id: 'write-endpoints',
    does: 'leads clients of Services to addresses of its choice, also in other namespaces',
    severity: 'high',
    groups: ['', 'discovery.k8s.io'],
    resources: ['endpoints', 'endpointslices'],
    verbs: CHANGE,
    gains: 'nothing',
    reference: 'CVE-2021-25740',
  },
  {
    id: 'write-service-status',
    does: 'draws traffic of the cluster to an address of its choice',
    severity: 'medium',
    groups: [''],
    resources: ['services/status'],
    verbs: ['update', 'patch'],
    gains: 'nothing',
    reference: 'CVE-2020-8554',
  },
  {
    id: 'write-pod-status',
    does: 'makes pods look ready, or be replaced',
    severity: 'low',
    groups: [''],
    resources: ['pods/status'],
    verbs: ['update', 'patch'],
    gains: 'nothing',
    reference: 'MITRE ATT&CK T1565',
  },
  {
    id: 'write-nodes',
    does: 'decides where the pods of others run',
    severity: 'high',
    groups: [''],
    resources: ['nodes', 'nodes/status'],
    verbs: WRITE,
    gains: 'nothing',
    scope: 'cluster',
    reference: 'MITRE ATT&CK T1498',
  },
  {
    id: 'bind-pods',
    does: 'puts waiting pods on nodes of its choice, past their taints',
    severity: 'medium',
    groups: [''],
    resources: ['pods/binding', 'bindings'],
    verbs: ['create'],
    gains: 'nothing',
    reference: 'MITRE ATT&CK T1610',
  },
  {
    id: 'delete-pods',
    does: 'stops pods, which start elsewhere',
    severity: 'medium',
    groups: [''],
    resources: ['pods'],
    verbs: ['delete', 'deletecollection'],
    gains: 'nothing',
    reference: 'MITRE ATT&CK T1489',
  },
  {
    id: 'evict-pods',
    does: 'evicts pods, which start elsewhere',
    severity: 'medium',
    groups: [''],
    resources: ['pods/eviction'],
    verbs: ['create'],
    gains: 'nothing',
    reference: 'MITRE ATT&CK T1489',
  },
  {
    id: 'write-system-configuration',
    does: 'changes the ConfigMaps that answer names and, on EKS, name the administrators',
    severity: 'critical',
    groups: [''],
    resources: ['configmaps'],
    verbs: ['update', 'patch'],
    gains: 'cluster',
    scope: 'kube-system',
    names: ['coredns', 'coredns-custom', 'aws-auth', 'kube-proxy'],
    reference: 'Microsoft threat matrix MS-TA9035',
  },
  {
    id: 'write-system-leases',
    does: 'takes the place of the leader of a controller, which then stands still',
    severity: 'medium',
    groups: ['coordination.k8s.io'],
    resources: ['leases'],
    verbs: ['update', 'patch', 'delete', 'deletecollection'],
    gains: 'nothing',
    scope: 'kube-system',
    reference: 'MITRE ATT&CK T1499',
  },
  {
    id: 'write-accounts',
    does: 'makes ServiceAccounts, among them one that a binding names and that is not there',
    severity: 'low',
    groups: [''],
    resources: ['serviceaccounts'],
    verbs: CHANGE,
    gains: 'nothing',
    reference: practice('Periodic review'),
  },
  {
    id: 'write-flow-control',
    does: 'decides whose requests the API server puts off',
    severity: 'medium',
    groups: ['flowcontrol.apiserver.k8s.io'],
    resources: ['flowschemas', 'prioritylevelconfigurations'],
    verbs: WRITE,
    gains: 'nothing',
    scope: 'cluster',
    reference: 'MITRE ATT&CK T1499',
  },
  {
    id: 'act-for-others',
    does: 'does as somebody else what it may do for them only',
    severity: 'high',
    groups: [],
    resources: [],
    verbs: ['impersonate-on:'],
    gains: 'nothing',
    reference: 'KEP 5284',
  },
];

const BY_ID: ReadonlyMap<string, Right> = new Map(RIGHTS.map((right) => [right.id, right]));

/** The right of that id. */
export function rightOf(id: string): Right {
  return BY_ID.get(id)!;
}
