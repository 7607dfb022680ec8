import { ApiObject } from 'cdk8s';
import type { IConstruct } from 'constructs';
import { BulwarkError } from '../../src/errors';
import { compareText } from '../../src/manifest/manifest';
import { blockCollisions } from '../../src/tenancy/blocks';
import type { ClusterTarget } from '../../src/target/target';
import { CAPSULE_NAMESPACE } from '../../src/tenancy/self-service';
import { exceededCapacity } from '../../src/tenancy/capacity';
import { hostCollisions } from '../../src/tenancy/hosts';
import type { Amounts } from '../../src/tenancy/quota';
import { sharedPools } from './pools';
import { targetOf } from '../blueprint/settings';

/** What all tenants of a cluster have to say of themselves. */
export interface TenancyPolicy {
  /**
   * Labels that every namespace of every tenant carries: `owner` and `costCenter` for the properties of those names, others by
   * their key.
   * @default none; but once one tenant names its owner, or its cost center, all have to
   */
  readonly requiredLabels?: readonly string[];
}

/** A tenant as the others see it. */
export interface TenantFacts {
  readonly name: string;
  /** Path of its construct. */
  readonly path: string;
  /** Names of the tenants that it is a team of, the outermost first. */
  readonly above: readonly string[];
  readonly owner: string | undefined;
  readonly costCenter: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly amounts: () => Amounts;
  readonly hosts: readonly string[];
  readonly blocks: readonly string[];
  readonly isHostile: boolean;
  readonly nodePool: string | undefined;
  readonly tolerations: readonly string[];
  /** Whether its people make namespaces, whose names begin with that of the tenant. */
  readonly makesNamespaces: boolean;
}

interface Registry {
  readonly tenants: Map<string, TenantFacts>;
  /** Path of the tenant that each Namespace belongs to. */
  readonly namespaces: Map<string, string>;
  policy: TenancyPolicy;
  /** Counts what was added, so that what was worked out before can be told from what still holds. */
  version: number;
}

const REGISTRIES = new WeakMap<IConstruct, Registry>();

function registryOf(scope: IConstruct): Registry {
  const { root } = scope.node;
  const known = REGISTRIES.get(root);
  if (known) return known;
  const registry: Registry = { tenants: new Map(), namespaces: new Map(), policy: {}, version: 0 };
  REGISTRIES.set(root, registry);
  root.node.addValidation({ validate: () => problemsOf(root, registry) });
  return registry;
}

/** A number that differs whenever a tenant or a namespace was added in between. */
export function tenancyVersion(scope: IConstruct): number {
  return registryOf(scope).version;
}

/** Says that a tenant or a namespace was added. */
export function tenancyChanged(scope: IConstruct): void {
  registryOf(scope).version += 1;
}

/** Keys of the labels that namespaces have which people of tenants make, beside those that every tenant has. */
export function selfMadeLabels(scope: IConstruct): string[] {
  const making = makingNamespaces(registryOf(scope).tenants.values());
  return [...new Set(making.flatMap(({ labels }) => Object.keys(labels)))].sort(compareText);
}

/** Says what every tenant below a root has to say of itself. */
export function setTenancyPolicy(root: IConstruct, policy: TenancyPolicy): void {
  registryOf(root).policy = policy;
}

/**
 * Makes a tenant known to the others.
 * @throws BulwarkError when there is one of that name.
 */
export function registerTenant(scope: IConstruct, facts: TenantFacts): void {
  const { tenants } = registryOf(scope);
  const other = tenants.get(facts.name);
  if (other) {
    throw new BulwarkError(
      `${facts.path}: is the tenant '${facts.name}', and so is ${other.path}. Each would have the namespaces of the other; give one of them another name.`,
    );
  }
  tenants.set(facts.name, facts);
}

/**
 * Takes a Namespace for a tenant.
 * @throws BulwarkError when another has it, or when it is one of Kubernetes' own.
 */
export function claimNamespace(scope: IConstruct, name: string, tenant: string): void {
  const { namespaces } = registryOf(scope);
  const resident = residentOf(name, targetOf(scope));
  if (resident !== undefined) {
    throw new BulwarkError(
      `${tenant}: would get the Namespace '${name}', where ${resident} lives. Give the tenant or the namespace another name.`,
    );
  }
  const other = namespaces.get(name);
  if (other !== undefined) {
    throw new BulwarkError(
      `${tenant}: would get the Namespace '${name}', and so does ${other}: whoever is in one would be in both. Give one of them another name.`,
    );
  }
  namespaces.set(name, tenant);
}

/** Who has a namespace whose accounts the guard rails do not hold; undefined for one that a tenant can have. */
function residentOf(name: string, { capsule }: ClusterTarget): string | undefined {
  if (name === 'default' || name.startsWith('kube-')) return 'Kubernetes itself';
  return capsule && name === CAPSULE_NAMESPACE ? 'Capsule' : undefined;
}

function problemsOf(root: IConstruct, { tenants, policy }: Registry): string[] {
  const all = [...tenants.values()];
  const { capacity, nodePools } = targetOf(root);
  // What a team may use is a part of what its tenant may.
  const claims = all
    .filter(({ above }) => above.length === 0)
    .map(({ path, amounts }) => ({ tenant: path, amounts: amounts() }));
  return [
    ...missingLabels(all, policy),
    ...(capacity ? exceededCapacity(capacity, claims) : []),
    ...sharedHosts(all),
    ...sharedBlocks(all),
    ...sharedPools(all, nodePools, areRelated),
    ...sharedNames(tenants),
    ...freeLabels(all),
    ...unguarded(root, all),
  ];
}

