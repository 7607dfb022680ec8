import { App, Chart, Testing } from 'cdk8s';
import { ServiceAccount } from 'cdk8s-plus-27';
import {
  HardenedDeployment,
  LockedClusterRole,
  LockedRole,
  LockedServiceAccount,
  Subject,
  Tenant,
  Waivers,
} from '../../../constructs';
import { blueprint, objectOf } from '../support';

const IMAGE = 'registry.example/app:1.0.0';

describe('a role', () => {
  it('lists what was allowed, each resource with the group it is in', () => {
    const { cluster, web } = blueprint();
    new LockedRole(web, 'reader')
      .allow(['watch', 'get', 'list'], ['pods'])
      .allow(['get'], ['pods/log'])
      .allow(['get', 'list', 'watch'], ['deployments', 'services', 'widgets.example.com']);
    expect(objectOf(cluster, 'Role', 'reader', 'shop-web')).toMatchObject({
      metadata: { name: 'reader', namespace: 'shop-web' },
      rules: [
        { apiGroups: [''], resources: ['pods', 'services'], verbs: ['get', 'list', 'watch'] },
        { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
        { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'list', 'watch'] },
        { apiGroups: ['example.com'], resources: ['widgets'], verbs: ['get', 'list', 'watch'] },
      ],
    });
  });

  it('does not depend on the order of the calls', () => {
    const make = (turned: boolean) => {
      const { cluster, web } = blueprint();
      const role = new LockedRole(web, 'reader');
      const calls = [
        () => role.allow(['get'], ['configmaps'], { names: ['b', 'a'] }),
        () => role.allow(['get'], ['configmaps'], { names: ['a', 'b'] }),
        () => role.allow(['list', 'get'], ['pods']),
        () => role.bindTo(Subject.group('b')),
        () => role.bindTo(Subject.group('a')),
      ];
      (turned ? calls.reverse() : calls).forEach((call) => call());
      return cluster.synthYaml();
    };
    expect(make(true)).toBe(make(false));
  });

  it.each<[string, (role: LockedRole) => unknown, RegExp]>([
    ['a wildcard', (role) => role.allow(['*' as 'get'], ['pods']), /no verb '\*' for pods/],
    ['all resources', (role) => role.allow(['get'], ['*' as 'pods']), /'\*' is no resource of Kubernetes/],
    ['no verb', (role) => role.allow([], ['pods']), /allow names no verb.*allow\(\['get'\], \['pods'\]\)/],
    ['no resource', (role) => role.allow(['get'], []), /allow names no resource/],
    [
      'the name of every object at once',
      (role) => role.allow(['list'], ['secrets'], { names: ['token', ''] }),
      /names holds '', which limits nothing/,
    ],
    [
      'an account that cannot be one',
      (role) => role.bindTo(Subject.serviceAccount('shop-web', 'the api')),
      /'shop-web\/the api', which cannot be one/,
    ],
    [
      'an account of what is no namespace',
      (role) => role.bindTo(Subject.serviceAccount('shop.web', 'api')),
      /'shop\.web\/api', which cannot be one/,
    ],
    ['a singular', (role) => role.allow(['get'], ['pod' as 'pods']), /'pod' is no resource.*plural/],
    [
      'a verb of no use',
      (role) => role.allow(['create' as never], ['pods/log']),
      /no verb 'create' for pods\/log/,
    ],
    [
      'impersonation',
      (role) => role.allow(['impersonate' as 'get'], ['serviceaccounts']),
      /no verb 'impersonate'/,
    ],
    ['escalation', (role) => role.allow(['escalate' as 'get'], ['roles']), /no verb 'escalate'/],
    ['resources of the cluster', (role) => role.allow(['get'], ['nodes']), /belong to no namespace/],
    ['a named creation', (role) => role.allow(['create'], ['pods'], { names: ['a'] }), /names no object/],
  ])('refuses %s where it is written', (_, allow, message) => {
    expect(() => allow(new LockedRole(blueprint().web, 'reader'))).toThrow(message);
  });

  it('takes no verb that a resource does not have past the compiler', () => {
    const role = new LockedRole(blueprint().web, 'reader');
    // @ts-expect-error -- a log can be read only
    expect(() => role.allow(['get', 'delete'], ['pods/log'])).toThrow(/no verb 'delete'/);
    // @ts-expect-error -- there is no such resource
    expect(() => role.allow(['get'], ['podz'])).toThrow(/no resource/);
    // @ts-expect-error -- the first of them can be read only
    expect(() => role.allow(['create'], ['pods/log', 'pods'])).toThrow(/no verb 'create'/);
  });

  it('names a created subresource of one object, which the API server does know by name', () => {
    const { cluster, web } = blueprint();
    new LockedRole(web, 'evict').allow(['create'], ['pods/eviction'], { names: ['db-0'] });
    expect(objectOf(cluster, 'Role', 'evict', 'shop-web')).toMatchObject({
      rules: [{ resources: ['pods/eviction'], resourceNames: ['db-0'], verbs: ['create'] }],
    });
  });

  it.each<[string, (web: Chart) => unknown]>([
    ['no-secret-read-right', (web) => new LockedRole(web, 'r').allow(['get'], ['secrets'])],
    [
      'no-token-request-right',
      (web) => new LockedRole(web, 'r').allow(['create'], ['serviceaccounts/token']),
    ],
    ['no-rbac-write-right', (web) => new LockedRole(web, 'r').allow(['update'], ['rolebindings'])],
    ['no-node-proxy-right', (web) => new LockedClusterRole(web, 'r').allow(['get'], ['nodes/proxy'])],
    ['no-namespace-change-right', (web) => new LockedClusterRole(web, 'r').allow(['patch'], ['namespaces'])],
    [
      'no-cluster-admin-binding',
      (web) => LockedClusterRole.named('cluster-admin').bindIn(web, Subject.user('a')),
    ],
    ['no-built-in-edit-binding', (web) => LockedClusterRole.named('edit').bindIn(web, Subject.user('a'))],
    ['no-masters-binding', (web) => new LockedRole(web, 'r').bindTo(Subject.group('system:masters'))],
    [
      'no-authenticated-binding',
      (web) => new LockedRole(web, 'r').bindTo(Subject.group('system:authenticated')),
    ],
  ])('is held by every blueprint to %s', (control, declare) => {
    const { cluster, web } = blueprint();
    declare(web);
    expect(() => cluster.synth()).toThrow(`breaks ${control}`);
  });
});

