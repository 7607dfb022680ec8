import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { escalationOf } from '../../../src/rbac';
import { RIGHTS } from '../../../src/rbac/rights';
import type { Manifest } from '../../../src/manifest/manifest';
import {
  type ApiServer,
  create,
  describeWithApiServer,
  type RequestOptions,
  type Response,
  serverMinor,
} from '../harness';

const RBAC = 'rbac.authorization.k8s.io';
const minor = serverMinor() ?? 37;
const hasController = minor >= 37;

/** `VERBS RESOURCES[.GROUP] [NAMES]` */
type Rights = string;

interface Attack {
  /** Id of the right that the engine names. */
  readonly right: string;
  /** What the attacker has, in the namespace of the attack unless `clusterWide`. */
  readonly rights: readonly Rights[];
  /** What is left of it after the repair. @default nothing */
  readonly repaired?: readonly Rights[];
  readonly clusterWide?: boolean;
  readonly method: string;
  /** `{NS}` stands for the namespace of the attack. */
  readonly path: string;
  readonly body?: object | (() => object);
  readonly headers?: Record<string, string>;
  /** What a kubelet would have to do, so that nothing but the authorizer can be asked. @default the API server does it all */
  readonly unanswered?: string;
  /** What the attacker makes of it. @default the first request is the attack */
  readonly then?: (attacker: Attacker, first: Response) => Promise<Response>;
  /** Whether the right only counts together with others, and leads nowhere by its own name. */
  readonly isLever?: boolean;
  /** A certificate that somebody else has asked for. @default none */
  readonly asks?: () => object;
  /** Whether Pod Security refuses privileged pods in the namespace before the attack. */
  readonly isSecured?: boolean;
  /** A path of what has to be deleted after the attack, since it would make up for what the repair takes away. */
  readonly leaves?: string;
  /** Minor version of the first API server that knows the right. */
  readonly since?: number;
}

type Ask = (method: string, path: string, body?: object, options?: RequestOptions) => Promise<Response>;

interface Attacker {
  readonly ask: Ask;
  /** The administrator, who sees what came of it. */
  readonly admin: Ask;
}

const CORE = '/api/v1/namespaces/{NS}';
const ROLES = `/apis/${RBAC}/v1/namespaces/{NS}`;
const DRY = '?dryRun=All';
const container = { name: 'main', image: 'registry.example/app:1.0.0' };
const template = {
  metadata: { labels: { app: 'x' } },
  spec: { serviceAccountName: 'victim', containers: [container] },
};
const object = (apiVersion: string, kind: string, rest: object = {}) => ({
  apiVersion,
  kind,
  metadata: { name: 'made' },
  ...rest,
});
const hook = { webhooks: [] };
const strategic = { 'content-type': 'application/strategic-merge-patch+json' };
const privileged = object('v1', 'Pod', {
  metadata: { name: 'privileged' },
  spec: { containers: [{ ...container, securityContext: { privileged: true } }] },
});
const CONSTRAINED = 36;
const CSRS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client';

function certificateRequest(): object {
  const args =
    'req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -subj /CN=powerful';
  const request = execFileSync('openssl', args.split(' '), { stdio: ['ignore', 'pipe', 'ignore'] });
  return object('certificates.k8s.io/v1', 'CertificateSigningRequest', {
    metadata: { name: '{NS}' },
    spec: {
      request: request.toString('base64'),
      signerName: CLIENT_SIGNER,
      usages: ['digital signature', 'client auth'],
    },
  });
}

/** Only the victim and those it lends its name to list the Secrets of the namespace. */
async function secretsBy(ask: Ask, token: string): Promise<Response> {
  return ask('GET', `${CORE}/secrets`, undefined, { headers: { authorization: `Bearer ${token}` } });
}

/** The controller writes the token, so that without one the Secret is as far as it goes. */
async function tokenOfSecret({ ask }: Attacker, first: Response): Promise<Response> {
  if (!hasController) return first;
  const filled = await until(
    () => ask('GET', `${CORE}/secrets/made`),
    ({ body }) => body.data?.token,
  );
  return secretsBy(ask, Buffer.from(filled.body.data.token, 'base64').toString());
}

