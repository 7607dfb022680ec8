import { CONTROLS } from '../../../src/controls/catalogue';
import { checkManifests, type Finding } from '../../../src/controls/check';
import { isPodControl, type Control } from '../../../src/controls/control';
import {
  API_SUBJECT,
  clusterRole,
  clusterRoleBinding,
  defaultDeny,
  deployment,
  namespace,
  namespaced,
  networkPolicy,
  role,
  roleBinding,
  serviceAccount,
  subject,
} from '../../../src/controls/example-objects';
import { IDENTITY_CONTROLS } from '../../../src/controls/identity';
import { bindControl, bindObjectControl } from '../../../src/controls/judge';
import { NAMESPACE_CONTROLS } from '../../../src/controls/namespaces';
import { NETWORK_CONTROLS } from '../../../src/controls/network';
import { RBAC_CONTROLS } from '../../../src/controls/rbac';
import type { JsonObject, Manifest } from '../../../src/manifest/manifest';
import { defaultRbac } from '../../../src/rbac/default-rbac';
import { exampleOf } from '../../../src/report/control-example';
import { ClusterTarget, SUPPORTED_MINORS } from '../../../src/target/target';

const FAMILIES: Readonly<Record<string, readonly Control[]>> = {
  rbac: RBAC_CONTROLS,
  network: NETWORK_CONTROLS,
  namespaces: NAMESPACE_CONTROLS,
  identity: IDENTITY_CONTROLS,
};
const EVERY = Object.values(FAMILIES).flat();
const ROWS = Object.entries(FAMILIES).flatMap(([family, controls]) =>
  controls.map((control) => [family, control.id, control] as const),
);
const TARGET = ClusterTarget.kubernetes('1.37');

function findings(manifests: readonly Manifest[], controls: readonly Control[] = EVERY): Finding[] {
  return checkManifests(manifests, { target: TARGET, controls });
}

/** Ids of the controls of the four families that do not hold. */
function broken(...manifests: readonly Manifest[]): string[] {
  return [...new Set(findings(manifests).map(({ control }) => control.id))];
}

/** `Kind name: field` of every place where a control does not hold. */
function places(id: string, ...manifests: readonly Manifest[]): string[] {
  const asked = EVERY.filter((control) => control.id === id);
  expect(asked).toHaveLength(1);
  return findings(manifests, asked).map(
    ({ manifest, field }) => `${manifest.kind} ${manifest.metadata?.name}: ${field}`,
  );
}

/** An example of one object, which cannot also be two. */
const ALSO_BROKEN_BY_ITS_PASSING_EXAMPLE: Readonly<Record<string, readonly string[]>> = {
  'admission-policy-fails-closed': ['admission-policy-enforced'],
};

describe.each(ROWS)('%s: %s', (family, id, control) => {
  const { fails, passes } = exampleOf(control);

  it('is broken by its failing example', () => {
    expect(findings(fails, [control]).map((finding) => finding.control.id)).toContain(id);
  });

  it('holds for its passing example, as do the others of the family', () => {
    const ids = findings(passes, FAMILIES[family]).map((finding) => finding.control.id);
    expect(ids).toEqual(ALSO_BROKEN_BY_ITS_PASSING_EXAMPLE[id] ?? []);
  });

  it('says what, why, whence and what to do', () => {
    expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)+$/);
    expect(control.title).not.toMatch(/\.$/);
    for (const text of [control.why, control.fix]) expect(text).toMatch(/^[A-Z].{15,}\.$/s);
    expect(control.references.length).toBeGreaterThan(0);
  });

  it('compiles for every version of Kubernetes', () => {
    for (let minor = SUPPORTED_MINORS.oldest; minor <= SUPPORTED_MINORS.newest; minor += 1) {
      const target = ClusterTarget.kubernetes(`1.${minor}`);
      if (isPodControl(control)) expect(bindControl(control, target)).toBeDefined();
      if (control.scope === 'object') expect(bindObjectControl(control, target)).toBeDefined();
    }
  });
});

it('gives every control an id of its own', () => {
  const others = CONTROLS.filter((control) => !EVERY.includes(control));
  const ids = [...EVERY, ...others].map(({ id }) => id);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
});

