import { guardrailManifests } from '../../../src/admission/guardrails';
import { hardenManifest } from '../../../src/hardening/harden';
import type { Manifest } from '../../../src/manifest/manifest';
import { PLAIN_POD } from '../../../src/report/control-example';
import { allowancesConfigMap } from '../../../src/tenancy/allowances';
import { ClusterTarget } from '../../../src/target/target';
import { type ApiServer, describeWithApiServer, serverMinor } from '../harness';
import { createAll, until } from './active';

const MINOR = serverMinor() ?? 37;
const TARGET = ClusterTarget.kubernetes(`1.${MINOR}`);
const NAMESPACE = 'shop-web';
const TENANT_LABEL = 'cdk8s-bulwark/tenant';
const OWNED = { 'cdk8s-bulwark/platform-owned': 'true' };
const DIGEST = `@sha256:${'8f'.repeat(32)}`;
const IMAGE = `registry.example/shop/api:1.4.2${DIGEST}`;

/** Who asks. Every one of them may do everything as far as RBAC is concerned, so that the guards alone refuse. */
const WHO = {
  developer: { as: 'dana', groups: ['shop-dev'] },
  deployer: { as: 'system:serviceaccount:shop-web:deployer', groups: ['system:serviceaccounts:shop-web'] },
  platform: { as: 'pat', groups: ['platform-engineers'] },
  controller: {
    as: 'system:serviceaccount:kube-system:replicaset-controller',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system'],
  },
  collector: {
    as: 'system:serviceaccount:kube-system:namespace-controller',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system'],
  },
} as const;
type Who = keyof typeof WHO;

/** A request: `METHOD path`, below the namespace unless the path begins with a slash, and its body. */
type Action = readonly [what: string, who: Who, request: string, body?: object | undefined];
/** An action and the guard or control, or the level of Pod Security, that refuses it. */
type Attack = readonly [what: string, who: Who, request: string, body: object | undefined, guard: string];

const CORE = `/api/v1/namespaces/${NAMESPACE}`;
const of = (group: string) => `/apis/${group}/v1/namespaces/${NAMESPACE}`;
const NETWORK = of('networking.k8s.io');
const RBAC = of('rbac.authorization.k8s.io');

const named = (rest: object, name = 'mine', metadata: object = {}) => ({
  metadata: { name, ...metadata },
  ...rest,
});

function pod(spec: object = {}, container: object = {}): any {
  const { spec: hardened } = hardenManifest(PLAIN_POD, { target: TARGET }).manifest as any;
  const containers = hardened.containers.map((one: any) => ({ ...one, image: IMAGE, ...container }));
  return { metadata: { name: 'mine' }, spec: { ...hardened, containers, ...spec } };
}

function deployment(spec: object = {}, container: object = {}): any {
  const labels = { app: 'mine' };
  const template = { metadata: { labels }, spec: { ...pod({}, container).spec, ...spec } };
  return named({ spec: { selector: { matchLabels: labels }, template } });
}

function cronJob(spec: object): any {
  const template = { spec: { ...pod().spec, restartPolicy: 'Never', ...spec } };
  return named({ spec: { schedule: '@daily', jobTemplate: { spec: { template } } } });
}

const unfiltered = { ...pod().spec.securityContext, seccompProfile: undefined };
const hardenedContext = pod().spec.containers[0].securityContext;
const privileged = {
  securityContext: { ...hardenedContext, privileged: true, allowPrivilegeEscalation: true },
};
const policy = (spec: object) =>
  named({ spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ...spec } });
const peers = (...from: object[]) => policy({ ingress: [{ from }] });
const service = (spec: object, name = 'mine') =>
  named({ spec: { ports: [{ port: 80 }], selector: { app: 'mine' }, ...spec } }, name);
const backend = { service: { name: 'mine', port: { number: 80 } } };
const rule = (host?: string) => ({
  ...(host && { host }),
  http: { paths: [{ path: '/', pathType: 'Prefix', backend }] },
});
const ingress = (hosts: (string | undefined)[], spec: object = {}, metadata: object = {}) =>
  named(
    {
      spec: {
        ingressClassName: 'nginx',
        rules: hosts.map(rule),
        tls: [{ hosts: hosts.filter(Boolean), secretName: 'tls' }],
        ...spec,
      },
    },
    'mine',
    metadata,
  );
