import { namespaceOf, takeInventory, type Inventory } from '../manifest/inventory';
import { isObject, labelsOf, type JsonObject, type Manifest } from '../manifest/manifest';
import { rememberedOfLent } from '../manifest/remembered';
import { indexLabels, type LabelIndex } from '../manifest/selectors';
import { bindingsIn, BINDINGS, BUILT_IN, placeOfRole, roleOf, rulesGranted, type Binding } from './bindings';
import { builtInAggregations } from './built-in-aggregation';
import type { Breach, InventoryControl, ObjectControl, Reference } from './control';
import {
  API_SUBJECT,
  clusterRole,
  clusterRoleBinding,
  role,
  roleBinding,
  serviceAccount,
  subject,
} from './example-objects';
import { leaseBreaches } from './system-leases';
import { listOf } from '../lists';

const GROUP = 'rbac.authorization.k8s.io';
const CLUSTER_ROLE = `${GROUP}/ClusterRole`;
const ROLES = [`${GROUP}/Role`, CLUSTER_ROLE];

const READ = ['get', 'list', 'watch'];
const CHANGE = ['create', 'update', 'patch'];
const WRITE = [...CHANGE, 'delete', 'deletecollection'];
const WORKLOADS = [
  ...['pods', 'replicationcontrollers', 'deployments', 'daemonsets', 'statefulsets', 'replicasets'],
  ...['jobs', 'cronjobs'],
];

const K02: Reference = { standard: 'OWASP K8s 2025', id: 'K02' };

function cis(id: string): Reference {
  return { standard: 'CIS 1.11', id };
}

function mitre(id: string): Reference {
  return { standard: 'MITRE ATT&CK', id };
}

function threat(id: string): Reference {
  return { standard: 'Microsoft threat matrix', id };
}

/** What the Kubernetes project itself warns of in RBAC. */
function goodPractice(heading: string): Reference {
  return { standard: 'Kubernetes', id: `RBAC Good Practices: ${heading}` };
}

