import { takeInventory } from '../manifest/inventory';
import { PARENT_LABEL, TENANT_LABEL } from '../manifest/kinds';
import { identityOf, type Manifest } from '../manifest/manifest';
import { lazily, rememberedOfLent } from '../manifest/remembered';
import { closureOf, stepsTo, type Step, type World } from './closure';
import { sentenceOf, worldOf, type EscalationOptions, type EscalationPath } from './escalation';
import { closedByGuardrails } from './guarded';
import { changesObjects, concernsTenants, isAboutNamespacesOfTenants } from './objects-of-tenants';
import { describeRule } from './policy-rule';
import { ALL, placeOf, powerKey, type Power, type PowerOf } from './power';
import type { RoleRule } from './aggregation';
import { grantBy, type BoundRole } from './rbac';
import { isOfEverybody, subjectKey, type Subject } from './subject';

/** Tenants of a set of manifests, and who belongs to them. */
export interface Tenancy {
  /** Names of all tenants. */
  readonly tenants: readonly string[];
  /** The tenant of a namespace; undefined for one of the platform's. */
  readonly tenantOf: (namespace: string) => string | undefined;
  /** A tenant, its teams, and theirs. */
  readonly within: (tenant: string) => ReadonlySet<string>;
}

/** A way out of a tenant. */
export interface TenantEscape {
  /** The tenants whose people and pods have it: one, or those that have bound the same people. */
  readonly from: readonly string[];
  /** The tenant it leads into. @default the whole cluster, and so every tenant */
  readonly into?: string;
  readonly path: EscalationPath;
  /** What has to be changed: the binding that is the last of those on the way, or the workload. */
  readonly manifest: Manifest;
}

/** What was found out about the rights of tenants. */
export interface PermissionProof {
  readonly tenancy: Tenancy;
  /** Every way out, each object that has to be changed once for each tenant; none is the proof that there is none. */
  readonly escapes: readonly TenantEscape[];
}

/** Rights about a tenant's own namespaces by which the tenant takes down the walls around it. */
const OPENS_WALLS: ReadonlySet<string> = new Set([
  'change-namespaces',
  'write-network-policies',
  'write-endpoints',
  'write-service-status',
  'write-replications',
]);

/** Powers over what runs in a namespace of the platform, and so over what it does for all tenants. */
const TAKES_OVER: ReadonlySet<Power['kind']> = new Set(['everything', 'workloads', 'pods', 'secrets']);

/** Rights in the whole cluster that do nothing to any tenant by themselves. */
const HARMLESS: ReadonlySet<string> = new Set(['create-certificate-requests', 'act-for-others']);

/**
 * Proves that no chain of rights leads from the people, ServiceAccounts and pods of one tenant to objects or pods of another, or
 * to what all share. Namespaces tell their tenant by the label `cdk8s-bulwark/tenant`; ServiceAccounts and pods belong to the
 * tenant of their namespace, users and groups to those in whose namespaces they are bound.
 *
 * Everybody of a tenant counts as one, since they can act together, and what follows is looked for until it leaves the tenant.
 * So every tenant is looked at once, and no pair of tenants: the time is linear in the manifests. The only tenant of a cluster
 * is kept from the rest of it alike.
 */
export function provePermissions(
  manifests: readonly Manifest[],
  options: EscalationOptions = {},
): PermissionProof {
  const inventory = takeInventory(manifests);
  const tenancy = tenancyOf(inventory.manifests);
  if (tenancy.tenants.length === 0) return { tenancy, escapes: [] };
  const world = worldOf(inventory.manifests, options);
  const homes = homesOf(world, tenancy);
  const known = lazily(() => new Map(manifests.map((manifest) => [identityOf(manifest), manifest])));
  const escapes = partiesOf(world, tenancy, homes).flatMap((party) =>
    escapesOf({ world, tenancy, homes, known, party }),
  );
  return { tenancy, escapes };
}

/** The same, where what the guard rails among the manifests refuse leads nowhere. */
export const proveGuardedPermissions = rememberedOfLent((manifests: readonly Manifest[]): PermissionProof =>
  provePermissions(manifests, { closedBy: closedByGuardrails(manifests) }),
);

/** Reads the labels of Namespaces. */
export function tenancyOf(manifests: readonly Manifest[]): Tenancy {
  const tenants = new Map<string, string>();
  const teams = new Map<string, Set<string>>();
  for (const { metadata } of takeInventory(manifests).ofKind('Namespace')) {
    const tenant = metadata?.labels?.[TENANT_LABEL];
    if (!tenant) continue;
    tenants.set(metadata.name!, tenant);
    const parent = metadata?.labels?.[PARENT_LABEL];
    if (parent) teams.set(parent, (teams.get(parent) ?? new Set()).add(tenant));
  }
  const within = (tenant: string, seen = new Set<string>()): Set<string> => {
    if (seen.has(tenant)) return seen;
    seen.add(tenant);
    teams.get(tenant)?.forEach((team) => within(team, seen));
    return seen;
  };
  return {
    tenants: [...new Set(tenants.values())],
    tenantOf: (namespace) => tenants.get(namespace),
    within: (tenant) => within(tenant),
  };
}

