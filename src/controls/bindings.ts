import { isKind, namespaceOf, type Inventory } from '../manifest/inventory';
import { isObject, type Manifest } from '../manifest/manifest';
import { rulesOfRole, type RoleRule } from '../rbac/aggregation';
import { rbacOf } from '../rbac/rbac';

const GROUP = 'rbac.authorization.k8s.io';

/** The kinds of bindings. */
export const BINDINGS = [`${GROUP}/RoleBinding`, `${GROUP}/ClusterRoleBinding`];

/** Roles that every cluster has. */
export const BUILT_IN =
  /^(cluster-admin|admin|edit|view|extension-apiserver-authentication-reader|system:.*)$/;

/** The role that a binding names. */
export interface RoleRef {
  readonly kind: 'Role' | 'ClusterRole';
  readonly name: string;
}

/** A binding that names a role. */
export interface Binding {
  readonly binding: Manifest;
  readonly roleRef: RoleRef;
}

/** Every binding that names a role. */
export function bindingsIn(inventory: Inventory): Binding[] {
  const bindings = [...inventory.ofKind('RoleBinding'), ...inventory.ofKind('ClusterRoleBinding')];
  return bindings
    .filter((binding) => BINDINGS.some((kind) => isKind(binding, kind)))
    .flatMap((binding) => {
      const { kind, name } = isObject(binding.roleRef) ? binding.roleRef : {};
      if ((kind !== 'Role' && kind !== 'ClusterRole') || typeof name !== 'string') return [];
      return [{ binding, roleRef: { kind, name } }];
    });
}

/** The role among the manifests. A RoleBinding may name a ClusterRole, whose rights it then grants in its own namespace. */
export function roleOf(inventory: Inventory, { binding, roleRef }: Binding): Manifest | undefined {
  return inventory.find(roleRef.kind, placeOfRole({ binding, roleRef }), roleRef.name);
}

/** The namespace of the role that a binding names; empty for a ClusterRole. */
export function placeOfRole({ binding, roleRef }: Binding): string {
  return roleRef.kind === 'Role' ? namespaceOf(binding) : '';
}

/** The rules of the role as a cluster has it: with those that it collects, and those that Kubernetes gives it. */
export function rulesGranted(inventory: Inventory, entry: Binding): readonly RoleRule[] {
  const role = roleOf(inventory, entry);
  const { name } = entry.roleRef;
  // Most roles are what is written in them, and to read all that a cluster has takes longer.
  const isAsWritten = role && !isObject(role.aggregationRule) && !BUILT_IN.test(name);
  return isAsWritten ? rulesOfRole(role) : rbacOf(inventory.manifests).rulesOf(name, placeOfRole(entry));
}
