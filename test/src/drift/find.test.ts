import { findDrift } from '../../../src/drift/drift';
import { proveLive } from '../../../src/drift/proof';
import type { Manifest } from '../../../src/manifest/manifest';
import { ClusterTarget } from '../../../src/target/target';

const RBAC = 'rbac.authorization.k8s.io';
const object = (
  apiVersion: string,
  kind: string,
  name: string,
  rest: object = {},
  namespace?: string,
): Manifest => ({
  apiVersion,
  kind,
  ...rest,
  metadata: { name, ...(namespace && { namespace }), ...(rest as any).metadata },
});
const inWeb = (apiVersion: string, kind: string, name: string, rest: object = {}) =>
  object(apiVersion, kind, name, rest, 'web');

const namespace = object('v1', 'Namespace', 'web', {
  metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
});
const deny = inWeb('networking.k8s.io/v1', 'NetworkPolicy', 'deny', {
  spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
});
const pod = (name: string) =>
  inWeb('v1', 'Pod', name, {
    metadata: { labels: { app: name } },
    spec: {
      containers: [{ name: 'main', image: 'registry.example/api:1.0.0', ports: [{ containerPort: 80 }] }],
    },
  });
const DECLARED = [namespace, deny, pod('a'), pod('b')];

const shown = (live: readonly Manifest[], declared = DECLARED) =>
  findDrift({ declared, live }).map(
    ({ kind, severity, object: one }) => `${kind} ${one.kind} ${one.name}: ${severity}`,
  );

describe('drift', () => {
  it('is none where every object is as it was declared', () => {
    expect(shown(DECLARED)).toEqual([]);
  });

  it('is an object that is gone, and critical where it is a wall', () => {
    expect(shown(DECLARED.filter((one) => one !== deny && one.metadata!.name !== 'a'))).toEqual([
      'missing NetworkPolicy deny: critical',
      'missing Pod a: high',
    ]);
  });

  it('is not told of a kind that could not be read', () => {
    const found = findDrift({ declared: DECLARED, live: [namespace], isKnown: ({ kind }) => kind !== 'Pod' });
    expect(found.map(({ object: one }) => one.name)).toEqual(['deny']);
  });

  it.each<[string, Manifest, string | undefined]>([
    ['a NetworkPolicy', inWeb('networking.k8s.io/v1', 'NetworkPolicy', 'x', { spec: {} }), 'high'],
    ['a RoleBinding', inWeb(`${RBAC}/v1`, 'RoleBinding', 'x'), 'high'],
    ['a Role', inWeb(`${RBAC}/v1`, 'Role', 'x'), 'medium'],
    ['a ServiceAccount', inWeb('v1', 'ServiceAccount', 'x'), 'medium'],
    ['the ServiceAccount of every namespace', inWeb('v1', 'ServiceAccount', 'default'), undefined],
    ['a Pod', pod('x'), 'high'],
    ['a Pod elsewhere', object('v1', 'Pod', 'x', {}, 'kube-system'), undefined],
    ['a Service inside', inWeb('v1', 'Service', 'x', { spec: { type: 'ClusterIP' } }), undefined],
    ['a Service outside', inWeb('v1', 'Service', 'x', { spec: { type: 'NodePort' } }), 'high'],
    ['a Service of an address', inWeb('v1', 'Service', 'x', { spec: { externalIPs: ['1.2.3.4'] } }), 'high'],
    ['a Service elsewhere by name', inWeb('v1', 'Service', 'x', { spec: { type: 'ExternalName' } }), 'high'],
    ['a Namespace', object('v1', 'Namespace', 'x'), undefined],
    [
      'a Namespace of a tenant',
      object('v1', 'Namespace', 'x', { metadata: { labels: { 'cdk8s-bulwark/tenant': 'shop' } } }),
      'critical',
    ],
    ['a ClusterRole', object(`${RBAC}/v1`, 'ClusterRole', 'x'), undefined],
    [
      'a ClusterRole that another collects',
      object(`${RBAC}/v1`, 'ClusterRole', 'x', {
        metadata: { labels: { [`${RBAC}/aggregate-to-view`]: 'true' } },
      }),
      'critical',
    ],
    ['a ClusterRoleBinding', object(`${RBAC}/v1`, 'ClusterRoleBinding', 'x'), 'critical'],
    ['a webhook', object('admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration', 'x'), 'critical'],
    [
      'an API of the server itself',
      object('apiregistration.k8s.io/v1', 'APIService', 'x', { spec: {} }),
      undefined,
    ],
    [
      'an API of somebody else',
      object('apiregistration.k8s.io/v1', 'APIService', 'x', { spec: { service: { name: 'x' } } }),
      'critical',
    ],
    ['a ConfigMap', inWeb('v1', 'ConfigMap', 'x'), undefined],
  ])('of what nobody declared is %s, if it weakens the cluster', (_title, one, severity) => {
    const expected =
      severity === undefined ? [] : [`undeclared ${one.kind} ${one.metadata!.name}: ${severity}`];
    expect(shown([...DECLARED, one])).toEqual(expected);
  });

  it('is not a Pod that a declared workload controls, unless somebody has added a container to it', () => {
    const deployment = inWeb('apps/v1', 'Deployment', 'api', { metadata: { uid: 'd' }, spec: {} });
    const owned = (kind: string, name: string, uid: string, owner: object, spec: object = {}) =>
      inWeb(kind === 'Pod' ? 'v1' : 'apps/v1', kind, name, {
        metadata: { uid, ownerReferences: [{ controller: true, ...owner }] },
        spec,
      });
    const set = owned('ReplicaSet', 'api-1', 'r', { uid: 'd', kind: 'Deployment', name: 'api' });
    const child = (spec: object) =>
      owned('Pod', 'api-1-x', 'p', { uid: 'r', kind: 'ReplicaSet', name: 'api-1' }, spec);
    const declared = [...DECLARED, inWeb('apps/v1', 'Deployment', 'api', { spec: {} })];
    expect(shown([...DECLARED, deployment, set, child({})], declared)).toEqual([]);
    expect(
      shown([...DECLARED, deployment, set, child({ ephemeralContainers: [{ name: 'x' }] })], declared),
    ).toEqual(['changed Pod api-1-x: high']);
    // An owner that is not there is a claim of whoever made the Pod.
    expect(shown([...DECLARED, child({})])).toEqual(['undeclared Pod api-1-x: high']);
  });

  it('of a role of Kubernetes itself is what it has beyond its default, and not what it lacks', () => {
    const role = (rules: object[]) => object(`${RBAC}/v1`, 'ClusterRole', 'system:basic-user', { rules });
    const secrets = { apiGroups: [''], resources: ['secrets'], verbs: ['get'] };
    expect(shown([...DECLARED, role([])])).toEqual([]);
    expect(shown([...DECLARED, role([secrets])])).toEqual([
      'changed ClusterRole system:basic-user: critical',
    ]);
    const binding = (subjects: object[]) =>
      object(`${RBAC}/v1`, 'ClusterRoleBinding', 'cluster-admin', {
        roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'cluster-admin' },
        subjects,
      });
    const masters = { apiGroup: RBAC, kind: 'Group', name: 'system:masters' };
    expect(shown([...DECLARED, binding([masters])])).toEqual([]);
    expect(shown([...DECLARED, binding([masters, { ...masters, kind: 'User', name: 'eve' }])])).toEqual([
      'changed ClusterRoleBinding cluster-admin: critical',
    ]);
  });

  it('tells no value that may be a credential', () => {
    const withValue = (value: string) =>
      inWeb('v1', 'Pod', 'a', {
        spec: { containers: [{ name: 'main', image: 'x:1', env: [{ name: 'PASSWORD', value }] }] },
      });
    const config = (value: string) => inWeb('v1', 'ConfigMap', 'c', { data: { value } });
    const found = findDrift({
      declared: [withValue('old-canary'), config('old-canary')],
      live: [withValue('new-canary'), config('new-canary')],
      fileOf: () => 'dist/web.yaml',
    });
    expect(found.map(({ fix }) => fix)).toEqual(Array(2).fill('kubectl apply -f dist/web.yaml'));
    expect(JSON.stringify(found)).not.toContain('canary');
  });
});

