import {
  escalationOf,
  describePath,
  parseSubject,
  type EscalationOptions,
  type Goal,
} from '../../../src/rbac';
import type { Manifest } from '../../../src/manifest/manifest';

const RBAC = 'rbac.authorization.k8s.io';
const DEV = parseSubject('Group:dev');

interface Rule {
  readonly verbs: readonly string[];
  readonly resources: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** Gives the group dev rules, in a namespace or in the cluster. */
function give(rules: readonly Rule[], namespace?: string, subject: object = DEV): Manifest[] {
  const name = `dev-${namespace ?? 'cluster'}`;
  return [
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRole',
      metadata: { name },
      rules: rules.map((rule) => ({ apiGroups: [''], ...rule })),
    },
    {
      apiVersion: `${RBAC}/v1`,
      kind: namespace ? 'RoleBinding' : 'ClusterRoleBinding',
      metadata: { name, ...(namespace && { namespace }) },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name },
      subjects: [subject],
    },
  ] as Manifest[];
}

function rule(verbs: string, resources: string, apiGroups = '', resourceNames?: string): Rule {
  const list = (text: string) => text.split(',');
  return {
    verbs: list(verbs),
    resources: list(resources),
    apiGroups: list(apiGroups),
    ...(resourceNames && { resourceNames: list(resourceNames) }),
  };
}

function role(place: string, ...rules: Rule[]): Manifest {
  const [space, name] = place.split('/');
  return {
    apiVersion: `${RBAC}/v1`,
    kind: 'Role',
    metadata: { namespace: space!, name: name! },
    rules,
  };
}

function namespace(name: string, enforce?: string): Manifest {
  const labels: Record<string, string> = enforce ? { 'pod-security.kubernetes.io/enforce': enforce } : {};
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

function pod(place: string, spec: object): Manifest {
  const [space, name] = place.split('/');
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: space!, name: name! },
    spec: { containers: [{ name: 'main' }], ...spec },
  };
}

/** The ServiceAccount shop/boss, which is bound to cluster-admin. */
const BOSS: Manifest[] = [
  {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'boss' },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: 'boss', namespace: 'shop' }],
  },
];
const SECURE = [namespace('shop', 'restricted'), namespace('other', 'restricted')];

function gets(manifests: readonly Manifest[], goal: Goal, options?: EscalationOptions): boolean {
  return escalationOf([...SECURE, ...manifests], options).pathTo(DEV, goal) !== undefined;
}