/** The tenants that subjects belong to, by key. */
type Homes = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Users and groups belong to the tenants that have bound them; who is bound in a tenant and its teams, to the tenant. Who is bound
 * in none and makes namespaces of tenants belongs to those.
 */
function homesOf({ rbac }: World, { tenantOf, within, tenants }: Tenancy): Homes {
  const all = new Set(tenants);
  const homes = new Map<string, Set<string>>();
  for (const subject of rbac.subjects) {
    if (subject.kind === 'ServiceAccount' || isOfEverybody(subject)) continue;
    const roles = rbac.rolesOf(subject);
    const bound = roles.flatMap(({ namespace }) => (namespace && tenantOf(namespace)) || []);
    const own = new Set(
      bound.length > 0 ? bound : roles.flatMap(makesFor).filter((tenant) => all.has(tenant)),
    );
    for (const tenant of own) within(tenant).forEach((team) => team !== tenant && own.delete(team));
    if (own.size > 0) homes.set(subjectKey(subject), own);
  }
  return homes;
}

/** The tenants whose namespaces a role lets people make. */
function makesFor({ rules, namespace }: BoundRole): readonly string[] {
  if (namespace !== undefined) return [];
  return rules.flatMap(({ rule }) => (isAboutNamespacesOfTenants(rule) ? rule.resourceNames : []));
}

/** Those who act together: everybody of a tenant, or people whom several tenants have bound. */
interface Party {
  readonly tenants: readonly string[];
  readonly start: readonly Power[];
  /** The tenants whose objects are theirs. */
  readonly own: ReadonlySet<string>;
}

function partiesOf(world: World, { tenants, tenantOf, within }: Tenancy, homes: Homes): Party[] {
  const starts = new Map<string, { tenants: readonly string[]; start: Power[] }>(
    tenants.map((tenant) => [tenant, { tenants: [tenant], start: [] }]),
  );
  const add = (members: readonly string[], power: Power) => {
    const key = members.join(' ');
    const party = starts.get(key) ?? { tenants: members, start: [] };
    party.start.push(power);
    starts.set(key, party);
  };
  for (const subject of world.rbac.subjects) {
    const home = subject.kind === 'ServiceAccount' ? tenantOf(subject.namespace) : undefined;
    const members = home ? [home] : [...(homes.get(subjectKey(subject)) ?? [])].sort();
    if (members.length > 0) add(members, { kind: 'subject', subject });
  }
  for (const { namespace, name } of world.surroundings.pods) {
    const home = tenantOf(namespace);
    if (home) add([home], { kind: 'pod', namespace, name });
  }
  for (const namespace of world.surroundings.namespaces) {
    const home = tenantOf(namespace);
    const group: Subject = { kind: 'Group', name: `system:serviceaccounts:${namespace}` };
    if (home) add([home], { kind: 'subject', subject: group });
  }
  return [...starts.values()].map((party) => ({
    ...party,
    own: new Set(party.tenants.flatMap((tenant) => [...within(tenant)])),
  }));
}

interface Question {
  readonly world: World;
  readonly tenancy: Tenancy;
  readonly homes: Homes;
  /** The manifests as they were given, by identity. */
  readonly known: () => ReadonlyMap<string, Manifest>;
  readonly party: Party;
}

/** Where a power leads: into a tenant, into all of them (`*`), or nowhere. */
type Border = string | undefined;

function escapesOf(question: Question): TenantEscape[] {
  const { world, party } = question;
  const border = (power: Power) => borderOf(question, power);
  const goesOn = (power: Power) => border(power) === undefined;
  const closure = closureOf(world, party.start, { goesOn });
  const found: [string, Step, Step[]][] = [];
  const intoOf = ({ power }: Step) => tenantIn(question, (power as PowerOf<'objects'>).namespace);
  for (const step of closure.steps.values()) {
    const into = border(step.power);
    if (into !== undefined) found.push([into, step, stepsTo(closure, step.power)]);
    else if (step.power.kind === 'subject') {
      const before = () => stepsTo(closure, step.power);
      for (const beyond of objectsBeyond(question, step.power)) {
        found.push([intoOf(beyond), beyond, [...before(), beyond]]);
      }
    }
  }
  return distinct(found.map(([into, step, steps]) => escapeOf(question, into, step, steps)));
}

/** The tenant of a namespace, or `*` for all of them. */
function tenantIn({ tenancy: { tenantOf } }: Question, namespace: string): string {
  return namespace === ALL ? ALL : (tenantOf(namespace) ?? ALL);
}

