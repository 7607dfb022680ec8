import fc from 'fast-check';
import type { Manifest } from '../../../src/manifest/manifest';
import type { Identity } from '../../../src/rbac';

const RBAC = 'rbac.authorization.k8s.io';

export const NAMESPACES = ['alpha', 'beta', 'gamma'] as const;
const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];
const ALL_VERBS = [...VERBS, 'impersonate', 'bind', 'escalate', 'approve', 'impersonate:user-info', '*'];
const GROUPS = ['', 'apps', 'batch', RBAC, 'shop.example', '*'];
const RESOURCES = ['pods', 'secrets', 'deployments', 'jobs', 'roles', 'nodes', 'widgets'];
const SUBRESOURCES = ['exec', 'log', 'status', 'scale'];
const NAMES = ['a', 'b', 'a.b'];
const PATHS = ['/metrics', '/logs', '/logs/', '/logs/a', '/healthz', '/healthz/etcd', '/api', '/', '*'];
const URL_PATTERNS = [...PATHS, '/logs/*', '/logs*', '/health*', '/logs**', '/*/a'];
const USERS = ['jane', 'joe', 'system:kube-scheduler'];
const PEOPLE = ['dev', 'ops', 'system:monitoring'];
const ACCOUNTS = ['api', 'default'];
const LABELS = ['one', 'two'];

const one = <T>(values: readonly T[]) => fc.constantFrom(...values);
const some = <T>(values: readonly T[], maxLength = 3) =>
  fc.uniqueArray(one(values), { minLength: 1, maxLength });

const resourcePattern = fc.oneof(
  { weight: 6, arbitrary: one(RESOURCES) },
  { weight: 3, arbitrary: fc.tuple(one(RESOURCES), one(SUBRESOURCES)).map((pair) => pair.join('/')) },
  { weight: 1, arbitrary: one(['*', '*/log', '*/exec', 'pods/*', '*/*', 'po*']) },
);

const resourceRule = fc.record({
  verbs: some(ALL_VERBS),
  apiGroups: some(GROUPS),
  resources: fc.uniqueArray(resourcePattern, { minLength: 1, maxLength: 3 }),
  resourceNames: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: some(NAMES, 2) },
  ),
});
const urlRule = fc.record({ verbs: some([...VERBS, '*']), nonResourceURLs: some(URL_PATTERNS) });
const rules = fc.array(resourceRule, { minLength: 1, maxLength: 3 });
const clusterRules = fc.array(
  fc.oneof({ weight: 4, arbitrary: resourceRule }, { weight: 1, arbitrary: urlRule }),
  { minLength: 1, maxLength: 3 },
);

const subject = fc.oneof(
  one(USERS).map((name) => ({ kind: 'User', name, apiGroup: RBAC })),
  one([...PEOPLE, ...NAMESPACES.map((name) => `system:serviceaccounts:${name}`)]).map((name) => ({
    kind: 'Group',
    name,
    apiGroup: RBAC,
  })),
  fc.record({ kind: fc.constant('ServiceAccount'), name: one(ACCOUNTS), namespace: one(NAMESPACES) }),
  fc
    .tuple(one(NAMESPACES), one(ACCOUNTS))
    .map((place) => ({ kind: 'User', name: `system:serviceaccount:${place.join(':')}`, apiGroup: RBAC })),
);

/** ClusterRoles, Roles and bindings of both at random, some collecting the rules of others, and never in a circle. */
export const rbacArbitrary: fc.Arbitrary<Manifest[]> = fc
  .record({
    clusterRoles: fc.array(fc.tuple(clusterRules, some(['none', ...LABELS], 1)), {
      minLength: 6,
      maxLength: 8,
    }),
    collectors: fc.array(fc.record({ collects: some(LABELS, 2), written: rules }), {
      minLength: 2,
      maxLength: 3,
    }),
    roles: fc.array(fc.tuple(one(NAMESPACES), rules), { minLength: 6, maxLength: 6 }),
    bindings: fc.array(
      fc.record({
        namespace: fc.oneof(
          { weight: 4, arbitrary: one(NAMESPACES) },
          { weight: 1, arbitrary: fc.constant('') },
        ),
        subjects: fc.array(subject, { minLength: 1, maxLength: 3 }),
        role: fc.nat(12),
        isClusterRole: fc.boolean(),
      }),
      { minLength: 40, maxLength: 40 },
    ),
  })
  .map(({ clusterRoles, collectors, roles, bindings }) => {
    const collecting = collectors.map(({ collects, written }, index) =>
      // The controller replaces what is written in it.
      ({
        ...clusterWide('ClusterRole', `collector-${index}`),
        aggregationRule: {
          clusterRoleSelectors: collects.map((label) => ({ matchLabels: { [`test/${label}`]: 'true' } })),
        },
        rules: written,
        ...(index > 0 && {
          metadata: { name: `collector-${index}`, labels: { [`test/to-${index - 1}`]: 'true' } },
        }),
      }),
    );
    const names = [...clusterRoles.keys()].map((index) => `cluster-${index}`);
    const bindable = [...names, ...collecting.map(({ metadata }) => metadata.name), 'view', 'edit'];
    return [
      ...clusterRoles.map(([written, [label]], index) => ({
        ...clusterWide('ClusterRole', names[index]!),
        metadata: { name: names[index]!, labels: { [`test/${label}`]: 'true' } },
        rules: written,
      })),
      ...collecting,
      // Collects a role that itself collects.
      {
        ...clusterWide('ClusterRole', 'collector-of-collectors'),
        aggregationRule: {
          clusterRoleSelectors: [{ matchExpressions: [{ key: 'test/to-0', operator: 'Exists' }] }],
        },
        rules: [],
      },
      ...roles.map(([namespace, written], index) => ({
        ...clusterWide('Role', `role-${index % 2}-${index}`),
        metadata: { name: `role-${index}`, namespace },
        rules: written,
      })),
      ...bindings.map(({ namespace, subjects, role, isClusterRole }, index) => ({
        ...clusterWide(namespace ? 'RoleBinding' : 'ClusterRoleBinding', `binding-${index}`),
        metadata: { name: `binding-${index}`, ...(namespace && { namespace }) },
        roleRef:
          isClusterRole || !namespace
            ? {
                apiGroup: RBAC,
                kind: 'ClusterRole',
                name: [...bindable, 'collector-of-collectors'][role % (bindable.length + 1)]!,
              }
            : { apiGroup: RBAC, kind: 'Role', name: `role-${role % 6}` },
        subjects,
      })),
    ];
  });

