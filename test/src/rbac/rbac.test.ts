import { describeGrant, parseSubject, rbacOf, type ApiRequest } from '../../../src/rbac';
import type { Manifest } from '../../../src/manifest/manifest';
import { errorOf } from '../../support/objects';

const RBAC = 'rbac.authorization.k8s.io';

function role(name: string, rules: object[], rest: object = {}): Manifest {
  return { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: { name }, rules, ...rest };
}

function localRole(place: string, rules: object[]): Manifest {
  const [namespace, name] = place.split('/');
  return { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: { namespace, name }, rules };
}

/** A ClusterRoleBinding, or a RoleBinding where a namespace is given. */
function binding(roleRef: string, subjects: string[], namespace?: string): Manifest {
  const [kind, name] = roleRef.split('/');
  return {
    apiVersion: `${RBAC}/v1`,
    kind: namespace ? 'RoleBinding' : 'ClusterRoleBinding',
    metadata: { name: 'binding', ...(namespace && { namespace }) },
    roleRef: { apiGroup: RBAC, kind, name },
    subjects: subjects.map(parseSubject),
  };
}

function rule(verbs: string, resources: string, apiGroups = '', resourceNames?: string): object {
  const list = (text: string) => text.split(',');
  return {
    verbs: list(verbs),
    apiGroups: list(apiGroups),
    resources: list(resources),
    ...(resourceNames !== undefined && { resourceNames: list(resourceNames) }),
  };
}

/** `VERB RESOURCE[/SUB] [in NAMESPACE] [named NAME]`, or `VERB /path`. */
function request(text: string): ApiRequest {
  const [verb, what, ...rest] = text.split(' ');
  if (what!.startsWith('/')) return { verb: verb!, path: what! };
  const [grouped, subresource] = what!.split('/');
  const [resource, ...group] = grouped!.split('.');
  const after = (word: string) => (rest.includes(word) ? rest[rest.indexOf(word) + 1] : undefined);
  return {
    verb: verb!,
    group: group.join('.'),
    resource: resource!,
    ...(subresource && { subresource }),
    ...(after('in') && { namespace: after('in') }),
    ...(after('named') && { name: after('named') }),
  };
}

/** Whether the ServiceAccount shop/api may do something by a rule that is bound to it in the whole cluster. */
function allows(granted: object, asked: string): boolean {
  const manifests = [role('some', [granted]), binding('ClusterRole/some', ['ServiceAccount:shop/api'])];
  return rbacOf(manifests, { defaults: false }).can(parseSubject('ServiceAccount:shop/api'), request(asked));
}

describe('a rule', () => {
  it.each([
    [rule('get', 'pods'), 'get pods in shop', true],
    [rule('get', 'pods'), 'list pods in shop', false],
    [rule('*', 'pods'), 'shout pods in shop', true],
    [rule('get', 'pods'), 'get pods.metrics.k8s.io in shop', false],
    [rule('get', 'pods', '*'), 'get pods.metrics.k8s.io in shop', true],
    [rule('get', '*'), 'get pods/log in shop', true],
    [rule('get', 'pods'), 'get pods/log in shop', false],
    [rule('get', 'pods/log'), 'get pods in shop', false],
    [rule('get', '*/log'), 'get pods/log in shop', true],
    [rule('get', '*/log'), 'get pods in shop', false],
    [rule('get', 'pods/*'), 'get pods/log in shop', false],
    [rule('get', 'po*'), 'get pods in shop', false],
    [rule('get,list,create,deletecollection', 'secrets', '', 'db'), 'get secrets in shop named db', true],
    [rule('get,list,create,deletecollection', 'secrets', '', 'db'), 'list secrets in shop', false],
    [rule('get,list,create,deletecollection', 'secrets', '', 'db'), 'create secrets in shop', false],
    [
      rule('get,list,create,deletecollection', 'secrets', '', 'db'),
      'deletecollection secrets in shop',
      false,
    ],
    [rule('list', 'secrets', '', 'db'), 'list secrets in shop named db', true],
    [rule('list', 'secrets', '', ''), 'list secrets in shop', true],
    [{ verbs: ['get'], nonResourceURLs: ['/logs/*'] }, 'get /logs/audit', true],
    [{ verbs: ['get'], nonResourceURLs: ['/logs/*'] }, 'get /logs', false],
    [{ verbs: ['get'], nonResourceURLs: ['/logs**'] }, 'get /logs', true],
    [{ verbs: ['get'], nonResourceURLs: ['*'] }, 'get /metrics', true],
    [{ verbs: ['get'], nonResourceURLs: ['/*/audit'] }, 'get /logs/audit', false],
    [{ verbs: ['get'], nonResourceURLs: ['*'] }, 'get pods in shop', false],
    [{ verbs: 'get', resources: null }, 'get pods in shop', false],
  ])('%j to %s: %s', (granted, asked, expected) => {
    expect(allows(granted, asked)).toBe(expected);
  });
});

describe('a binding', () => {
  const reader = role('reader', [rule('get', 'pods'), { verbs: ['get'], nonResourceURLs: ['/metrics'] }]);
  const manifests = [reader, binding('ClusterRole/reader', ['Group:dev'], 'shop')];
  const dev = parseSubject('Group:dev');

  it('in a namespace gives the rights of a ClusterRole in that namespace only', () => {
    const { can } = rbacOf(manifests);
    const asked = ['get pods in shop', 'get pods in other', 'get pods', 'get /metrics'].map(request);
    expect(asked.map((one) => can(dev, one))).toEqual([true, false, false, false]);
  });

  it('to a role that is not there, or of a ClusterRoleBinding to a Role, gives nothing', () => {
    const local = localRole('shop/reader', [rule('get', 'pods')]);
    const { can } = rbacOf([
      local,
      binding('Role/reader', ['Group:dev']),
      binding('ClusterRole/none', ['Group:dev']),
    ]);
    expect(can(dev, request('get pods in shop'))).toBe(false);
  });

  it('means the ServiceAccount of its own namespace where it names none', () => {
    const one = {
      ...binding('ClusterRole/reader', [], 'shop'),
      subjects: [{ kind: 'ServiceAccount', name: 'api' }],
    };
    const { can } = rbacOf([reader, one]);
    expect(can(parseSubject('sa:shop/api'), request('get pods in shop'))).toBe(true);
    expect(can(parseSubject('sa:other/api'), request('get pods in shop'))).toBe(false);
  });
});