const claim = (spec: object = {}) =>
  named({
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      storageClassName: 'fast',
      ...spec,
    },
  });
const binding = (
  kind: string,
  name: string,
  subject: object = { kind: 'Group', name: 'shop-dev', apiGroup: 'rbac.authorization.k8s.io' },
) => named({ roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name }, subjects: [subject] });
const labels = (changed: Record<string, string | null>) => ({ metadata: { labels: changed } });

const ATTACKS: readonly Attack[] = [
  // Pods that are not theirs to make
  [
    'run an image of another registry',
    'developer',
    `POST ${CORE}/pods`,
    pod({}, { image: `evil.example/api:1.0.0${DIGEST}` }),
    'allowed-registries',
  ],
  [
    'run an image of a look-alike registry',
    'developer',
    `POST ${CORE}/pods`,
    pod({}, { image: `registry.example.evil/shop/api:1.0.0${DIGEST}` }),
    'allowed-registries',
  ],
  [
    'run an unqualified image of somebody',
    'deployer',
    `POST ${CORE}/pods`,
    pod({}, { image: `team/nginx:1.27${DIGEST}` }),
    'allowed-registries',
  ],
  [
    'run an image by its tag',
    'developer',
    `POST ${CORE}/pods`,
    pod({}, { image: 'registry.example/shop/api:1.4.2' }),
    'image-digest',
  ],
  [
    'deploy an image of another registry',
    'deployer',
    `POST ${of('apps')}/deployments`,
    deployment({}, { image: `evil.example/api:1.0.0${DIGEST}` }),
    'allowed-registries',
  ],
  [
    'deploy a privileged container',
    'deployer',
    `POST ${of('apps')}/deployments`,
    deployment({}, privileged),
    'no-privileged-container|no-privilege-escalation',
  ],
  [
    'deploy with the network of the node',
    'deployer',
    `POST ${of('apps')}/deployments`,
    deployment({ hostNetwork: true, hostUsers: undefined }),
    'no-host-network',
  ],
  [
    'deploy with a folder of the node',
    'deployer',
    `POST ${of('apps')}/daemonsets`,
    deployment({ volumes: [{ name: 'root', hostPath: { path: '/' } }] }),
    'no-host-path-volume|pss-volume-types',
  ],
  [
    'deploy without a seccomp profile',
    'deployer',
    `POST ${of('apps')}/statefulsets`,
    {
      ...deployment({ securityContext: unfiltered }),
      spec: { ...deployment({ securityContext: unfiltered }).spec, serviceName: 'mine' },
    },
    'seccomp-profile',
  ],
  [
    'schedule a privileged job',
    'deployer',
    `POST ${of('batch')}/cronjobs`,
    cronJob({ hostPID: true, hostUsers: undefined }),
    'no-host-pid',
  ],
  ['make a privileged pod', 'developer', `POST ${CORE}/pods`, pod({}, privileged), 'violates PodSecurity'],
  [
    'write to the root filesystem',
    'developer',
    `POST ${CORE}/pods`,
    pod(
      {},
      { securityContext: { ...pod().spec.containers[0].securityContext, readOnlyRootFilesystem: false } },
    ),
    'read-only-root-filesystem',
  ],
  [
    'be the ServiceAccount default',
    'developer',
    `POST ${CORE}/pods`,
    pod({ serviceAccountName: 'default' }),
    'named-service-account',
  ],
  [
    'deploy as the ServiceAccount default',
    'deployer',
    `POST ${of('apps')}/deployments`,
    deployment({ serviceAccountName: undefined }),
    'named-service-account',
  ],
  [
    'evict the pods of others',
    'developer',
    `POST ${CORE}/pods`,
    pod({ priorityClassName: 'system-cluster-critical' }),
    'allowed-priority-class',
  ],
  [
    'deploy with a foreign priority',
    'deployer',
    `POST ${of('apps')}/deployments`,
    deployment({ priorityClassName: 'system-node-critical' }),
    'allowed-priority-class',
  ],
  [
    'leave the sandbox',
    'developer',
    `POST ${of('apps')}/deployments`,
    deployment({ runtimeClassName: 'plain' }),
    'allowed-runtime-class',
  ],
  ['choose a node', 'developer', `POST ${CORE}/pods`, pod({ nodeName: 'control-plane-1' }), 'no-node-name'],
  [
    'tolerate the control plane',
    'developer',
    `POST ${CORE}/pods`,
    pod({ tolerations: [{ operator: 'Exists' }] }),
    'no-control-plane-toleration',
  ],
  [
    'have a controller make a pod of another registry',
    'controller',
    `POST ${CORE}/pods`,
    pod({}, { image: `evil.example/api:1.0.0${DIGEST}` }),
    'allowed-registries',
  ],
  [
    'debug a running pod with another image',
    'developer',
    `PATCH ${CORE}/pods/running/ephemeralcontainers`,
    {
      spec: {
        ephemeralContainers: [
          {
            ...pod().spec.containers[0],
            resources: undefined,
            name: 'debug',
            image: `evil.example/debug:1.0.0${DIGEST}`,
          },
        ],
      },
    },
    'allowed-registries',
  ],
  [
    'change the image of a running pod',
    'developer',
    `PATCH ${CORE}/pods/running`,
    { spec: { containers: [{ ...pod().spec.containers[0], image: `evil.example/api:1.0.0${DIGEST}` }] } },
    'allowed-registries',
  ],
  // What the platform owns
  [
    'raise the quota',
    'developer',
    `PATCH ${CORE}/resourcequotas/quota`,
    { spec: { hard: { pods: '9999' } } },
    'platform-owned',
  ],
  ['delete the quota', 'developer', `DELETE ${CORE}/resourcequotas/quota`, undefined, 'platform-owned'],
  [
    'delete default deny',
    'deployer',
    `DELETE ${NETWORK}/networkpolicies/default-deny`,
    undefined,
    'platform-owned',
  ],
  [
    'take the label of the platform off',
    'developer',
    `PATCH ${NETWORK}/networkpolicies/default-deny`,
    labels({ 'cdk8s-bulwark/platform-owned': null }),
    'platform-owned',
  ],
  [
    'allow everything',
    'developer',
    `PATCH ${CORE}/configmaps/tenant-allowances`,
    { data: { registries: '*' } },
    'platform-owned',
  ],
  [
    'delete the allowances',
    'deployer',
    `DELETE ${CORE}/configmaps/tenant-allowances`,
    undefined,
    'platform-owned',
  ],
  ['delete all ConfigMaps', 'developer', `DELETE ${CORE}/configmaps`, undefined, 'platform-owned'],
  [
    'pass an object off as the platform’s',
    'developer',
    `POST ${CORE}/configmaps`,
    named({ data: { a: 'b' } }, 'mine', { labels: OWNED }),
    'platform-owned',
  ],
  // The namespace
  [
    'lower Pod Security',
    'developer',
    `PATCH /api/v1/namespaces/${NAMESPACE}`,
    labels({ 'pod-security.kubernetes.io/enforce': 'privileged' }),
    'namespace-labels-frozen',
  ],
  [
    'leave the tenant',
    'developer',
    `PATCH /api/v1/namespaces/${NAMESPACE}`,
    labels({ [TENANT_LABEL]: null }),
    'namespace-labels-frozen',
  ],
  [
    'become another tenant',
    'developer',
    `PATCH /api/v1/namespaces/${NAMESPACE}`,
    labels({ [TENANT_LABEL]: 'bank' }),
    'namespace-labels-frozen',
  ],
  [
    'ask for warnings in place of refusals',
    'developer',
    `PATCH /api/v1/namespaces/${NAMESPACE}`,
    labels({ 'cdk8s-bulwark/guardrails': 'warn' }),
    'namespace-labels-frozen',
  ],
  [
    'change labels by way of the status',
    'developer',
    `PATCH /api/v1/namespaces/${NAMESPACE}/status`,
    labels({ [TENANT_LABEL]: null }),
    'namespace-labels-frozen',
  ],
  [
    'move pods to other nodes',
    'developer',
    `PATCH /api/v1/namespaces/${NAMESPACE}`,
    { metadata: { annotations: { 'scheduler.alpha.kubernetes.io/node-selector': 'pool=bank' } } },
    'namespace-annotations-frozen',
  ],
  [
    'delete the namespace',
    'developer',
    `DELETE /api/v1/namespaces/${NAMESPACE}`,
    undefined,
    'tenant-namespace-by-platform',
  ],
  [
    'make a namespace of another tenant',
    'developer',
    'POST /api/v1/namespaces',
    named({}, 'bank-trap', { labels: { [TENANT_LABEL]: 'bank' } }),
    'tenant-namespace-by-platform',
  ],
  [
    'take a namespace over',
    'developer',
    'PATCH /api/v1/namespaces/default',
    labels({ [TENANT_LABEL]: 'shop' }),
    'namespace-labels-frozen',
  ],
  // The network
  [
    'let everybody in',
    'developer',
    `POST ${NETWORK}/networkpolicies`,
    policy({ ingress: [{}] }),
    'network-policy-names-peers',
  ],
  [
    'go everywhere',
    'developer',
    `POST ${NETWORK}/networkpolicies`,
    policy({ egress: [{ ports: [{ port: 443 }] }] }),
    'network-policy-names-peers',
  ],
  [
    'let every namespace in',
    'developer',
    `POST ${NETWORK}/networkpolicies`,
    peers({ namespaceSelector: {} }),
    'network-policy-own-namespaces',
  ],
  [
    'let another tenant in',
    'developer',
    `POST ${NETWORK}/networkpolicies`,
    peers({ namespaceSelector: { matchLabels: { [TENANT_LABEL]: 'bank' } } }),
    'network-policy-own-namespaces',
  ],
  [
    'let a namespace in by another label',
    'developer',
    `POST ${NETWORK}/networkpolicies`,
    peers({
      namespaceSelector: {
        matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: [NAMESPACE] }],
      },
    }),
    'network-policy-own-namespaces',
  ],
  [
    'go to the Internet',
    'developer',
    `POST ${NETWORK}/networkpolicies`,
    policy({ egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }] }),
    'network-policy-allowed-cidrs',
  ],
  [
    'go to the metadata of the cloud',
    'developer',
    `POST ${NETWORK}/networkpolicies`,
    policy({ egress: [{ to: [{ ipBlock: { cidr: '169.254.169.254/32' } }] }] }),
    'network-policy-allowed-cidrs',
  ],
  [
    'claim an external address',
    'developer',
    `POST ${CORE}/services`,
    service({ externalIPs: ['192.0.2.10'] }),
    'no-external-ips',
  ],
  [
    'open a port on every node',
    'developer',
    `POST ${CORE}/services`,
    service({ type: 'NodePort' }),
    'no-node-port',
  ],
  [
    'order a load balancer',
    'developer',
    `POST ${CORE}/services`,
    service({ type: 'LoadBalancer', loadBalancerSourceRanges: ['192.0.2.0/24'] }),
    'allowed-load-balancer',
  ],
  [
    'name the metadata of the cloud',
    'developer',
    `POST ${CORE}/services`,
    named({ spec: { type: 'ExternalName', externalName: 'metadata.google.internal' } }),
    'no-external-name-to-host',
  ],
  [
    'serve the host of another tenant',
    'developer',
    `POST ${NETWORK}/ingresses`,
    ingress(['bank.example.com']),
    'allowed-ingress-host',
  ],
  [
    'serve a look-alike host',
    'developer',
    `POST ${NETWORK}/ingresses`,
    ingress(['evil-shop.example.com']),
    'allowed-ingress-host',
  ],
  [
    'serve every host',
    'developer',
    `POST ${NETWORK}/ingresses`,
    ingress([undefined]),
    'allowed-ingress-host',
  ],
  [
    'serve what nobody serves',
    'developer',
    `POST ${NETWORK}/ingresses`,
    ingress(['shop.example.com'], { defaultBackend: backend }),
    'allowed-ingress-host',
  ],
  [
    'use the controller for people inside',
    'developer',
    `POST ${NETWORK}/ingresses`,
    ingress(['shop.example.com'], { ingressClassName: 'internal' }),
    'allowed-ingress-class',
  ],
  [
    'configure the controller',
    'developer',
    `POST ${NETWORK}/ingresses`,
    ingress(
      ['shop.example.com'],
      {},
      { annotations: { 'nginx.ingress.kubernetes.io/configuration-snippet': 'return 200;' } },
    ),
    'no-ingress-snippet',
  ],
  [
    'make endpoints up',
    'developer',
    `POST ${of('discovery.k8s.io')}/endpointslices`,
    named({ addressType: 'IPv4', endpoints: [{ addresses: ['10.1.2.3'] }], ports: [{ port: 80 }] }),
    'written-by-the-cluster',
  ],
  [
    'take an address by the status of a Service',
    'developer',
    `PATCH ${CORE}/services/allowed/status`,
    { status: { loadBalancer: { ingress: [{ ip: '192.0.2.10' }] } } },
    'written-by-the-cluster',
  ],
  // Rights and data
  [
    'make a friend the administrator',
    'developer',
    `POST ${RBAC}/rolebindings`,
    binding('ClusterRole', 'cluster-admin'),
    'allowed-role-ref',
  ],
  [
    'bind a Role of their own',
    'developer',
    `POST ${RBAC}/rolebindings`,
    binding('Role', 'mine'),
    'allowed-role-ref',
  ],
  [
    'let everybody in the cluster read',
    'developer',
    `POST ${RBAC}/rolebindings`,
    binding('ClusterRole', 'view', {
      kind: 'Group',
      name: 'system:authenticated',
      apiGroup: 'rbac.authorization.k8s.io',
    }),
    'no-authenticated-binding',
  ],
  [
    'keep a token for ever',
    'developer',
    `POST ${CORE}/secrets`,
    named({ type: 'kubernetes.io/service-account-token' }, 'mine', {
      annotations: { 'kubernetes.io/service-account.name': 'api' },
    }),
    'no-token-secret',
  ],
  [
    'use dear storage',
    'developer',
    `POST ${CORE}/persistentvolumeclaims`,
    claim({ storageClassName: 'gold' }),
    'allowed-storage-class',
  ],
  [
    'have a controller claim dear storage',
    'controller',
    `POST ${CORE}/persistentvolumeclaims`,
    claim({ storageClassName: 'gold' }),
    'allowed-storage-class',
  ],
  [
    'take a volume that is there',
    'developer',
    `POST ${CORE}/persistentvolumeclaims`,
    claim({ volumeName: 'bank-data' }),
    'claim-names-no-volume',
  ],
  [
    'run something where nothing is allowed yet',
    'platform',
    'POST /api/v1/namespaces/shop-new/pods',
    pod(),
    'no params found',
  ],
];

