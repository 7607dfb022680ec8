import { BulwarkError } from '../errors';
import { objectCommand } from '../kubectl';
import { objectsOf } from '../lists';
import { takeInventory, type Inventory } from '../manifest/inventory';
import { ALLOWANCES_NAME, isCapsules, kindRank, PARENT_LABEL, TENANT_LABEL } from '../manifest/kinds';
import {
  compareText,
  describeObject,
  identityOf,
  isObject,
  type JsonObject,
  type Manifest,
} from '../manifest/manifest';
import { tracesOf } from './traces';

/** Label of a Namespace whose tenant is on its way out, with the value `true`. */
export const FROZEN_LABEL = 'cdk8s-bulwark/frozen';

/** How a tenant leaves the cluster. */
export interface Offboarding {
  /**
   * To apply first: nothing new can be made, nobody has rights in its namespaces, its ServiceAccounts have none anywhere, no policy
   * that is about its pods alone lets anybody reach them, and what runs goes on running, and reaching out, until somebody has kept
   * what has to be kept.
   */
  readonly freeze: readonly Manifest[];
  /** To delete afterwards, in this order: entrances, then what runs, then data, then what held the tenant, then the namespaces. */
  readonly deletions: readonly Manifest[];
}

/** What is deleted before everything else, since it leads in from outside. */
const ENTRANCES: readonly string[] = ['Ingress', 'Service'];

/** What is deleted after everything that runs, since it cannot be made again. */
const DATA: readonly string[] = ['PersistentVolumeClaim'];

/** What is deleted last in a namespace: as long as anything is there, it has to be held. */
const HOLDING: readonly string[] = ['NetworkPolicy', 'LimitRange', 'ResourceQuota', 'RoleBinding', 'Role'];

const BINDINGS: readonly string[] = ['RoleBinding', 'ClusterRoleBinding'];

/** What lets people make namespaces, in the order of deletion: with its Tenant Capsule deletes those, while what holds them stays. */
const SELF_SERVICE: readonly string[] = [
  'Tenant',
  'GlobalTenantResource',
  'ClusterRoleBinding',
  'ClusterRole',
  'ClusterNetworkPolicy',
];

/**
 * What has to be applied and deleted so that a tenant, with its teams, leaves the cluster.
 * @param manifests Everything of the cluster, as the synthesis made it.
 * @param tenant Name of the tenant.
 * @throws BulwarkError when nothing belongs to a tenant of that name.
 */
export function offboard(manifests: readonly Manifest[], tenant: string): Offboarding {
  const inventory = takeInventory(manifests);
  const tenants = withTeams(inventory, tenant);
  const namespaces = inventory.ofKind('Namespace').filter((one) => isOf(one, tenants));
  const service = SELF_SERVICE.flatMap((kind) => inventory.ofKind(kind)).filter((one) => isOf(one, tenants));
  if (namespaces.length + service.length === 0) throw noTenant(inventory, tenant);
  const names = new Set(namespaces.map(({ metadata }) => metadata?.name ?? ''));
  const own = manifests.filter(({ metadata }) => names.has(metadata?.namespace ?? ''));
  const served = new Set(service.map(identityOf));
  const isOther = (one: Manifest) => !served.has(identityOf(one));
  const { bindings, policies, ownedElsewhere } = tracesOf(inventory, names);
  return {
    freeze: [
      ...namespaces.map(frozenNamespace),
      ...[...own, ...service].flatMap((manifest) => frozen(manifest) ?? []),
      ...bindings.filter(isOther),
      ...policies,
    ],
    deletions: [...own.sort(inOrderOfDeletion), ...service, ...ownedElsewhere.filter(isOther), ...namespaces],
  };
}

/** A command for a POSIX shell for each object, in one line, whatever its name. */
export function deleteCommands(deletions: readonly Manifest[]): string[] {
  return deletions.map((object) => {
    const [version, group] = object.apiVersion.split('/').reverse();
    const resource = `${object.kind.toLowerCase()}${group ? `.${version}.${group}` : ''}`;
    return objectCommand({ verb: 'delete', resource, object, flags: ['--ignore-not-found'] });
  });
}