describe('a ServiceAccount', () => {
  it.each([
    ['its user name', 'User:system:serviceaccount:shop:api'],
    ['the ServiceAccounts of its namespace', 'Group:system:serviceaccounts:shop'],
    ['all ServiceAccounts', 'Group:system:serviceaccounts'],
    ['everybody who logs in', 'Group:system:authenticated'],
  ])('has the rights of %s', (_who, bound) => {
    const { can } = rbacOf([role('reader', [rule('get', 'pods')]), binding('ClusterRole/reader', [bound])]);
    expect(can(parseSubject('ServiceAccount:shop/api'), request('get pods in shop'))).toBe(true);
    expect(can(parseSubject('User:system:anonymous'), request('get pods in shop'))).toBe(false);
  });
});

describe('an aggregated ClusterRole', () => {
  const label = (name: string, to: string, rules: object[]) =>
    role(name, rules, { metadata: { name, labels: { to } } });
  const collects = (name: string, to: string, labels: object = {}) =>
    role(name, [rule('*', '*', '*')], {
      metadata: { name, labels },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { to } }] },
    });

  it('has the rules of those it selects, through others as well, in place of its own', () => {
    const { rulesOf } = rbacOf([
      label('one', 'small', [rule('get', 'pods')]),
      collects('small', 'small', { to: 'large' }),
      label('two', 'large', [rule('get', 'services')]),
      collects('large', 'large'),
    ]);
    expect(
      rulesOf('large').map(({ rule: { resources }, source }) => [resources[0], source.metadata?.name]),
    ).toEqual([
      ['services', 'two'],
      ['pods', 'one'],
    ]);
  });

  it('keeps what was written in it where roles collect each other, as the controller may', () => {
    const { rulesOf } = rbacOf([collects('a', 'b', { to: 'a' }), collects('b', 'a', { to: 'b' })]);
    expect(rulesOf('a').length).toBeGreaterThan(0);
  });

  it('of Kubernetes collects ours, and an answer says where a right is written', () => {
    const name = 'widgets';
    const labels = { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' };
    const widgets = role(name, [rule('list', 'widgets', 'shop.example')], { metadata: { name, labels } });
    const { grantOf } = rbacOf([widgets, binding('ClusterRole/admin', ['User:jane'], 'shop')]);
    expect(
      describeGrant(grantOf(parseSubject('User:jane'), request('list widgets.shop.example in shop'))!),
    ).toBe(
      'User jane may list shop.example/widgets: ClusterRole admin, which collects ClusterRole widgets, bound by RoleBinding shop/binding',
    );
  });
});

describe('who can', () => {
  it('names every subject that a binding gives the right, groups as groups', () => {
    const { whoCan } = rbacOf([binding('ClusterRole/view', ['User:jane', 'Group:dev', 'sa:ci/bot'], 'shop')]);
    const names = (text: string) => whoCan(request(text)).map(({ subject: { name } }) => name);
    expect(names('get pods in shop').slice(0, 1)).toEqual(['dev']);
    expect(names('get pods in shop')).toEqual(
      expect.arrayContaining(['dev', 'jane', 'bot', 'system:masters']),
    );
    expect(names('get pods in other')).not.toContain('jane');
  });
});

describe('the defaults of Kubernetes', () => {
  it('can be added to by a manifest of the same name, and not be reduced', () => {
    const mine = role('view', [rule('get', 'secrets')]);
    const { can } = rbacOf([mine, binding('ClusterRole/view', ['User:jane'], 'shop')]);
    // Rules that are written in an aggregated role are replaced.
    expect(can(parseSubject('User:jane'), request('get secrets in shop'))).toBe(false);
    expect(can(parseSubject('User:jane'), request('get pods in shop'))).toBe(true);
    expect(rbacOf([role('system:basic-user', [])]).rulesOf('system:basic-user')).not.toEqual([]);
  });

  it('are left to a manifest that says so', () => {
    const metadata = {
      name: 'system:basic-user',
      annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' },
    };
    expect(rbacOf([role('', [], { metadata })]).rulesOf('system:basic-user')).toEqual([]);
  });

  it('let system:masters do everything, also where they are left out', () => {
    const { can } = rbacOf([], { defaults: false });
    expect(can(parseSubject('Group:system:masters'), request('escalate clusterroles'))).toBe(true);
  });
});

describe('a subject', () => {
  it.each([
    'ServiceAccount:shop/api',
    'sa:shop:api',
    'ServiceAccount shop/api',
    'system:serviceaccount:shop:api',
  ])('is read from %s', (text) => {
    expect(parseSubject(text)).toEqual({ kind: 'ServiceAccount', namespace: 'shop', name: 'api' });
  });

  it('that is none is refused with the ways to write one', () => {
    expect(errorOf(() => parseSubject('jane')).message).toBe(
      "'jane' is no subject. Write User:NAME, Group:NAME or ServiceAccount:NAMESPACE/NAME.",
    );
  });
});