const LEGITIMATE: readonly Action[] = [
  ['run a hardened pod', 'developer', `POST ${CORE}/pods`, pod()],
  ['run a hardened pod as a pipeline', 'deployer', `POST ${CORE}/pods`, pod()],
  ['deploy it', 'deployer', `POST ${of('apps')}/deployments`, deployment()],
  ['deploy it on every node', 'deployer', `POST ${of('apps')}/daemonsets`, deployment()],
  ['deploy a replica set', 'deployer', `POST ${of('apps')}/replicasets`, deployment()],
  [
    'deploy it with a name of its own',
    'deployer',
    `POST ${of('apps')}/statefulsets`,
    { ...deployment(), spec: { ...deployment().spec, serviceName: 'mine' } },
  ],
  [
    'run it once',
    'deployer',
    `POST ${of('batch')}/jobs`,
    named({ spec: { template: { spec: { ...pod().spec, restartPolicy: 'Never' } } } }),
  ],
  ['schedule it', 'deployer', `POST ${of('batch')}/cronjobs`, cronJob({})],
  [
    'run an image of Docker that is allowed',
    'developer',
    `POST ${CORE}/pods`,
    pod({}, { image: `docker.io/library/redis:7.2.5${DIGEST}` }),
  ],
  [
    'run an unqualified image that is allowed',
    'developer',
    `POST ${CORE}/pods`,
    pod({}, { image: `redis:7.2.5${DIGEST}` }),
  ],
  [
    'use their priority',
    'developer',
    `POST ${of('apps')}/deployments`,
    deployment({ priorityClassName: 'shop-high' }),
  ],
  [
    'use their runtime',
    'developer',
    `POST ${of('apps')}/deployments`,
    deployment({ runtimeClassName: 'gvisor' }),
  ],
  ['do without a waived control', 'developer', `POST ${CORE}/pods`, pod({ enableServiceLinks: true })],
  ['have a controller make a pod', 'controller', `POST ${CORE}/pods`, pod()],
  ['have a controller make a claim', 'controller', `POST ${CORE}/persistentvolumeclaims`, claim()],
  [
    'debug a running pod',
    'developer',
    `PATCH ${CORE}/pods/running/ephemeralcontainers`,
    { spec: { ephemeralContainers: [{ ...pod().spec.containers[0], resources: undefined, name: 'debug' }] } },
  ],
  ['label a pod that runs', 'developer', `PATCH ${CORE}/pods/running`, labels({ team: 'a' })],
  [
    'change its image',
    'developer',
    `PATCH ${CORE}/pods/running`,
    {
      spec: {
        containers: [{ ...pod().spec.containers[0], image: `docker.io/library/redis:7.2.5${DIGEST}` }],
      },
    },
  ],
  ['delete it', 'developer', `DELETE ${CORE}/pods/running`],
  [
    'relabel a pod that is older than the guards',
    'developer',
    `PATCH ${CORE}/pods/older`,
    labels({ team: 'a' }),
  ],
  ['write settings', 'developer', `POST ${CORE}/configmaps`, named({ data: { mode: 'dark' } })],
  [
    'write a Secret',
    'developer',
    `POST ${CORE}/secrets`,
    named({ stringData: { password: 'hunter2hunter2' } }),
  ],
  [
    'make a ServiceAccount',
    'developer',
    `POST ${CORE}/serviceaccounts`,
    named({ automountServiceAccountToken: false }),
  ],
  ['let their pods talk', 'developer', `POST ${NETWORK}/networkpolicies`, peers({ podSelector: {} })],
  [
    'let their other namespaces in',
    'developer',
    `POST ${NETWORK}/networkpolicies`,
    peers({ namespaceSelector: { matchLabels: { [TENANT_LABEL]: 'shop' } } }),
  ],
  [
    'name their own namespace',
    'developer',
    `POST ${NETWORK}/networkpolicies`,
    peers({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': NAMESPACE } } }),
  ],
  [
    'let the ingress controller in',
    'developer',
    `POST ${NETWORK}/networkpolicies`,
    peers({
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress' } },
      podSelector: { matchLabels: { app: 'nginx' } },
    }),
  ],
  [
    'let two namespaces in',
    'developer',
    `POST ${NETWORK}/networkpolicies`,
    peers({
      namespaceSelector: {
        matchExpressions: [
          { key: 'kubernetes.io/metadata.name', operator: 'In', values: ['ingress', NAMESPACE] },
        ],
      },
    }),
  ],
  [
    'go to a block that is allowed',
    'developer',
    `POST ${NETWORK}/networkpolicies`,
    policy({ egress: [{ to: [{ ipBlock: { cidr: '198.51.100.0/24' } }] }] }),
  ],
  ['close their namespace further', 'developer', `POST ${NETWORK}/networkpolicies`, policy({})],
  ['expose a port in the cluster', 'developer', `POST ${CORE}/services`, service({})],
  [
    'order their load balancer',
    'developer',
    `POST ${CORE}/services`,
    service({ type: 'LoadBalancer', loadBalancerSourceRanges: ['192.0.2.0/24'] }, 'entrance'),
  ],
  ['open their node port', 'developer', `POST ${CORE}/services`, service({ type: 'NodePort' }, 'gate')],
  [
    'name a host outside',
    'developer',
    `POST ${CORE}/services`,
    named({ spec: { type: 'ExternalName', externalName: 'database.example.com' } }),
  ],
  ['serve their host', 'developer', `POST ${NETWORK}/ingresses`, ingress(['shop.example.com'])],
  ['serve a host below theirs', 'developer', `POST ${NETWORK}/ingresses`, ingress(['de.shop.example.com'])],
  ['claim storage', 'developer', `POST ${CORE}/persistentvolumeclaims`, claim()],
  ['let a colleague read', 'developer', `POST ${RBAC}/rolebindings`, binding('ClusterRole', 'view')],
  [
    'annotate their namespace',
    'developer',
    `PATCH /api/v1/namespaces/${NAMESPACE}`,
    { metadata: { annotations: { contact: 'dana' } } },
  ],
  ['make a namespace of no tenant', 'developer', 'POST /api/v1/namespaces', named({}, 'scratch')],
  [
    'relabel a namespace of no tenant',
    'developer',
    'PATCH /api/v1/namespaces/default',
    labels({ team: 'a' }),
  ],
  [
    'run anything in a namespace of no tenant',
    'developer',
    'POST /api/v1/namespaces/default/pods',
    named({ spec: { containers: [{ name: 'a', image: 'nginx' }] } }),
  ],
  ['raise the quota', 'platform', `PATCH ${CORE}/resourcequotas/quota`, { spec: { hard: { pods: '200' } } }],
  ['change default deny', 'platform', `PATCH ${NETWORK}/networkpolicies/default-deny`, labels({ team: 'a' })],
  [
    'change the allowances',
    'platform',
    `PATCH ${CORE}/configmaps/tenant-allowances`,
    { data: { registries: '*' } },
  ],
  [
    'lower Pod Security',
    'platform',
    `PATCH /api/v1/namespaces/${NAMESPACE}`,
    labels({ 'pod-security.kubernetes.io/enforce': 'baseline' }),
  ],
  [
    'make a namespace of a tenant',
    'platform',
    'POST /api/v1/namespaces',
    named({}, 'shop-data', { labels: { [TENANT_LABEL]: 'shop' } }),
  ],
  [
    'allow something in a new namespace',
    'platform',
    'POST /api/v1/namespaces/shop-new/configmaps',
    named({ data: {} }, 'tenant-allowances'),
  ],
  ['bind any role', 'platform', `POST ${RBAC}/rolebindings`, binding('ClusterRole', 'admin')],
  ['open the namespace', 'platform', `POST ${NETWORK}/networkpolicies`, peers({ namespaceSelector: {} })],
  ['clear a namespace at offboarding', 'collector', `DELETE ${NETWORK}/networkpolicies`],
  ['clear its quotas', 'collector', `DELETE ${CORE}/resourcequotas`],
  ['clear its ConfigMaps', 'collector', `DELETE ${CORE}/configmaps`],
  ['let it go', 'platform', `DELETE /api/v1/namespaces/${NAMESPACE}`],
  [
    'write endpoints',
    'controller',
    `POST ${of('discovery.k8s.io')}/endpointslices`,
    named({ addressType: 'IPv4', endpoints: [{ addresses: ['10.1.2.3'] }], ports: [{ port: 80 }] }),
  ],
  [
    'write the status of a Service',
    'controller',
    `PATCH ${CORE}/services/allowed/status`,
    { status: { loadBalancer: { ingress: [{ ip: '192.0.2.10' }] } } },
  ],
];

function namespace(name: string, own: Record<string, string>): Manifest {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: own } };
}