describe('the proof of a live cluster', () => {
  const target = ClusterTarget.kubernetes('1.34');
  const prove = (live: readonly Manifest[]) => proveLive(DECLARED, live, target);

  it('holds where the live objects allow what the declared ones do', () => {
    expect(prove(DECLARED)).toEqual({ holds: true, counterExamples: [] });
  });

  it('does not hold where a policy opens a connection, and names the policy', () => {
    const open = inWeb('networking.k8s.io/v1', 'NetworkPolicy', 'open', {
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [{}], egress: [{}] },
    });
    const { holds, counterExamples } = prove([...DECLARED, open]);
    expect(holds).toBe(false);
    expect(counterExamples.map(({ through }) => through).join('\n')).toContain('NetworkPolicy web/open');
  });

  it('does not hold where a policy is gone, and says for whom', () => {
    const { holds, counterExamples } = prove(DECLARED.filter((one) => one !== deny));
    expect(holds).toBe(false);
    expect(counterExamples.map(({ through }) => through).join('\n')).toMatch(
      /no policy that selects web\/[ab]/,
    );
  });

  it('does not hold where a binding makes somebody an administrator, and names the binding', () => {
    const backdoor = object(`${RBAC}/v1`, 'ClusterRoleBinding', 'backdoor', {
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ apiGroup: RBAC, kind: 'User', name: 'eve' }],
    });
    expect(prove([...DECLARED, backdoor])).toMatchObject({
      holds: false,
      counterExamples: [{ through: 'ClusterRoleBinding backdoor' }],
    });
  });

  it('is not changed by an excuse that only the live object has', () => {
    const open = inWeb('networking.k8s.io/v1', 'NetworkPolicy', 'deny', {
      metadata: { annotations: { 'cdk8s-bulwark/waive.no-cross-tenant-path': 'because I say so' } },
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [{}], egress: [{}] },
    });
    expect(prove([namespace, open, pod('a'), pod('b')]).holds).toBe(false);
  });
});
