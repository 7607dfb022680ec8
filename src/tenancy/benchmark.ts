import { takeInventory, type Inventory } from '../manifest/inventory';
import { API_RESOURCES, type Verb } from '../manifest/api-resources';
import { isObject, type JsonObject, type Manifest } from '../manifest/manifest';
import { containersOf } from '../manifest/pod';
import { groupBy } from '../groups';
import { rbacOf, type BoundRole, type Rbac, type RoleRule, type Subject } from '../rbac';
import { failsClosed, reaches } from '../rbac/guarded';
import { concernsTenants, isAboutNamespacesOfTenants } from '../rbac/objects-of-tenants';
import { POD_SECURITY_LABEL, TENANT_LABEL } from '../manifest/kinds';
import { ALLOWANCES_NAME, PLATFORM_OWNED_LABEL } from './allowances';
import { peopleByTenant } from './people';
import { listOf } from '../lists';

/** One check of the multi-tenancy benchmarks. */
export interface TenancyCheck {
  /** Id of the benchmark, `MTB-` and its own; two checks share one, as there. */
  readonly benchmark: string;
  readonly title: string;
  /** 1 for every tenant; 2 for tenants that manage their own policies and bindings. */
  readonly level: 1 | 2;
  /** What is wrong with a tenant; nothing when the check holds. */
  readonly problems: (tenant: BenchmarkedTenant) => readonly string[];
}

/** A tenant as the benchmarks look at it. */
export interface BenchmarkedTenant {
  readonly name: string;
  readonly namespaces: readonly string[];
  /** Whom bindings in its namespaces name, save the accounts of its own workloads. */
  readonly people: readonly Subject[];
  /** Namespaces of the tenants that it is a team of, or that are teams of it. */
  readonly related: ReadonlySet<string>;
  readonly inventory: Inventory;
  readonly rbac: Rbac;
  /** Whether a policy that the API server asks in a namespace refuses something about what a text names. */
  readonly isRefused: (text: string, namespace: string) => boolean;
}

/** What a check found. */
export interface BenchmarkResult {
  readonly check: TenancyCheck;
  readonly tenant: string;
  readonly problems: readonly string[];
}

const WRITE: readonly Verb[] = ['create', 'update', 'patch', 'delete', 'deletecollection'];
const CHANGE: readonly Verb[] = ['update', 'patch', 'delete'];

/** Objects that MTB-PL1-CC-FNS-2 wants counted. */
const COUNTED = [
  ...['pods', 'services', 'replicationcontrollers', 'resourcequotas', 'secrets', 'configmaps'],
  ...['persistentvolumeclaims', 'services.nodeports', 'services.loadbalancers'],
];

const CONSUMED = ['limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory', 'requests.storage'];

/**
 * The benchmarks of the Kubernetes working group for multi-tenancy (kubernetes-sigs/multi-tenancy), asked of manifests. Where the
 * originals try as the tenant, these look at who may do what and at what the API server will refuse.
 */