const HARMLESS: JsonObject = { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get'] };

/** A rule in the notation `GROUP RESOURCE VERB`, with `core` for the core group. */
function rule(text: string, rest: JsonObject = {}): JsonObject {
  const [group = '', resource = '', verb = ''] = text.split(' ');
  return { apiGroups: [group === 'core' ? '' : group], resources: [resource], verbs: [verb], ...rest };
}

const RBAC = 'rbac.authorization.k8s.io';

describe('what a role grants', () => {
  it.each([
    ['core secrets get', 'no-secret-read-right'],
    ['core secrets list', 'no-secret-read-right'],
    ['core secrets watch', 'no-secret-read-right'],
    ['core secrets patch', 'no-secret-write-right'],
    ['core serviceaccounts/token create', 'no-token-request-right'],
    ['core pods create', 'no-workload-write-right'],
    ['batch cronjobs patch', 'no-workload-write-right'],
    ['core pods/exec create', 'no-pod-exec-right'],
    ['core pods/exec get', 'no-pod-exec-right'], // over a WebSocket
    ['core pods/attach create', 'no-pod-exec-right'],
    ['core pods/portforward get', 'no-pod-tunnel-right'],
    ['core services/proxy get', 'no-pod-tunnel-right'],
    ['core pods/ephemeralcontainers patch', 'no-ephemeral-container-right'],
    [`${RBAC} clusterroles escalate`, 'no-escalate-right'],
    [`${RBAC} roles bind`, 'no-bind-right'],
    [`${RBAC} clusterroles bind`, 'no-bind-right'],
    ['core users impersonate', 'no-impersonate-right'],
    ['core groups impersonate', 'no-impersonate-right'],
    ['core serviceaccounts impersonate', 'no-impersonate-right'],
    ['authentication.k8s.io uids impersonate', 'no-impersonate-right'],
    ['authentication.k8s.io userextras/scopes impersonate', 'no-impersonate-right'],
    ['authentication.k8s.io users impersonate:user-info', 'no-impersonate-right'],
    ['core pods impersonate-on:user-info:list', 'no-impersonate-right'],
    [`${RBAC} clusterrolebindings create`, 'no-rbac-write-right'],
    ['certificates.k8s.io certificatesigningrequests/approval patch', 'no-csr-approval-right'],
    ['certificates.k8s.io signers approve', 'no-csr-approval-right'],
    ['admissionregistration.k8s.io mutatingwebhookconfigurations patch', 'no-webhook-write-right'],
    ['admissionregistration.k8s.io validatingadmissionpolicybindings delete', 'no-webhook-write-right'],
    ['core nodes/proxy get', 'no-node-proxy-right'],
    ['core nodes/proxy create', 'no-node-proxy-right'],
    ['core nodes/status patch', 'no-node-write-right'],
    ['core namespaces patch', 'no-namespace-change-right'],
    ['core persistentvolumes create', 'no-persistent-volume-create-right'],
    ['networking.k8s.io networkpolicies delete', 'no-network-policy-write-right'],
    ['policy.networking.k8s.io clusternetworkpolicies create', 'no-network-policy-write-right'],
    ['core endpoints update', 'no-endpoint-write-right'],
    ['discovery.k8s.io endpointslices patch', 'no-endpoint-write-right'],
    ['core services/status patch', 'no-service-status-right'],
    ['core pods/status patch', 'no-pod-status-right'],
    ['core configmaps update', 'no-system-config-map-right'],
    ['events.k8s.io events delete', 'no-event-delete-right'],
    ['core persistentvolumeclaims deletecollection', 'no-mass-delete-right'],
    ['core resourcequotas delete', 'no-quota-write-right'],
    ['flowcontrol.apiserver.k8s.io flowschemas create', 'no-flow-control-write-right'],
    ['flowcontrol.apiserver.k8s.io prioritylevelconfigurations delete', 'no-flow-control-write-right'],
    ['storage.k8s.io storageclasses create', 'no-class-write-right'],
    ['storage.k8s.io volumeattributesclasses patch', 'no-class-write-right'],
    ['networking.k8s.io ingressclasses update', 'no-class-write-right'],
    ['gateway.networking.k8s.io gatewayclasses patch', 'no-class-write-right'],
    ['scheduling.k8s.io priorityclasses delete', 'no-class-write-right'],
    ['node.k8s.io runtimeclasses create', 'no-class-write-right'],
    ['resource.k8s.io deviceclasses update', 'no-class-write-right'],
    ['gateway.networking.k8s.io gateways patch', 'no-gateway-write-right'],
    ['capsule.clastix.io tenantresources create', 'no-replication-write-right'],
    ['capsule.clastix.io globaltenantresources patch', 'no-replication-write-right'],
    ['core pods/binding create', 'no-pod-binding-right'],
    ['core bindings create', 'no-pod-binding-right'],
    ['apiregistration.k8s.io apiservices patch', 'no-api-extension-right'],
    ['apiextensions.k8s.io customresourcedefinitions update', 'no-api-extension-right'],
  ])('%s breaks %s, and nothing else does', (text, id) => {
    expect(broken(clusterRole([HARMLESS, rule(text)]))).toEqual([id]);
  });

  it.each([
    'core configmaps get',
    'core pods list',
    'core pods/log get',
    'core nodes/metrics get',
    'metrics.k8s.io pods get',
    'cert-manager.io signers approve', // a group of somebody else with a resource of the same name
    'networking.k8s.io ingresses create',
    'gateway.networking.k8s.io httproutes create',
    'gateway.networking.k8s.io gateways get',
    'storage.k8s.io storageclasses list',
    'coordination.k8s.io leases update', // of any namespace, until somebody binds it
    'apps deployments/scale patch',
    'certificates.k8s.io certificatesigningrequests create',
  ])('%s breaks nothing', (text) => {
    expect(broken(clusterRole([rule(text)]))).toEqual([]);
  });

  it('is the same in a rule at any position, and in one of several groups, resources and verbs', () => {
    const wide = {
      apiGroups: ['apps', ''],
      resources: ['deployments', 'secrets'],
      verbs: ['create', 'list'],
    };
    for (const rules of [
      [wide, HARMLESS, HARMLESS],
      [HARMLESS, wide, HARMLESS],
      [HARMLESS, HARMLESS, wide],
    ]) {
      expect(broken(role(rules))).toEqual(
        expect.arrayContaining(['no-secret-read-right', 'no-secret-write-right', 'no-workload-write-right']),
      );
    }
  });

  it('includes what a wildcard stands for, in each of groups, resources and verbs', () => {
    for (const text of ['* secrets get', 'core * get', 'core secrets *']) {
      expect(broken(clusterRole([rule(text)]))).toEqual(
        expect.arrayContaining(['no-secret-read-right', 'no-rbac-wildcard']),
      );
    }
    expect(broken(clusterRole([rule('core * get')]))).toContain('no-pod-exec-right');
    expect(broken(clusterRole([rule(`${RBAC} roles *`)]))).toEqual(
      expect.arrayContaining(['no-escalate-right', 'no-bind-right', 'no-rbac-write-right']),
    );
    expect(broken(clusterRole([rule('core serviceaccounts *')]))).toContain('no-impersonate-right');
  });

  // Asked of API servers 1.30.14 and 1.37.2 by SubjectAccessReview.
  it('is a subresource with a wildcard before it, and nothing with one behind it, as the API server has it', () => {
    expect(broken(clusterRole([rule('core */exec create')]))).toEqual([
      'no-rbac-wildcard',
      'no-pod-exec-right',
    ]);
    for (const resource of ['pods/*', '*/*']) {
      expect(broken(clusterRole([rule(`core ${resource} create`)]))).toEqual([
        'no-rbac-wildcard',
        'rbac-rule-takes-effect',
      ]);
    }
    expect(broken(clusterRole([rule('core pods get')]))).toEqual([]);
  });

  it('is not what a rule names by resourceNames, unless the right or the name itself is the danger', () => {
    const named = (text: string, ...resourceNames: string[]) =>
      broken(clusterRole([rule(text, { resourceNames })]));
    expect(named('core secrets get', 'database')).toEqual([]);
    expect(named('core serviceaccounts/token create', 'api')).toEqual([]);
    expect(named(`${RBAC} clusterroles bind`, 'shop-reader')).toEqual([]);
    expect(named(`${RBAC} clusterroles bind`, 'shop-reader', 'cluster-admin')).toEqual(['no-bind-right']);
    expect(named(`${RBAC} clusterroles escalate`, 'shop-reader')).toEqual(['no-escalate-right']);
    expect(named('core groups impersonate', 'system:masters')).toEqual(['no-impersonate-right']);
    expect(named('core nodes/proxy get', 'node-1')).toEqual(['no-node-proxy-right']);
    expect(named('core configmaps patch', 'coredns')).toEqual(['no-system-config-map-right']);
    expect(named('core configmaps patch', 'shop-settings')).toEqual([]);
    expect(named('certificates.k8s.io signers approve', 'kubernetes.io/kube-apiserver-client')).toEqual([
      'no-csr-approval-right',
    ]);
  });

  // A request to create or to list has no name, which an empty one matches and no other.
  it('is nothing for create with a name, and everything for the empty name', () => {
    const names = (resourceNames: string[]) => ({ resourceNames });
    const create = 'admissionregistration.k8s.io validatingwebhookconfigurations create';
    expect(broken(clusterRole([rule(create, names(['mine']))]))).toEqual([]);
    expect(broken(clusterRole([rule(create)]))).toEqual(['no-webhook-write-right']);
    expect(broken(clusterRole([rule('core secrets list', names(['', 'database']))]))).toEqual([
      'no-secret-read-right',
    ]);
    expect(broken(clusterRole([rule('core secrets list', names([]))]))).toEqual(['no-secret-read-right']);
  });

  it('is nothing for a resource of the whole cluster in a Role, but for its own namespace', () => {
    expect(broken(role([rule('core nodes/proxy get')]))).toEqual(['rbac-rule-takes-effect']);
    expect(broken(role([rule('core namespaces patch')]))).toEqual(['no-namespace-change-right']);
    expect(broken(role([rule('core configmaps update')]))).toEqual([]);
    const system = role([rule('core configmaps update')]);
    system.metadata!.namespace = 'kube-system';
    expect(broken(system)).toEqual(['no-system-config-map-right']);
  });

  it('is judged in roles that Kubernetes makes itself', () => {
    const metadata = { name: 'system:x', labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } };
    expect(broken({ ...clusterRole([rule('core secrets list')]), metadata })).toEqual([
      'no-secret-read-right',
    ]);
  });

  it('is read from URLs that are no resources too', () => {
    const urls = (...nonResourceURLs: string[]) => clusterRole([{ nonResourceURLs, verbs: ['get'] }]);
    expect(broken(urls('/metrics', '/healthz/*'))).toEqual([]);
    expect(broken(urls('/metrics', '*'))).toEqual(['no-rbac-wildcard']);
  });

  it('is nothing without rules, which the API server writes as null', () => {
    for (const rules of [undefined, null, []]) {
      expect(broken({ ...clusterRole([]), rules })).toEqual([]);
    }
  });

  it('is everything for an aggregated ClusterRole that selects every other', () => {
    const aggregated = (...clusterRoleSelectors: JsonObject[]) =>
      clusterRole([], { aggregationRule: { clusterRoleSelectors } });
    expect(broken(aggregated({ matchLabels: { a: 'b' } }, {}))).toEqual([
      'no-match-all-aggregation',
      'no-built-in-aggregation',
    ]);
    expect(broken(aggregated({ matchExpressions: [{ key: 'a', operator: 'Exists' }] }))).toEqual([]);
  });

  it.each<[string, JsonObject, RegExp | undefined]>([
    [
      'edit',
      { matchLabels: { [`${RBAC}/aggregate-to-edit`]: 'true' } },
      /built-in system:aggregate-to-edit$/,
    ],
    [
      'admin, which collects edit',
      { matchLabels: { [`${RBAC}/aggregate-to-admin`]: 'true' } },
      /aggregate-to-edit/,
    ],
    ['all', { matchLabels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } }, /cluster-admin, .* more$/],
    ['all without a label', { matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }] }, /cluster-admin/],
    ['view', { matchLabels: { [`${RBAC}/aggregate-to-view`]: 'true' } }, undefined],
    ['none', { matchLabels: { [`${RBAC}/aggregate-to-edit`]: 'false' } }, undefined],
  ])(
    'is what Kubernetes grants to roles of its own where they are selected: %s',
    (_title, selector, message) => {
      const own = clusterRole([], { aggregationRule: { clusterRoleSelectors: [selector] } });
      const found = findings([own]).filter(({ control }) => control.id === 'no-built-in-aggregation');
      expect(found.map((finding) => finding.message)).toEqual(
        message ? [expect.stringMatching(message)] : [],
      );
    },
  );

  it('is what it is for the roles of Kubernetes themselves, which collect each other', () => {
    expect(findings(defaultRbac()).filter(({ control }) => control.id === 'no-built-in-aggregation')).toEqual(
      [],
    );
  });
});