async function approvalOf({ ask, admin }: Attacker): Promise<Response> {
  const conditions = [{ type: 'Approved', status: 'True', reason: 'Attack' }];
  const approved = await ask('PATCH', `${CSRS}/{NS}/approval`, { status: { conditions } });
  if (approved.status !== 200) return approved;
  const seen = await admin('GET', `${CSRS}/{NS}`);
  const isApproved = seen.body.status.conditions?.[0]?.type === 'Approved';
  return { ...seen, status: isApproved ? seen.status : 500 };
}

/** A folder of the node in a pod that Pod Security takes for a harmless one. */
async function mountedVolume({ ask, admin }: Attacker): Promise<Response> {
  const claimed = await ask(
    'POST',
    `${CORE}/persistentvolumeclaims`,
    object('v1', 'PersistentVolumeClaim', {
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
        storageClassName: '',
        volumeName: '{NS}',
      },
    }),
  );
  if (claimed.status !== 201) return claimed;
  if (hasController) {
    await until(
      () => admin('GET', `${CORE}/persistentvolumeclaims/made`),
      ({ body }) => body.status.phase === 'Bound',
    );
  }
  return ask('POST', `${CORE}/pods`, object('v1', 'Pod', { spec: mounting }));
}

const mounting = {
  securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [
    {
      ...container,
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      volumeMounts: [{ name: 'node', mountPath: '/node' }],
    },
  ],
  volumes: [{ name: 'node', persistentVolumeClaim: { claimName: 'made' } }],
};

