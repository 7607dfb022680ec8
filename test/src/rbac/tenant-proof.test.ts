import fc from 'fast-check';
import { guardrailManifests, type GuardrailOptions } from '../../../src/admission/guardrails';
import { closedByGuardrails, parseSubject, provePermissions, rbacOf } from '../../../src/rbac';
import { findControl } from '../../../src/controls/catalogue';
import { checkManifests } from '../../../src/controls/check';
import { allowancesConfigMap } from '../../../src/tenancy/allowances';
import type { Manifest } from '../../../src/manifest/manifest';
import { formatSummary, summarize } from '../../../src/report/summary';
import { ClusterTarget } from '../../../src/target/target';

const RBAC = 'rbac.authorization.k8s.io';

function namespace(name: string, tenant?: string, labels: Record<string, string> = {}): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      labels: {
        'pod-security.kubernetes.io/enforce': 'restricted',
        ...(tenant && { 'cdk8s-bulwark/tenant': tenant }),
        ...labels,
      },
    },
  };
}

/** `VERBS RESOURCES[.GROUP] [NAMES]` to a subject, in a namespace or in the cluster. */
function give(subject: string, rights: string, place?: string): Manifest[] {
  const [verbs, resources, names] = rights.split(' ');
  const [list, ...group] = resources!.split('.');
  const name = `${subject}-${rights}-${place}`;
  const rule = {
    verbs: verbs!.split(','),
    resources: list!.split(','),
    apiGroups: [group.join('.')],
    ...(names && { resourceNames: names.split(',') }),
  };
  return [
    { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: { name }, rules: [rule] },
    {
      apiVersion: `${RBAC}/v1`,
      kind: place ? 'RoleBinding' : 'ClusterRoleBinding',
      metadata: { name, ...(place && { namespace: place }) },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name },
      subjects: [parseSubject(subject)],
    },
  ] as Manifest[];
}

function pod(place: string, spec: object = {}): Manifest {
  const [space, name] = place.split('/');
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: space!, name: name! },
    spec: { containers: [{ name: 'main' }], ...spec },
  };
}

const TENANTS = [
  namespace('shop-web', 'shop'),
  namespace('shop-data', 'shop'),
  namespace('bank-web', 'bank'),
  namespace('tools'),
];

/** `FROM -> INTO` of every way out. */
function ways(...manifests: Manifest[]): string[] {
  const all = [...TENANTS, ...manifests];
  const { escapes } = provePermissions(all, { closedBy: closedByGuardrails(all) });
  return escapes.map(({ from, into }) => `${from.join(' and ')} -> ${into ?? 'all'}`);
}

const DEV = 'Group:shop-dev';
const member = give(DEV, 'get pods', 'shop-web');

describe('a tenant is kept apart', () => {
  it.each<[string, Manifest[]]>([
    ['when nobody has a right', []],
    [
      'when its people have rights in its namespaces',
      [...member, ...give(DEV, '*,list deployments.apps', 'shop-data')],
    ],
    [
      'when its pods read what is in its namespaces',
      [pod('shop-web/a'), ...give('sa:shop-web/default', 'get secrets', 'shop-data')],
    ],
    [
      'when its people create pods and run commands in them',
      give(DEV, 'create,patch pods,pods/exec', 'shop-web'),
    ],
    ['when somebody else than its people has every right', give('Group:admins', '* *.*')],
    ['when an account of the platform reads everything', give('sa:tools/scanner', 'get,list pods,secrets')],
    [
      'when its people read nodes and classes',
      [...member, ...give(DEV, 'get,list nodes'), ...give(DEV, 'get storageclasses.storage.k8s.io')],
    ],
    [
      'when its people have rights in the namespaces of the platform',
      [...member, ...give(DEV, 'get configmaps', 'tools')],
    ],
    [
      'when its people have bound roles of their own',
      give(DEV, 'bind,create roles,rolebindings.rbac.authorization.k8s.io', 'shop-web'),
    ],
    [
      'when it asks for certificates and what it may do',
      [...member, ...give(DEV, 'create certificatesigningrequests.certificates.k8s.io')],
    ],
    [
      'when all who log in have rights in no namespace of a tenant',
      give('Group:system:authenticated', 'get configmaps', 'tools'),
    ],
  ])('%s', (_when, manifests) => {
    expect(ways(...manifests)).toEqual([]);
  });
});