describe('who is bound', () => {
  const bindings = (...subjects: JsonObject[]) => [
    clusterRoleBinding('view', subjects),
    roleBinding({ kind: 'ClusterRole', name: 'view' }, subjects),
  ];

  it.each([
    ['User', 'system:anonymous', 'no-anonymous-binding'],
    ['Group', 'system:unauthenticated', 'no-anonymous-binding'],
    ['Group', 'system:authenticated', 'no-authenticated-binding'],
    ['Group', 'system:masters', 'no-masters-binding'],
    ['Group', 'system:serviceaccounts', 'no-service-account-group-binding'],
    ['Group', 'system:serviceaccounts:shop', 'no-service-account-group-binding'],
    ['User', 'system:serviceaccount:shop:default', 'no-default-service-account-binding'],
  ] as const)('%s %s, in any position and in either kind of binding', (kind, name, id) => {
    for (const binding of bindings(API_SUBJECT, subject(kind, name))) expect(broken(binding)).toEqual([id]);
  });

  it('the ServiceAccount default of any namespace', () => {
    for (const binding of bindings(API_SUBJECT, { ...API_SUBJECT, name: 'default' })) {
      expect(broken(binding)).toEqual(['no-default-service-account-binding']);
    }
  });

  it('others', () => {
    const others = [
      API_SUBJECT,
      subject('User', 'jane'),
      subject('Group', 'shop'),
      subject('User', 'system:serviceaccount:shop:api'),
    ];
    for (const binding of bindings(...others)) expect(broken(binding)).toEqual([]);
  });

  it('to cluster-admin, also in one namespace', () => {
    expect(broken(clusterRoleBinding('cluster-admin'))).toEqual(['no-cluster-admin-binding']);
    const inOne = roleBinding({ kind: 'ClusterRole', name: 'cluster-admin' });
    expect(broken(inOne)).toEqual(['no-cluster-admin-binding']);
    expect(broken(roleBinding({ kind: 'Role', name: 'cluster-admin' }))).toEqual([]);
  });
});