export const TENANCY_BENCHMARKS: readonly TenancyCheck[] = [
  {
    benchmark: 'MTB-PL1-CC-CPI-1',
    title: 'No access to resources of the whole cluster',
    level: 1,
    problems: clusterAccess,
  },
  {
    benchmark: 'MTB-PL1-BC-CPI-2',
    title: 'No change of what the platform put into a namespace',
    level: 1,
    problems: changesOfPlatform,
  },
  podSecurity('MTB-PL1-BC-CPI-3', 'No added capabilities', 'restricted'),
  podSecurity('MTB-PL1-BC-CPI-4', 'No containers that run as root', 'restricted'),
  podSecurity('MTB-PL1-BC-CPI-5', 'No privileged containers', 'baseline'),
  podSecurity('MTB-PL1-BC-CPI-6', 'No privilege escalation', 'restricted'),
  {
    benchmark: 'MTB-PL1-CC-TI-1',
    title: 'No change of quotas',
    level: 1,
    problems: changesOfQuotas,
  },
  {
    benchmark: 'MTB-PL1-CC-TI-2',
    title: 'No access to what belongs to other tenants',
    level: 1,
    problems: foreignAccess,
  },
  podSecurity('MTB-PL1-BC-HI-1', 'No volumes of the host', 'baseline'),
  {
    benchmark: 'MTB-PL1-BC-HI-1',
    title: 'No Services with ports on the nodes',
    level: 1,
    problems: (tenant) =>
      quotaProblems(tenant, (hard) =>
        String(hard['services.nodeports']) === '0' ? [] : ['services.nodeports'],
      ),
  },
  podSecurity('MTB-PL1-BC-HI-3', 'No network and no ports of the host', 'baseline'),
  podSecurity('MTB-PL1-BC-HI-4', 'No processes of the host', 'baseline'),
  podSecurity('MTB-PL1-BC-HI-5', 'No shared memory of the host', 'baseline'),
  {
    benchmark: 'MTB-PL1-CC-FNS-1',
    title: 'Limited CPU, memory and storage',
    level: 1,
    problems: (tenant) => quotaProblems(tenant, (hard) => CONSUMED.filter((key) => hard[key] === undefined)),
  },
  {
    benchmark: 'MTB-PL1-CC-FNS-2',
    title: 'Limited numbers of objects',
    level: 1,
    problems: (tenant) => quotaProblems(tenant, (hard) => COUNTED.filter((key) => hard[key] === undefined)),
  },
  {
    benchmark: 'MTB-PL1-CC-DI-1',
    title: 'Images are pulled anew, or named by digest',
    level: 1,
    problems: pulledImages,
  },
  {
    benchmark: 'MTB-PL2-BC-OPS-4',
    title: 'Tenants write NetworkPolicies themselves',
    level: 2,
    problems: (tenant) => missingRight(tenant, 'networking.k8s.io', 'networkpolicies'),
  },
  {
    benchmark: 'MTB-PL2-BC-OPS-3',
    title: 'Tenants write RoleBindings themselves',
    level: 2,
    problems: (tenant) => missingRight(tenant, 'rbac.authorization.k8s.io', 'rolebindings'),
  },
];

/**
 * Asks the benchmarks of every tenant in the manifests: of the namespaces with the label `cdk8s-bulwark/tenant`.
 * @param options.level 2 to ask those of the second level as well. @default 1
 */
export function benchmarkTenants(
  manifests: readonly Manifest[],
  { level = 1 }: { readonly level?: 1 | 2 } = {},
): BenchmarkResult[] {
  const checks = TENANCY_BENCHMARKS.filter((check) => check.level <= level);
  return tenantsIn(manifests).flatMap((tenant) =>
    checks.map((check) => ({ check, tenant: tenant.name, problems: check.problems(tenant) })),
  );
}

function tenantsIn(manifests: readonly Manifest[]): BenchmarkedTenant[] {
  const inventory = takeInventory(manifests);
  const rbac = rbacOf(manifests);
  const tenants = peopleByTenant(inventory);
  const isRefused = deniedByPolicies(inventory);
  return [...tenants.values()].map(({ name, namespaces, people, lineage }) => ({
    name,
    namespaces,
    people,
    inventory,
    rbac,
    isRefused,
    related: new Set(lineage.flatMap((other) => tenants.get(other)?.namespaces ?? [])),
  }));
}

const OF_CLUSTER = Object.entries(API_RESOURCES).filter(([, { namespaced }]) => !namespaced);

/** What Kubernetes lets everybody do, such as to ask about oneself, tells of nobody else. */
function clusterAccess({ people, rbac }: BenchmarkedTenant): string[] {
  return people.flatMap((who) =>
    OF_CLUSTER.flatMap(([name, { group, verbs }]) => {
      const [resource = '', subresource = ''] = name.split('/');
      const verb = verbs.find((one) => {
        const request = { verb: one, group, resource, subresource };
        return rbac.can(who, request) && !rbac.can(anybodyLike(who), request);
      });
      return verb ? [`${who.kind} ${who.name} may ${verb} ${name}`] : [];
    }),
  );
}

function anybodyLike(who: Subject): Subject {
  return { ...who, name: 'cdk8s-bulwark:anybody' };
}