/** What a role must not let its holders do. A cluster-wide resource is granted by a ClusterRole only. */
const RIGHTS: readonly ObjectControl[] = [
  right({
    id: 'no-secret-read-right',
    title: 'No role lets its holders read any Secret',
    why: 'Whoever gets, lists or watches Secrets reads every password in the namespace, and the tokens of ServiceAccounts with more rights.',
    severity: 'critical',
    references: [cis('5.1.2'), K02, threat('MS-TA9025'), goodPractice('Listing secrets')],
    aliases: {
      kubescape: ['C-0015', 'C-0186'],
      trivy: ['KSV-0041', 'KSV-0113'],
      checkov: ['CKV2_K8S_5'],
      'kube-linter': ['access-to-secrets'],
      kyverno: ['restrict-secret-role-verbs'],
    },
    grants: [[[''], ['secrets'], READ]],
    fix: 'Remove secrets, mount the Secrets that are needed, or name them in resourceNames.',
  }),
  right({
    id: 'no-secret-write-right',
    title: 'No role lets its holders write any Secret',
    why: 'Whoever writes Secrets has a token for any ServiceAccount of the namespace written into one, and replaces credentials by known ones.',
    severity: 'high',
    references: [cis('5.1.2'), K02, mitre('T1528')],
    aliases: { trivy: ['KSV-0041', 'KSV-0113'] },
    grants: [[[''], ['secrets'], CHANGE]],
    fix: 'Remove the verbs that write, or name the Secrets in resourceNames.',
  }),
  right({
    id: 'no-token-request-right',
    title: 'No role lets its holders request tokens of any ServiceAccount',
    why: 'A token that was requested for another ServiceAccount is that ServiceAccount, with all its rights.',
    severity: 'high',
    references: [cis('5.1.13'), K02, goodPractice('Token request')],
    aliases: { kubescape: ['C-0282'] },
    grants: [[[''], ['serviceaccounts/token'], ['create']]],
    fix: 'Remove serviceaccounts/token, or name the one ServiceAccount in resourceNames.',
  }),
  right({
    id: 'no-workload-write-right',
    title: 'No role lets its holders start or change any workload',
    why: 'Whoever makes a pod chooses its ServiceAccount and what it mounts, and so has every Secret and every right of the namespace.',
    severity: 'medium',
    references: [cis('5.1.4'), K02, threat('MS-TA9008'), goodPractice('Workload creation')],
    aliases: { kubescape: ['C-0188'], trivy: ['KSV-0048'], 'kube-linter': ['access-to-create-pods'] },
    grants: [[['', 'apps', 'batch'], WORKLOADS, CHANGE]],
    fix: 'Leave it to the one account that deploys, and remove create, update and patch here.',
  }),
  right({
    id: 'no-pod-exec-right',
    title: 'No role lets its holders run commands in pods',
    why: 'A command in a pod has its Secrets and its ServiceAccount, and leaves no trace in the manifests; get is enough for it over a WebSocket on API servers before 1.35.',
    severity: 'high',
    references: [K02, threat('MS-TA9006'), mitre('T1609')],
    aliases: {
      kubescape: ['C-0002'],
      trivy: ['KSV-0053', 'KSV-0054'],
      checkov: ['CKV2_K8S_2'],
      polaris: [
        'clusterrolePodExecAttach',
        'rolePodExecAttach',
        'clusterrolebindingPodExecAttach',
        'rolebindingClusterRolePodExecAttach',
        'rolebindingRolePodExecAttach',
      ],
    },
    grants: [[[''], ['pods/exec', 'pods/attach'], ['create', 'get']]],
    fix: 'Remove pods/exec and pods/attach, and grant them to a person for as long as an incident lasts.',
  }),
  right({
    id: 'no-pod-tunnel-right',
    title: 'No role lets its holders open connections into pods',
    why: 'Connections through the API server reach ports that no Service and no NetworkPolicy lets anybody reach.',
    severity: 'medium',
    references: [K02, mitre('T1090')],
    aliases: { kubescape: ['C-0063'] },
    grants: [
      [[''], ['pods/portforward'], ['create', 'get']],
      [[''], ['pods/proxy', 'services/proxy'], [...READ, ...WRITE]],
    ],
    fix: 'Remove pods/portforward, pods/proxy and services/proxy, and reach the program through an Ingress.',
  }),
  right({
    id: 'no-ephemeral-container-right',
    title: 'No role lets its holders add a container to a running pod',
    why: 'A container that is added to a running pod is in its network, and where it names a container sees its processes, image and Secrets.',
    severity: 'high',
    references: [K02, mitre('T1610')],
    grants: [[[''], ['pods/ephemeralcontainers'], ['update', 'patch']]],
    fix: 'Remove pods/ephemeralcontainers, and grant it to a person for as long as an incident lasts.',
  }),
  right({
    id: 'no-escalate-right',
    title: 'No role lets its holders give a role rights that they lack',
    why: 'The verb escalate switches off the check that nobody writes a role with more rights than they have, so it is every right.',
    severity: 'critical',
    references: [cis('5.1.8'), K02, goodPractice('Escalate verb')],
    aliases: {
      kubescape: ['C-0191'],
      trivy: ['KSV-0050'],
      checkov: ['CKV_K8S_158'],
      kyverno: ['restrict-escalation-verbs-roles'],
    },
    grants: [[[GROUP], ['roles', 'clusterroles'], ['escalate'], 'even named']],
    fix: 'Remove the verb escalate.',
  }),
  right({
    id: 'no-bind-right',
    title: 'No role lets its holders bind any role',
    why: 'The verb bind lets its holders bind themselves to a role whose rights they lack, cluster-admin among them.',
    severity: 'critical',
    references: [cis('5.1.8'), K02, goodPractice('Bind verb')],
    aliases: {
      kubescape: ['C-0191'],
      trivy: ['KSV-0051', 'KSV-0052'],
      checkov: ['CKV_K8S_157', 'CKV2_K8S_1'],
      kyverno: ['restrict-escalation-verbs-roles'],
    },
    grants: [[[GROUP], ['roles', 'clusterroles'], ['bind'], ['cluster-admin', 'admin', 'edit']]],
    fix: 'Remove the verb bind, or name the harmless roles that may be bound in resourceNames.',
  }),
  {
    id: 'no-impersonate-right',
    title: 'No role lets its holders act as somebody else',
    why: 'Whoever may impersonate users, groups or ServiceAccounts has the rights of the most powerful of them, such as the group system:masters.',
    severity: 'critical',
    references: [cis('5.1.8'), K02, goodPractice('Impersonate verb'), { standard: 'KEP', id: '5284' }],
    aliases: {
      kubescape: ['C-0065', 'C-0191'],
      trivy: ['KSV-0043'],
      checkov: ['CKV2_K8S_3'],
      kyverno: ['restrict-escalation-verbs-roles'],
    },
    scope: 'object',
    kinds: ROLES,
    // The verb has one meaning whatever the resource, and from 1.35 on forms such as impersonate:user-info.
    rule: noRule(
      "rule.?verbs.orValue([]).exists(verb, verb.startsWith('impersonate')) || " +
        grants(
          ['', 'authentication.k8s.io'],
          ['users', 'groups', 'serviceaccounts', 'uids'],
          ['impersonate'],
          'even named',
        ),
    ),
    field: 'rules',
    fix: 'Remove the verb impersonate, and with it the verb * on users, groups, serviceaccounts and uids.',
    examples: {
      fails: second({ apiGroups: [''], resources: ['groups'], verbs: ['impersonate'] }),
      passes: harmless(),
    },
  },
  right({
    id: 'no-rbac-write-right',
    title: 'No role lets its holders change roles or bindings',
    why: 'Whoever writes roles and bindings hands their own rights on to anybody, and takes those of others away.',
    severity: 'high',
    references: [K02, mitre('T1098.006')],
    aliases: { kubescape: ['C-0035'], trivy: ['KSV-0050', 'KSV-0055'], checkov: ['CKV2_K8S_1'] },
    grants: [[[GROUP], ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'], WRITE]],
    fix: 'Leave it to the one account that deploys, and remove the verbs that write here.',
  }),
  right({
    id: 'no-csr-approval-right',
    title: 'No role lets its holders approve or sign certificates',
    why: 'An approved certificate is an identity of the requester’s choice, with the group system:masters or as a node, and nobody can revoke it.',
    severity: 'high',
    references: [cis('5.1.11'), K02, goodPractice('CSRs and certificate issuing')],
    aliases: { kubescape: ['C-0280'], checkov: ['CKV_K8S_156'], kyverno: ['restrict-clusterrole-csr'] },
    clusterWide: true,
    grants: [
      [
        ['certificates.k8s.io'],
        ['certificatesigningrequests/approval', 'certificatesigningrequests/status'],
        ['update', 'patch'],
        'even named',
      ],
      [['certificates.k8s.io'], ['signers'], ['approve', 'sign', 'attest'], 'even named'],
    ],
    fix: 'Remove signers and the subresources approval and status of certificatesigningrequests.',
  }),
  right({
    id: 'no-webhook-write-right',
    title: 'No role lets its holders change what the API server asks before it admits an object',
    why: 'Whoever writes webhook configurations or admission policies reads and changes every object on its way, Secrets included, or switches off what guards the cluster.',
    severity: 'critical',
    references: [cis('5.1.12'), K02, threat('MS-TA9015'), goodPractice('Control admission webhooks')],
    aliases: {
      kubescape: ['C-0281'],
      trivy: ['KSV-0114'],
      checkov: ['CKV_K8S_155'],
      kyverno: ['restrict-clusterrole-mutating-validating-admission-webhooks'],
    },
    clusterWide: true,
    grants: [
      [
        ['admissionregistration.k8s.io'],
        [
          ...['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'],
          ...['validatingadmissionpolicies', 'validatingadmissionpolicybindings'],
          ...['mutatingadmissionpolicies', 'mutatingadmissionpolicybindings'],
        ],
        WRITE,
        'even named',
      ],
    ],
    fix: 'Remove the verbs that write, and let the platform install webhooks and policies.',
  }),
  right({
    id: 'no-node-proxy-right',
    title: 'No role lets its holders speak to the kubelet',
    why: 'The kubelet runs commands in every pod of the node for whoever may get nodes/proxy, past admission and the audit log.',
    severity: 'critical',
    references: [
      cis('5.1.10'),
      K02,
      goodPractice('Access to proxy subresource of Nodes'),
      threat('MS-TA9030'),
    ],
    aliases: {
      kubescape: ['C-0279'],
      trivy: ['KSV-0047'],
      checkov: ['CKV2_K8S_2'],
      kyverno: ['restrict-clusterrole-nodesproxy'],
    },
    clusterWide: true,
    grants: [[[''], ['nodes/proxy'], ['get', ...WRITE], 'even named']],
    fix: 'Remove nodes/proxy; for metrics, nodes/metrics, nodes/stats and nodes/healthz are enough.',
  }),
  right({
    id: 'no-node-write-right',
    title: 'No role lets its holders change nodes',
    why: 'Labels, taints and the status of nodes decide where pods run, so whoever writes them draws other tenants’ pods to a node of theirs, or stops them all.',
    severity: 'medium',
    references: [K02, mitre('T1498')],
    clusterWide: true,
    grants: [[[''], ['nodes', 'nodes/status'], WRITE]],
    fix: 'Remove the verbs that write, and let the platform label and taint nodes.',
  }),
  right({
    id: 'no-namespace-change-right',
    title: 'No role lets its holders change namespaces',
    why: 'The labels of a namespace switch Pod Security off and decide which NetworkPolicies let it in, so whoever patches them is rid of both.',
    severity: 'high',
    references: [K02, goodPractice('Namespace modification')],
    // A Role too: the API server takes a request for a namespace to be one in that namespace.
    grants: [[[''], ['namespaces'], ['update', 'patch'], 'even named']],
    fix: 'Remove update and patch, and let the platform label namespaces.',
  }),
  right({
    id: 'no-persistent-volume-create-right',
    title: 'No role lets its holders make PersistentVolumes',
    why: 'A PersistentVolume may be any folder of a node, which Pod Security does not see behind the claim.',
    severity: 'medium',
    references: [cis('5.1.9'), K02, goodPractice('Persistent volume creation')],
    aliases: { kubescape: ['C-0278'] },
    clusterWide: true,
    grants: [[[''], ['persistentvolumes'], ['create']]],
    fix: 'Remove create, and let a StorageClass make volumes.',
  }),
  right({
    id: 'no-network-policy-write-right',
    title: 'No role lets its holders change NetworkPolicies',
    why: 'NetworkPolicies add up, so one more that allows everything re-opens a namespace that others have closed.',
    severity: 'high',
    references: [K02, { standard: 'OWASP K8s 2025', id: 'K05' }, threat('MS-TA9034')],
    aliases: { trivy: ['KSV-0056'] },
    grants: [
      [
        ['networking.k8s.io', 'policy.networking.k8s.io'],
        ['networkpolicies', 'clusternetworkpolicies', 'adminnetworkpolicies', 'baselineadminnetworkpolicies'],
        WRITE,
      ],
    ],
    fix: 'Remove the verbs that write, and let the platform write NetworkPolicies.',
  }),
  right({
    id: 'no-endpoint-write-right',
    title: 'No role lets its holders change where Services lead',
    why: 'Whoever writes Endpoints or EndpointSlices leads the clients of a Service to an address of theirs, also across namespaces.',
    severity: 'high',
    references: [K02, { standard: 'CVE', id: 'CVE-2021-25740' }, mitre('T1557')],
    aliases: { trivy: ['KSV-0056'], kyverno: ['restrict-edit-for-endpoints'] },
    grants: [[['', 'discovery.k8s.io'], ['endpoints', 'endpointslices'], CHANGE]],
    fix: 'Remove the verbs that write, and let Kubernetes write them from the selector of the Service.',
  }),
  right({
    id: 'no-service-status-right',
    title: 'No role lets its holders change the status of Services',
    why: 'Whoever writes the address of a load balancer into the status of a Service gets what the cluster sends to that address.',
    severity: 'medium',
    references: [K02, { standard: 'CVE', id: 'CVE-2020-8554' }],
    aliases: { checkov: ['CKV2_K8S_4'] },
    grants: [[[''], ['services/status'], ['update', 'patch']]],
    fix: 'Remove services/status; only the controller of load balancers writes it.',
  }),
  right({
    id: 'no-pod-status-right',
    title: 'No role lets its holders change the status of pods',
    why: 'Whoever writes the status of a pod makes it look ready, puts another address behind its Service, or has its controller replace it.',
    severity: 'low',
    references: [K02, mitre('T1565')],
    grants: [[[''], ['pods/status'], ['update', 'patch']]],
    fix: 'Remove pods/status; only the kubelet writes it.',
  }),
  {
    id: 'no-system-config-map-right',
    title: 'No role lets its holders change the ConfigMaps of kube-system',
    why: 'The ConfigMaps coredns and aws-auth of kube-system say which address a name has and who administers the cluster.',
    severity: 'critical',
    references: [K02, threat('MS-TA9035')],
    aliases: { kubescape: ['C-0037'], trivy: ['KSV-0049', 'KSV-0115'], kyverno: ['limit-configmap-for-sa'] },
    scope: 'object',
    kinds: ROLES,
    rule:
      "(object.kind == 'Role' && object.metadata.?namespace.orValue('') != 'kube-system') || " +
      noRule(grants([''], ['configmaps'], CHANGE, ['coredns', 'coredns-custom', 'aws-auth', 'kube-proxy'])),
    field: 'rules',
    fix: 'Make it a Role of the namespace that needs it, or name the ConfigMaps in resourceNames.',
    examples: {
      fails: second({ apiGroups: [''], resources: ['configmaps'], verbs: ['patch'] }),
      passes: role([{ apiGroups: [''], resources: ['configmaps'], verbs: ['patch'] }]),
    },
  },
  right({
    id: 'no-event-delete-right',
    title: 'No role lets its holders delete events',
    why: 'Events tell what happened to a pod; an intruder who may delete them leaves less to find.',
    severity: 'medium',
    references: [K02, threat('MS-TA9022'), mitre('T1070')],
    aliases: { kubescape: ['C-0031'], trivy: ['KSV-0042'] },
    grants: [[['', 'events.k8s.io'], ['events'], ['delete', 'deletecollection']]],
    fix: 'Remove delete and deletecollection; events expire by themselves.',
  }),
  right({
    id: 'no-mass-delete-right',
    title: 'No role lets its holders delete everything of a kind at once',
    why: 'One request with the verb deletecollection takes all workloads, Secrets or claims of a namespace, data included.',
    severity: 'medium',
    references: [K02, mitre('T1485')],
    aliases: { kubescape: ['C-0007'] },
    grants: [
      [
        ['', 'apps', 'batch'],
        [...WORKLOADS, 'secrets', 'configmaps', 'services', 'persistentvolumeclaims', 'persistentvolumes'],
        ['deletecollection'],
      ],
    ],
    fix: 'Remove deletecollection, and delete objects by their names.',
  }),
  right({
    id: 'no-quota-write-right',
    title: 'No role lets its holders change quotas and limits',
    why: 'A tenant who lifts the quota of their namespace takes the nodes from all others.',
    severity: 'medium',
    references: [K02, mitre('T1496')],
    grants: [[[''], ['resourcequotas', 'limitranges'], WRITE]],
    fix: 'Remove the verbs that write, and let the platform set quotas.',
  }),
  right({
    id: 'no-flow-control-write-right',
    title: 'No role lets its holders change whose requests the API server puts off',
    why: 'Flow schemas and priority levels share the API server out among everybody, so whoever writes them keeps others waiting, the controllers of the cluster included.',
    severity: 'medium',
    references: [
      K02,
      mitre('T1499'),
      { standard: 'Kubernetes', id: 'API Priority and Fairness' },
      { standard: 'Kubernetes', id: 'Multi-tenancy: API Priority and Fairness' },
    ],
    clusterWide: true,
    grants: [
      [['flowcontrol.apiserver.k8s.io'], ['flowschemas', 'prioritylevelconfigurations'], WRITE, 'even named'],
    ],
    fix: 'Remove the verbs that write, and let the platform share the API server out.',
  }),
  right({
    id: 'no-class-write-right',
    title: 'No role lets its holders change classes that all share',
    why: 'A class decides for whoever names it where data is kept and whether it outlives its claim, which controller serves an entrance, whose pods are evicted, and whether a pod has a sandbox.',
    severity: 'medium',
    references: [
      K02,
      mitre('T1565'),
      { standard: 'Kubernetes', id: 'Multi-tenancy: Storage isolation' },
      { standard: 'Kubernetes', id: 'Pod Priority and Preemption' },
    ],
    clusterWide: true,
    grants: [
      [
        [
          ...['storage.k8s.io', 'networking.k8s.io', 'gateway.networking.k8s.io'],
          ...['scheduling.k8s.io', 'node.k8s.io', 'resource.k8s.io'],
        ],
        [
          ...['storageclasses', 'volumeattributesclasses', 'ingressclasses', 'gatewayclasses'],
          ...['priorityclasses', 'runtimeclasses', 'deviceclasses'],
        ],
        WRITE,
        'even named',
      ],
    ],
    fix: 'Remove the verbs that write, and let the platform set classes up.',
  }),
  right({
    id: 'no-gateway-write-right',
    title: 'No role lets its holders change gateways',
    why: 'A Gateway is an entrance from outside and says whose routes it takes in, so whoever writes it opens one past every Ingress, or hands the host of one tenant to another.',
    severity: 'medium',
    references: [K02, mitre('T1557'), { standard: 'Kubernetes', id: 'Gateway API: Roles and personas' }],
    grants: [[['gateway.networking.k8s.io'], ['gateways'], CHANGE]],
    fix: 'Remove the verbs that write; whoever deploys writes routes, and the platform writes gateways.',
  }),
  right({
    id: 'no-replication-write-right',
    title: 'No role lets its holders tell Capsule what to write',
    why: 'Capsule applies what is in its replications with its own account, past the rights of whoever wrote them, and past guard rails that take that account for the platform’s.',
    severity: 'high',
    references: [K02, { standard: 'Kubernetes', id: 'Multi-tenancy: Implementations' }],
    grants: [
      [
        ['capsule.clastix.io'],
        ['tenantresources', 'globaltenantresources', 'tenants', 'capsuleconfigurations'],
        CHANGE,
      ],
    ],
    fix: 'Remove the verbs that write, and let the platform say what belongs into namespaces.',
  }),
  right({
    id: 'no-pod-binding-right',
    title: 'No role lets its holders put pods on nodes',
    why: 'A binding puts a waiting pod on any node, past the scheduler and so past the taints that keep it off the control plane and off the nodes of other tenants.',
    severity: 'medium',
    references: [K02, { standard: 'Kubernetes', id: 'Assigning Pods to Nodes' }],
    grants: [[[''], ['pods/binding', 'bindings'], ['create']]],
    fix: 'Remove create of pods/binding and of bindings, and leave that to the scheduler.',
  }),
  right({
    id: 'no-api-extension-right',
    title: 'No role lets its holders add to the API or replace a part of it',
    why: 'Whoever writes an APIService gets every request to its group, the token in it included; a conversion webhook of a CustomResourceDefinition sees and changes every object of the kind.',
    severity: 'high',
    references: [K02, mitre('T1557')],
    clusterWide: true,
    grants: [
      [
        ['apiregistration.k8s.io', 'apiextensions.k8s.io'],
        ['apiservices', 'customresourcedefinitions'],
        CHANGE,
      ],
    ],
    fix: 'Remove the verbs that write, and let the platform install APIs.',
  }),
];

/** How a role is written, whatever it grants. */
const ROLE_FORM: readonly ObjectControl[] = [
  {
    id: 'no-rbac-wildcard',
    title: 'No role grants more than it lists',
    why: 'A wildcard grants what is added to the cluster tomorrow too, and verbs such as escalate, bind and impersonate that nobody thought of.',
    severity: 'high',
    references: [cis('5.1.3'), K02, goodPractice('Least privilege')],
    aliases: {
      kubescape: ['C-0187'],
      trivy: ['KSV-0044', 'KSV-0045', 'KSV-0046', 'KSV-0112'],
      checkov: ['CKV_K8S_49'],
      'kube-linter': ['wildcard-in-rules'],
      kyverno: ['restrict-wildcard-verbs', 'restrict-wildcard-resources'],
    },
    scope: 'object',
    kinds: ROLES,
    rule: noRule(
      [
        "rule.?verbs.orValue([]).exists(verb, verb == '*')",
        "rule.?apiGroups.orValue([]).exists(group, group == '*')",
        "rule.?resources.orValue([]).exists(resource, resource.contains('*'))",
        "rule.?nonResourceURLs.orValue([]).exists(url, url in ['*', '/*'])",
      ].join(' || '),
    ),
    field: 'rules',
    fix: 'List the verbs, groups and resources that are needed.',
    examples: {
      fails: second({ apiGroups: ['apps'], resources: ['deployments'], verbs: ['*'] }),
      passes: harmless(),
    },
  },
  {
    id: 'no-full-control-role',
    title: 'No role grants everything in a group of the API',
    why: 'All verbs on all resources is the administrator by another name, which looking for the name cluster-admin does not find.',
    severity: 'critical',
    references: [cis('5.1.1'), cis('5.1.3'), K02],
    aliases: {
      kubescape: ['C-0272'],
      trivy: ['KSV-0044', 'KSV-0046', 'KSV-0112'],
      polaris: ['clusterrolebindingClusterAdmin'],
    },
    scope: 'object',
    kinds: ROLES,
    rule: noRule(
      "rule.?verbs.orValue([]).exists(verb, verb == '*') && " +
        "rule.?resources.orValue([]).exists(resource, resource == '*')",
    ),
    field: 'rules',
    fix: 'List the verbs and resources that are needed.',
    examples: {
      fails: second({ apiGroups: [''], resources: ['*'], verbs: ['*'] }),
      passes: harmless(),
    },
  },
  {
    id: 'no-match-all-aggregation',
    title: 'No ClusterRole collects the rules of every other',
    why: 'An empty selector in aggregationRule matches every ClusterRole, cluster-admin included, and so grants everything.',
    severity: 'critical',
    references: [K02, { standard: 'Kubernetes', id: 'Aggregated ClusterRoles' }],
    scope: 'object',
    kinds: [CLUSTER_ROLE],
    rule:
      'object.?aggregationRule.?clusterRoleSelectors.orValue([]).all(selector, ' +
      'selector.?matchLabels.orValue({}).size() + selector.?matchExpressions.orValue([]).size() > 0)',
    field: 'aggregationRule.clusterRoleSelectors',
    fix: 'Select by a label that only the roles which belong together have.',
    examples: {
      fails: clusterRole([], { aggregationRule: { clusterRoleSelectors: [{}] } }),
      passes: collecting({ 'shop.example/part-of': 'reader' }),
    },
  },
  {
    id: 'rbac-rule-takes-effect',
    title: 'Every rule of a role grants something',
    why: 'The API server knows * and */exec, but matches nothing with pods/* or */*, and a Role grants no resource of the whole cluster; who reads such a rule believes what is not so.',
    severity: 'low',
    references: [{ standard: 'Kubernetes', id: 'Using RBAC Authorization: Referring to resources' }],
    scope: 'object',
    kinds: ROLES,
    rule: noRule(
      "rule.?resources.orValue([]).exists(resource, resource.endsWith('/*')) || " +
        `(object.kind == 'Role' && (${clusterWideOnly()}))`,
    ),
    field: 'rules',
    fix: 'Name the subresource, such as pods/exec, and put resources of the whole cluster into a ClusterRole.',
    examples: {
      fails: role([{ apiGroups: [''], resources: ['nodes'], verbs: ['get'] }]),
      passes: clusterRole([{ apiGroups: [''], resources: ['nodes'], verbs: ['get'] }]),
    },
  },
];

/** Who gets what. */
const BINDING_CONTROLS: readonly (ObjectControl | InventoryControl)[] = [
  {
    id: 'no-cluster-admin-binding',
    title: 'Nobody is bound to cluster-admin',
    why: 'Whoever gets at one holder of cluster-admin has every Secret, node and backup of the cluster.',
    severity: 'critical',
    references: [cis('5.1.1'), K02, threat('MS-TA9019')],
    aliases: {
      kubescape: ['C-0035', 'C-0185', 'C-0272'],
      trivy: ['KSV-0111'],
      'kube-linter': ['cluster-admin-role-binding'],
      polaris: ['clusterrolebindingClusterAdmin', 'rolebindingClusterAdminClusterRole'],
      kyverno: ['restrict-binding-clusteradmin', 'block-cluster-admin-from-ns'],
    },
    scope: 'object',
    kinds: BINDINGS,
    rule: "!(object.roleRef.kind == 'ClusterRole' && object.roleRef.name == 'cluster-admin')",
    field: 'roleRef',
    fix: 'Bind a role that lists what is needed.',
    examples: { fails: clusterRoleBinding('cluster-admin'), passes: clusterRoleBinding('view') },
  },
  {
    id: 'no-built-in-edit-binding',
    title: 'Nobody is bound to the built-in roles admin and edit',
    why: 'The built-in roles admin and edit read every Secret, request tokens, impersonate ServiceAccounts, run commands in pods and change NetworkPolicies.',
    severity: 'medium',
    references: [K02, { standard: 'Kubernetes', id: 'User-facing roles' }],
    aliases: { trivy: ['KSV-0111'] },
    scope: 'object',
    kinds: BINDINGS,
    rule: "!(object.roleRef.kind == 'ClusterRole' && object.roleRef.name in ['admin', 'edit'])",
    field: 'roleRef',
    fix: 'Bind view, or a role that lists what is needed.',
    examples: {
      fails: roleBinding({ kind: 'ClusterRole', name: 'edit' }),
      passes: roleBinding({ kind: 'ClusterRole', name: 'view' }),
    },
  },
  {
    id: 'no-built-in-aggregation',
    title: 'No ClusterRole collects the rules of a built-in one, but for view',
    why: 'Labels such as aggregate-to-edit are on roles of Kubernetes that read every Secret and impersonate; a role that selects them grants it under a harmless name, and shows no rule of it.',
    severity: 'high',
    references: [
      K02,
      { standard: 'Kubernetes', id: 'Aggregated ClusterRoles' },
      { standard: 'Kubernetes', id: 'User-facing roles' },
    ],
    scope: 'inventory',
    breaches: builtInAggregations,
    fix: 'Select by a label of your own, and give it to a role that lists what is needed.',
    examples: {
      fails: [collecting({ [`${GROUP}/aggregate-to-edit`]: 'true' })],
      passes: [collecting({ [`${GROUP}/aggregate-to-view`]: 'true' })],
    },
  },
  {
    id: 'no-anonymous-binding',
    title: 'Nothing is granted to whoever does not log in',
    why: 'A right of system:anonymous or system:unauthenticated belongs to everybody who reaches the API server, the Internet included.',
    severity: 'critical',
    references: [{ standard: 'OWASP K8s 2025', id: 'K09' }, K02, goodPractice('Hardening')],
    aliases: {
      kubescape: ['C-0262'],
      trivy: ['KSV-0122'],
      kyverno: ['restrict-binding-system-groups'],
    },
    scope: 'object',
    kinds: BINDINGS,
    rule: noSubject("subject.name in ['system:anonymous', 'system:unauthenticated']"),
    field: 'subjects',
    fix: 'Remove the subject, and let the client log in.',
    examples: {
      fails: clusterRoleBinding('view', [API_SUBJECT, subject('User', 'system:anonymous')]),
      passes: clusterRoleBinding('view'),
    },
  },
  {
    id: 'no-authenticated-binding',
    title: 'Nothing is granted to everybody who logs in',
    why: 'The group system:authenticated is every user and every pod’s ServiceAccount, and with some clouds everybody who has an account there.',
    severity: 'critical',
    references: [K02, { standard: 'OWASP K8s 2025', id: 'K09' }],
    aliases: { kubescape: ['C-0265'], trivy: ['KSV-01011'], kyverno: ['restrict-binding-system-groups'] },
    scope: 'object',
    kinds: BINDINGS,
    rule: noSubject("subject.name == 'system:authenticated'"),
    field: 'subjects',
    fix: 'Name the group or the ServiceAccount that needs it.',
    examples: {
      fails: clusterRoleBinding('view', [subject('Group', 'system:authenticated')]),
      passes: clusterRoleBinding('view', [subject('Group', 'shop-support')]),
    },
  },
  {
    id: 'no-masters-binding',
    title: 'Nothing is granted to system:masters',
    why: 'The API server asks no authorizer about system:masters, so a binding says nothing and hides that somebody is meant to be in a group which cannot be taken back.',
    severity: 'high',
    references: [cis('5.1.7'), K02],
    aliases: { kubescape: ['C-0246'], trivy: ['KSV-0123'], kyverno: ['restrict-binding-system-groups'] },
    scope: 'object',
    kinds: BINDINGS,
    rule: noSubject("subject.name == 'system:masters'"),
    field: 'subjects',
    fix: 'Remove the subject, and bind a group of your own.',
    examples: {
      fails: clusterRoleBinding('view', [subject('Group', 'system:masters')]),
      passes: clusterRoleBinding('view', [subject('Group', 'shop-support')]),
    },
  },
  {
    id: 'no-service-account-group-binding',
    title: 'Nothing is granted to all ServiceAccounts at once',
    why: 'A right of system:serviceaccounts, or of that group of one namespace, belongs to every pod that mounts a token, the least trusted included.',
    severity: 'high',
    references: [K02, cis('5.1.5')],
    scope: 'object',
    kinds: BINDINGS,
    rule: noSubject(
      "subject.name == 'system:serviceaccounts' || subject.name.startsWith('system:serviceaccounts:')",
    ),
    field: 'subjects',
    fix: 'Name the ServiceAccounts that need it.',
    examples: {
      fails: roleBinding({ kind: 'ClusterRole', name: 'view' }, [
        subject('Group', 'system:serviceaccounts:shop'),
      ]),
      passes: roleBinding({ kind: 'ClusterRole', name: 'view' }),
    },
  },
  {
    id: 'role-ref-exists',
    title: 'Every binding names a role that exists',
    why: 'A binding to a role that is not there grants whatever the next one who makes a role of that name puts into it.',
    severity: 'medium',
    references: [K02, goodPractice('Periodic review')],
    scope: 'inventory',
    breaches: (inventory) =>
      bindingsIn(inventory)
        .filter((entry) => !roleOf(inventory, entry) && isOurs(inventory, entry))
        .map(({ binding, roleRef }) => ({
          manifest: binding,
          field: 'roleRef.name',
          detail: `There is no ${roleRef.kind} ${roleRef.name} in these manifests`,
        })),
    fix: 'Write the name of a role that exists, or remove the binding.',
    examples: {
      fails: [harmlessRole(), roleBinding({ kind: 'Role', name: 'raeder' }), serviceAccount('api')],
      passes: [harmlessRole(), roleBinding({ kind: 'Role', name: 'reader' }), serviceAccount('api')],
    },
  },
  {
    id: 'binding-grants-something',
    title: 'Every binding grants something to somebody',
    why: 'A binding without subjects, or to a role without rules, does nothing today; a rule that is added to the role later takes effect for people nobody thinks of.',
    severity: 'low',
    references: [K02, goodPractice('Periodic review')],
    scope: 'inventory',
    breaches: (inventory) => bindingsIn(inventory).flatMap((entry) => emptiness(inventory, entry)),
    fix: 'Remove the binding, or write what it is for.',
    examples: {
      fails: [clusterRole([]), roleBinding({ kind: 'ClusterRole', name: 'reader' })],
      passes: [harmless(), roleBinding({ kind: 'ClusterRole', name: 'reader' })],
    },
  },
  {
    id: 'no-system-lease-right',
    title: 'Nobody is bound to a role that changes the leases of the control plane',
    why: 'Whoever takes the lease of the controller-manager or of the scheduler takes the place of its leader, which then stands still: nothing is scheduled, scaled or repaired.',
    severity: 'medium',
    references: [K02, mitre('T1499'), { standard: 'Kubernetes', id: 'Leases: Leader election' }],
    scope: 'inventory',
    breaches: (inventory) => bindingsIn(inventory).flatMap((entry) => leaseBreaches(inventory, entry)),
    fix: 'Grant it by a RoleBinding in the namespace of the leases that are needed, or name those in resourceNames.',
    examples: {
      fails: [clusterRole([leaseRule()]), clusterRoleBinding('reader')],
      passes: [clusterRole([leaseRule()]), roleBinding({ kind: 'ClusterRole', name: 'reader' })],
    },
  },
  {
    id: 'binding-subject-exists',
    title: 'Every ServiceAccount that a binding names exists',
    why: 'Whoever may make ServiceAccounts in the namespace takes the rights of one that is bound but not there.',
    severity: 'medium',
    references: [K02, goodPractice('Periodic review')],
    scope: 'inventory',
    breaches: (inventory) =>
      bindingsIn(inventory).flatMap(({ binding }) => missingSubjects(inventory, binding)),
    fix: 'Write the name and the namespace of a ServiceAccount that exists, or remove the subject.',
    examples: {
      fails: [serviceAccount('web'), clusterRoleBinding('view')],
      passes: [serviceAccount('api'), clusterRoleBinding('view')],
    },
  },
];

/**
 * What roles grant and who holds them. Every rule of a role is looked at, and read as the authorizer of the API server reads
 * it: a group, resource or verb matches itself and `*`, and a subresource also a wildcard in front of its name.
 */
export const RBAC_CONTROLS: readonly (ObjectControl | InventoryControl)[] = [
  ...ROLE_FORM,
  ...RIGHTS,
  ...BINDING_CONTROLS,
];

/**
 * What a rule that is limited by `resourceNames` counts for: nothing, as much as one that is not, or as much if it names one of
 * these.
 */
type WhenNamed = 'even named' | readonly string[];

type Grant = readonly [
  groups: readonly string[],
  resources: readonly string[],
  verbs: readonly string[],
  whenNamed?: WhenNamed,
];

/** Whether `rule` grants one of the verbs on one of the resources, in CEL. */
function grants(...[groups, resources, verbs, whenNamed = []]: Grant): string {
  return [
    matchesOne('apiGroups', groups),
    matchesOne('resources', resources.flatMap(spellings)),
    matchesOne('verbs', verbs),
    named(resources, verbs, whenNamed),
  ].join(' && ');
}

/** `pods/exec` is granted by that name and by a wildcard in front of exec, but not by pods and a wildcard behind it. */
function spellings(resource: string): string[] {
  const slash = resource.indexOf('/');
  return slash < 0 ? [resource] : [resource, `*${resource.slice(slash)}`];
}

function matchesOne(field: string, values: readonly string[]): string {
  return `rule.?${field}.orValue([]).exists(value, value in ${list(['*', ...new Set(values)])})`;
}

/** The empty name is that of a request without one, so it lifts the limit. */
function named(resources: readonly string[], verbs: readonly string[], whenNamed: WhenNamed): string {
  const names = 'rule.?resourceNames.orValue([])';
  if (whenNamed !== 'even named') {
    return `(${names}.size() == 0 || ${names}.exists(name, name in ${list(['', ...whenNamed])}))`;
  }
  // A request to create an object has no name yet, so no name in a rule matches it.
  const withName = resources.every((resource) => resource.includes('/'))
    ? verbs
    : verbs.filter((verb) => verb !== 'create' && verb !== 'deletecollection');
  return `(${names}.size() == 0 || ${matchesOne('verbs', withName)})`;
}

function list(values: readonly string[]): string {
  return `[${values.map((value) => `'${value}'`).join(', ')}]`;
}

/** An API server writes the rules of a role without any as null, which optional fields do not cover. */
function noRule(condition: string): string {
  return `!(has(object.rules) && dyn(object.rules) != null && object.rules.exists(rule, ${condition}))`;
}

function noSubject(condition: string): string {
  return `!object.?subjects.orValue([]).exists(subject, ${condition})`;
}

interface Right extends Omit<ObjectControl, 'scope' | 'kinds' | 'rule' | 'field' | 'examples'> {
  readonly grants: readonly [Grant, ...Grant[]];
  /** @default false */
  readonly clusterWide?: boolean;
}

/** The control that no role grants something. Its example has the dangerous rule behind a harmless one. */
function right({ grants: granted, clusterWide = false, ...info }: Right): ObjectControl {
  const [[groups, resources, verbs]] = granted;
  const dangerous = { apiGroups: [groups[0]!], resources: [resources[0]!], verbs: [verbs[0]!] };
  return {
    ...info,
    scope: 'object',
    kinds: clusterWide ? [CLUSTER_ROLE] : ROLES,
    rule: noRule(granted.map((grant) => `(${grants(...grant)})`).join(' || ')),
    field: 'rules',
    examples: { fails: second(dangerous), passes: harmless() },
  };
}

function harmlessRule(): JsonObject {
  return { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'list', 'watch'] };
}

function second(rule: JsonObject): Manifest {
  return clusterRole([harmlessRule(), rule]);
}

function harmless(): Manifest {
  return clusterRole([harmlessRule()]);
}

function collecting(matchLabels: JsonObject): Manifest {
  return clusterRole([], { aggregationRule: { clusterRoleSelectors: [{ matchLabels }] } });
}

function harmlessRole(): Manifest {
  return role([harmlessRule()]);
}

/** Whether `rule` names nothing but resources of the whole cluster, which a Role cannot grant. */
function clusterWideOnly(): string {
  const ofGroup: Readonly<Record<string, readonly string[]>> = {
    '': ['nodes', 'nodes/proxy', 'nodes/status', 'persistentvolumes'],
    [GROUP]: ['clusterroles', 'clusterrolebindings'],
    'certificates.k8s.io': ['certificatesigningrequests', 'certificatesigningrequests/approval', 'signers'],
    'storage.k8s.io': ['storageclasses', 'volumeattachments', 'csidrivers', 'csinodes'],
    'apiextensions.k8s.io': ['customresourcedefinitions'],
    'apiregistration.k8s.io': ['apiservices'],
  };
  return Object.entries(ofGroup)
    .map(
      ([group, resources]) =>
        `rule.?apiGroups.orValue([]) == ['${group}'] && rule.?resources.orValue([]).all(resource, resource in ${list(resources)})`,
    )
    .map((condition) => `(${condition})`)
    .join(' || ');
}

/**
 * Whether the role has to be in the manifests: those that hold no role of the kind, in the namespace, get them from elsewhere,
 * such as from a chart or from the platform.
 */
function isOurs(inventory: Inventory, entry: Binding): boolean {
  const { kind, name } = entry.roleRef;
  return !BUILT_IN.test(name) && inventory.inNamespace(kind, placeOfRole(entry)).length > 0;
}

function leaseRule(): JsonObject {
  return { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'update'] };
}