describe('who gets to the whole cluster', () => {
  const bossIn = (place: string, spec: object = {}) => pod(place, { serviceAccountName: 'boss', ...spec });

  it.each<[string, Manifest[], boolean]>([
    ['reads pods', give([rule('get,list', 'pods')]), false],
    ['has every verb on everything', give([rule('*', '*', '*')]), true],
    ['has every verb on a group', give([rule('*', '*', 'shop.example')]), false],
    [
      'requests tokens where the administrator is',
      [...BOSS, ...give([rule('create', 'serviceaccounts/token')], 'shop')],
      true,
    ],
    [
      'requests tokens elsewhere',
      [...BOSS, ...give([rule('create', 'serviceaccounts/token')], 'other')],
      false,
    ],
    [
      'requests the token of another',
      [...BOSS, ...give([rule('create', 'serviceaccounts/token', '', 'api')], 'shop')],
      false,
    ],
    [
      'requests the token by name',
      [...BOSS, ...give([rule('create', 'serviceaccounts/token', '', 'boss')], 'shop')],
      true,
    ],
    ['creates pods where the administrator is', [...BOSS, ...give([rule('create', 'pods')], 'shop')], true],
    [
      'patches CronJobs where the administrator is',
      [...BOSS, ...give([rule('patch', 'cronjobs', 'batch')], 'shop')],
      true,
    ],
    [
      'runs commands in pods of the administrator',
      [...BOSS, bossIn('shop/a'), ...give([rule('create', 'pods/exec')], 'shop')],
      true,
    ],
    [
      'runs commands in pods without the token',
      [
        ...BOSS,
        bossIn('shop/a', { automountServiceAccountToken: false }),
        ...give([rule('create', 'pods/exec')], 'shop'),
      ],
      false,
    ],
    ...(
      [
        ['vault', false],
        ['https://kubernetes.default.svc.cluster.local', true],
        ['https://kubernetes.example.com', false],
      ] as const
    ).map(([audience, leads]): [string, Manifest[], boolean] => [
      `runs commands where the token of the administrator is for ${audience}`,
      [
        ...BOSS,
        bossIn('shop/a', {
          automountServiceAccountToken: false,
          volumes: [
            { name: 'token', projected: { sources: [{ serviceAccountToken: { path: 'token', audience } }] } },
          ],
        }),
        ...give([rule('create', 'pods/exec')], 'shop'),
      ],
      leads,
    ]),
    ['creates Secrets and cannot read them', [...BOSS, ...give([rule('create', 'secrets')], 'shop')], false],
    ['creates Secrets and reads them', [...BOSS, ...give([rule('create,get', 'secrets')], 'shop')], true],
    [
      'creates Secrets here and reads those there',
      [...BOSS, ...give([rule('create', 'secrets')], 'shop'), ...give([rule('get', 'secrets')], 'other')],
      false,
    ],
    [
      'creates Secrets here and reads those of all',
      [...BOSS, ...give([rule('create', 'secrets')], 'shop'), ...give([rule('get', 'secrets')])],
      true,
    ],
    ['writes roles without escalate', give([rule('create,update,patch', 'clusterroles', RBAC)]), false],
    ['writes roles with escalate', give([rule('patch,escalate', 'clusterroles', RBAC)]), true],
    [
      'binds any role',
      give([rule('bind', 'clusterroles', RBAC), rule('create', 'clusterrolebindings', RBAC)]),
      true,
    ],
    [
      'binds the role view',
      give([rule('bind', 'clusterroles', RBAC, 'view'), rule('create', 'clusterrolebindings', RBAC)]),
      false,
    ],
    [
      'binds the role cluster-admin',
      give([
        rule('bind', 'clusterroles', RBAC, 'cluster-admin'),
        rule('create', 'clusterrolebindings', RBAC),
      ]),
      true,
    ],
    [
      'binds a role that writes rights into roles',
      give([
        rule('bind', 'clusterroles', RBAC, 'system:controller:clusterrole-aggregation-controller'),
        rule('create', 'clusterrolebindings', RBAC),
      ]),
      true,
    ],
    [
      'binds any Role of a namespace where none leads further',
      [...BOSS, ...give([rule('bind', 'roles', RBAC), rule('create', 'rolebindings', RBAC)], 'shop')],
      false,
    ],
    [
      'binds any Role of a namespace where one is the administrator’s',
      [
        ...BOSS,
        role('shop/starter', rule('create', 'pods')),
        ...give([rule('bind', 'roles', RBAC), rule('create', 'rolebindings', RBAC)], 'shop'),
      ],
      true,
    ],
    [
      'binds any Role of any namespace',
      [
        ...BOSS,
        role('shop/starter', rule('create', 'pods')),
        ...give([rule('bind', 'roles', RBAC), rule('create', 'rolebindings', RBAC)]),
      ],
      true,
    ],
    ['may bind and cannot write bindings', give([rule('bind', 'clusterroles', RBAC)]), false],
    [
      'binds any role where the administrator is',
      [...BOSS, ...give([rule('bind', 'clusterroles', RBAC), rule('create', 'rolebindings', RBAC)], 'shop')],
      true,
    ],
    ['impersonates groups and no user', give([rule('impersonate', 'groups')]), false],
    ['impersonates groups and users', give([rule('impersonate', 'groups,users')]), true],
    [
      'impersonates the group nobodies',
      give([rule('impersonate', 'groups', '', 'nobodies'), rule('impersonate', 'users', '', 'jane')]),
      false,
    ],
    [
      'impersonates users by a RoleBinding, which says nothing',
      give([rule('impersonate', 'groups,users')], 'shop'),
      false,
    ],
    [
      'impersonates the administrator',
      [...BOSS, ...give([rule('impersonate', 'serviceaccounts', '', 'boss')], 'shop')],
      true,
    ],
    [
      'may act as users and do nothing for them',
      give([rule('impersonate:user-info', 'users', 'authentication.k8s.io')]),
      false,
    ],
    [
      'may act as users and list pods for them',
      give([
        rule('impersonate:user-info', 'users', 'authentication.k8s.io'),
        rule('impersonate-on:user-info:list', 'pods'),
      ]),
      true,
    ],
    [
      'approves client certificates',
      give([
        rule('update', 'certificatesigningrequests/approval', 'certificates.k8s.io'),
        rule('approve', 'signers', 'certificates.k8s.io', 'kubernetes.io/kube-apiserver-client'),
      ]),
      true,
    ],
    [
      'approves certificates of servers',
      give([
        rule('update', 'certificatesigningrequests/approval', 'certificates.k8s.io'),
        rule('approve', 'signers', 'certificates.k8s.io', 'kubernetes.io/kubelet-serving'),
      ]),
      false,
    ],
    [
      'writes mutating webhooks',
      give([rule('create', 'mutatingwebhookconfigurations', 'admissionregistration.k8s.io')]),
      true,
    ],
    ['changes ConfigMaps of kube-system', give([rule('patch', 'configmaps')], 'kube-system'), true],
    ['changes ConfigMaps of shop', give([rule('patch', 'configmaps')], 'shop'), false],
    [
      'changes a ConfigMap of kube-system that matters to nobody',
      give([rule('patch', 'configmaps', '', 'mine')], 'kube-system'),
      false,
    ],
    [
      'reads the Secret with the token',
      [...BOSS, tokenSecret('boss-token'), ...give([rule('get', 'secrets', '', 'boss-token')], 'shop')],
      true,
    ],
    [
      'reads another Secret by name',
      [...BOSS, tokenSecret('boss-token'), ...give([rule('get', 'secrets', '', 'mine')], 'shop')],
      false,
    ],
    [
      'makes a Secret for the token under a name that it reads',
      [...BOSS, ...give([rule('create', 'secrets'), rule('get', 'secrets', '', 'mine')], 'shop')],
      true,
    ],
    [
      'makes Secrets, and the one that it reads is there',
      [
        ...BOSS,
        { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'mine', namespace: 'shop' } },
        ...give([rule('create', 'secrets'), rule('get', 'secrets', '', 'mine')], 'shop'),
      ],
      false,
    ],
    [
      'has a right of whoever does not log in',
      give([rule('*', '*', '*')], undefined, { kind: 'Group', name: 'system:unauthenticated' }),
      true,
    ],
    [
      'has a right of all ServiceAccounts as one of them',
      give([rule('*', '*', '*')], undefined, { kind: 'Group', name: 'system:authenticated' }),
      true,
    ],
  ])('%s', (_what, manifests, expected) => {
    expect(gets(manifests, 'cluster')).toBe(expected);
  });
});

