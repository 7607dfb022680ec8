import type { IConstruct } from 'constructs';
import type { NetworkIntents } from './intents';

const MEMBERS = new WeakMap<IConstruct, NetworkIntents>();
const TENANTS = new WeakMap<IConstruct, string>();
const OWNERS = new WeakMap<IConstruct, Map<string, IConstruct>>();

/** Says that a construct takes part in the network. */
export function addMember(construct: IConstruct, intents: NetworkIntents): void {
  MEMBERS.set(construct, intents);
}

/** The intents of a construct itself. */
export function memberAt(construct: IConstruct): NetworkIntents | undefined {
  return MEMBERS.get(construct);
}

/** The intents that speak for a construct: its own, then those of its namespace and of its tenant. */
export function membersAbove(construct: IConstruct): NetworkIntents[] {
  return construct.node.scopes.flatMap((scope) => MEMBERS.get(scope) ?? []).reverse();
}

/** Says that what is below a construct belongs to a tenant of that name: crossing its border takes the agreement of both sides. */
export function declareTenant(tenant: IConstruct, name: string): void {
  TENANTS.set(tenant, name);
}

/** Name of a tenant, which no other has. */
export function nameOfTenant(tenant: IConstruct): string {
  return TENANTS.get(tenant)!;
}

/** The tenant that a construct belongs to; of a team in a tenant, the team. */
export function tenantOf(construct: IConstruct): IConstruct | undefined {
  return [...construct.node.scopes].reverse().find((scope) => TENANTS.has(scope));
}

/** Says that a namespace of that name belongs to the tenant that a construct is below. */
export function declareNamespace(construct: IConstruct, name: string): void {
  const tenant = tenantOf(construct);
  if (!tenant) return;
  const owners = OWNERS.get(construct.node.root) ?? new Map<string, IConstruct>();
  OWNERS.set(construct.node.root, owners.set(name, tenant));
}

/** The tenant of the same program that owns the namespace of that name. */
export function ownerOfNamespace(construct: IConstruct, name: string): IConstruct | undefined {
  return OWNERS.get(construct.node.root)?.get(name);
}