/** The names of a tenant, of its teams, and of theirs. */
function withTeams(inventory: Inventory, tenant: string): ReadonlySet<string> {
  const all = inventory.ofKind('Namespace');
  const tenants = new Set([tenant]);
  // A team of a team is told by its own parent, so it may take as many rounds as there are generations.
  for (let known = 0; known !== tenants.size;) {
    known = tenants.size;
    for (const { metadata } of all) {
      const { [TENANT_LABEL]: name, [PARENT_LABEL]: parent } = metadata?.labels ?? {};
      if (name !== undefined && parent !== undefined && tenants.has(parent)) tenants.add(name);
    }
  }
  return tenants;
}

function isOf({ metadata }: Manifest, tenants: ReadonlySet<string>): boolean {
  return tenants.has(metadata?.labels?.[TENANT_LABEL] ?? '');
}

function noTenant(inventory: Inventory, tenant: string): BulwarkError {
  const labelled = inventory
    .ofKind('Namespace')
    .flatMap(({ metadata }) => metadata?.labels?.[TENANT_LABEL] ?? []);
  return new BulwarkError(
    `There is no tenant '${tenant}' in these manifests, so nothing can be taken away. Tenants are ${[...new Set(labelled)].sort(compareText).join(', ') || 'none'}.`,
  );
}

function frozenNamespace(namespace: Manifest): Manifest {
  const { metadata } = namespace;
  return { ...namespace, metadata: { ...metadata, labels: { ...metadata?.labels, [FROZEN_LABEL]: 'true' } } };
}

/** The object as it has to be while its tenant is on its way out; undefined where it stays as it is. */
function frozen(manifest: Manifest): Manifest | undefined {
  // An empty list takes rights away from whoever had them, and leaves the binding for the way back.
  if (BINDINGS.includes(manifest.kind)) return { ...manifest, subjects: [] };
  if (!isObject(manifest.spec)) return undefined;
  return isCapsules(manifest) ? frozenService(manifest) : held(manifest, manifest.spec);
}

/** Capsule lets nobody change anything in namespaces that people made, and brings what belongs there as it is frozen. */
function frozenService(manifest: Manifest): Manifest {
  const spec = manifest.spec as JsonObject;
  if (manifest.kind === 'Tenant') return { ...manifest, spec: { ...spec, cordoned: true } };
  const resources = objectsOf(spec.resources).map((resource) => ({
    ...resource,
    rawItems: objectsOf(resource.rawItems).map((item) => frozen(item as Manifest) ?? item),
  }));
  return { ...manifest, spec: { ...spec, resources } };
}

function held(manifest: Manifest, spec: JsonObject): Manifest | undefined {
  const { hard, ingress } = spec;
  // An empty list lets nobody in; who is let out stays as it was, so that data can be carried away.
  if (manifest.kind === 'NetworkPolicy' && Array.isArray(ingress) && ingress.length > 0) {
    return { ...manifest, spec: { ...spec, ingress: [] } };
  }
  if (manifest.kind !== 'ResourceQuota' || !isObject(hard)) return undefined;
  return { ...manifest, spec: { ...spec, hard: nothingMore(hard) } };
}

/** What is used already stays: a quota counts when something is made. */
function nothingMore(hard: JsonObject): JsonObject {
  return Object.fromEntries(Object.keys(hard).map((key) => [key, '0']));
}

function inOrderOfDeletion(a: Manifest, b: Manifest): number {
  return (
    phaseOf(a) - phaseOf(b) ||
    kindRank(b.kind) - kindRank(a.kind) ||
    compareText(describeObject(a), describeObject(b))
  );
}

function phaseOf({ kind, metadata }: Manifest): number {
  const isAllowances = kind === 'ConfigMap' && metadata?.name === ALLOWANCES_NAME;
  if (ENTRANCES.includes(kind)) return 0;
  if (DATA.includes(kind)) return 2;
  if (isAllowances) return 4;
  return HOLDING.includes(kind) ? 3 : 1;
}