function clusterWide(kind: string, name: string) {
  return { apiVersion: `${RBAC}/v1`, kind, metadata: { name } };
}

/** A request as a SubjectAccessReview has it. */
export interface Review {
  readonly resourceAttributes?: {
    readonly verb: string;
    readonly group: string;
    readonly resource: string;
    readonly subresource: string;
    readonly namespace: string;
    readonly name: string;
  };
  readonly nonResourceAttributes?: { readonly verb: string; readonly path: string };
}

export interface ReviewValues {
  readonly namespaces: readonly string[];
  readonly names: readonly string[];
  readonly groups: readonly string[];
  readonly resources: readonly string[];
}

/** Requests, most of them for what roles are about. */
export function reviewArbitrary(values: ReviewValues = DEFAULTS): fc.Arbitrary<Review> {
  const resource = fc.record({
    verb: one(ALL_VERBS),
    group: one(values.groups),
    resource: one(values.resources),
    subresource: fc.oneof(
      { weight: 3, arbitrary: fc.constant('') },
      { weight: 1, arbitrary: one(SUBRESOURCES) },
    ),
    namespace: one(['', ...values.namespaces]),
    name: one(['', ...values.names]),
  });
  const url = fc.record({ verb: one([...VERBS, '*']), path: one(PATHS) });
  return fc.oneof(
    { weight: 12, arbitrary: resource.map((resourceAttributes) => ({ resourceAttributes })) },
    { weight: 1, arbitrary: url.map((nonResourceAttributes) => ({ nonResourceAttributes })) },
  );
}

const DEFAULTS: ReviewValues = {
  namespaces: [...NAMESPACES, 'elsewhere'],
  names: NAMES,
  groups: GROUPS,
  resources: [...RESOURCES, '*'],
};

/** Requests that some rule of roles is about, if not for the one who asks. */
export function grantedArbitrary(manifests: readonly Manifest[]): fc.Arbitrary<Review> {
  const rules = manifests
    .flatMap((manifest) => (manifest.rules ?? []) as Record<string, string[]>[])
    .filter(({ resources }) => resources);
  return one(rules)
    .chain(({ verbs, apiGroups, resources, resourceNames = [] }) =>
      fc.record({
        verb: one(verbs!),
        group: one(apiGroups!),
        pattern: one(resources!),
        namespace: one(['', ...NAMESPACES, ...NAMESPACES]),
        name: one(['', ...resourceNames, ...resourceNames]),
      }),
    )
    .map(({ pattern, ...rest }) => {
      const [resource, subresource = ''] = pattern.split('/');
      return { resourceAttributes: { ...rest, resource: resource!, subresource } };
    });
}

/** Users with groups of their own, ServiceAccounts with those that the API server puts them into. */
export const identityArbitrary: fc.Arbitrary<Identity> = fc.oneof(
  fc
    .tuple(one([...USERS, 'nobody']), fc.uniqueArray(one(PEOPLE), { maxLength: 2 }))
    .map(([user, groups]) => ({
      user,
      groups: [...groups, 'system:authenticated'],
    })),
  fc.tuple(one(NAMESPACES), one([...ACCOUNTS, 'other'])).map(([namespace, name]) => ({
    user: `system:serviceaccount:${namespace}:${name}`,
    groups: [`system:serviceaccounts:${namespace}`, 'system:serviceaccounts', 'system:authenticated'],
  })),
  fc.constant({ user: 'system:anonymous', groups: ['system:unauthenticated'] }),
);