const PROPERTIES = ['owner', 'costCenter'] as const;

/** A bill or a call at night that one tenant is missing from is of no use, so it is all of them or none. */
function missingLabels(tenants: readonly TenantFacts[], { requiredLabels = [] }: TenancyPolicy): string[] {
  const fromPolicy = (key: string) => ({ key, because: 'the blueprint requires it of every tenant' });
  const fromOthers = PROPERTIES.filter((key) => !requiredLabels.includes(key)).flatMap((key) => {
    const first = tenants.find((tenant) => tenant[key] !== undefined);
    return first
      ? [{ key, because: `${first.path} has one, and a list that leaves some out is no list` }]
      : [];
  });
  return [...requiredLabels.map(fromPolicy), ...fromOthers].flatMap(({ key, because }) =>
    tenants
      .filter((tenant) => !says(tenant, key))
      .map(
        ({ path }) =>
          `${path}: has no ${key}, and ${because}. Add ${asCode(key)} to the properties of the tenant.`,
      ),
  );
}

function says(tenant: TenantFacts, key: string): boolean {
  return isProperty(key) ? tenant[key] !== undefined : tenant.labels[key] !== undefined;
}

function asCode(key: string): string {
  return isProperty(key) ? `${key}: '...'` : `labels: { '${key}': '...' }`;
}

function isProperty(key: string): key is (typeof PROPERTIES)[number] {
  return (PROPERTIES as readonly string[]).includes(key);
}

function sharedHosts(tenants: readonly TenantFacts[]): string[] {
  const claims = tenants.flatMap((owner) => owner.hosts.map((host) => ({ host, owner })));
  return hostCollisions(claims, areRelated).map(
    ({ first, second }) =>
      `${second.owner.path}: may serve ${second.host}, and ${first.owner.path} may serve ${first.host}: one of them could answer the ` +
      "other's customers. Remove it from allowances.ingressHosts of one of them.",
  );
}

function sharedBlocks(tenants: readonly TenantFacts[]): string[] {
  const blocks = tenants.flatMap((owner) => owner.blocks.map((cidr) => ({ cidr, owner })));
  return blockCollisions(blocks, areRelated).map(
    ({ outer, inner }) =>
      `${inner.owner.path}: owns the addresses ${inner.cidr}, and ${outer.owner.path} owns ${outer.cidr}: what is said of the addresses of one ` +
      'would hold for the other. Remove it from addresses of one of them.',
  );
}

/** Whoever makes the namespaces of `shop` could make `shop-b-web` before the tenant `shop-b` has it. */
function sharedNames(tenants: ReadonlyMap<string, TenantFacts>): string[] {
  return [...tenants.values()].flatMap((tenant) =>
    beginnings(tenant.name)
      .flatMap((beginning) => tenants.get(beginning) ?? [])
      .filter((other) => other.makesNamespaces && !areRelated(other, tenant))
      .map(
        ({ path, name }) =>
          `${path}: lets its people make namespaces named ${name}-..., and those of ${tenant.path} are named so too. Give one of the tenants another name.`,
      ),
  );
}

/** What stands before each hyphen of a name. */
function beginnings(name: string): string[] {
  return [...name.matchAll(/-/g)].map(({ index }) => name.slice(0, index));
}

/** What Capsule sets nobody can choose; what it sets for another tenant alone, people could. */
function freeLabels(tenants: readonly TenantFacts[]): string[] {
  const making = makingNamespaces(tenants);
  const first = new Map<string, TenantFacts>();
  for (const tenant of making) {
    for (const key of Object.keys(tenant.labels)) if (!first.has(key)) first.set(key, tenant);
  }
  return making.flatMap(({ path, labels }) =>
    [...first]
      .filter(([key]) => labels[key] === undefined)
      .map(
        ([key, other]) =>
          `${path}: lets its people make namespaces and has no label '${key}', which those of ${other.path} have: they could set it themselves. ` +
          `Add ${asCode(key)} to the properties of the tenant.`,
      ),
  );
}

/** What people make nobody has judged before, so the cluster has to. */
function unguarded(root: IConstruct, tenants: readonly TenantFacts[]): string[] {
  const making = makingNamespaces(tenants);
  if (making.length === 0 || root.node.findAll().some(isGuardOfNamespaces)) return [];
  return making.map(
    ({ path }) =>
      `${path}: lets its people make namespaces, and nothing in the cluster would hold them: there are no Guardrails that deny. ` +
      "Add new Guardrails(cluster, 'guardrails').",
  );
}

function makingNamespaces(tenants: Iterable<TenantFacts>): TenantFacts[] {
  return [...tenants].filter(({ makesNamespaces }) => makesNamespaces);
}

function isGuardOfNamespaces(construct: IConstruct): boolean {
  return ApiObject.isApiObject(construct) && construct.name === 'bulwark-namespaces-deny';
}

/** A team is a part of its tenant, so they have hosts and addresses in common. */
function areRelated(one: TenantFacts, other: TenantFacts): boolean {
  return one.above.includes(other.name) || other.above.includes(one.name);
}