const RESTRICTED = { 'pod-security.kubernetes.io/enforce': 'restricted' };
const inNamespace = (apiVersion: string, kind: string, body: any): Manifest => ({
  apiVersion,
  kind,
  ...body,
  metadata: { ...body.metadata, namespace: NAMESPACE },
});

const SETUP: readonly Manifest[] = [
  namespace(NAMESPACE, { [TENANT_LABEL]: 'shop', ...RESTRICTED }),
  namespace('shop-new', { [TENANT_LABEL]: 'shop', ...RESTRICTED }),
  allowancesConfigMap(NAMESPACE, {
    registries: ['registry.example/shop/', 'docker.io/library/'],
    imageDigests: true,
    ingressHosts: ['shop.example.com', '*.shop.example.com'],
    ingressClasses: ['nginx'],
    storageClasses: ['fast'],
    priorityClasses: ['shop-high'],
    runtimeClasses: ['gvisor'],
    loadBalancers: ['entrance'],
    nodePorts: ['gate'],
    roleRefs: ['ClusterRole/view'],
    networkNamespaces: ['ingress'],
    networkCidrs: ['198.51.100.0/24'],
    waivedControls: ['no-service-links'],
  }),
  inNamespace(
    'v1',
    'ResourceQuota',
    named({ spec: { hard: { configmaps: '500' } } }, 'quota', { labels: OWNED }),
  ),
  inNamespace('networking.k8s.io/v1', 'NetworkPolicy', {
    ...policy({}),
    metadata: { name: 'default-deny', labels: OWNED },
  }),
  inNamespace('v1', 'Service', service({ type: 'LoadBalancer' }, 'allowed')),
  inNamespace('v1', 'Pod', { ...pod(), metadata: { name: 'running' } }),
  inNamespace('v1', 'Pod', {
    ...pod({ enableServiceLinks: true, nodeName: 'n1' }),
    metadata: { name: 'older' },
  }),
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'everybody-everything' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: Object.values(WHO).map(({ as }) => ({
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'User',
      name: as,
    })),
  },
];