describe('a binding', () => {
  it('is one, however often a role is bound and to whomever', () => {
    const { cluster, web } = blueprint();
    const api = new HardenedDeployment(web, 'api', { containers: [{ image: IMAGE }] });
    const role = new LockedRole(web, 'reader').allow(['get'], ['pods']);
    role.bindTo(api).bindTo(Subject.group('oidc:shop'), api).bindTo(api.serviceAccount!);
    expect(objectOf(cluster, 'RoleBinding', 'reader', 'shop-web')).toMatchObject({
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      subjects: [
        { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'oidc:shop' },
        { kind: 'ServiceAccount', name: 'api', namespace: 'shop-web' },
      ],
    });
  });

  it('keeps the name that a cluster knows it by', () => {
    const { cluster, web } = blueprint();
    const binding = { name: 'readers', labels: { team: 'web' } };
    new LockedRole(web, 'reader', { binding }).allow(['get'], ['pods']).bindTo(Subject.group('oidc:shop'));
    const made = objectOf(cluster, 'RoleBinding', 'readers', 'shop-web');
    expect(made.roleRef).toMatchObject({ name: 'reader' });
    expect(made.metadata).toEqual({ ...binding, namespace: 'shop-web' });
  });

  it('names the namespace of an account from elsewhere', () => {
    const { cluster, web } = blueprint();
    const other = new Tenant(cluster, 'other').namespace('jobs');
    const account = new LockedServiceAccount(other, 'runner');
    const reader = new LockedRole(web, 'reader').allow(['get'], ['pods']);
    Waivers.of(reader).waive('no-way-out-of-tenant', { reason: 'the two tenants have agreed to it' });
    reader.bindTo(account, Subject.serviceAccount('argocd', 'shop'));
    expect(objectOf(cluster, 'RoleBinding', 'reader', 'shop-web').subjects).toEqual([
      { kind: 'ServiceAccount', name: 'shop', namespace: 'argocd' },
      { kind: 'ServiceAccount', name: 'runner', namespace: 'other-jobs' },
    ]);
  });

  it('refuses an account whose namespace nobody knows', () => {
    const { cluster, web } = blueprint();
    const account = new ServiceAccount(new Chart(cluster, 'nowhere'), 'somebody');
    const role = new LockedRole(web, 'reader');
    expect(() => role.bindTo(account)).toThrow(/whose namespace is unknown/);
  });

  it('grants a ClusterRole in the whole cluster, or in namespaces, once each', () => {
    const { cluster, web } = blueprint();
    const other = new Tenant(cluster, 'other').namespace('jobs');
    const reader = new LockedClusterRole(web, 'reader').allow(['get'], ['pods']).bindTo(Subject.group('sre'));
    for (const namespace of [web, other, web]) reader.bindIn(namespace, Subject.group('support'));
    const bindings = cluster.synth().manifests.filter(({ roleRef }) => roleRef !== undefined);
    expect(bindings.map(({ kind, metadata }) => [kind, metadata])).toEqual([
      ['ClusterRoleBinding', { name: 'shop-web-reader' }],
      ['RoleBinding', { name: 'shop-web-reader', namespace: 'other-jobs' }],
      ['RoleBinding', { name: 'shop-web-reader', namespace: 'shop-web' }],
    ]);
  });

  it('puts no namespace on what belongs to none, under a stock App as well', () => {
    const chart = new Chart(new App(), 'web', { namespace: 'web' });
    new LockedClusterRole(chart, 'reader').allow(['get'], ['nodes']).bindTo(Subject.group('sre'));
    expect(Testing.synth(chart).map(({ metadata }) => metadata)).toEqual([
      { name: 'web-reader' },
      { name: 'web-reader' },
    ]);
  });
});