describe('a way leads out of a tenant', () => {
  it.each<[string, Manifest[], string[]]>([
    [
      'when its people read in another',
      [...member, ...give('sa:shop-web/api', 'get pods', 'bank-web')],
      ['shop -> bank'],
    ],
    ['when its people read everywhere', [...member, ...give(DEV, 'list pods')], ['shop -> all']],
    [
      'when its people read custom resources everywhere',
      [...member, ...give(DEV, 'list widgets.shop.example')],
      ['shop -> all'],
    ],
    ['when its people list namespaces', [...member, ...give(DEV, 'list namespaces')], ['shop -> all']],
    [
      'when its people change what all share',
      [...member, ...give(DEV, 'patch storageclasses.storage.k8s.io')],
      ['shop -> all'],
    ],
    ['when its pods are the node’s', [pod('shop-web/a', { hostPID: true })], ['shop -> all']],
    [
      'when it starts pods where Pod Security does not see them',
      [
        namespace('shop-lab', 'shop', { 'pod-security.kubernetes.io/enforce': 'privileged' }),
        ...give(DEV, 'create pods', 'shop-lab'),
      ],
      ['shop -> all'],
    ],
    [
      'when all ServiceAccounts read everything',
      give('Group:system:serviceaccounts', 'get secrets'),
      ['shop -> all', 'bank -> all'],
    ],
    [
      'when it becomes an account of the platform that reads everything',
      [...member, ...give(DEV, 'create pods', 'tools'), ...give('sa:tools/scanner', 'get secrets')],
      ['shop -> all'],
    ],
    [
      'when it impersonates people of another',
      [...member, ...give('User:jane', 'get pods', 'bank-web'), ...give(DEV, 'impersonate users jane')],
      ['shop -> all', 'shop -> bank'],
    ],
    [
      'when it requests tokens of another',
      [...member, ...give('sa:shop-web/api', 'create serviceaccounts/token', 'bank-web')],
      ['shop -> bank'],
    ],
    [
      'when two of its people can do together what neither can',
      [
        ...give('sa:shop-web/a', 'create secrets', 'tools'),
        ...give('sa:shop-data/b', 'get secrets', 'tools'),
        ...give('sa:tools/scanner', 'get pods'),
      ],
      ['shop -> all'],
    ],
    [
      'when it takes off the labels of its namespaces',
      give(DEV, 'patch namespaces', 'shop-web'),
      ['shop -> all'],
    ],
    [
      'when it opens its network',
      give(DEV, 'create networkpolicies.networking.k8s.io', 'shop-web'),
      ['shop -> all'],
    ],
    [
      'when it leads its Services to others',
      give(DEV, 'patch endpointslices.discovery.k8s.io', 'shop-web'),
      ['shop -> all'],
    ],
    [
      'when it hands itself cluster-wide rights',
      [...member, ...give(DEV, 'bind,create clusterroles,clusterrolebindings.rbac.authorization.k8s.io')],
      ['shop -> all'],
    ],
    [
      'when it binds itself in its namespaces to what takes down their walls',
      give(DEV, 'bind,create clusterroles,rolebindings.rbac.authorization.k8s.io', 'shop-web'),
      ['shop -> all'],
    ],
    [
      'when those read everywhere who make its namespaces',
      [
        ...give('Group:shop-leads', 'create,delete tenants/namespaces.cdk8s-bulwark shop'),
        ...give('Group:shop-leads', 'list pods'),
      ],
      ['shop -> all'],
    ],
    [
      'when it writes into its roles what takes down its walls',
      give(DEV, 'escalate,update roles.rbac.authorization.k8s.io', 'shop-web'),
      ['shop -> all'],
    ],
    [
      'when it draws traffic of the cluster to itself',
      give(DEV, 'patch services/status', 'shop-web'),
      ['shop -> all'],
    ],
    [
      'when whoever does not log in has rights in it',
      give('Group:system:unauthenticated', 'get pods', 'bank-web'),
      ['shop -> bank'],
    ],
    [
      'when the user that stands for whoever does not log in has rights in it',
      give('User:system:anonymous', 'get pods', 'bank-web'),
      ['shop -> bank'],
    ],
    [
      'when whoever does not log in has the cluster',
      give('Group:system:unauthenticated', '* *.*'),
      ['shop -> all', 'bank -> all'],
    ],
    [
      'when all who log in have rights in it',
      give('Group:system:authenticated', 'get pods', 'bank-web'),
      ['shop -> bank'],
    ],
    [
      'when the ServiceAccounts of another have rights in it, and not the reverse',
      give('Group:system:serviceaccounts:shop-web', 'get pods', 'bank-web'),
      ['shop -> bank'],
    ],
    [
      'when it reads Secrets of the platform',
      [...member, ...give(DEV, 'get secrets', 'tools')],
      ['shop -> all'],
    ],
    [
      'when it runs commands in pods of the platform',
      [...member, ...give(DEV, 'create pods/exec', 'tools')],
      ['shop -> all'],
    ],
    [
      'when it changes objects of the platform',
      [...member, ...give(DEV, 'update configmaps', 'tools')],
      ['shop -> all'],
    ],
    [
      'when it reads of nodes what runs there',
      [...member, ...give(DEV, 'get nodes/log,nodes/pods')],
      ['shop -> all'],
    ],
    ['when it reads volumes', [...member, ...give(DEV, 'list persistentvolumes')], ['shop -> all']],
    [
      'when it deletes requests for certificates',
      [...member, ...give(DEV, 'delete certificatesigningrequests.certificates.k8s.io')],
      ['shop -> all'],
    ],
  ])('%s', (_when, manifests, expected) => {
    expect([...new Set(ways(...manifests))]).toEqual(expected);
  });

  it('as a path whose last binding is what has to be changed', () => {
    const [escape] = provePermissions([...TENANTS, ...member, ...give(DEV, 'list pods')]).escapes;
    expect(escape!.manifest.metadata?.name).toBe('Group:shop-dev-list pods-undefined');
    expect(escape!.path.steps.map(({ does }) => does)).toEqual(['may list pods in every namespace']);
  });
});

