import { push } from '../groups';
import type { Inventory } from '../manifest/inventory';
import { isObject } from '../manifest/manifest';
import type { Subject } from '../rbac';
import { PARENT_LABEL, TENANT_LABEL } from '../manifest/kinds';
import { listOf } from '../lists';

/** A tenant as its namespaces tell of it. */
export interface TenantPeople {
  readonly name: string;
  readonly namespaces: readonly string[];
  /** Whom bindings in its namespaces name, save the accounts of its own workloads. */
  readonly people: readonly Subject[];
  /** Names of the tenants that it is a team of, and of those that are teams of it. */
  readonly lineage: readonly string[];
}

/** The tenants that the namespaces belong to, by name. Takes time linear in namespaces and bindings. */
export function peopleByTenant(inventory: Inventory): ReadonlyMap<string, TenantPeople> {
  const namespaces = new Map<string, string[]>();
  const parents = new Map<string, string>();
  for (const { metadata } of inventory.ofKind('Namespace')) {
    const { [TENANT_LABEL]: tenant, [PARENT_LABEL]: parent } = metadata?.labels ?? {};
    if (tenant === undefined) continue;
    push(namespaces, tenant, metadata?.name ?? '');
    if (parent !== undefined) parents.set(tenant, parent);
  }
  const lineages = lineagesOf([...namespaces.keys()], parents);
  const described = [...namespaces].map(([name, own]): TenantPeople => {
    return { name, namespaces: own, people: peopleIn(inventory, own), lineage: lineages.get(name) ?? [] };
  });
  return new Map(described.map((tenant) => [tenant.name, tenant]));
}

function lineagesOf(tenants: readonly string[], parents: ReadonlyMap<string, string>): Map<string, string[]> {
  const lineages = new Map<string, string[]>();
  for (const tenant of tenants) {
    const seen = new Set([tenant]);
    for (
      let above = parents.get(tenant);
      above !== undefined && !seen.has(above);
      above = parents.get(above)
    ) {
      seen.add(above);
      push(lineages, tenant, above);
      push(lineages, above, tenant);
    }
  }
  return lineages;
}

function peopleIn(inventory: Inventory, namespaces: readonly string[]): Subject[] {
  const people = namespaces
    .flatMap((namespace) => inventory.inNamespace('RoleBinding', namespace))
    .flatMap(({ subjects }) => listOf(subjects))
    .flatMap((entry) => personOf(entry, namespaces) ?? []);
  return [...new Map(people.map((who) => [JSON.stringify(who), who])).values()];
}

function personOf(entry: unknown, namespaces: readonly string[]): Subject | undefined {
  if (!isObject(entry) || typeof entry.name !== 'string') return undefined;
  const { kind, name, namespace } = entry;
  if (kind === 'User' || kind === 'Group') return { kind, name };
  if (typeof namespace !== 'string' || namespaces.includes(namespace)) return undefined;
  return { kind: 'ServiceAccount', name, namespace };
}