describe('an aggregated ClusterRole', () => {
  it('collects its parts by a label of its own', () => {
    const { cluster, web } = blueprint();
    const whole = new LockedClusterRole(web, 'whole', { metadata: { name: 'whole' } });
    const part = new LockedClusterRole(web, 'part', { metadata: { name: 'part' } }).allow(['get'], ['pods']);
    part.aggregateTo(whole).aggregateTo('view');
    expect(objectOf(cluster, 'ClusterRole', 'whole')).toEqual({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'whole' },
      aggregationRule: {
        clusterRoleSelectors: [{ matchLabels: { 'cdk8s-bulwark/aggregate-to-whole': 'true' } }],
      },
    });
    expect(objectOf(cluster, 'ClusterRole', 'part').metadata?.labels).toEqual({
      'cdk8s-bulwark/aggregate-to-whole': 'true',
      'rbac.authorization.k8s.io/aggregate-to-view': 'true',
    });
  });

  it('has no rules of its own, which the API server would overwrite', () => {
    const { cluster, web } = blueprint();
    const whole = new LockedClusterRole(web, 'whole').allow(['list'], ['pods']);
    new LockedClusterRole(web, 'part').allow(['get'], ['pods']).aggregateTo(whole);
    expect(() => cluster.synth()).toThrow(/overwrites its own with them/);
  });
});

it('grants sight of endpoints that are no resources, each by itself', () => {
  const { cluster, web } = blueprint();
  const role = new LockedClusterRole(web, 'metrics').allowUrls(['get'], ['/metrics']);
  expect(() => role.allowUrls(['get'], ['/api/*'])).toThrow(/not the path of one endpoint/);
  expect(objectOf(cluster, 'ClusterRole', 'shop-web-metrics').rules).toEqual([
    { nonResourceURLs: ['/metrics'], verbs: ['get'] },
  ]);
});