it('tells of a binding of everybody that binding, and by which rule', () => {
  const manifests = [...TENANTS, ...give('Group:system:authenticated', 'get pods', 'bank-web')];
  const [escape] = provePermissions(manifests).escapes;
  expect(escape!.manifest).toMatchObject({ kind: 'RoleBinding', metadata: { namespace: 'bank-web' } });
  expect(escape!.path.steps.at(-1)!.does).toBe('may get pods in bank-web');
});

it('tells of several rights of a binding the one that leads further', () => {
  const proxies = give('sa:shop-web/monitor', 'get nodes,nodes/proxy,pods');
  const [escape] = provePermissions([...TENANTS, ...proxies]).escapes;
  expect(escape!.path.to).toEqual({ kind: 'node' });
  const starts = give('sa:shop-web/ci', 'create serviceaccounts,pods', 'bank-web');
  const [other] = provePermissions([...TENANTS, ...starts]).escapes;
  expect(other!.path.to).toEqual({ kind: 'workloads', namespace: 'bank-web' });
});

it('knows people whom two tenants have bound as belonging to both, and to no third', () => {
  const support = [
    ...give('Group:support', 'get pods', 'shop-web'),
    ...give('Group:support', 'get pods', 'bank-web'),
  ];
  expect(ways(...support)).toEqual([]);
  const third = [namespace('mill-web', 'mill'), ...give('Group:mill-dev', 'get pods', 'mill-web')];
  const acts = give('Group:support', 'impersonate groups mill-dev');
  const asAnybody = give('Group:support', 'impersonate users nobody');
  expect(ways(...support, ...third, ...acts, ...asAnybody)).toContain('bank and shop -> mill');
});