describe('bindings and roles together', () => {
  const toCluster = roleBinding({ kind: 'ClusterRole', name: 'reader' });
  const toRole = roleBinding({ kind: 'Role', name: 'reader' });

  it('resolves a RoleBinding to a ClusterRole', () => {
    expect(places('role-ref-exists', clusterRole([HARMLESS]), toCluster)).toEqual([]);
    expect(places('role-ref-exists', role([HARMLESS]), clusterRole([HARMLESS]), toRole)).toEqual([]);
    expect(places('binding-grants-something', clusterRole([]), toCluster)).toEqual([
      'RoleBinding reader: roleRef',
    ]);
  });

  it('misses a role only among others of its kind and namespace', () => {
    const other = { ...role([HARMLESS]), metadata: { name: 'other', namespace: 'shop' } };
    const elsewhere = { ...role([HARMLESS]), metadata: { name: 'reader', namespace: 'blog' } };
    expect(places('role-ref-exists', other, toRole)).toEqual(['RoleBinding reader: roleRef.name']);
    expect(places('role-ref-exists', other, elsewhere, toRole)).toHaveLength(1);
    expect(places('role-ref-exists', toRole)).toEqual([]);
    expect(places('role-ref-exists', clusterRole([HARMLESS]), clusterRoleBinding('system:node'))).toEqual([]);
  });

  it('takes an aggregated ClusterRole to grant what its parts do', () => {
    const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { part: 'reader' } }] };
    const whole = clusterRole([], { aggregationRule });
    const part = (rules: JsonObject[]) => ({
      ...clusterRole(rules),
      metadata: { name: 'part', labels: { part: 'reader' } },
    });
    expect(places('binding-grants-something', whole, part([HARMLESS]), toCluster)).toEqual([]);
    expect(places('binding-grants-something', whole, toCluster)).toEqual([]);
    expect(places('binding-grants-something', whole, part([]), toCluster)).toHaveLength(1);
  });

  it('changes leases of the control plane only where those are', () => {
    const leases = (names?: string[]) =>
      clusterRole([
        HARMLESS,
        rule('coordination.k8s.io leases patch', names ? { resourceNames: names } : {}),
      ]);
    const reader = { kind: 'ClusterRole', name: 'reader' } as const;
    const inSystem = roleBinding(reader);
    inSystem.metadata!.namespace = 'kube-system';
    const found = (...manifests: Manifest[]) => places('no-system-lease-right', ...manifests).length;
    expect(found(leases(), clusterRoleBinding('reader'))).toBe(1);
    expect(found(leases(['kube-scheduler']), clusterRoleBinding('reader'))).toBe(1);
    expect(found(leases(), inSystem)).toBe(1);
    expect(found(leases(), roleBinding(reader))).toBe(0);
    expect(found(leases(['cert-manager']), clusterRoleBinding('reader'))).toBe(0);
    expect(found(clusterRole([rule('coordination.k8s.io leases create')]), inSystem)).toBe(0);
    const all = { resourceNames: ['cert-manager'] };
    expect(found(clusterRole([rule('* * deletecollection', all)]), inSystem)).toBe(0);
    expect(found(clusterRole([rule('* * deletecollection')]), inSystem)).toBe(1);
  });

  describe('changes leases of the control plane by rules that a ClusterRole collects', () => {
    const leases = (labels: Record<string, string>) => ({
      ...clusterRole([rule('coordination.k8s.io leases update')]),
      metadata: { name: 'lease-writer', labels },
    });
    const collecting = (name: string, matchLabels: Record<string, string>, labels = {}) => ({
      ...clusterRole([], { aggregationRule: { clusterRoleSelectors: [{ matchLabels }] } }),
      metadata: { name, labels },
    });
    const bound = (name: string, namespace: string, users = [API_SUBJECT]) => {
      const binding = roleBinding({ kind: 'ClusterRole', name }, users);
      return { ...binding, metadata: { ...binding.metadata, namespace } };
    };
    const details = (...manifests: Manifest[]) =>
      findings(manifests)
        .filter(({ control }) => control.id === 'no-system-lease-right')
        .map(({ message }) => message);

    it('of manifests, over several steps, and only of those that its selectors match', () => {
      const reader = collecting('reader', { part: 'reader' });
      const inner = collecting('inner', { part: 'inner' }, { part: 'reader' });
      const found = 'ClusterRole reader, which collects ClusterRole lease-writer, changes leases';
      expect(details(reader, leases({ part: 'reader' }), clusterRoleBinding('reader'))).toEqual([
        `${found}, and is granted where those of the control plane are`,
      ]);
      expect(details(reader, inner, leases({ part: 'inner' }), clusterRoleBinding('reader'))).toHaveLength(1);
      expect(details(reader, inner, leases({ part: 'other' }), clusterRoleBinding('reader'))).toEqual([]);
      expect(details(reader, leases({ part: 'reader' }), bound('reader', 'kube-system'))).toHaveLength(1);
      expect(details(reader, leases({ part: 'reader' }), bound('reader', 'shop'))).toEqual([]);
    });

    it('as a built-in role does, of the manifests as of Kubernetes itself', () => {
      const part = leases({ [`${RBAC}/aggregate-to-view`]: 'true' });
      expect(details(part, clusterRoleBinding('view'))).toEqual([
        expect.stringContaining('ClusterRole view, which collects ClusterRole lease-writer, changes leases'),
      ]);
      expect(details(part, bound('view', 'kube-system'))).toHaveLength(1);
      expect(details(part, bound('view', 'shop'))).toEqual([]);
      expect(details(leases({}), clusterRoleBinding('view'))).toEqual([]);
      // system:aggregate-to-edit of Kubernetes has leases itself, which edit and admin collect.
      for (const name of ['edit', 'admin']) {
        expect(details(bound(name, 'shop'))).toEqual([]);
        expect(details(bound(name, 'kube-system'))).toHaveLength(1);
        expect(details(clusterRoleBinding(name))).toHaveLength(1);
      }
    });

    it('but not as the API server grants it to the control plane', () => {
      const own = defaultRbac();
      expect(findings(own).filter(({ control }) => control.id === 'no-system-lease-right')).toEqual([]);
      const scheduler = own.find(
        ({ kind, metadata }) => kind === 'ClusterRoleBinding' && metadata?.name === 'system:kube-scheduler',
      )!;
      expect(details(scheduler)).toEqual([]);
      expect(details({ ...scheduler, subjects: [...(scheduler.subjects as []), API_SUBJECT] })).toHaveLength(
        1,
      );
      expect(details(clusterRoleBinding('system:kube-scheduler'))).toHaveLength(1);
    });
  });

  it('takes a ClusterRole to grant what its parts collect, and what Kubernetes gives it', () => {
    const collecting = (name: string, part: string, labels = {}) => ({
      ...clusterRole([], { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { part } }] } }),
      metadata: { name, labels },
    });
    const whole = collecting('reader', 'reader');
    const inner = collecting('inner', 'inner', { part: 'reader' });
    const part = (rules: JsonObject[]) => ({
      ...clusterRole(rules),
      metadata: { name: 'part', labels: { part: 'inner' } },
    });
    const empty = (...manifests: Manifest[]) => places('binding-grants-something', ...manifests, toCluster);
    expect(empty(whole, inner, part([HARMLESS]))).toEqual([]);
    expect(empty(whole, inner)).toEqual([]);
    expect(empty(inner, part([]), { ...inner, metadata: { name: 'reader' } })).toHaveLength(1);
    const view = { ...clusterRole([]), metadata: { name: 'view', labels: { team: 'shop' } } };
    expect(places('binding-grants-something', view, clusterRoleBinding('view'))).toEqual([]);
  });

  it('wants subjects, and the ServiceAccounts among them to exist where the manifests hold any of the namespace', () => {
    expect(places('binding-grants-something', clusterRoleBinding('view', []))).toEqual([
      'ClusterRoleBinding reader: subjects',
    ]);
    expect(places('binding-subject-exists', clusterRoleBinding('view'))).toEqual([]);
    expect(places('binding-subject-exists', serviceAccount('web'), clusterRoleBinding('view'))).toEqual([
      'ClusterRoleBinding reader: subjects[0].name',
    ]);
    const { namespace: _own, ...local } = API_SUBJECT;
    expect(
      places(
        'binding-subject-exists',
        serviceAccount('api'),
        roleBinding({ kind: 'Role', name: 'reader' }, [local]),
      ),
    ).toEqual([]);
  });
});

