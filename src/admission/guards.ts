import { findControl } from '../controls/catalogue';
import type { PodControl } from '../controls/control';
import { expressionOf } from '../controls/judge';
import { ALLOWANCES_NAME, PLATFORM_OWNED_LABEL, TENANT_LABEL } from '../manifest/kinds';
import type { AllowanceList } from '../tenancy/allowances';
import type { ClusterTarget } from '../target/target';
import { allowsAny } from './allowed';
import { NAMESPACE_GUARDS, NAME_LABEL } from './namespace-guards';
import type { ResourceRule } from './policy';
import { quoted } from './who';

/** What the rule of a guard may depend on. */
export interface GuardContext {
  readonly target: ClusterTarget;
  /** Keys of the labels that namespaces have which people of tenants make, beside those of every tenant. @default unknown */
  readonly selfMadeLabels?: readonly string[];
}

/** A rule that only the API server can hold somebody to, because it depends on who asks or on what a tenant is allowed. */
export interface Guard {
  readonly id: string;
  /** What has to be so, as a short statement. */
  readonly title: string;
  /** The attack that it stops. */
  readonly why: string;
  /** The field that decides. */
  readonly field: string;
  /** What whoever is refused can do. */
  readonly fix: string;
  /** Whether the field is one of each container, also of one that is added to a running pod. @default false */
  readonly isAboutContainers?: boolean;
  /** Allowances that the rule reads, as the variables of their names. @default none */
  readonly allowances?: readonly AllowanceList[];
  /** True for what is admitted, in the Common Expression Language; undefined where there is nothing to ask. */
  readonly rule: string | ((asked: GuardContext) => string | undefined);
}

/**
 * Taints by which Kubernetes says how a node is, not whose. The API server and the controller of DaemonSets add tolerations of them.
 * Source: Kubernetes, "Well-Known Labels, Annotations and Taints".
 */
const NODE_CONDITIONS: readonly string[] = [
  'not-ready',
  'unreachable',
  'memory-pressure',
  'disk-pressure',
  'pid-pressure',
  'network-unavailable',
  'unschedulable',
].map((name) => `node.kubernetes.io/${name}`);

const NODE_SELECTOR = 'variables.pod.?nodeSelector.orValue({})';

/** Every term that says which nodes a pod has to be on, or would rather be. */
const AFFINE_TERMS =
  'variables.pod.?affinity.?nodeAffinity.?requiredDuringSchedulingIgnoredDuringExecution.?nodeSelectorTerms.orValue([]) + ' +
  'variables.pod.?affinity.?nodeAffinity.?preferredDuringSchedulingIgnoredDuringExecution.orValue([]).map(one, one.preference)';