/** Objects that hold the tenant as long as the tenant cannot change them, by the kind that they are. */
const HOLDING: Readonly<Record<string, readonly [group: string, resource: string]>> = {
  ResourceQuota: ['', 'resourcequotas'],
  LimitRange: ['', 'limitranges'],
  ConfigMap: ['', 'configmaps'],
  NetworkPolicy: ['networking.k8s.io', 'networkpolicies'],
  RoleBinding: ['rbac.authorization.k8s.io', 'rolebindings'],
};

function changesOfPlatform(tenant: BenchmarkedTenant): string[] {
  const { people, namespaces, inventory, rbac } = tenant;
  // A guard rail refuses what the rights of the tenant would allow.
  const unguarded = namespaces.filter((namespace) => !tenant.isRefused(PLATFORM_OWNED_LABEL, namespace));
  return unguarded.flatMap((namespace) =>
    Object.entries(HOLDING).flatMap(([kind, [group, resource]]) =>
      inventory
        .inNamespace(kind, namespace)
        .filter(isPlatformOwned)
        .flatMap(({ metadata }) => {
          const name = metadata?.name ?? '';
          const request = { group, resource, namespace, name };
          const who = people.find((one) => CHANGE.some((verb) => rbac.can(one, { ...request, verb })));
          return who ? [`${who.kind} ${who.name} may change ${kind} ${namespace}/${name}`] : [];
        }),
    ),
  );
}

function isPlatformOwned({ metadata }: Manifest): boolean {
  return metadata?.labels?.[PLATFORM_OWNED_LABEL] === 'true' || metadata?.name === ALLOWANCES_NAME;
}

/**
 * The texts of all policies that fail closed and that a binding has deny are read once, each is looked through once for a text, and
 * then the bindings are asked whether they are about the namespace.
 */
function deniedByPolicies(inventory: Inventory): BenchmarkedTenant['isRefused'] {
  const denying = groupBy(
    inventory
      .ofKind('ValidatingAdmissionPolicyBinding')
      .flatMap(({ spec }) =>
        isObject(spec) && listOf(spec.validationActions).includes('Deny') ? [spec] : [],
      ),
    ({ policyName }) => String(policyName),
  );
  const policies = inventory.ofKind('ValidatingAdmissionPolicy').flatMap(({ metadata, spec }) => {
    const bindings = denying.get(metadata?.name ?? '');
    return bindings && isObject(spec) && failsClosed(spec) ? [{ text: JSON.stringify(spec), bindings }] : [];
  });
  const named = new Map<string, readonly JsonObject[]>();
  return (text, namespace) => {
    if (!named.has(text))
      named.set(
        text,
        policies.flatMap((policy) => (policy.text.includes(text) ? policy.bindings : [])),
      );
    const labels = inventory.find('Namespace', '', namespace)?.metadata?.labels;
    return named.get(text)!.some((binding) => reaches(binding, labels));
  };
}

const LEVELS = ['privileged', 'baseline', 'restricted'];

/** What Pod Security admission refuses at a level, it refuses at every stricter one. */
function podSecurity(benchmark: string, title: string, level: 'baseline' | 'restricted'): TenancyCheck {
  return {
    benchmark,
    title,
    level: 1,
    problems: ({ namespaces, inventory }) =>
      namespaces.flatMap((name) => {
        const labels = inventory.find('Namespace', '', name)?.metadata?.labels ?? {};
        const enforced = labels[POD_SECURITY_LABEL] ?? 'privileged';
        return LEVELS.indexOf(enforced) >= LEVELS.indexOf(level)
          ? []
          : [`Namespace ${name} enforces ${enforced}, and ${level} is needed`];
      }),
  };
}

/** Quotas are changed by their names, which a right may be limited to. */
function changesOfQuotas({ people, namespaces, inventory, rbac }: BenchmarkedTenant): string[] {
  const resource = 'resourcequotas';
  return namespaces.flatMap((namespace) => {
    const names = inventory
      .inNamespace('ResourceQuota', namespace)
      .map(({ metadata }) => metadata?.name ?? '');
    const mayDo = (who: Subject) => (verb: Verb) =>
      ['', ...names].some((name) => rbac.can(who, { verb, resource, namespace, name }));
    return people.flatMap((who) => {
      const verb = WRITE.find(mayDo(who));
      return verb ? [`${who.kind} ${who.name} may ${verb} ${resource} in ${namespace}`] : [];
    });
  });
}