function borderOf({ tenancy: { tenantOf }, homes, party }: Question, power: Power): Border {
  switch (power.kind) {
    case 'cluster':
    case 'node':
      return ALL;
    case 'pod':
      return undefined;
    case 'subject':
      return borderOfSubject(power.subject);
    case 'right':
      return borderOfRight(power);
    default:
      return power.namespace === ALL ? ALL : (borderOfNamespace(power.namespace) ?? ofPlatform(power));
  }

  function borderOfRight({ id, namespace }: PowerOf<'right'>): Border {
    if (namespace === ALL) return HARMLESS.has(id) ? undefined : ALL;
    const isOwnWall = OPENS_WALLS.has(id) && tenantOf(namespace) !== undefined;
    return borderOfNamespace(namespace) ?? (isOwnWall ? ALL : undefined);
  }

  function borderOfNamespace(namespace: string): Border {
    const tenant = tenantOf(namespace);
    return tenant === undefined || party.own.has(tenant) ? undefined : tenant;
  }

  function ofPlatform({ kind, namespace }: Power & { readonly namespace: string }): Border {
    return TAKES_OVER.has(kind) && tenantOf(namespace) === undefined ? ALL : undefined;
  }

  function borderOfSubject(subject: Subject): Border {
    if (subject.kind === 'ServiceAccount') return borderOfNamespace(subject.namespace);
    const [, namespace] = /^system:serviceaccounts:(.+)$/.exec(subject.name) ?? [];
    if (namespace !== undefined) return borderOfNamespace(namespace);
    return [...(homes.get(subjectKey(subject)) ?? [])].find((tenant) => !party.own.has(tenant));
  }
}

/** What roles that a subject has say of objects beyond its tenants: all of another tenant, and a change to the platform's. */
function objectsBeyond({ world, tenancy: { tenantOf }, party }: Question, power: PowerOf<'subject'>): Step[] {
  return world.rbac.rolesOf(power.subject).flatMap((bound) => {
    const { namespace } = bound;
    const tenant = namespace === undefined ? undefined : tenantOf(namespace);
    if (tenant !== undefined) return party.own.has(tenant) ? [] : stepsByRole(power, bound, () => true);
    const isBeyond = ({ rule }: RoleRule) =>
      namespace === undefined ? concernsTenants(rule, party.own) : changesObjects(rule);
    return stepsByRole(power, bound, isBeyond);
  });
}

function stepsByRole(from: Power, bound: BoundRole, isBeyond: (rule: RoleRule) => boolean): Step[] {
  const { namespace = ALL } = bound;
  const rule = bound.rules.find(isBeyond);
  if (!rule) return [];
  const grants = [grantBy(bound, rule)];
  const does = `may ${describeRule(rule.rule)}${placeOf(namespace)}`;
  return [{ power: { kind: 'objects', namespace }, from: [from], does, grants }];
}

function escapeOf(
  { known, party, world, tenancy }: Question,
  border: string,
  last: Step,
  steps: Step[],
): TenantEscape {
  const path = { from: steps[0]!.power, to: last.power, steps: steps.filter(({ from }) => from.length > 0) };
  const bindings = path.steps.flatMap(({ grants }) => grants.map(({ binding }) => binding)).reverse();
  const ours = bindings
    .map((binding) => known().get(identityOf(binding)))
    .find((binding) => binding !== undefined);
  const start = path.from;
  const workload = start.kind === 'pod' ? world.surroundings.podsNamed(start.name)[0] : undefined;
  // Where all bindings are Kubernetes' own, what can be changed is the tenant.
  const home = [...known().values()].find(
    ({ kind, metadata }) =>
      kind === 'Namespace' && tenancy.tenantOf(metadata?.name ?? '') === party.tenants[0],
  );
  const manifest = ours ?? workload?.manifest ?? home;
  return { from: party.tenants, ...(border !== ALL && { into: border }), path, manifest: manifest! };
}

/** A way out of a tenant in one line, with what grants each step. */
export function describeEscape({ from, into, path }: TenantEscape): string {
  const target = into === undefined ? sharedBy(path.to) : `the tenant ${into}`;
  const owner = from.length === 1 ? `the tenant ${from[0]}` : `the tenants ${from.join(', ')}`;
  return `A way leads from ${owner} into ${target}: ${path.steps.map(sentenceOf).join('; ')}`;
}

function sharedBy(power: Power): string {
  const isOfNamespace = power.kind !== 'right' && 'namespace' in power && power.namespace !== ALL;
  return isOfNamespace ? `the namespace ${power.namespace} of the platform` : 'the whole cluster';
}

/** One way for each object that has to be changed and each tenant it leads into: the shortest, and of these what leads furthest. */
function distinct(escapes: readonly TenantEscape[]): TenantEscape[] {
  const seen = new Map<string, TenantEscape>();
  for (const escape of escapes) {
    const key = `${identityOf(escape.manifest)} ${escape.into ?? ALL} ${powerKey(escape.path.from).startsWith('pod') ? 'pod' : ''}`;
    const other = seen.get(key);
    if (!other || lengthOf(escape) < lengthOf(other)) seen.set(key, escape);
  }
  return [...seen.values()];
}

/** Of the ways that are as long, one to objects tells least, and one to a right less than what is gained by it. */
function lengthOf({ path: { steps, to } }: TenantEscape): number {
  return steps.length + (to.kind === 'objects' ? 0.5 : to.kind === 'right' ? 0.25 : 0);
}
