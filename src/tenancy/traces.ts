import { selects, type Inventory } from '../manifest/inventory';
import { identityOf, isObject, type JsonObject, type Manifest } from '../manifest/manifest';
import { collectedRoles } from '../rbac/aggregation';
import { defaultRbac } from '../rbac/default-rbac';
import { boundSubject } from '../rbac/subject';
import { listOf } from '../lists';

/** What a tenant has outside of its namespaces. */
export interface Traces {
  /** Bindings that name one of its ServiceAccounts, as such, by its user name or by the group of all of a namespace, without those. */
  readonly bindings: readonly Manifest[];
  /** ClusterNetworkPolicies about its pods alone that let somebody in before NetworkPolicies are asked, without the rules that do. */
  readonly policies: readonly Manifest[];
  /**
   * What is of no use to anybody else: such bindings, the ClusterRoles that nothing else binds and none collects, volumes and
   * policies.
   */
  readonly ownedElsewhere: readonly Manifest[];
}

/**
 * @param namespaces Names of the namespaces of the tenant and of its teams.
 */
export function tracesOf(inventory: Inventory, namespaces: ReadonlySet<string>): Traces {
  const named = [...inventory.ofKind('ClusterRoleBinding'), ...inventory.ofKind('RoleBinding')]
    .filter(({ metadata }) => !namespaces.has(metadata?.namespace ?? ''))
    .map((binding) => ({ binding, others: subjectsOf(binding).filter((one) => !isOf(one, namespaces)) }))
    .filter(({ binding, others }) => others.length < subjectsOf(binding).length);
  const policies = inventory
    .ofKind('ClusterNetworkPolicy')
    .filter((policy) => isAbout(policy, inventory, namespaces));
  const useless = named.filter(({ others }) => others.length === 0).map(({ binding }) => binding);
  return {
    bindings: named.map(({ binding, others }) => ({ ...binding, subjects: others })),
    policies: policies.flatMap((policy) => withoutEntrance(policy) ?? []),
    ownedElsewhere: [
      ...useless,
      ...unboundRoles(inventory, new Set(useless), namespaces),
      ...inventory.ofKind('PersistentVolume').filter((volume) => isClaimedIn(volume, namespaces)),
      ...policies,
    ],
  };
}

function subjectsOf({ subjects }: Manifest): readonly unknown[] {
  return listOf(subjects);
}

function isOf(entry: unknown, namespaces: ReadonlySet<string>): boolean {
  const subject = boundSubject(entry, undefined);
  if (subject?.kind === 'ServiceAccount') return namespaces.has(subject.namespace);
  const [, ofAccounts] = /^system:serviceaccounts:(.+)$/.exec(subject?.name ?? '') ?? [];
  return subject?.kind === 'Group' && ofAccounts !== undefined && namespaces.has(ofAccounts);
}

/**
 * The ClusterRoles of these manifests that some binding of the tenant grants, and no other. Those of Kubernetes stay, and so do
 * those that another role collects, such as `edit` by a label: whoever is bound to that would lose rights.
 */
function unboundRoles(
  inventory: Inventory,
  useless: ReadonlySet<Manifest>,
  namespaces: ReadonlySet<string>,
): Manifest[] {
  const goes = (binding: Manifest) =>
    useless.has(binding) || namespaces.has(binding.metadata?.namespace ?? '');
  const bindings = [...inventory.ofKind('ClusterRoleBinding'), ...inventory.ofKind('RoleBinding')];
  const granted = (some: readonly Manifest[]) => new Set(some.flatMap(clusterRoleOf));
  const going = granted(bindings.filter(goes));
  const staying = granted(bindings.filter((binding) => !goes(binding)));
  const roles = inventory.ofKind('ClusterRole');
  const defaults = defaultRbac().filter(({ kind }) => kind === 'ClusterRole');
  const ofKubernetes = new Set(defaults.map(identityOf));
  const collected = collectedRoles([...roles, ...defaults]);
  return roles.filter((role) => {
    const name = role.metadata?.name ?? '';
    const isNeeded = ofKubernetes.has(identityOf(role)) || collected.has(role);
    return going.has(name) && !staying.has(name) && !isNeeded;
  });
}

function clusterRoleOf({ roleRef }: Manifest): string[] {
  return isObject(roleRef) && roleRef.kind === 'ClusterRole' ? [String(roleRef.name)] : [];
}

function isClaimedIn({ spec }: Manifest, namespaces: ReadonlySet<string>): boolean {
  const claim = isObject(spec) ? spec.claimRef : undefined;
  return isObject(claim) && namespaces.has(String(claim.namespace));
}

/** Whether a policy is about pods of these namespaces and of no others. */
function isAbout({ spec }: Manifest, inventory: Inventory, namespaces: ReadonlySet<string>): boolean {
  const subject = isObject(spec) && isObject(spec.subject) ? spec.subject : {};
  const selector = isObject(subject.pods) ? subject.pods.namespaceSelector : subject.namespaces;
  const selected = inventory
    .ofKind('Namespace')
    .map(({ metadata }) => ({ name: metadata?.name ?? '', labels: metadata?.labels ?? {} }))
    .filter(({ name, labels }) => selects(selector, { ...labels, 'kubernetes.io/metadata.name': name }));
  return selected.length > 0 && selected.every(({ name }) => namespaces.has(name));
}

/** A policy without the rules that let somebody in; undefined where it has none. */
function withoutEntrance(policy: Manifest): Manifest | undefined {
  const { ingress } = isObject(policy.spec) ? policy.spec : ({} as JsonObject);
  if (!Array.isArray(ingress) || !ingress.some(isAccepted)) return undefined;
  const kept = ingress.filter((rule) => !isAccepted(rule));
  return { ...policy, spec: { ...(policy.spec as JsonObject), ingress: kept } };
}

function isAccepted(rule: unknown): boolean {
  return isObject(rule) && rule.action === 'Accept';
}