it('lets the people of a tenant into its teams, and not those of a team into the tenant', () => {
  const team = namespace('shop-pay-api', 'shop-pay', { 'cdk8s-bulwark/parent-tenant': 'shop' });
  const lead = [...give(DEV, 'get pods', 'shop-web'), ...give(DEV, 'get pods', 'shop-pay-api')];
  expect(ways(team, ...lead)).toEqual([]);
  expect(ways(team, ...lead, ...give('sa:shop-pay-api/api', 'get pods', 'shop-web'))).toEqual([
    'shop-pay -> shop',
  ]);
});

describe('the only tenant of a cluster', () => {
  const alone = [namespace('shop-web', 'shop'), namespace('tools')];
  const theoremOf = (...manifests: Manifest[]) =>
    summarize([...alone, ...manifests], ClusterTarget.kubernetes('1.33')).theorem;

  it.each<[string, Manifest[]]>([
    ['reads Secrets everywhere', [...member, ...give(DEV, 'get secrets')]],
    ['has a pod on its node', [pod('shop-web/a', { hostPID: true })]],
    ['binds itself cluster-admin', [...member, ...give(DEV, `bind,create clusterrolebindings.${RBAC}`)]],
    [
      'becomes a scanner that reads everything',
      [...member, ...give(DEV, 'create pods', 'tools'), ...give('sa:tools/scanner', 'get secrets')],
    ],
    ['opens its network', give(DEV, 'create networkpolicies.networking.k8s.io', 'shop-web')],
  ])('gets out of it when it %s', (_when, manifests) => {
    const { holds, rights, counterExamples } = theoremOf(...manifests);
    expect(holds).toBe(false);
    expect(rights.holes).not.toEqual([]);
    expect(counterExamples[0]).toMatch(
      /^A way leads from the tenant shop into the (whole cluster|namespace tools of the platform): /,
    );
  });

  it('is kept in it where it has rights in its own namespaces', () => {
    const { holds, counterExamples } = theoremOf(...member, pod('shop-web/a'));
    expect({ holds, counterExamples }).toEqual({ holds: true, counterExamples: [] });
  });

  it('is told in the summary whether it is', () => {
    const target = ClusterTarget.kubernetes('1.33');
    const text = (...manifests: Manifest[]) =>
      formatSummary(summarize([...alone, ...manifests], target)).replaceAll(/\s+/g, ' ');
    expect(text(...member)).toContain('no chain of rights leads out of the only tenant');
    expect(text(...member, ...give(DEV, 'get secrets'))).toContain('1 way of rights leads out of tenants');
  });
});

const relabels = give('sa:shop-web/api', 'patch namespaces', 'shop-web');

const CAPSULE = { target: ClusterTarget.kubernetes('1.33', { capsule: true }) };

function guards(
  change: (spec: any) => void = () => undefined,
  options: Partial<GuardrailOptions> = {},
): Manifest[] {
  const target = ClusterTarget.kubernetes('1.33');
  const made = guardrailManifests({ target, ...options }).filter(
    ({ metadata, spec }: any) => (spec.policyName ?? metadata.name) === 'bulwark-namespaces',
  );
  const [policy, binding] = structuredClone(made) as [any, Manifest];
  change(policy.spec);
  return [policy, binding];
}

