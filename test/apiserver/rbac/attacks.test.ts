import { setTimeout as delay } from 'node:timers/promises';
import { escalationOf } from '../../../src/rbac';
import type { Manifest } from '../../../src/manifest/manifest';
import { type ApiServer, create, describeWithApiServer, type Response, serverMinor } from '../harness';

const RBAC = 'rbac.authorization.k8s.io';
const hasController = (serverMinor() ?? 37) >= 37;

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
  /** `NS` stands for the namespace of the attack. */
  readonly path: string;
  readonly body?: object;
  readonly headers?: Record<string, string>;
  /** Whether a kubelet, or a kind that is not installed, would have to answer what the authorizer lets through. */
  readonly unanswered?: boolean;
}

const CORE = '/api/v1/namespaces/NS';
const ROLES = `/apis/${RBAC}/v1/namespaces/NS`;
const DRY = '?dryRun=All';
const merge = { 'content-type': 'application/merge-patch+json' };
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

const ATTACKS: readonly Attack[] = [
  { right: 'everything', rights: ['* *.*'], clusterWide: true, method: 'GET', path: '/api/v1/secrets' },
  { right: 'read-secrets', rights: ['list secrets'], method: 'GET', path: `${CORE}/secrets` },
  {
    right: 'create-secrets',
    rights: ['create secrets'],
    method: 'POST',
    path: `${CORE}/secrets${DRY}`,
    body: object('v1', 'Secret', {
      type: 'kubernetes.io/service-account-token',
      metadata: { name: 'made', annotations: { 'kubernetes.io/service-account.name': 'victim' } },
    }),
  },
  {
    right: 'request-tokens',
    rights: ['create serviceaccounts/token'],
    method: 'POST',
    path: `${CORE}/serviceaccounts/victim/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
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
    path: `/apis/apps/v1/namespaces/NS/deployments${DRY}`,
    body: object('apps/v1', 'Deployment', { spec: { selector: { matchLabels: { app: 'x' } }, template } }),
  },
  {
    right: 'change-pods',
    rights: ['patch pods'],
    method: 'PATCH',
    path: `${CORE}/pods/victim`,
    body: { metadata: { labels: { seen: 'yes' } } },
  },
  {
    right: 'run-commands',
    rights: ['create pods/exec'],
    method: 'POST',
    path: `${CORE}/pods/victim/exec?command=id`,
    unanswered: true,
  },
  {
    right: 'add-containers',
    rights: ['patch pods/ephemeralcontainers'],
    method: 'PATCH',
    path: `${CORE}/pods/victim/ephemeralcontainers${DRY}`,
    headers: { 'content-type': 'application/strategic-merge-patch+json' },
    body: { spec: { ephemeralContainers: [{ name: 'debug', image: 'registry.example/debug:1.0.0' }] } },
  },
  {
    right: 'open-tunnels',
    rights: ['create pods/portforward'],
    method: 'POST',
    path: `${CORE}/pods/victim/portforward`,
    unanswered: true,
  },
  {
    right: 'node-proxy',
    rights: ['get nodes/proxy'],
    clusterWide: true,
    method: 'GET',
    path: '/api/v1/nodes/none/proxy/pods',
    unanswered: true,
  },
  {
    right: 'escalate-roles',
    rights: [`patch,escalate roles.${RBAC}`],
    repaired: [`patch roles.${RBAC}`],
    method: 'PATCH',
    path: `${ROLES}/roles/plain${DRY}`,
    body: { rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] },
  },
  {
    right: 'bind-roles',
    rights: [`create rolebindings.${RBAC}`, `bind clusterroles.${RBAC}`],
    repaired: [`create rolebindings.${RBAC}`],
    method: 'POST',
    path: `${ROLES}/rolebindings${DRY}`,
    body: object(`${RBAC}/v1`, 'RoleBinding', {
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'User', name: 'me', apiGroup: RBAC }],
    }),
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
    path: `${ROLES}/rolebindings${DRY}`,
    body: object(`${RBAC}/v1`, 'RoleBinding', {
      roleRef: { apiGroup: RBAC, kind: 'Role', name: 'plain' },
      subjects: [{ kind: 'User', name: 'friend', apiGroup: RBAC }],
    }),
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
    headers: { 'impersonate-user': 'system:serviceaccount:NS:victim' },
  },
  {
    right: 'create-certificate-requests',
    rights: ['create certificatesigningrequests.certificates.k8s.io'],
    clusterWide: true,
    method: 'POST',
    path: `/apis/certificates.k8s.io/v1/certificatesigningrequests${DRY}`,
    body: object('certificates.k8s.io/v1', 'CertificateSigningRequest', { spec: {} }),
    unanswered: true,
  },
  {
    right: 'approve-certificates',
    rights: ['update certificatesigningrequests/approval.certificates.k8s.io'],
    clusterWide: true,
    method: 'PUT',
    path: '/apis/certificates.k8s.io/v1/certificatesigningrequests/none/approval',
    body: object('certificates.k8s.io/v1', 'CertificateSigningRequest'),
    unanswered: true,
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
    rights: ['patch namespaces'],
    method: 'PATCH',
    path: CORE,
    body: { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } } },
  },
  {
    right: 'create-persistent-volumes',
    rights: ['create persistentvolumes'],
    clusterWide: true,
    method: 'POST',
    path: `/api/v1/persistentvolumes${DRY}`,
    body: object('v1', 'PersistentVolume', {
      spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/etc' } },
    }),
  },
  {
    right: 'write-network-policies',
    rights: ['create networkpolicies.networking.k8s.io'],
    method: 'POST',
    path: `/apis/networking.k8s.io/v1/namespaces/NS/networkpolicies${DRY}`,
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
    body: {},
    unanswered: true,
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
    path: '/apis/gateway.networking.k8s.io/v1/namespaces/NS/gateways',
    body: {},
    unanswered: true,
  },
  {
    right: 'write-endpoints',
    rights: ['create endpointslices.discovery.k8s.io'],
    method: 'POST',
    path: `/apis/discovery.k8s.io/v1/namespaces/NS/endpointslices${DRY}`,
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
  const { pathsFrom } = escalationOf(granted(attack, rights), { defaults: false });
  const paths = pathsFrom({ kind: 'ServiceAccount', namespace: namespaceOf(attack.right), name: 'attacker' });
  const gains = paths.flatMap(({ steps }) => steps);
  // An impersonation, and roles that are escalated or bound, count when they lead somewhere.
  const isCombined = attack.repaired !== undefined;
  return gains.some(({ right, power }) => right === attack.right && !(isCombined && power.kind === 'right'));
}

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
      await Promise.all(
        ATTACKS.map(async (attack) => {
          const token = await prepare(server(), attack);
          before.set(
            attack.right,
            await until(
              () => strike(server(), attack, token),
              ({ status }) => status !== 403,
            ),
          );
          await replaceRules(server(), attack);
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

    it.each(ATTACKS.map((attack) => [attack.right, attack] as const))(
      '%s succeeds before the repair and is refused after it, and the engine says both',
      (right, attack) => {
        const { status, body } = before.get(right)!;
        const reached = attack.unanswered ? status !== 403 && status !== 401 : status >= 200 && status < 300;
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
  const inside = (apiVersion: string, kind: string, objectName: string, rest: object = {}) =>
    must(server, { apiVersion, kind, metadata: { name: objectName, namespace: name }, ...rest });
  await must(server, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  await inside('v1', 'ServiceAccount', 'attacker');
  await inside('v1', 'ServiceAccount', 'victim');
  await inside('v1', 'Pod', 'victim', { spec: { serviceAccountName: 'victim', containers: [container] } });
  await inside('v1', 'Service', 'victim', { spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } });
  await inside(`${RBAC}/v1`, 'Role', 'plain', { rules: [ruleOf('get configmaps')] });
  await inside(`${RBAC}/v1`, 'Role', 'powerful', { rules: [ruleOf('list secrets')] });
  await inside(`${RBAC}/v1`, 'RoleBinding', 'powerful', {
    roleRef: { apiGroup: RBAC, kind: 'Role', name: 'powerful' },
    subjects: [
      { kind: 'ServiceAccount', name: 'victim', namespace: name },
      { kind: 'User', name: 'powerful', apiGroup: RBAC },
    ],
  });
  for (const manifest of granted(attack, attack.rights)) await must(server, manifest);
  const path = `/api/v1/namespaces/${name}/serviceaccounts/attacker/token`;
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  return (await server.request('POST', path, request)).body.status.token;
}

async function replaceRules(server: ApiServer, attack: Attack): Promise<void> {
  const [role] = granted(attack, attack.repaired ?? []);
  const place = attack.clusterWide ? 'clusterroles' : `namespaces/${namespaceOf(attack.right)}/roles`;
  const { status, body } = await server.request(
    'PUT',
    `/apis/${RBAC}/v1/${place}/${role!.metadata!.name}`,
    role,
  );
  if (status !== 200) throw new Error(body.message);
}

/** The attack, as the attacker. */
async function strike(server: ApiServer, attack: Attack, token: string): Promise<Response> {
  const fill = (text: string) => text.replaceAll('NS', namespaceOf(attack.right));
  const headers = Object.entries(attack.headers ?? {}).map(([name, value]) => [name, fill(value)]);
  return server.request(attack.method, fill(attack.path), attack.body, {
    headers: {
      ...(attack.method === 'PATCH' && merge),
      ...Object.fromEntries(headers),
      authorization: `Bearer ${token}`,
    },
  });
}

/** The authorizer takes a moment to hear of a change. */
async function until(
  ask: () => Promise<Response>,
  holds: (response: Response) => boolean,
): Promise<Response> {
  const deadline = Date.now() + 15_000;
  let response = await ask();
  while (!holds(response) && Date.now() < deadline) {
    await delay(100);
    response = await ask();
  }
  return response;
}

async function must(server: ApiServer, manifest: object): Promise<void> {
  const { status, body } = await create(server, manifest);
  if (status !== 201) throw new Error(`${JSON.stringify(manifest)}: ${body.message}`);
}