describe('who gets to a node', () => {
  const create = rule('create', 'pods');

  it.each<[string, Manifest[], boolean]>([
    ['creates pods where Pod Security is enforced', give([create], 'shop'), false],
    ['creates pods where it is not', [namespace('lab'), ...give([create], 'lab')], true],
    ['creates pods where it only warns', [namespace('lab', 'privileged'), ...give([create], 'lab')], true],
    [
      'creates pods and changes the labels of the namespace',
      give([create, rule('patch', 'namespaces')], 'shop'),
      true,
    ],
    [
      'creates pods, and changes the labels of another namespace',
      [...give([create], 'shop'), ...give([rule('patch', 'namespaces')], 'other')],
      false,
    ],
    [
      'creates pods and PersistentVolumes',
      [...give([create], 'shop'), ...give([rule('create', 'persistentvolumes')])],
      true,
    ],
    ['creates PersistentVolumes only', give([rule('create', 'persistentvolumes')]), false],
    ['gets nodes/proxy', give([rule('get', 'nodes/proxy')]), true],
    ['gets nodes', give([rule('get', 'nodes')]), false],
    [
      'runs commands in a privileged pod',
      [agent({ securityContext: { privileged: true } }), ...give([rule('create', 'pods/exec')], 'lab')],
      true,
    ],
    [
      'runs commands in a pod that mounts the node',
      [
        pod('lab/agent', { volumes: [{ name: 'root', hostPath: { path: '/' } }] }),
        ...give([rule('create', 'pods/exec')], 'lab'),
      ],
      true,
    ],
    [
      'runs commands in a pod in the network of the node',
      [pod('lab/agent', { hostNetwork: true }), ...give([rule('create', 'pods/exec')], 'lab')],
      true,
    ],
    [
      'runs commands in a pod that sees its processes',
      [pod('lab/agent', { hostPID: true }), ...give([rule('create', 'pods/exec')], 'lab')],
      true,
    ],
    [
      'runs commands in a pod with SYS_ADMIN',
      [
        agent({ securityContext: { capabilities: { add: ['SYS_ADMIN'] } } }),
        ...give([rule('create', 'pods/exec')], 'lab'),
      ],
      true,
    ],
    [
      'runs commands in a pod with NET_BIND_SERVICE',
      [
        agent({ securityContext: { capabilities: { add: ['NET_BIND_SERVICE'] } } }),
        ...give([rule('create', 'pods/exec')], 'lab'),
      ],
      false,
    ],
  ])('%s', (_what, manifests, expected) => {
    expect(gets(manifests, 'node')).toBe(expected);
  });

  function agent(container: object): Manifest {
    return pod('lab/agent', { containers: [{ name: 'main', ...container }] });
  }
});