/** Where the checks of others are known to be wrong about RBAC, pods and policies: each has to be found here. */
describe('what other tools miss', () => {
  it.each<[string, string, Manifest]>([
    [
      'Trivy KSV-0122: a ClusterRoleBinding of system:anonymous',
      'no-anonymous-binding',
      clusterRoleBinding('view', [subject('User', 'system:anonymous')]),
    ],
    [
      'Trivy KSV-01011: a ClusterRoleBinding of system:authenticated',
      'no-authenticated-binding',
      clusterRoleBinding('view', [subject('Group', 'system:authenticated')]),
    ],
    [
      'Trivy KSV-0123: a ClusterRoleBinding of system:masters',
      'no-masters-binding',
      clusterRoleBinding('view', [subject('Group', 'system:masters')]),
    ],
    [
      'Trivy KSV-0043: impersonate in the group that has it',
      'no-impersonate-right',
      clusterRole([rule('core groups impersonate')]),
    ],
    ['Trivy KSV-0044: all of one group', 'no-full-control-role', clusterRole([rule('core * *')])],
    [
      'Trivy KSV-0050: clusterroles',
      'no-rbac-write-right',
      clusterRole([rule(`${RBAC} clusterroles update`)]),
    ],
    [
      'Trivy KSV-0050: clusterrolebindings',
      'no-rbac-write-right',
      clusterRole([rule(`${RBAC} clusterrolebindings create`)]),
    ],
    ['Trivy KSV-0041: a Role', 'no-secret-read-right', role([rule('core secrets list')])],
    ['Trivy KSV-0041: every resource', 'no-secret-read-right', clusterRole([rule('core * list')])],
    [
      'Trivy KSV-0038: a policy with a podSelector that allows everything',
      'no-allow-all-network-policy',
      networkPolicy({
        podSelector: { matchLabels: { app: 'api' } },
        policyTypes: ['Ingress'],
        ingress: [{}],
      }),
    ],
    [
      'Checkov CKV_K8S_49: a wildcard in the second rule',
      'no-rbac-wildcard',
      clusterRole([HARMLESS, rule('core pods *')]),
    ],
    ['Checkov CKV_K8S_157: bind on roles', 'no-bind-right', clusterRole([rule(`${RBAC} clusterroles bind`)])],
    [
      'Checkov: cluster-admin for system:anonymous',
      'no-cluster-admin-binding',
      clusterRoleBinding('cluster-admin', [subject('User', 'system:anonymous')]),
    ],
    ...['secrets get', 'serviceaccounts/token create', 'pods/exec create', 'nodes/proxy get'].map(
      (text, index): [string, string, Manifest] => [
        `Checkov: ${text} in a ClusterRole that nobody is bound to`,
        ['no-secret-read-right', 'no-token-request-right', 'no-pod-exec-right', 'no-node-proxy-right'][
          index
        ]!,
        clusterRole([rule(`core ${text}`)]),
      ],
    ),
    [
      'Checkov: ephemeral containers',
      'no-ephemeral-container-right',
      clusterRole([rule('core pods/ephemeralcontainers patch')]),
    ],
    [
      'kube-linter access-to-create-pods: cronjobs',
      'no-workload-write-right',
      clusterRole([rule('batch cronjobs create')]),
    ],
    ['rbac-police nodes_proxy: get', 'no-node-proxy-right', clusterRole([rule('core nodes/proxy get')])],
    [
      'kubescape C-0281: patch',
      'no-webhook-write-right',
      clusterRole([rule('admissionregistration.k8s.io validatingwebhookconfigurations patch')]),
    ],
    [
      'kubescape C-0280: patch',
      'no-csr-approval-right',
      clusterRole([rule('certificates.k8s.io certificatesigningrequests/approval patch')]),
    ],
    [
      'kubescape C-0280: signers',
      'no-csr-approval-right',
      clusterRole([rule('certificates.k8s.io signers approve')]),
    ],
  ])('%s', (_title, id, manifest) => {
    expect(broken(manifest)).toContain(id);
  });

  it('kube-linter access-to-secrets: a ClusterRole behind a RoleBinding', () => {
    const binding = roleBinding({ kind: 'ClusterRole', name: 'reader' });
    expect(broken(clusterRole([rule('core secrets list')]), binding)).toEqual(['no-secret-read-right']);
  });

  it('kube-linter: a verb that reads is no verb that writes', () => {
    expect(broken(clusterRole([rule('core pods list')]))).toEqual([]);
  });

  it('Trivy KSV-0036: a token that is mounted because nobody said otherwise, in the pods of a controller', () => {
    const asked = CONTROLS.filter(({ id }) => id === 'no-automounted-token');
    expect(findings([deployment('api')], asked).map(({ field }) => field)).toEqual([
      'spec.template.spec.automountServiceAccountToken',
    ]);
    expect(broken(namespaced('v1', 'ServiceAccount', 'api'))).toEqual(['service-account-no-automount']);
  });
});

const API = { matchLabels: { app: 'api' } };