function foreignAccess(tenant: BenchmarkedTenant): string[] {
  return tenant.people.flatMap((who) =>
    tenant.rbac.rolesOf(who).flatMap((bound) => {
      const place = foreignPlace(tenant, bound);
      const { role } = bound;
      return place === undefined
        ? []
        : [`${who.kind} ${who.name} has ${role.kind} ${role.metadata?.name} in ${place}`];
    }),
  );
}

/** Where a role is about what belongs to other tenants; undefined where it is not. */
function foreignPlace(
  { name, namespaces, related, inventory }: BenchmarkedTenant,
  { namespace, rules }: BoundRole,
): string | undefined {
  if (namespace === undefined) return rules.some(isAboutTenants) ? 'every namespace' : undefined;
  const owner = inventory.find('Namespace', '', namespace)?.metadata?.labels?.[TENANT_LABEL];
  if (owner === undefined || owner === name) return undefined;
  return namespaces.includes(namespace) || related.has(namespace) ? undefined : `${namespace}, of ${owner}`;
}

/** Whose namespaces somebody may make is for the proof of rights to judge. */
function isAboutTenants({ rule }: RoleRule): boolean {
  return !isAboutNamespacesOfTenants(rule) && concernsTenants(rule, new Set());
}

/** One quota of each namespace has to say it all. */
function quotaProblems(
  { namespaces, inventory }: BenchmarkedTenant,
  missing: (hard: JsonObject) => readonly string[],
): string[] {
  return namespaces.flatMap((namespace) => {
    const lists = inventory
      .inNamespace('ResourceQuota', namespace)
      .filter(({ spec }) => isObject(spec) && spec.scopeSelector === undefined && spec.scopes === undefined)
      .map(({ spec }) => missing(isObject(spec) && isObject(spec.hard) ? spec.hard : {}));
    if (lists.length === 0) return [`Namespace ${namespace} has no quota`];
    const least = lists.reduce((best, list) => (list.length < best.length ? list : best));
    return least.length > 0 ? [`No quota of Namespace ${namespace} limits ${least.join(', ')}`] : [];
  });
}

function pulledImages({ namespaces, inventory, isRefused }: BenchmarkedTenant): string[] {
  return namespaces.flatMap((namespace) => [
    ...inventory.workloadsIn(namespace).flatMap(({ manifest, pod }) =>
      containersOf(pod.spec)
        .filter(({ container }) => !isPulledAnew(container))
        .map(
          ({ container }) =>
            `${manifest.kind} ${namespace}/${manifest.metadata?.name}: container ${container.name}`,
        ),
    ),
    ...(isPullGuarded(inventory, namespace, isRefused)
      ? []
      : [`Nothing refuses a pod in ${namespace} that pulls its image once`]),
  ]);
}

function isPulledAnew({ image = '', imagePullPolicy }: JsonObject & { image?: string }): boolean {
  return imagePullPolicy === 'Always' || image.includes('@sha256:');
}

/** Where every image has to be named by digest, what was pulled once is what will be pulled. */
function isPullGuarded(
  inventory: Inventory,
  namespace: string,
  isRefused: BenchmarkedTenant['isRefused'],
): boolean {
  const data = inventory.find('ConfigMap', namespace, ALLOWANCES_NAME)?.data;
  const isByDigest = isObject(data) && data.imageDigests === 'true';
  return (isByDigest && isRefused('imageDigests', namespace)) || isRefused('imagePullPolicy', namespace);
}

function missingRight(
  { people, namespaces, rbac }: BenchmarkedTenant,
  group: string,
  resource: string,
): string[] {
  return namespaces.flatMap((namespace) =>
    people.some((who) => rbac.can(who, { verb: 'create', group, resource, namespace }))
      ? []
      : [`Nobody of the tenant may create ${resource} in ${namespace}`],
  );
}