it('takes a guard rail that is in force for what it refuses', () => {
  expect(ways(...relabels, ...guards())).toEqual([]);
  expect(ways(...relabels, guards()[0]!)).toEqual(['shop -> all']);
  const removes = give('sa:shop-web/api', 'delete validatingadmissionpolicies.admissionregistration.k8s.io');
  expect(ways(...relabels, ...guards(), ...removes).length).toBeGreaterThan(1);
  // So may whoever has the cluster, by whatever right.
  const answers = give('sa:shop-web/api', 'patch apiservices.apiregistration.k8s.io');
  expect(ways(...answers, ...guards())).toEqual(['shop -> all']);
  expect(ways(...relabels, ...answers, ...guards())).toEqual(['shop -> all', 'shop -> all']);
});

it('takes a guard rail that lets owners make namespaces for as much', () => {
  expect(ways(...relabels, ...guards(undefined, CAPSULE))).toEqual([]);
  expect(ways(...relabels, ...guards(undefined, { ...CAPSULE, selfMadeLabels: ['stage'] }))).toEqual([]);
});

it('takes no guard rail for what people have Capsule write in their own namespaces', () => {
  const replicates = give('sa:shop-web/api', 'create tenantresources.capsule.clastix.io', 'shop-web');
  expect(ways(...replicates, ...guards(undefined, CAPSULE))).toEqual(['shop -> all']);
});

it('takes a guard rail as an API server gives it back for the same', () => {
  const read = guards((spec) => {
    Object.assign(spec.matchConstraints, {
      matchPolicy: 'Equivalent',
      namespaceSelector: {},
      objectSelector: {},
    });
    for (const rule of spec.matchConstraints.resourceRules) rule.scope = '*';
  });
  expect(ways(...relabels, ...read)).toEqual([]);
});

it.each<[string, Manifest[]]>([
  ['asks for nothing', guards((spec) => spec.validations.forEach((one: any) => (one.expression = 'true')))],
  ['has lost one of its questions', guards((spec) => spec.validations.pop())],
  ['lets what it cannot judge pass', guards((spec) => (spec.failurePolicy = 'Ignore'))],
  ['is about other objects', guards((spec) => (spec.matchConstraints.resourceRules[0].resources = ['pods']))],
  [
    'holds under a condition',
    guards((spec) => spec.matchConditions.push({ name: 'x', expression: 'false' })),
  ],
  [
    'exempts a group of the tenant',
    guards(undefined, { platformGroups: ['system:serviceaccounts:shop-web'] }),
  ],
  [
    'lets people make namespaces and has lost the question whose those are',
    guards(
      (spec) =>
        (spec.validations = spec.validations.filter(({ message }: any) => !/^self-made/.test(message))),
      CAPSULE,
    ),
  ],
])('takes a policy of the name of a guard rail for nothing when it %s', (_what, weak) => {
  expect(ways(...relabels, ...weak)).toEqual(['shop -> all']);
});

describe('what is advised', () => {
  const control = findControl('no-way-out-of-tenant')!;
  const target = ClusterTarget.kubernetes('1.33');
  const adviceFor = (...manifests: Manifest[]) =>
    checkManifests([...TENANTS, ...manifests], { target, controls: [control] }).map(({ fix }) => fix);

  it('where guard rails would close the way names them', () => {
    expect(adviceFor(...give(DEV, 'create networkpolicies.networking.k8s.io', 'shop-web'))).toEqual([
      expect.stringContaining('or add new Guardrails('),
    ]);
  });

  it('about a right that no guard rail is about is to take it away', () => {
    expect(adviceFor(...member, ...give(DEV, 'list pods'))).toEqual([control.fix]);
  });

  it('about a pod that is its node’s is about the pod', () => {
    expect(adviceFor(pod('shop-web/a', { hostPID: true }))).toEqual([
      expect.stringContaining('Take out of the pod what leads to the node'),
    ]);
  });
});