describe('network isolation', () => {
  const isolation = (spec: JsonObject, podSpec: JsonObject = {}) =>
    findings(
      [deployment('api', podSpec), networkPolicy(spec)],
      NETWORK_CONTROLS.filter(({ id }) => id === 'pod-network-isolated'),
    ).map(({ message }) => message.replace(/.* for /, ''));

  it.each<[string, JsonObject, string[]]>([
    ['no policyTypes and no rules', { podSelector: API }, ['Egress']],
    ['no policyTypes and an empty list of egress rules', { podSelector: API, egress: [] }, ['Egress']],
    ['no policyTypes and an egress rule', { podSelector: API, egress: [{}] }, []],
    ['Egress only', { podSelector: API, policyTypes: ['Egress'] }, ['Ingress']],
    ['both directions', { podSelector: API, policyTypes: ['Ingress', 'Egress'] }, []],
    ['a selector of other pods', { podSelector: { matchLabels: { app: 'web' } } }, ['Ingress and Egress']],
    ['no selector, which is one of all pods', { policyTypes: ['Ingress', 'Egress'] }, []],
    [
      'expressions',
      {
        podSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] },
        policyTypes: ['Ingress', 'Egress'],
      },
      [],
    ],
  ])('with %s', (_title, spec, expected) => {
    expect(isolation(spec)).toEqual(expected);
  });

  it('asks nothing of pods in the network of the node, on which policies have no defined effect', () => {
    expect(isolation({ podSelector: { matchLabels: { app: 'web' } } }, { hostNetwork: true })).toEqual([]);
  });

  it('takes no policy of another namespace or of another API for one', () => {
    const elsewhere = { ...defaultDeny(), metadata: { name: 'deny', namespace: 'blog' } };
    const calico = { ...defaultDeny(), apiVersion: 'projectcalico.org/v3' };
    expect(places('pod-network-isolated', deployment('api'), elsewhere, calico)).toEqual([
      'Deployment api: spec.template.metadata.labels',
    ]);
  });

  it('wants a policy of all pods in each direction, on the Namespace if that is there', () => {
    const denied = (...policies: Manifest[]) =>
      places('namespace-default-deny', deployment('api'), namespace(), ...policies);
    const all = (policyTypes: string[], rest: JsonObject = {}) =>
      networkPolicy({ podSelector: {}, policyTypes, ...rest });
    expect(denied()).toEqual(['Namespace shop: metadata.name']);
    expect(denied(all(['Ingress']))).toHaveLength(1);
    expect(denied(all(['Ingress', 'Egress'], { egress: [{}] }))).toHaveLength(1);
    expect(denied(all(['Ingress']), all(['Egress']))).toEqual([]);
    expect(denied(all(['Ingress', 'Egress'], { egress: [{ ports: [{ port: 53 }] }] }))).toEqual([]);
    expect(places('namespace-default-deny', namespace())).toEqual([]);
  });

  it.each<[string, JsonObject, boolean]>([
    ['everything', {}, true],
    ['everything from nobody in particular', { from: [] }, true],
    ['every address', { from: [{ ipBlock: { cidr: '::/0' } }] }, true],
    ['every pod of the cluster', { from: [{ namespaceSelector: {} }] }, true],
    ['everything in the second peer', { from: [{ podSelector: API }, { namespaceSelector: {} }] }, true],
    ['one port of every pod', { from: [{ namespaceSelector: {} }], ports: [{ port: 53 }] }, false],
    ['one pod of every namespace', { from: [{ namespaceSelector: {}, podSelector: API }] }, false],
    ['every pod of the namespace', { from: [{ podSelector: {} }] }, false],
    ['one port', { ports: [{ port: 443 }] }, false],
  ])('judges a rule that allows %s', (_title, ingress, open) => {
    const policy = networkPolicy({
      podSelector: API,
      policyTypes: ['Ingress'],
      ingress: [{ ports: [{}] }, ingress],
    });
    expect(broken(policy).includes('no-allow-all-network-policy')).toBe(open);
  });

  it('reports a selector of nobody only where it knows the pods', () => {
    const policy = networkPolicy({ podSelector: API, policyTypes: ['Ingress'] });
    expect(places('network-policy-selects-pods', policy)).toEqual([]);
    expect(places('network-policy-selects-pods', policy, deployment('web'))).toEqual([
      'NetworkPolicy api: spec.podSelector',
    ]);
    expect(places('network-policy-selects-pods', policy, deployment('api'))).toEqual([]);
  });

  it('reports a peer that is nobody only where it knows the pods of its namespace', () => {
    const to = (peer: JsonObject) =>
      places(
        'network-policy-peer-exists',
        deployment('api'),
        { ...deployment('web'), metadata: { name: 'web', namespace: 'blog' } },
        networkPolicy({ podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [peer] }] }),
      );
    const inNamespace = (name: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } });
    const web = { matchLabels: { app: 'web' } };
    expect(to({ podSelector: web })).toEqual(['NetworkPolicy api: spec.egress[0].to[0]']);
    expect(to({ podSelector: web, namespaceSelector: inNamespace('blog') })).toEqual([]);
    expect(to({ podSelector: API, namespaceSelector: inNamespace('blog') })).toHaveLength(1);
    expect(to({ podSelector: web, namespaceSelector: inNamespace('kube-system') })).toEqual([]);
    expect(to({ podSelector: web, namespaceSelector: { matchLabels: { team: 'x' } } })).toEqual([]);
    expect(to({ ipBlock: { cidr: '192.0.2.0/24' } })).toEqual([]);
  });

  it.each<[string, JsonObject[], string | undefined]>([
    ['nothing', [], undefined],
    ['all ports', [{ to: [] }], undefined],
    ['another port', [{ ports: [{ port: 5432 }] }], 'UDP and TCP'],
    ['TCP only', [{ ports: [{ port: 53 }] }], 'UDP'],
    [
      'both protocols in two rules',
      [{ ports: [{ port: 53 }] }, { ports: [{ protocol: 'UDP', port: 53 }] }],
      undefined,
    ],
    [
      'a range of ports',
      [{ ports: ['UDP', 'TCP'].map((protocol) => ({ protocol, port: 1, endPort: 1023 })) }],
      undefined,
    ],
    ['whole protocols', [{ ports: [{ protocol: 'UDP' }, { protocol: 'TCP' }] }], undefined],
    ['ports by name', [{ ports: [{ protocol: 'UDP', port: 'dns' }, { port: 'dns-tcp' }] }], undefined],
    ['other ports by name', [{ ports: [{ port: 'http' }] }], 'UDP and TCP'],
  ])('knows whether pods that may reach %s may ask the DNS', (_title, egress, missing) => {
    const manifests = [
      deployment('api'),
      defaultDeny(),
      networkPolicy({ podSelector: API, policyTypes: ['Egress'], egress }),
    ];
    const asked = NETWORK_CONTROLS.filter(({ id }) => id === 'network-policy-dns');
    const messages = findings(manifests, asked).map(({ message }) => message.replace(/.* over /, ''));
    expect(messages).toEqual(missing === undefined ? [] : [missing]);
  });
});

describe('the metadata of the cloud', () => {
  const reached = (rule: JsonObject, spec: JsonObject = { policyTypes: ['Egress'] }) =>
    findings(
      [networkPolicy({ podSelector: {}, ...spec, egress: [rule] })],
      NETWORK_CONTROLS.filter(({ id }) => id === 'no-metadata-egress'),
    ).map(({ field, message }) => `${field}: ${message}`);
  const block = (cidr: string, ...except: string[]) => ({ to: [{ ipBlock: { cidr, except } }] });
  const V4 = ['169.254.0.0/16', '100.100.100.200/32', '168.63.129.16/32'];

  it('is reached through a wide block of either family, but for what is excepted', () => {
    expect(reached(block('0.0.0.0/0', ...V4))).toEqual([]);
    expect(reached(block('0.0.0.0/0', '169.254.169.254/32'))).toEqual([
      expect.stringMatching(/^spec\.egress\[0\]\.to\[0\]\.ipBlock: .*169\.254\.170\.2, .*168\.63\.129\.16/),
    ]);
    expect(reached(block('::/0'))).toEqual([expect.stringContaining('fd00:ec2::254')]);
    expect(reached(block('::/0', 'fd00::/8', 'fe80::/10'))).toEqual([]);
    expect(reached(block('::/0', 'fd00:ec2::/32'))).toEqual([expect.stringContaining('fd20:ce::254')]);
    expect(reached(block('169.254.169.254/32'))).toHaveLength(1);
    expect(reached(block('10.0.0.0/8'))).toEqual([]);
  });

  it('is looked for in each peer', () => {
    const [v4, v6] = [block('0.0.0.0/0', ...V4).to[0]!, block('::/0').to[0]!];
    expect(reached({ to: [v4, v6] })).toEqual([expect.stringMatching(/^spec\.egress\[0\]\.to\[1\]/)]);
  });

  it('is reached by a rule without peers, but not by pods that are selected', () => {
    expect(reached({})).toEqual([expect.stringMatching(/^spec\.egress\[0\]\.to: /)]);
    expect(reached({ to: [{ namespaceSelector: {} }] })).toEqual([]);
  });

  it('is served on some ports only, and over TCP', () => {
    const on = (...ports: JsonObject[]) => reached({ ...block('0.0.0.0/0'), ports }).length;
    expect(on({ port: 443 }, { protocol: 'UDP', port: 80 })).toBe(0);
    expect(on({ port: 80 })).toBe(1);
    expect(on({ port: 1, endPort: 65535 })).toBe(1);
    expect(on({ protocol: 'TCP' })).toBe(1);
  });

  it('reads blocks as the API server does, and leaves to it those that it refuses', () => {
    expect(reached(block('169.254.1.1/16'))).toHaveLength(1);
    expect(reached(block('0.0.0.0/0', '169.254.7.7/16', ...V4.slice(1)))).toEqual([]);
    expect(reached(block('0.0.0.0/33'))).toEqual([]);
    expect(reached(block('everything'))).toEqual([]);
  });

  it('is not reached by rules that are ignored', () => {
    expect(reached({}, { policyTypes: ['Ingress'] })).toEqual([]);
    expect(reached({}, {})).toHaveLength(1);
  });
});

