import { Chart } from 'cdk8s';
import type { IConstruct } from 'constructs';
import type { ResourceName, Verb } from '../../src/manifest/api-resources';
import { targetOf } from '../blueprint/settings';
import { LockedClusterRole } from '../identity/role';
import { waiveWhereNeeded } from '../workload/waivers';

/** What people may do in the namespaces of their tenant. */
export type TenantRole = 'viewer' | 'developer' | 'deployer' | 'debugger' | 'networker' | 'granter';

type Rights = readonly (readonly [verbs: readonly Verb[], resources: readonly ResourceName[]])[];

const READ: readonly Verb[] = ['get', 'list', 'watch'];
const WRITE: readonly Verb[] = ['create', 'update', 'patch', 'delete'];

const WORKLOADS: readonly ResourceName[] = ['deployments', 'statefulsets', 'daemonsets', 'jobs', 'cronjobs'];

/** No Secrets, and nothing of the whole cluster: a name of a namespace already tells who else is a customer. */
const VIEW: Rights = [
  [
    READ,
    [
      ...WORKLOADS,
      'configmaps',
      'endpointslices',
      'events',
      'events.events.k8s.io',
      'horizontalpodautoscalers',
      'ingresses',
      'limitranges',
      'networkpolicies',
      'persistentvolumeclaims',
      'poddisruptionbudgets',
      'pods',
      'replicasets',
      'replicationcontrollers',
      'resourcequotas',
      'rolebindings',
      'roles',
      'serviceaccounts',
      'services',
    ],
  ],
  [['get'], ['pods/log']],
];

/** What helps at night: a pod is made anew from what was reviewed, and there may be more or fewer of them. */
const RESTART: Rights = [
  [['delete'], ['pods']],
  [['create'], ['pods/eviction']],
  [
    ['get', 'update', 'patch'],
    ['deployments/scale', 'statefulsets/scale'],
  ],
];

/**
 * What the built-in role `edit` has and this has not: reading and writing Secrets, tokens of ServiceAccounts, impersonating them,
 * running commands in pods and reaching into them, and writing NetworkPolicies, quotas, roles and bindings.
 */
const DEPLOY: Rights = [
  [
    WRITE,
    [
      ...WORKLOADS,
      'configmaps',
      'horizontalpodautoscalers',
      'ingresses',
      'persistentvolumeclaims',
      'poddisruptionbudgets',
      'serviceaccounts',
      'services',
    ],
  ],
];

const RIGHTS: Readonly<Record<TenantRole, Rights>> = {
  viewer: VIEW,
  developer: [...VIEW, ...RESTART],
  deployer: [...VIEW, ...RESTART, ...DEPLOY],
  debugger: [
    [
      ['create', 'get'],
      ['pods/exec', 'pods/portforward'],
    ],
  ],
  networker: [[WRITE, ['networkpolicies']]],
  granter: [[WRITE, ['rolebindings']]],
};

/** The control that a role breaks on purpose. */
const WAIVED: Readonly<Partial<Record<TenantRole, string>>> = {
  networker: 'no-network-policy-write-right',
  granter: 'no-rbac-write-right',
};

const PURPOSES: Readonly<Record<TenantRole, string>> = {
  viewer: 'Reads everything of a tenant but Secrets',
  developer: 'Reads as a viewer, restarts pods and scales workloads',
  deployer: 'Deploys workloads and what goes with them; no Secrets, no NetworkPolicies, no rights of others',
  debugger: 'Runs commands in pods of a trusted tenant and reaches their ports',
  networker: 'Writes NetworkPolicies, of the shapes that the guard rails let through',
  granter: 'Writes RoleBindings to the roles that the guard rails let through',
};

/** Custom resources that carry secrets without showing them. */
function sealedKinds(scope: IConstruct): ResourceName[] {
  const target = targetOf(scope);
  return [
    ...(target.sealedSecrets ? (['sealedsecrets.bitnami.com'] as const) : []),
    ...(target.externalSecrets ? (['externalsecrets.external-secrets.io'] as const) : []),
  ];
}

/**
 * The ClusterRole of that kind, made when it is first asked for. One for all tenants, bound in namespaces alone, so that who
 * reviews rights reads three roles and not three thousand.
 */
export function tenantRole(scope: IConstruct, role: TenantRole): LockedClusterRole {
  const { root } = scope.node;
  const chart = (root.node.tryFindChild(CHART) as Chart | undefined) ?? new Chart(root, CHART);
  const known = chart.node.tryFindChild(role) as LockedClusterRole | undefined;
  return known ?? makeRole(chart, role);
}

const CHART = 'tenant-roles';

function makeRole(chart: Chart, kind: TenantRole): LockedClusterRole {
  const role = new LockedClusterRole(chart, kind, {
    metadata: {
      name: `tenant-${kind}`,
      annotations: { 'kubernetes.io/description': PURPOSES[kind] },
    },
  });
  for (const [verbs, resources] of RIGHTS[kind])
    role.allow(verbs, resources as readonly `${string}.${string}`[]);
  const waiver = WAIVED[kind];
  if (waiver)
    waiveWhereNeeded(role, waiver, 'only for tenants that asked for it; the guard rails keep it within them');
  const sealed = sealedKinds(chart) as readonly `${string}.${string}`[];
  if (sealed.length > 0 && kind === 'deployer') role.allow([...READ, ...WRITE], sealed);
  return role;
}