/** Guards about what is in a pod. They hold for whoever makes it, also for the controllers that do it for a tenant. */
export const POD_GUARDS: readonly Guard[] = [
  {
    id: 'allowed-priority-class',
    title: 'Pods have a priority that their tenant was given',
    why: 'The scheduler evicts the pods of others to make room for one of higher priority.',
    field: 'priorityClassName',
    fix: 'Remove it, or ask the platform to allow the PriorityClass.',
    allowances: ['priorityClasses'],
    rule: "variables.pod.?priorityClassName.orValue('') in variables.priorityClasses + ['']",
  },
  {
    id: 'allowed-runtime-class',
    title: 'Pods run under a runtime that their tenant was given',
    why: 'A RuntimeClass can be one without the sandbox that keeps a tenant from the node, or one for nodes of others.',
    field: 'runtimeClassName',
    fix: 'Remove it, or ask the platform to allow the RuntimeClass.',
    allowances: ['runtimeClasses', 'sandboxes'],
    rule:
      "variables.pod.?runtimeClassName.orValue('') in " +
      "(variables.sandboxes.size() > 0 ? variables.sandboxes : variables.runtimeClasses + [''])",
  },
  {
    id: 'images-by-digest',
    title: 'Images of a tenant that pins them are named by digest',
    why: 'Whoever may push to a registry moves any tag; a digest names the very bytes that were tested.',
    field: 'image',
    fix: 'Add the digest that crane digest IMAGE prints: image:1.4.2@sha256:....',
    isAboutContainers: true,
    rule: ({ target }) =>
      "params.?data[?'imageDigests'].orValue('') != 'true' || " +
      `variables.containers.all(container, ${expressionOf(findControl('image-digest') as PodControl, target)})`,
  },
  {
    id: 'allowed-toleration',
    title: 'Pods tolerate the taints of nodes that their tenant was given',
    why: 'A taint is all that keeps pods off the nodes of another tenant, where they share a kernel and every secret that is mounted.',
    field: 'tolerations',
    fix: 'Remove it, or ask the platform to allow the toleration.',
    allowances: ['tolerations'],
    rule:
      `variables.pod.?tolerations.orValue([]).all(one, [one.?key.orValue('')].all(key, key in [${quoted(NODE_CONDITIONS)}] || ` +
      "key in variables.tolerations || (one.?operator.orValue('Equal') == 'Equal' && " +
      "key + '=' + one.?value.orValue('') in variables.tolerations)))",
  },
  {
    id: 'own-nodes',
    title: 'Pods of a tenant with nodes of its own select them',
    why: 'A pod that says nothing of nodes runs beside the pods of others.',
    field: 'nodeSelector',
    fix: 'Write the labels of the tenant’s pool of nodes into it; those are nodeLabels of the ConfigMap tenant-allowances.',
    allowances: ['nodeLabels'],
    rule: `variables.nodeLabels.all(label, ${NODE_SELECTOR}.exists(key, key + '=' + ${NODE_SELECTOR}[key] == label))`,
  },
  {
    id: 'no-foreign-nodes',
    title: 'Pods do not select nodes of other tenants',
    why: 'Nodes that are set apart for one tenant, such as one that nobody trusts, are not for the pods of others.',
    field: 'nodeSelector and affinity.nodeAffinity',
    fix: 'Remove the label from nodeSelector, and the expression from nodeAffinity; by the key of such a label only In selects, with values of your own nodes.',
    allowances: ['foreignNodeLabels'],
    rule:
      `${NODE_SELECTOR}.all(key, !(key + '=' + ${NODE_SELECTOR}[key] in variables.foreignNodeLabels)) && ` +
      `(${AFFINE_TERMS}).all(term, term.?matchExpressions.orValue([]).all(one, ` +
      "!variables.foreignNodeLabels.exists(label, label.startsWith(one.key + '=')) || (one.operator == 'In' && " +
      "one.?values.orValue([]).all(value, !(one.key + '=' + value in variables.foreignNodeLabels)))))",
  },
];

/** Guards about other objects of a tenant's namespace, by the policy that they are in. */
export interface GuardGroup {
  /** Ends the name of the policy. */
  readonly name: string;
  readonly resources: readonly ResourceRule[];
  /** @default none */
  readonly excluded?: readonly ResourceRule[];
  readonly guards: readonly Guard[];
  /** The kind it is about, whose controls are then asked in the same policy. @default none */
  readonly kind?: string;
  /** Ids of controls whose rules are asked beside the guards in any case. @default none */
  readonly controls?: readonly string[];
  /** Conditions, by id, under which a control asks nothing. @default none */
  readonly unless?: Readonly<Record<string, string>>;
  /** Whether also the controllers of the cluster are held to it, which make such objects for tenants. @default false */
  readonly judgesControlPlane?: boolean;
  /** Where it holds: in every tenant's namespace, or wherever the rule finds one. @default 'tenants' */
  readonly scope?: 'tenants' | 'cluster';
  /**
   * Whether the rules are about spec and annotations only, so that a change of nothing but labels or finalizers is not judged:
   * what is older than the policy can still be deleted.
   * @default false
   */
  readonly judgesSpec?: boolean;
}

const WRITES = ['CREATE', 'UPDATE'] as const;
const CHANGES = ['CREATE', 'UPDATE', 'DELETE'] as const;

function writesOf(group: string, ...resources: string[]): ResourceRule {
  return { apiGroups: [group], apiVersions: ['v1'], operations: WRITES, resources };
}

