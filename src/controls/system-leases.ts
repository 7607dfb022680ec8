import { listOf } from '../lists';
import { namespaceOf, type Inventory } from '../manifest/inventory';
import type { Manifest } from '../manifest/manifest';
import type { RoleRule } from '../rbac/aggregation';
import { isBuiltIn } from '../rbac/built-in';
import { ruleAllows, type ResourceRequest } from '../rbac/policy-rule';
import { boundSubject } from '../rbac/subject';
import { placeOfRole, rulesGranted, type Binding } from './bindings';
import type { Breach } from './control';

/** Leases by which the processes of the control plane, of which there may be several, agree on one that acts. */
const SYSTEM_LEASES = ['kube-controller-manager', 'kube-scheduler', 'cloud-controller-manager'];
const LEASES = { group: 'coordination.k8s.io', resource: 'leases', namespace: 'kube-system' };

/** What takes a lease from whoever holds it. A request for all leases has no name. */
const CHANGES: readonly ResourceRequest[] = [
  ...['update', 'patch', 'delete'].flatMap((verb) =>
    SYSTEM_LEASES.map((name) => ({ ...LEASES, verb, name })),
  ),
  { ...LEASES, verb: 'deletecollection' },
];

/**
 * Whether a binding lets somebody take the leases of the control plane, by whatever rules its role has in a cluster: those that it
 * collects, and those that Kubernetes gives it. What the API server itself grants to the control plane is no breach.
 */
export function leaseBreaches(inventory: Inventory, entry: Binding): Breach[] {
  const { binding, roleRef } = entry;
  const reachesSystem = binding.kind === 'ClusterRoleBinding' || namespaceOf(binding) === 'kube-system';
  // That cluster-admin may do anything is what no-cluster-admin-binding says.
  if (!reachesSystem || isClusterAdmin(entry)) return [];
  const found = rulesGranted(inventory, entry).find(
    (one) => CHANGES.some((request) => ruleAllows(one.rule, request)) && isGrantedAnew(entry, one),
  );
  if (!found) return [];
  const name = `${roleRef.kind} ${roleRef.name}`;
  const source = `${found.source.kind} ${found.source.metadata?.name}`;
  const collected = source === name ? '' : `, which collects ${source},`;
  const detail = `${name}${collected} changes leases, and is granted where those of the control plane are`;
  return [{ manifest: binding, field: 'roleRef', detail }];
}

function isClusterAdmin({ roleRef: { kind, name } }: Binding): boolean {
  return kind === 'ClusterRole' && name === 'cluster-admin';
}

/** Whether somebody has the rule by the binding whom the API server does not give it by a binding of its own. */
function isGrantedAnew(entry: Binding, { rule, source }: RoleRule): boolean {
  const { binding } = entry;
  const role = roleNamedBy(entry);
  const local = binding.kind === 'RoleBinding' ? namespaceOf(binding) : undefined;
  return listOf(binding.subjects).some((each) => {
    const subject = boundSubject(each, local);
    return subject !== undefined && !isBuiltIn({ subject, binding, role, source, rule });
  });
}

function roleNamedBy(entry: Binding): Manifest {
  const { kind, name } = entry.roleRef;
  const namespace = placeOfRole(entry);
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind,
    metadata: { name, ...(namespace && { namespace }) },
  };
}