describe('Services and Ingresses', () => {
  const service = (spec: JsonObject) => broken(namespaced('v1', 'Service', 'api', { spec }));

  it.each<[string, JsonObject, string[]]>([
    ['0.0.0.0/0 among the ranges', { loadBalancerSourceRanges: ['192.0.2.0/24', '0.0.0.0/0'] }, ['x']],
    ['every address of the other family', { loadBalancerSourceRanges: ['::/0'] }, ['x']],
    ['a range', { loadBalancerSourceRanges: ['192.0.2.0/24'] }, []],
  ])('judges a load balancer with %s', (_title, spec, expected) => {
    expect(service({ type: 'LoadBalancer', ...spec })).toEqual(
      expected.map(() => 'load-balancer-source-ranges'),
    );
  });

  it.each([
    ...['localhost', 'LOCALHOST.', 'a.localhost', 'localhost.localdomain', '127.0.0.1', '169.254.169.254'],
    ...['metadata.google.internal', 'instance-data.ec2.internal'],
  ])('refuses the external name %s', (externalName) => {
    expect(service({ type: 'ExternalName', externalName })).toEqual(['no-external-name-to-host']);
  });

  it.each(['database.example.com', 'localhost.example.com', 'mylocalhost'])(
    'allows the external name %s',
    (externalName) => {
      expect(service({ type: 'ExternalName', externalName })).toEqual([]);
    },
  );

  it.each([
    '127.0.0.1',
    '127.8.9.1',
    '169.254.169.254',
    '::1',
    '0:0:0:0:0:0:0:1',
    '::ffff:127.0.0.1',
    'fe80::1',
  ])('refuses the endpoint %s', (address) => {
    const slice = namespaced('discovery.k8s.io/v1', 'EndpointSlice', 'a', {
      endpoints: [{ addresses: ['192.0.2.1'] }, { addresses: ['192.0.2.1', address] }],
    });
    const notReady = [{ notReadyAddresses: [{ ip: address }] }];
    expect(broken(slice)).toEqual(['no-host-endpoint']);
    expect(broken(namespaced('v1', 'Endpoints', 'a', { subsets: notReady }))).toEqual(['no-host-endpoints']);
  });

  it.each(['192.0.2.1', '10.127.0.1', '2001:db8::1', 'fd00::1', '2001:db8::'])(
    'allows the endpoint %s',
    (address) => {
      const endpoints = [{ addresses: [address] }];
      expect(broken(namespaced('discovery.k8s.io/v1', 'EndpointSlice', 'a', { endpoints }))).toEqual([]);
    },
  );

  it('takes a slice without endpoints, which the API server writes as null', () => {
    for (const endpoints of [undefined, null]) {
      expect(broken(namespaced('discovery.k8s.io/v1', 'EndpointSlice', 'a', { endpoints }))).toEqual([]);
    }
  });

  const ingress = (name: string, namespaceName: string, spec: JsonObject): Manifest => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, namespace: namespaceName },
    spec,
  });

  it.each<[string, JsonObject, boolean]>([
    ['the same host', { tls: [{ hosts: ['a.example.com'] }] }, true],
    ['a wildcard', { tls: [{ hosts: ['*.example.com'] }] }, true],
    ['a wildcard of the wrong depth', { tls: [{ hosts: ['*.com'] }] }, false],
    ['the certificate of the controller', { tls: [{}] }, true],
    ['another host', { tls: [{ hosts: ['b.example.com'] }] }, false],
    ['none', {}, false],
  ])('knows TLS for %s', (_title, spec, covered) => {
    const found = broken(ingress('a', 'shop', { rules: [{ host: 'a.example.com' }], ...spec }));
    expect(found).toEqual(covered ? [] : ['ingress-tls']);
  });

  it('wants TLS for the second host too, and for a default backend', () => {
    const tls = [{ hosts: ['a.example.com'] }];
    const rules = [{ host: 'a.example.com' }, { host: 'b' }];
    expect(broken(ingress('a', 'shop', { tls, rules }))).toEqual(['ingress-tls']);
    expect(broken(ingress('a', 'shop', { defaultBackend: {} }))).toEqual([
      'ingress-tls',
      'ingress-named-hosts',
    ]);
    expect(broken(ingress('a', 'shop', { tls, rules: [{}] }))).toEqual([
      'ingress-tls',
      'ingress-named-hosts',
    ]);
  });

  it('tells who shares a host', () => {
    const of = (name: string, namespaceName: string, host: string, ...paths: string[]) =>
      ingress(name, namespaceName, { rules: [{ host, http: { paths: paths.map((path) => ({ path })) } }] });
    const shared = (...ingresses: Manifest[]) => places('ingress-unique-hosts', ...ingresses);
    expect(shared(of('a', 'shop', 'x.example', '/a'), of('b', 'shop', 'x.example', '/b'))).toEqual([]);
    expect(shared(of('a', 'shop', 'x.example', '/a'), of('b', 'shop', 'X.example', '/b', '/a'))).toEqual([
      'Ingress b: spec.rules[0].host',
    ]);
    expect(shared(of('a', 'shop', 'x.example', '/a'), of('b', 'blog', 'x.example', '/b'))).toHaveLength(1);
    expect(shared(of('a', 'shop', 'x.example', '/a', '/a'))).toEqual([]);
  });

  it.each([
    'nginx.ingress.kubernetes.io/server-snippet',
    'nginx.ingress.kubernetes.io/auth-snippet',
    'nginx.org/location-snippets',
  ])('refuses the annotation %s', (key) => {
    const manifest = ingress('a', 'shop', { tls: [{}] });
    manifest.metadata!.annotations = { 'example.com/a': 'b', [key]: '...' };
    expect(broken(manifest)).toEqual(['no-ingress-snippet']);
  });
});