/** Everything that tenancy needs beyond controls. */
export const GUARD_GROUPS: readonly GuardGroup[] = [
  {
    name: 'platform-owned',
    resources: [{ apiGroups: ['*'], apiVersions: ['*'], operations: CHANGES, resources: ['*', '*/status'] }],
    // Written all the time, and never the platform's.
    excluded: [
      { apiGroups: [''], apiVersions: ['*'], operations: CHANGES, resources: ['events', 'pods/status'] },
      { apiGroups: ['events.k8s.io'], apiVersions: ['*'], operations: CHANGES, resources: ['events'] },
      { apiGroups: ['coordination.k8s.io'], apiVersions: ['*'], operations: CHANGES, resources: ['leases'] },
    ],
    guards: [
      {
        id: 'platform-owned',
        title: 'What the platform owns is changed and deleted by the platform alone',
        why: 'Quotas, default deny and allowances hold a tenant only as long as the tenant cannot change them.',
        field: `metadata.labels['${PLATFORM_OWNED_LABEL}']`,
        fix: 'Ask the platform for the change. Objects of your own do without the label.',
        rule:
          `[object, oldObject].all(one, one == null || (one.?metadata.?labels[?'${PLATFORM_OWNED_LABEL}'].orValue('') == '' && ` +
          `!(request.kind.kind == 'ConfigMap' && one.?metadata.?name.orValue('') == '${ALLOWANCES_NAME}')))`,
      },
    ],
  },
  NAMESPACE_GUARDS,
  {
    name: 'network-policies',
    kind: 'networking.k8s.io/NetworkPolicy',
    judgesSpec: true,
    resources: [writesOf('networking.k8s.io', 'networkpolicies')],
    guards: [
      {
        id: 'network-policy-names-peers',
        title: 'A NetworkPolicy names whom it lets in and out',
        why: 'Policies add up: one rule without peers opens what default deny closed, to every pod of the cluster and to the Internet.',
        field: 'spec.ingress[].from and spec.egress[].to',
        fix: 'Name the peers; for every pod of the namespace write podSelector: {}.',
        rule:
          'object.spec.?ingress.orValue([]).all(rule, rule.?from.orValue([]).size() > 0) && ' +
          'object.spec.?egress.orValue([]).all(rule, rule.?to.orValue([]).size() > 0)',
      },
      {
        id: 'network-policy-own-namespaces',
        title: 'A NetworkPolicy names namespaces of its tenant, or such as its tenant was given',
        why: 'A selector of foreign namespaces opens the way to and from other tenants.',
        field: 'spec.*[].*[].namespaceSelector',
        fix: `Select by kubernetes.io/metadata.name, or by ${TENANT_LABEL} with the name of your tenant; for another namespace ask the platform.`,
        allowances: ['networkNamespaces'],
        rule: everyPeer(`!has(peer.namespaceSelector) || ${selectsOwn('peer.namespaceSelector')}`),
      },
      {
        id: 'network-policy-allowed-cidrs',
        title: 'A NetworkPolicy names addresses that its tenant was given',
        why: 'Addresses go past every selector: to the Internet, to the metadata of the cloud, to nodes and to the API server.',
        field: 'spec.*[].*[].ipBlock.cidr',
        fix: 'Select pods and namespaces, or ask the platform to allow the block.',
        allowances: ['networkCidrs'],
        rule: (target) => everyPeer(`!has(peer.ipBlock) || ${cidrAllowed(target)}`),
      },
    ],
  },
  {
    name: 'services',
    kind: 'Service',
    judgesSpec: true,
    resources: [writesOf('', 'services')],
    guards: [
      {
        id: 'allowed-load-balancer',
        title: 'Load balancers are those that the tenant was given',
        why: 'Each is an entrance from outside that no Ingress guards.',
        field: 'spec.type',
        fix: 'Set it to ClusterIP and use an Ingress, or ask the platform to allow this Service.',
        allowances: ['loadBalancers'],
        rule: "object.spec.?type.orValue('ClusterIP') != 'LoadBalancer' || object.metadata.name in variables.loadBalancers",
      },
    ],
    controls: ['no-node-port', 'no-external-ips', 'no-external-name-to-host'],
    unless: { 'no-node-port': 'object.metadata.name in variables.nodePorts' },
  },
  {
    name: 'ingresses',
    kind: 'networking.k8s.io/Ingress',
    judgesSpec: true,
    resources: [writesOf('networking.k8s.io', 'ingresses')],
    guards: [
      {
        id: 'allowed-ingress-host',
        title: 'An Ingress serves hosts that its tenant was given',
        why: 'Who serves the host of another tenant gets their customers’ requests, cookies and passwords.',
        field: 'spec.rules[].host',
        fix: 'Name a host of your own in every rule, without a default backend, or ask the platform to allow the host.',
        allowances: ['ingressHosts'],
        rule:
          '!has(object.spec.defaultBackend) && ' +
          `object.spec.?rules.orValue([]).all(rule, [rule.?host.orValue('')].all(host, ${hostAllowed()})) && ` +
          `object.spec.?tls.orValue([]).all(tls, tls.?hosts.orValue([]).all(host, ${hostAllowed()}))`,
      },
      {
        id: 'allowed-ingress-class',
        title: 'An Ingress has a class that its tenant was given',
        why: 'The class decides which controller serves it: the one for the Internet, or one for people inside.',
        field: 'spec.ingressClassName',
        fix: 'Name an IngressClass that the tenant was given, without the old annotation kubernetes.io/ingress.class.',
        allowances: ['ingressClasses'],
        rule:
          `${allowsAny('ingressClasses')} || (object.spec.?ingressClassName.orValue('') in variables.ingressClasses && ` +
          "!object.metadata.?annotations[?'kubernetes.io/ingress.class'].hasValue())",
      },
    ],
    controls: ['no-ingress-snippet'],
  },
  {
    name: 'routes',
    judgesSpec: true,
    resources: [
      {
        apiGroups: ['gateway.networking.k8s.io'],
        apiVersions: ['*'],
        operations: WRITES,
        resources: ['httproutes', 'grpcroutes', 'tlsroutes', 'tcproutes', 'udproutes'],
      },
    ],
    guards: [
      {
        id: 'allowed-route-host',
        title: 'A route serves hosts that its tenant was given',
        why: 'Who serves the host of another tenant gets their customers’ requests, cookies and passwords.',
        field: 'spec.hostnames',
        fix: 'Name a host of your own, or ask the platform to allow the host or to make the route.',
        allowances: ['ingressHosts'],
        rule: `object.?spec.?hostnames.orValue(['']).size() > 0 && object.?spec.?hostnames.orValue(['']).all(host, ${hostAllowed()})`,
      },
    ],
  },
  {
    name: 'role-bindings',
    kind: 'rbac.authorization.k8s.io/RoleBinding',
    resources: [writesOf('rbac.authorization.k8s.io', 'rolebindings')],
    guards: [
      {
        id: 'allowed-role-ref',
        title: 'A RoleBinding grants a role that its tenant may grant',
        why: 'Who may bind any role gives away, or gets by a friend, what the platform kept for itself.',
        field: 'roleRef',
        fix: 'Grant a role that the tenant may grant, or ask the platform to bind this one.',
        allowances: ['roleRefs'],
        rule: "object.roleRef.kind + '/' + object.roleRef.name in variables.roleRefs",
      },
    ],
    controls: [
      'no-anonymous-binding',
      'no-authenticated-binding',
      'no-masters-binding',
      'no-service-account-group-binding',
      'no-default-service-account-binding',
    ],
  },
  {
    name: 'claims',
    judgesSpec: true,
    resources: [writesOf('', 'persistentvolumeclaims')],
    // A StatefulSet's claims are made by a controller.
    judgesControlPlane: true,
    guards: [
      {
        id: 'allowed-storage-class',
        title: 'A claim has a StorageClass that its tenant was given',
        why: 'A StorageClass can be dear, scarce, or keep the data of whoever was there before.',
        field: 'spec.storageClassName',
        fix: 'Name a StorageClass that the tenant was given.',
        allowances: ['storageClasses'],
        rule:
          `${allowsAny('storageClasses')} || (object.spec.?storageClassName.orValue('') in variables.storageClasses && ` +
          "!object.metadata.?annotations[?'volume.beta.kubernetes.io/storage-class'].hasValue())",
      },
      {
        id: 'claim-names-no-volume',
        title: 'A new claim does not name its volume',
        why: 'A claim that names a PersistentVolume takes it, also one that another tenant left behind.',
        field: 'spec.volumeName',
        fix: 'Remove it, or ask the platform to bind the volume.',
        rule: "request.operation != 'CREATE' || object.spec.?volumeName.orValue('') == ''",
      },
    ],
  },
  {
    name: 'secrets',
    kind: 'Secret',
    resources: [writesOf('', 'secrets')],
    guards: [],
    controls: ['no-token-secret'],
  },
  {
    name: 'reserved',
    resources: [
      writesOf('', 'endpoints', 'services/status', 'bindings', 'pods/binding'),
      writesOf('discovery.k8s.io', 'endpointslices'),
      writesOf('networking.k8s.io', 'ingresses/status'),
      ...['cilium.io', 'crd.projectcalico.org', 'projectcalico.org', 'crd.antrea.io'].map(
        (group): ResourceRule => ({
          apiGroups: [group],
          apiVersions: ['*'],
          operations: WRITES,
          resources: ['ciliumnetworkpolicies', 'networkpolicies', 'networksets'],
        }),
      ),
    ],
    guards: [
      {
        id: 'written-by-the-cluster',
        title:
          'Endpoints, addresses of load balancers, places of pods and policies of the network plugin are not written by tenants',
        why:
          'Endpoints and addresses that somebody makes up lead Ingress controllers and nodes to pods of others (CVE-2021-25740, CVE-2020-8554), ' +
          'who binds a pod to a node goes past its taints, and policies of the plugin open what NetworkPolicies close.',
        field: 'kind',
        fix: 'Let the cluster write it from a Service, write a NetworkPolicy, or ask the platform.',
        rule: 'false',
      },
    ],
  },
];