/** What the API server says, without storing anything; undefined where it lets the action pass. */
async function refusalOf(server: ApiServer, [, who, request, body]: Action): Promise<string | undefined> {
  const [method = '', path = ''] = request.split(' ');
  const { as, groups } = WHO[who];
  const headers: Record<string, string> =
    method === 'PATCH' ? { 'content-type': 'application/strategic-merge-patch+json' } : {};
  const answer = await server.request(method, `${path}?dryRun=All`, body, {
    as,
    groups: [...groups, 'system:authenticated'],
    headers,
  });
  return answer.status < 300 ? undefined : `${answer.status} ${answer.body.message}`;
}

/** Pod Security and the policies are asked in no promised order, so a few attacks have two guards of which either may be first. */
function isRefusedBy(guard: string, refusal = ''): boolean {
  return /^4(03|22) /.test(refusal) && new RegExp(guard).test(refusal);
}

describeWithApiServer('with the guard rails in force', (server) => {
  beforeAll(async () => {
    await createAll(server(), SETUP);
    await createAll(
      server(),
      guardrailManifests({
        target: TARGET,
        platformGroups: ['platform-engineers'],
        controls: ['image-digest', 'named-service-account'],
      }),
    );
    // Every guard is in force when each attack is refused by the one that it is meant for.
    await until(async () => {
      const refused = await Promise.all(
        ATTACKS.map(([what, who, request, body]) => refusalOf(server(), [what, who, request, body])),
      );
      return ATTACKS.flatMap(([what, , , , guard], index) =>
        isRefusedBy(guard, refused[index]) ? [] : [`${what}: ${refused[index]}`],
      );
    });
  }, 180_000);

  it.each(ATTACKS)('nobody can %s: %s, %s', async (what, who, request, body, guard) => {
    const refusal = await refusalOf(server(), [what, who, request, body]);
    expect([refusal, isRefusedBy(guard, refusal)]).toEqual([refusal, true]);
  });

  it.each(LEGITIMATE.map((action) => ({ action, title: `${action[0]}: ${action[1]}, ${action[2]}` })))(
    'one can still $title',
    async ({ action }) => {
      expect(await refusalOf(server(), action)).toBeUndefined();
    },
  );
});