const ATTACKS: readonly Attack[] = [
  { right: 'everything', rights: ['* *.*'], clusterWide: true, method: 'GET', path: '/api/v1/secrets' },
  { right: 'read-secrets', rights: ['list secrets'], method: 'GET', path: `${CORE}/secrets` },
  {
    right: 'create-secrets',
    rights: ['create,get secrets'],
    method: 'POST',
    path: `${CORE}/secrets`,
    body: object('v1', 'Secret', {
      type: 'kubernetes.io/service-account-token',
      metadata: { name: 'made', annotations: { 'kubernetes.io/service-account.name': 'victim' } },
    }),
    then: tokenOfSecret,
  },
  {
    right: 'request-tokens',
    rights: ['create serviceaccounts/token'],
    method: 'POST',
    path: `${CORE}/serviceaccounts/victim/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
    then: ({ ask }, { body }) => secretsBy(ask, body.status.token),
  },
  {
    right: 'create-workloads',
    rights: ['create pods'],
    method: 'POST',
    path: `${CORE}/pods${DRY}`,
    body: object('v1', 'Pod', { spec: template.spec }),
  },
  {
    right: 'write-workloads',
    rights: ['create deployments.apps'],
    method: 'POST',
    path: '/apis/apps/v1/namespaces/{NS}/deployments',
    body: object('apps/v1', 'Deployment', { spec: { selector: { matchLabels: { app: 'x' } }, template } }),
    then: async ({ admin }, first) => {
      if (!hasController) return first;
      const pods = await until(
        () => admin('GET', `${CORE}/pods?labelSelector=app%3Dx`),
        ({ body }) => body.items.length > 0,
      );
      return { ...pods, status: pods.body.items[0]?.spec.serviceAccountName === 'victim' ? 200 : 500 };
    },
  },
  {
    right: 'change-pods',
    rights: ['patch pods'],
    method: 'PATCH',
    path: `${CORE}/pods/victim`,
    headers: strategic,
    body: { spec: { containers: [{ name: 'main', image: 'registry.example/evil:1.0.0' }] } },
  },
  {
    right: 'run-commands',
    rights: ['create pods/exec'],
    method: 'POST',
    path: `${CORE}/pods/victim/exec?command=id`,
    unanswered: 'The kubelet of the node runs the command.',
  },
  {
    right: 'add-containers',
    rights: ['patch pods/ephemeralcontainers'],
    method: 'PATCH',
    path: `${CORE}/pods/victim/ephemeralcontainers${DRY}`,
    headers: strategic,
    body: { spec: { ephemeralContainers: [{ name: 'debug', image: 'registry.example/debug:1.0.0' }] } },
  },
  {
    right: 'open-tunnels',
    rights: ['create pods/portforward'],
    method: 'POST',
    path: `${CORE}/pods/victim/portforward`,
    unanswered: 'The kubelet of the node holds the other end of the connection.',
  },
  {
    right: 'node-proxy',
    rights: ['get nodes/proxy'],
    clusterWide: true,
    method: 'GET',
    path: '/api/v1/nodes/none/proxy/pods',
    unanswered:
      'The kubelet of the node answers; the API server passes the request on, to no address of this machine.',
  },
  {
    right: 'escalate-roles',
    rights: [`patch,escalate roles.${RBAC}`],
    repaired: [`patch roles.${RBAC}`],
    method: 'PATCH',
    path: `${ROLES}/roles/{NS}`,
    body: { rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] },
    then: ({ ask }) => heard(() => ask('GET', `${CORE}/secrets`)),
  },
  {
    right: 'bind-roles',
    rights: [`create rolebindings.${RBAC}`, `bind clusterroles.${RBAC}`],
    repaired: [`create rolebindings.${RBAC}`],
    method: 'POST',
    path: `${ROLES}/rolebindings`,
    body: object(`${RBAC}/v1`, 'RoleBinding', {
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name: 'attacker', namespace: '{NS}' }],
    }),
    then: ({ ask }) => heard(() => ask('GET', `${CORE}/secrets`)),
    leaves: `${ROLES}/rolebindings/made`,
  },
  {
    right: 'write-roles',
    rights: [`patch roles.${RBAC}`],
    method: 'PATCH',
    path: `${ROLES}/roles/plain${DRY}`,
    body: { rules: [] },
  },
  {
    right: 'write-bindings',
    rights: [`create rolebindings.${RBAC}`, 'get configmaps'],
    method: 'POST',
    path: `${ROLES}/rolebindings`,
    body: object(`${RBAC}/v1`, 'RoleBinding', {
      roleRef: { apiGroup: RBAC, kind: 'Role', name: 'plain' },
      subjects: [{ kind: 'User', name: 'friend', apiGroup: RBAC }],
    }),
    then: ({ admin }) =>
      heard(() => admin('GET', `${CORE}/configmaps/settings`, undefined, { as: 'friend' })),
  },
  {
    right: 'impersonate-users',
    rights: ['impersonate users'],
    clusterWide: true,
    method: 'GET',
    path: `${CORE}/secrets`,
    headers: { 'impersonate-user': 'powerful' },
  },
  {
    right: 'impersonate-groups',
    rights: ['impersonate users,groups'],
    repaired: ['impersonate users'],
    clusterWide: true,
    method: 'GET',
    path: '/api/v1/secrets',
    headers: { 'impersonate-user': 'nobody', 'impersonate-group': 'system:masters' },
  },
  {
    right: 'impersonate-accounts',
    rights: ['impersonate serviceaccounts'],
    method: 'GET',
    path: `${CORE}/secrets`,
    headers: { 'impersonate-user': 'system:serviceaccount:{NS}:victim' },
  },
  {
    right: 'impersonate-extra',
    rights: ['impersonate users', 'impersonate uids,userextras/scopes.authentication.k8s.io'],
    repaired: ['impersonate users'],
    isLever: true,
    clusterWide: true,
    method: 'GET',
    path: `${CORE}/secrets`,
    headers: {
      'impersonate-user': 'powerful',
      'impersonate-uid': '1',
      'impersonate-extra-scopes': 'everything',
    },
  },
  {
    right: 'impersonate-users-for',
    rights: ['impersonate:user-info users.authentication.k8s.io', 'impersonate-on:user-info:list secrets'],
    repaired: ['impersonate-on:user-info:list secrets'],
    since: CONSTRAINED,
    clusterWide: true,
    method: 'GET',
    path: `${CORE}/secrets`,
    headers: { 'impersonate-user': 'powerful' },
  },
  {
    right: 'impersonate-groups-for',
    rights: [
      'impersonate:user-info users,groups.authentication.k8s.io',
      'impersonate-on:user-info:list secrets',
    ],
    repaired: ['impersonate:user-info users.authentication.k8s.io', 'impersonate-on:user-info:list secrets'],
    since: CONSTRAINED,
    clusterWide: true,
    method: 'GET',
    path: `${CORE}/secrets`,
    headers: { 'impersonate-user': 'nobody', 'impersonate-group': 'powerful' },
  },
  {
    right: 'impersonate-accounts-for',
    rights: [
      'impersonate:serviceaccount serviceaccounts.authentication.k8s.io',
      'impersonate-on:serviceaccount:list secrets',
    ],
    repaired: ['impersonate-on:serviceaccount:list secrets'],
    since: CONSTRAINED,
    method: 'GET',
    path: `${CORE}/secrets`,
    headers: { 'impersonate-user': 'system:serviceaccount:{NS}:victim' },
  },
  {
    right: 'impersonate-nodes-for',
    rights: [
      'impersonate:arbitrary-node nodes.authentication.k8s.io',
      'impersonate-on:arbitrary-node:get secrets',
    ],
    repaired: ['impersonate-on:arbitrary-node:get secrets'],
    since: CONSTRAINED,
    clusterWide: true,
    method: 'GET',
    // The Secret of the victim's pod, which the node of the pod may get.
    path: `${CORE}/secrets/mounted`,
    headers: { 'impersonate-user': 'system:node:{NS}' },
  },
  {
    right: 'act-for-others',
    rights: ['impersonate:user-info users.authentication.k8s.io', 'impersonate-on:user-info:list secrets'],
    repaired: ['impersonate:user-info users.authentication.k8s.io'],
    isLever: true,
    since: CONSTRAINED,
    clusterWide: true,
    method: 'GET',
    path: `${CORE}/secrets`,
    headers: { 'impersonate-user': 'powerful' },
  },
  {
    right: 'create-certificate-requests',
    rights: ['create certificatesigningrequests.certificates.k8s.io'],
    clusterWide: true,
    method: 'POST',
    path: CSRS,
    body: certificateRequest,
  },
  {
    right: 'approve-certificates',
    rights: [
      'create certificatesigningrequests.certificates.k8s.io',
      'patch certificatesigningrequests/approval.certificates.k8s.io',
      `approve signers.certificates.k8s.io ${CLIENT_SIGNER}`,
    ],
    clusterWide: true,
    method: 'POST',
    path: CSRS,
    body: certificateRequest,
    then: approvalOf,
  },
  {
    right: 'approve-for-signers',
    rights: [
      'patch certificatesigningrequests/approval.certificates.k8s.io',
      `approve signers.certificates.k8s.io ${CLIENT_SIGNER}`,
    ],
    repaired: ['patch certificatesigningrequests/approval.certificates.k8s.io'],
    isLever: true,
    asks: certificateRequest,
    clusterWide: true,
    method: 'PATCH',
    path: `${CSRS}/{NS}/approval`,
    body: { status: { conditions: [{ type: 'Approved', status: 'True', reason: 'Attack' }] } },
  },
  {
    right: 'change-objects-in-flight',
    rights: ['create mutatingwebhookconfigurations.admissionregistration.k8s.io'],
    clusterWide: true,
    method: 'POST',
    path: `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations${DRY}`,
    body: object('admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration', hook),
  },
  {
    right: 'read-objects-in-flight',
    rights: ['create validatingwebhookconfigurations.admissionregistration.k8s.io'],
    clusterWide: true,
    method: 'POST',
    path: `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations${DRY}`,
    body: object('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', hook),
  },
  {
    right: 'switch-off-admission',
    rights: ['deletecollection validatingadmissionpolicies.admissionregistration.k8s.io'],
    clusterWide: true,
    method: 'DELETE',
    path: `/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies${DRY}`,
  },
  {
    right: 'write-api-services',
    rights: ['create apiservices.apiregistration.k8s.io'],
    clusterWide: true,
    method: 'POST',
    path: `/apis/apiregistration.k8s.io/v1/apiservices${DRY}`,
    body: {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1.evil.example' },
      spec: {
        group: 'evil.example',
        version: 'v1',
        groupPriorityMinimum: 1,
        versionPriority: 1,
        insecureSkipTLSVerify: true,
        service: { name: 'evil', namespace: 'default' },
      },
    },
  },
  {
    right: 'write-custom-resource-definitions',
    rights: ['deletecollection customresourcedefinitions.apiextensions.k8s.io'],
    clusterWide: true,
    method: 'DELETE',
    path: `/apis/apiextensions.k8s.io/v1/customresourcedefinitions${DRY}`,
  },
  {
    right: 'change-namespaces',
    rights: ['patch namespaces', 'create pods'],
    isSecured: true,
    method: 'PATCH',
    path: CORE,
    body: { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } } },
    then: ({ ask }) => heard(() => ask('POST', `${CORE}/pods`, privileged)),
  },
  {
    right: 'create-persistent-volumes',
    rights: ['create persistentvolumes,persistentvolumeclaims,pods'],
    isSecured: true,
    clusterWide: true,
    method: 'POST',
    path: '/api/v1/persistentvolumes',
    body: object('v1', 'PersistentVolume', {
      metadata: { name: '{NS}' },
      spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/' } },
    }),
    then: mountedVolume,
  },
  {
    right: 'write-network-policies',
    rights: ['create networkpolicies.networking.k8s.io'],
    method: 'POST',
    path: `/apis/networking.k8s.io/v1/namespaces/{NS}/networkpolicies${DRY}`,
    body: object('networking.k8s.io/v1', 'NetworkPolicy', {
      spec: { podSelector: {}, ingress: [{}], egress: [{}], policyTypes: ['Ingress', 'Egress'] },
    }),
  },
  {
    right: 'write-cluster-network-policies',
    rights: ['create clusternetworkpolicies.policy.networking.k8s.io'],
    clusterWide: true,
    method: 'POST',
    path: '/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies',
    body: object('policy.networking.k8s.io/v1alpha2', 'ClusterNetworkPolicy'),
  },
  {
    right: 'write-quotas',
    rights: ['deletecollection resourcequotas'],
    method: 'DELETE',
    path: `${CORE}/resourcequotas${DRY}`,
  },
  {
    right: 'write-classes',
    rights: ['create storageclasses.storage.k8s.io'],
    clusterWide: true,
    method: 'POST',
    path: `/apis/storage.k8s.io/v1/storageclasses${DRY}`,
    body: object('storage.k8s.io/v1', 'StorageClass', { provisioner: 'evil.example/disk' }),
  },
  {
    right: 'write-gateways',
    rights: ['create gateways.gateway.networking.k8s.io'],
    method: 'POST',
    path: '/apis/gateway.networking.k8s.io/v1/namespaces/{NS}/gateways',
    body: object('gateway.networking.k8s.io/v1', 'Gateway'),
  },
  {
    right: 'write-replications',
    rights: ['create tenantresources.capsule.clastix.io'],
    method: 'POST',
    path: '/apis/capsule.clastix.io/v1beta2/namespaces/{NS}/tenantresources',
    body: object('capsule.clastix.io/v1beta2', 'TenantResource'),
  },
  {
    right: 'write-capsule-tenants',
    rights: ['create globaltenantresources.capsule.clastix.io'],
    clusterWide: true,
    method: 'POST',
    path: '/apis/capsule.clastix.io/v1beta2/globaltenantresources',
    body: object('capsule.clastix.io/v1beta2', 'GlobalTenantResource'),
  },
  {
    right: 'write-endpoints',
    rights: ['create endpointslices.discovery.k8s.io'],
    method: 'POST',
    path: `/apis/discovery.k8s.io/v1/namespaces/{NS}/endpointslices${DRY}`,
    body: object('discovery.k8s.io/v1', 'EndpointSlice', {
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.1.2.3'] }],
    }),
  },
  {
    right: 'write-service-status',
    rights: ['patch services/status'],
    method: 'PATCH',
    path: `${CORE}/services/victim/status${DRY}`,
    body: { status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } },
  },
  {
    right: 'write-pod-status',
    rights: ['patch pods/status'],
    method: 'PATCH',
    path: `${CORE}/pods/victim/status${DRY}`,
    body: { status: { reason: 'Evil' } },
  },
  {
    right: 'write-nodes',
    rights: ['create nodes'],
    clusterWide: true,
    method: 'POST',
    path: `/api/v1/nodes${DRY}`,
    body: object('v1', 'Node', { spec: { unschedulable: true } }),
  },
  {
    right: 'bind-pods',
    rights: ['create pods/binding'],
    method: 'POST',
    path: `${CORE}/pods/waiting/binding`,
    body: object('v1', 'Binding', {
      metadata: { name: 'waiting' },
      target: { apiVersion: 'v1', kind: 'Node', name: 'control-plane-1' },
    }),
    then: async ({ admin }, first) => {
      const { body } = await admin('GET', `${CORE}/pods/waiting`);
      return { ...first, status: body.spec.nodeName === 'control-plane-1' ? 201 : 500 };
    },
  },
  { right: 'delete-pods', rights: ['delete pods'], method: 'DELETE', path: `${CORE}/pods/victim${DRY}` },
  {
    right: 'evict-pods',
    rights: ['create pods/eviction'],
    method: 'POST',
    path: `${CORE}/pods/victim/eviction${DRY}`,
    body: {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: 'victim' },
      deleteOptions: { dryRun: ['All'] },
    },
  },
  {
    right: 'write-system-configuration',
    rights: ['patch configmaps'],
    clusterWide: true,
    method: 'PATCH',
    path: `/api/v1/namespaces/kube-system/configmaps/coredns${DRY}`,
    body: { data: { Corefile: 'evil' } },
  },
  {
    right: 'write-system-leases',
    rights: ['patch leases.coordination.k8s.io'],
    clusterWide: true,
    method: 'PATCH',
    path: `/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/leader${DRY}`,
    body: { spec: { holderIdentity: 'evil' } },
  },
  {
    right: 'write-accounts',
    rights: ['create serviceaccounts'],
    method: 'POST',
    path: `${CORE}/serviceaccounts${DRY}`,
    body: object('v1', 'ServiceAccount'),
  },
  {
    right: 'write-flow-control',
    rights: ['deletecollection flowschemas.flowcontrol.apiserver.k8s.io'],
    clusterWide: true,
    method: 'DELETE',
    path: `/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas${DRY}`,
  },
];

/** Kinds that a cluster has only where they were installed. */
const INSTALLED = [
  definition('gateway.networking.k8s.io', 'v1', 'Gateway', 'gateways', 'Namespaced'),
  definition('capsule.clastix.io', 'v1beta2', 'TenantResource', 'tenantresources', 'Namespaced'),
  definition('capsule.clastix.io', 'v1beta2', 'GlobalTenantResource', 'globaltenantresources', 'Cluster'),
  definition(
    'policy.networking.k8s.io',
    'v1alpha2',
    'ClusterNetworkPolicy',
    'clusternetworkpolicies',
    'Cluster',
  ),
];

function definition(...[group, version, kind, plural, scope]: [string, string, string, string, string]): any {
  const openAPIV3Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      annotations: { 'api-approved.kubernetes.io': 'unapproved, a test' },
    },
    spec: {
      group,
      scope,
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  };
}

async function install(server: ApiServer, crd: any): Promise<void> {
  await must(server, crd);
  const { group, names, versions } = crd.spec;
  const served = await until(
    () => server.request('GET', `/apis/${group}/${versions[0].name}/${names.plural}`),
    ({ status }) => status === 200,
  );
  if (served.status !== 200) throw new Error(`${crd.metadata.name} is not served`);
}

function ruleOf(rights: Rights): object {
  const [verbs = '', what = '', names] = rights.split(' ');
  const [, resources = '', group = ''] = /^([^.]+)\.?(.*)$/.exec(what)!;
  return {
    verbs: verbs.split(','),
    resources: resources.split(','),
    apiGroups: [group],
    ...(names && { resourceNames: names.split(',') }),
  };
}

/** A role with the rights, bound to the attacker. */
function granted({ right, clusterWide = false }: Attack, rights: readonly Rights[]): Manifest[] {
  const namespace = namespaceOf(right);
  const metadata = { name: `attack-${right}`, ...(!clusterWide && { namespace }) };
  const [roleKind, bindingKind] = clusterWide
    ? ['ClusterRole', 'ClusterRoleBinding']
    : ['Role', 'RoleBinding'];
  return [
    { apiVersion: `${RBAC}/v1`, kind: roleKind, metadata, rules: rights.map(ruleOf) },
    {
      apiVersion: `${RBAC}/v1`,
      kind: bindingKind,
      metadata,
      roleRef: { apiGroup: RBAC, kind: roleKind, name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: 'attacker', namespace }],
    },
  ];
}

function namespaceOf(right: string): string {
  return `attack-${right}`;
}

/** Whether the engine says that the attacker has the right, or got further by it. */
function isNamed(attack: Attack, rights: readonly Rights[]): boolean {
  const manifests = [...neighbourhood(namespaceOf(attack.right)), ...granted(attack, rights)];
  const { pathsFrom } = escalationOf(manifests, { defaults: false });
  const paths = pathsFrom({ kind: 'ServiceAccount', namespace: namespaceOf(attack.right), name: 'attacker' });
  const gains = paths.flatMap(({ steps }) => steps);
  // An impersonation, and roles that are escalated or bound, count when they lead somewhere.
  const isCombined = attack.repaired !== undefined && !attack.isLever;
  return gains.some(({ right, power }) => right === attack.right && !(isCombined && power.kind === 'right'));
}

const KNOWN = ATTACKS.filter(({ since = 0 }) => minor >= since);

describe('the attacks on a real API server', () => {
  it('are one for each right that leads further', () => {
    expect(ATTACKS.map(({ right }) => right).sort()).toEqual(RIGHTS.map(({ id }) => id).sort());
  });

  it('go as far as the authorizer only where a kubelet would have to answer', () => {
    const unanswered = ATTACKS.filter((attack) => attack.unanswered !== undefined);
    expect(unanswered.map(({ right }) => right)).toEqual(['run-commands', 'open-tunnels', 'node-proxy']);
    for (const { unanswered: reason } of unanswered) expect(reason).toContain('kubelet');
  });
});

describeWithApiServer(
  'an attack by a right that leads further',
  (server) => {
    const before = new Map<string, Response>();
    const after = new Map<string, Response>();

    beforeAll(async () => {
      await must(
        server(),
        object('v1', 'ConfigMap', { metadata: { name: 'coredns', namespace: 'kube-system' } }),
      );
      await must(
        server(),
        object('coordination.k8s.io/v1', 'Lease', { metadata: { name: 'leader', namespace: 'kube-system' } }),
      );
      await Promise.all(INSTALLED.map((crd) => install(server(), crd)));
      await Promise.all(
        KNOWN.map(async (attack) => {
          const token = await prepare(server(), attack);
          before.set(attack.right, await heard(() => strike(server(), attack, token)));
          await repair(server(), attack);
          after.set(
            attack.right,
            await until(
              () => strike(server(), attack, token),
              ({ status }) => status === 403,
            ),
          );
        }),
      );
    }, 180_000);

    it.each(KNOWN.map((attack) => [attack.right, attack] as const))(
      '%s succeeds before the repair and is refused after it, and the engine says both',
      (right, attack) => {
        const { status, body } = before.get(right)!;
        const reached =
          attack.unanswered !== undefined ? status !== 403 && status !== 401 : status >= 200 && status < 300;
        expect(reached ? 'reached' : JSON.stringify(body)).toBe('reached');
        expect(after.get(right)!.status).toBe(403);
        expect({
          before: isNamed(attack, attack.rights),
          after: isNamed(attack, attack.repaired ?? []),
        }).toEqual({
          before: true,
          after: false,
        });
      },
    );
  },
  { controllerManager: hasController },
);

/** Makes the namespace with a victim and an attacker, and gives the attacker's token. */
async function prepare(server: ApiServer, attack: Attack): Promise<string> {
  const name = namespaceOf(attack.right);
  await must(server, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  for (const manifest of neighbourhood(name)) await must(server, manifest);
  const admin = asking(server, attack);
  if (attack.asks) await succeed(admin('POST', CSRS, attack.asks()));
  if (attack.isSecured) await secure(admin);
  for (const manifest of granted(attack, attack.rights)) await must(server, manifest);
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  return (await admin('POST', `${CORE}/serviceaccounts/attacker/token`, request)).body.status.token;
}

function neighbourhood(namespace: string): Manifest[] {
  const inside = (apiVersion: string, kind: string, name: string, rest: object = {}) => ({
    apiVersion,
    kind,
    metadata: { name, namespace },
    ...rest,
  });
  const volumes = [{ name: 'secret', secret: { secretName: 'mounted' } }];
  return [
    inside('v1', 'ServiceAccount', 'attacker'),
    inside('v1', 'ServiceAccount', 'victim'),
    inside('v1', 'Secret', 'mounted'),
    inside('v1', 'ConfigMap', 'settings'),
    inside('v1', 'Pod', 'victim', {
      spec: { nodeName: namespace, serviceAccountName: 'victim', containers: [container], volumes },
    }),
    inside('v1', 'Pod', 'waiting', { spec: { serviceAccountName: 'victim', containers: [container] } }),
    inside('v1', 'Service', 'victim', { spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } }),
    inside(`${RBAC}/v1`, 'Role', 'plain', { rules: [ruleOf('get configmaps')] }),
    inside(`${RBAC}/v1`, 'Role', 'powerful', { rules: [ruleOf('list secrets')] }),
    inside(`${RBAC}/v1`, 'RoleBinding', 'powerful', {
      roleRef: { apiGroup: RBAC, kind: 'Role', name: 'powerful' },
      subjects: [
        { kind: 'ServiceAccount', name: 'victim', namespace },
        { kind: 'User', name: 'powerful', apiGroup: RBAC },
        { kind: 'Group', name: 'powerful', apiGroup: RBAC },
      ],
    }),
  ];
}

/** Has Pod Security refuse privileged pods, even those of the administrator. */
async function secure(admin: Ask): Promise<void> {
  await succeed(
    admin('PATCH', CORE, { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } }),
  );
  const { status } = await until(
    () => admin('POST', `${CORE}/pods${DRY}`, privileged),
    (response) => response.status === 403,
  );
  if (status !== 403) throw new Error('Pod Security lets a privileged pod into a restricted namespace');
}

async function repair(server: ApiServer, attack: Attack): Promise<void> {
  const admin = asking(server, attack);
  const [role] = granted(attack, attack.repaired ?? []);
  const place = attack.clusterWide ? 'clusterroles' : 'namespaces/{NS}/roles';
  await succeed(admin('PUT', `/apis/${RBAC}/v1/${place}/${role!.metadata!.name}`, role));
  if (attack.leaves) await succeed(admin('DELETE', attack.leaves));
}

/** Asks as the holder of a token, or as the administrator, with `{NS}` filled in. */
function asking(server: ApiServer, { right }: Attack, token?: string): Ask {
  const fill = <T>(value: T): T =>
    value === undefined ? value : JSON.parse(JSON.stringify(value).replaceAll('{NS}', namespaceOf(right)));
  const own: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return (method, path, body, { headers, ...options } = {}) =>
    server.request(method, fill(path), fill(body), { ...options, headers: { ...own, ...fill(headers) } });
}

/** The attack, as the attacker. */
async function strike(server: ApiServer, attack: Attack, token: string): Promise<Response> {
  const ask = asking(server, attack, token);
  const body = typeof attack.body === 'function' ? attack.body() : attack.body;
  const first = await ask(attack.method, attack.path, body, { headers: attack.headers });
  const isThrough = first.status >= 200 && first.status < 300;
  return attack.then && isThrough ? attack.then({ ask, admin: asking(server, attack) }, first) : first;
}

/** The authorizer and admission take a moment to hear of a change. */
async function heard(ask: () => Promise<Response>): Promise<Response> {
  return until(ask, ({ status }) => status !== 403);
}

async function until(
  ask: () => Promise<Response>,
  holds: (response: Response) => unknown,
): Promise<Response> {
  const deadline = Date.now() + 15_000;
  let response = await ask();
  while (!holds(response) && Date.now() < deadline) {
    await delay(100);
    response = await ask();
  }
  return response;
}

async function succeed(answer: Promise<Response>): Promise<void> {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(body.message);
}

async function must(server: ApiServer, manifest: object): Promise<void> {
  const { status, body } = await create(server, manifest);
  if (status !== 201) throw new Error(`${JSON.stringify(manifest)}: ${body.message}`);
}