/** A condition that holds for each peer of a NetworkPolicy. */
function everyPeer(condition: string): string {
  const rules = (direction: string, peers: string) =>
    `object.spec.?${direction}.orValue([]).all(rule, rule.?${peers}.orValue([]).all(peer, ${condition}))`;
  return `${rules('ingress', 'from')} && ${rules('egress', 'to')}`;
}

/** Whatever else a selector asks only narrows what these select. */
function selectsOwn(selector: string): string {
  const named = 'variables.networkNamespaces + [request.namespace]';
  const ownTenant = `namespaceObject.metadata.?labels[?'${TENANT_LABEL}'].orValue('')`;
  return `(${[
    `${selector}.?matchLabels[?'${NAME_LABEL}'].orValue('') in ${named}`,
    `${selector}.?matchLabels[?'${TENANT_LABEL}'].orValue('') == ${ownTenant}`,
    `${selector}.?matchExpressions.orValue([]).exists(one, one.key == '${NAME_LABEL}' && one.operator == 'In' && ` +
      `one.values.all(value, value in ${named}))`,
  ].join(' || ')})`;
}

/** The API server knows cidr() in new expressions from 1.31. */
function cidrAllowed({ target: { minor } }: GuardContext): string {
  const cidr = 'peer.ipBlock.cidr';
  return minor >= 31
    ? `variables.networkCidrs.exists(block, cidr(block).containsCIDR(${cidr}))`
    : `${cidr} in variables.networkCidrs`;
}

/** `*.example.com` stands for what ends in `.example.com`, as a wildcard of an Ingress also has to. */
function hostAllowed(): string {
  return (
    "variables.ingressHosts.exists(allowed, host == allowed || (allowed.startsWith('*.') && " +
    'host.endsWith(allowed.substring(1)) && host.size() > allowed.size() - 1))'
  );
}