describe('the guard rail about Secrets', () => {
  const target = ClusterTarget.kubernetes('1.33');
  const rails = guardrailManifests({ target });
  const allowances = (waived: string[], place = 'shop-web') =>
    allowancesConfigMap(place, { waivedControls: waived });
  const without = (name: string) =>
    rails.filter(({ metadata, spec }: any) => (spec.policyName ?? metadata.name) !== name);
  const isOpen = (...manifests: Manifest[]) =>
    closedByGuardrails([...TENANTS, ...manifests])('create-secrets', 'shop-web') === undefined;

  it('closes the way of who asks for the token of an account', () => {
    expect(isOpen()).toBe(true);
    expect(isOpen(...rails)).toBe(true);
    expect(isOpen(...rails, allowances([]))).toBe(false);
    expect(isOpen(...rails, allowances(['no-host-network']))).toBe(false);
  });

  it('closes nothing where the allowances of the namespace waive its control', () => {
    expect(isOpen(...rails, allowances(['no-host-network', 'no-token-secret']))).toBe(true);
    expect(isOpen(...rails, allowances([]), allowances(['no-token-secret'], 'bank-web'))).toBe(false);
  });

  it('closes nothing where nobody keeps the tenant from its allowances', () => {
    expect(isOpen(...without('bulwark-platform-owned'), allowances([]))).toBe(true);
    expect(isOpen(...without('bulwark-secrets'), allowances([]))).toBe(true);
    expect(isOpen(...without('bulwark-namespaces'), allowances([]))).toBe(false);
  });
});

it('never says that a tenant is kept apart while one of its subjects may read in another (random rights)', () => {
  const subjects = [
    'Group:shop-dev',
    'User:jane',
    'sa:shop-web/api',
    'sa:bank-web/api',
    'sa:tools/bot',
    'Group:system:serviceaccounts:shop-web',
  ];
  const rights = [
    'get pods',
    'list *.*',
    'create pods',
    'get secrets',
    'impersonate serviceaccounts',
    'create serviceaccounts/token',
    'get nodes',
    'bind,create clusterroles,rolebindings.rbac.authorization.k8s.io',
  ];
  const places = [undefined, 'shop-web', 'shop-data', 'bank-web', 'tools'];
  const grant = fc.tuple(
    fc.constantFrom(...subjects),
    fc.constantFrom(...rights),
    fc.constantFrom(...places),
  );
  let apart = 0;
  fc.assert(
    fc.property(fc.array(grant, { maxLength: 4 }), (grants) => {
      const manifests = [
        ...TENANTS,
        ...new Map(grants.map((one) => [one.join(), give(...one)])).values(),
      ].flat();
      const isApart = provePermissions(manifests, { defaults: false }).escapes.length === 0;
      if (!isApart) return;
      apart += 1;
      const { can } = rbacOf(manifests, { defaults: false });
      for (const account of ['sa:shop-web/api', 'sa:shop-data/default', 'sa:shop-web/default']) {
        for (const verb of ['get', 'list', 'create'])
          for (const resource of ['pods', 'secrets'])
            expect(can(parseSubject(account), { verb, resource, namespace: 'bank-web' })).toBe(false);
      }
    }),
    { numRuns: 400, seed: 20_261_124 },
  );
  expect(apart).toBeGreaterThan(40);
});

it('is told in the summary, with what is agreed and what is not', () => {
  const lists = [...member, ...give(DEV, 'list pods')];
  const told = (manifests: readonly Manifest[]) =>
    formatSummary(summarize([...TENANTS, ...manifests], ClusterTarget.kubernetes('1.33'))).replaceAll(
      /\s+/g,
      ' ',
    );
  expect(told(member)).toContain(
    'no chain of rights leads across any of 2 ordered pairs of tenants controls',
  );
  expect(told(lists)).toContain('1 way of rights leads out of tenants');
  const annotations = { 'cdk8s-bulwark/waive.no-way-out-of-tenant': 'both tenants have agreed to it' };
  const agreed = lists.map((one) => ({ ...one, metadata: { ...one.metadata, annotations } }));
  expect(told(agreed)).toContain('2 ordered pairs of tenants, save 1 way of rights agreed by waiver');
});