function emptiness(inventory: Inventory, entry: Binding): Breach[] {
  const { binding, roleRef } = entry;
  if (listOf(binding.subjects).length === 0) {
    return [{ manifest: binding, field: 'subjects', detail: 'The binding has no subjects' }];
  }
  const bound = roleOf(inventory, entry);
  if (!bound || grantsSomething(inventory, entry, bound)) return [];
  const detail = `${roleRef.kind} ${roleRef.name} has no rules`;
  return [{ manifest: binding, field: 'roleRef', detail }];
}

/** What an aggregated ClusterRole collects may all be elsewhere, as may what a part of it collects. */
function grantsSomething(inventory: Inventory, entry: Binding, { aggregationRule }: Manifest): boolean {
  if (rulesGranted(inventory, entry).length > 0) return true;
  const selectors = listOf(isObject(aggregationRule) ? aggregationRule.clusterRoleSelectors : []);
  const parts = partLabels(inventory.manifests);
  return selectors.length > 0 && !selectors.some((selector) => parts.hasSelected(selector));
}

/** Labels of the ClusterRoles that collect nothing themselves. */
const partLabels = rememberedOfLent((manifests: readonly Manifest[]): LabelIndex => {
  const roles = takeInventory(manifests).ofKind('ClusterRole');
  return indexLabels(roles.filter(({ aggregationRule }) => !isObject(aggregationRule)).map(labelsOf));
});

/** As with roles, a namespace without any ServiceAccount in the manifests gets them from elsewhere. */
function missingSubjects(inventory: Inventory, binding: Manifest): Breach[] {
  return listOf(binding.subjects).flatMap((each, index) => {
    if (!isObject(each) || each.kind !== 'ServiceAccount' || each.name === 'default') return [];
    const namespace = typeof each.namespace === 'string' ? each.namespace : namespaceOf(binding);
    const name = String(each.name);
    const known = inventory.inNamespace('ServiceAccount', namespace).length > 0;
    if (!known || inventory.find('ServiceAccount', namespace, name)) return [];
    const detail = `There is no ServiceAccount ${namespace}/${name} in these manifests`;
    return [{ manifest: binding, field: `subjects[${index}].name`, detail }];
  });
}