describe('namespaces', () => {
  const PSA = 'pod-security.kubernetes.io';
  const labels = {
    [`${PSA}/enforce`]: 'baseline',
    [`${PSA}/audit`]: 'restricted',
    [`${PSA}/warn`]: 'restricted',
  };

  it.each<[string, Record<string, string>, string[]]>([
    ['privileged', { [`${PSA}/enforce`]: 'privileged' }, ['pod-security-enforced']],
    ['baseline', {}, []],
    ['no version', { [`${PSA}/enforce-version`]: '' }, ['pod-security-pinned']],
    ['the newest version', { [`${PSA}/enforce-version`]: 'latest' }, ['pod-security-pinned']],
    ['no warnings', { [`${PSA}/warn`]: 'privileged' }, ['pod-security-reported']],
  ])('judges one that enforces %s', (_title, changed, expected) => {
    expect(broken(namespace({ ...labels, [`${PSA}/enforce-version`]: 'v1.33', ...changed }))).toEqual(
      expected,
    );
  });

  it('are empty if they are default, but for what closes it', () => {
    const inDefault = (kind: string, name: string, apiVersion = 'v1') => ({
      apiVersion,
      kind,
      metadata: { name },
    });
    expect(
      places(
        'no-default-namespace',
        inDefault('ConfigMap', 'a'),
        { ...inDefault('Secret', 'b'), metadata: { name: 'b', namespace: 'default' } },
        inDefault('ServiceAccount', 'api'),
        inDefault('ServiceAccount', 'default'),
        inDefault('NetworkPolicy', 'deny', 'networking.k8s.io/v1'),
        inDefault('ClusterRole', 'c', 'rbac.authorization.k8s.io/v1'),
        inDefault('Certificate', 'unknown', 'cert-manager.io/v1'),
      ),
    ).toEqual([
      'ConfigMap a: metadata.namespace',
      'Secret b: metadata.namespace',
      'ServiceAccount api: metadata.namespace',
    ]);
  });

  it('have a quota and limits if they have workloads', () => {
    const empty = [
      namespaced('v1', 'ResourceQuota', 'a', { spec: {} }),
      namespaced('v1', 'LimitRange', 'a', { spec: { limits: [] } }),
    ];
    for (const id of ['namespace-resource-quota', 'namespace-limit-range']) {
      expect(places(id, deployment('api'), deployment('web'), ...empty)).toEqual([
        'Deployment api: metadata.namespace',
      ]);
      expect(places(id, namespace(), ...empty)).toEqual([]);
    }
  });
});

describe('admission', () => {
  const webhook = (rest: JsonObject = {}) => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'a' },
    webhooks: [
      { name: 'harmless', clientConfig: { url: 'https://example.com' }, rules: [] },
      {
        name: 'own',
        clientConfig: { service: { name: 'a', namespace: 'guard' } },
        rules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'] }],
        ...rest,
      },
    ],
  });
  const guard = (labels: Record<string, string>): Manifest => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'guard', labels },
  });

  it('knows a webhook that stands in its own way', () => {
    const own = (rest: JsonObject, ...others: Manifest[]) =>
      places('webhook-spares-own-namespace', webhook(rest), ...others);
    const opted = { matchExpressions: [{ key: 'guarded', operator: 'DoesNotExist' }] };
    expect(own({})).toEqual(['MutatingWebhookConfiguration a: webhooks[1].namespaceSelector']);
    expect(own({ failurePolicy: 'Ignore' })).toEqual([]);
    expect(own({ objectSelector: { matchLabels: { a: 'b' } } })).toEqual([]);
    expect(own({ namespaceSelector: opted })).toHaveLength(1);
    expect(own({ namespaceSelector: opted }, guard({ guarded: 'no' }))).toEqual([]);
    expect(
      own({ rules: [{ apiGroups: ['apps'], operations: ['CREATE'], resources: ['deployments'] }] }),
    ).toEqual([]);
  });

  it('takes Fail for what a webhook does that says nothing', () => {
    expect(broken(webhook({ namespaceSelector: { matchLabels: { a: 'b' } } }))).toEqual([]);
    expect(broken(webhook({ failurePolicy: 'Ignore' }))).toEqual(['webhook-fails-closed']);
  });

  it('wants a policy to be bound', () => {
    const policy = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: 'a' },
      spec: {},
    };
    expect(places('admission-policy-enforced', policy)).toEqual([
      'ValidatingAdmissionPolicy a: metadata.name',
    ]);
  });
});

describe('identities', () => {
  const runs = (name: string, spec: JsonObject) => deployment(name, spec);

  it('are read from the old field where there is no new one, as the API server does', () => {
    const pod = runs('api', { serviceAccount: 'api' });
    expect(places('named-service-account', pod)).toEqual([]);
    expect(places('no-service-account-alias', pod)).toEqual([
      'Deployment api: spec.template.spec.serviceAccount',
    ]);
    const both = runs('api', { serviceAccount: 'api', serviceAccountName: 'api' });
    expect(places('no-service-account-alias', both)).toEqual([]);
    expect(places('service-account-exists', serviceAccount('web'), pod)).toHaveLength(1);
  });

  it('are default for pods that name none, which every namespace has', () => {
    for (const spec of [{}, { serviceAccountName: '' }, { serviceAccountName: 'default' }]) {
      expect(places('named-service-account', runs('api', spec))).toHaveLength(1);
      expect(places('service-account-exists', serviceAccount('web'), runs('api', spec))).toEqual([]);
      expect(places('service-account-per-workload', runs('api', spec), runs('web', spec))).toEqual([]);
    }
  });

  it('may be elsewhere where the manifests hold none of the namespace', () => {
    const pod = runs('api', { serviceAccountName: 'api' });
    const elsewhere = { ...serviceAccount('web'), metadata: { name: 'web', namespace: 'blog' } };
    expect(places('service-account-exists', pod, elsewhere)).toEqual([]);
    expect(places('service-account-exists', pod, serviceAccount('web'))).toEqual([
      'Deployment api: spec.template.spec.serviceAccountName',
    ]);
  });

  it('are not shared, but may have one name in two namespaces', () => {
    const pods = [runs('api', { serviceAccountName: 'api' }), runs('web', { serviceAccountName: 'api' })];
    expect(places('service-account-per-workload', ...pods)).toEqual([
      'Deployment web: spec.template.spec.serviceAccountName',
    ]);
    pods[1]!.metadata!.namespace = 'blog';
    expect(places('service-account-per-workload', ...pods)).toEqual([]);
  });

  it('live shortly, and are for one audience unless they are for the API server', () => {
    const mounts = (...sources: JsonObject[]) =>
      broken(
        defaultDeny(),
        serviceAccount('api'),
        runs('api', { serviceAccountName: 'api', volumes: [{ name: 'a', projected: { sources } }] }),
      ).filter((id) => id.includes('token'));
    const token = (rest: JsonObject) => ({ serviceAccountToken: { path: 'token', ...rest } });
    const authority = { configMap: { name: 'kube-root-ca.crt' } };
    expect(mounts(token({ audience: 'vault' }))).toEqual([]);
    expect(
      mounts(authority, token({ audience: 'vault' }), token({ audience: 'sts', expirationSeconds: 86401 })),
    ).toEqual(['short-lived-token']);
    // What the API server mounts by itself.
    expect(mounts(token({ expirationSeconds: 3607 }), authority)).toEqual([]);
    expect(mounts(token({ expirationSeconds: 3607 }))).toEqual(['token-audience']);
    expect(mounts()).toEqual([]);
  });
});