describe('what admission closes', () => {
  const manifests = give([rule('create', 'pods'), rule('patch', 'namespaces')], 'shop');
  const closedBy = (right: string) =>
    right === 'change-namespaces' ? 'ValidatingAdmissionPolicy freeze-labels' : undefined;

  it('is no way', () => {
    expect(gets(manifests, 'node')).toBe(true);
    expect(gets(manifests, 'node', { closedBy })).toBe(false);
  });

  it('is one for whoever may delete the policy', () => {
    const deletes = give([
      rule('delete', 'validatingadmissionpolicybindings', 'admissionregistration.k8s.io'),
    ]);
    expect(gets([...manifests, ...deletes], 'node', { closedBy })).toBe(true);
  });
});

it('explains each step by the rule and the binding that allow it', () => {
  const manifests = [...SECURE, ...BOSS, ...give([rule('patch', 'deployments', 'apps')], 'shop')];
  expect(describePath(escalationOf(manifests).pathTo(DEV, 'cluster')!)).toBe(
    [
      'Group dev gains the whole cluster in 4 steps:',
      '  1. Group dev writes workloads, whose pods may be any ServiceAccount in shop: pods of its choice in shop',
      '       may patch apps/deployments: ClusterRole dev-shop, bound by RoleBinding shop/dev-shop',
      '  2. starts a pod that is the ServiceAccount: any ServiceAccount in shop',
      '  3. acts as one of them: ServiceAccount shop/boss',
      '  4. ServiceAccount shop/boss does everything in every namespace: the whole cluster',
      '       may do anything to everything: ClusterRole cluster-admin, bound by ClusterRoleBinding boss',
    ].join('\n'),
  );
});

it('names those whom Kubernetes itself gives the cluster, and nobody who merely logs in', () => {
  const critical = escalationOf([])
    .critical()
    .map(({ from }) => (from.kind === 'subject' ? from.subject.name : ''));
  expect(critical).toEqual(
    expect.arrayContaining([
      'system:masters',
      'system:kube-controller-manager',
      'clusterrole-aggregation-controller',
      'generic-garbage-collector',
    ]),
  );
  expect(critical).not.toEqual(expect.arrayContaining(['system:authenticated']));
  const harmless = [
    'system:authenticated',
    'system:unauthenticated',
    'system:serviceaccounts',
    'system:monitoring',
  ];
  expect(critical.filter((name) => harmless.includes(name))).toEqual([]);
});

function tokenSecret(name: string): Manifest {
  const annotations = { 'kubernetes.io/service-account.name': 'boss' };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/service-account-token',
    metadata: { name, namespace: 'shop', annotations },
  };
}

describe('workloads that are alike', () => {
  const pod = (namespace: string, name: string, spec: object = {}): Manifest => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name },
    spec: { containers: [{ name: 'c', image: 'x', ...spec }] },
  });
  const privileged = { securityContext: { privileged: true } };
  const administers = (name: string): Manifest => ({
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'administers' },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'Group', name, apiGroup: RBAC }],
  });

  it.each([
    ['nobody', []],
    ['the accounts of a namespace', [administers('system:serviceaccounts:two')]],
    ['all accounts', [administers('system:serviceaccounts')]],
    ['somebody else', [administers('dev')]],
  ])('get as far as each would alone, where %s may do everything', (_, binding) => {
    const pods = ['one', 'two', 'three'].flatMap((namespace) => [
      pod(namespace, 'privileged', privileged),
      pod(namespace, 'same', privileged),
      pod(namespace, 'plain'),
    ]);
    const ways = (manifests: readonly Manifest[]) =>
      escalationOf(manifests)
        .critical()
        .filter(({ from }) => from.kind === 'pod');
    const alone = pods.flatMap((one) => ways([one, ...binding]));
    // Every pod of the cluster is on a node, so that from there each leads to all of them.
    const together = ways([...pods, ...binding]);
    expect(together.map(({ from }) => from)).toEqual(expect.arrayContaining(alone.map(({ from }) => from)));
    for (const { from, to, steps } of alone) {
      const same = together.find((one) => JSON.stringify(one.from) === JSON.stringify(from))!;
      expect(same.steps[0]!.from).toEqual([from]);
      if (same.to.kind === to.kind)
        expect(same.steps.map(({ does }) => does)).toEqual(steps.map(({ does }) => does));
      else expect(same.to.kind).toBe('cluster');
    }
  });
});
