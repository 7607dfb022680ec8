import { selects, type Inventory } from '../manifest/inventory';
import { isObject, type Manifest } from '../manifest/manifest';

/** What a tenant has outside of its namespaces. */
export interface Traces {
  /** Bindings that name one of its ServiceAccounts, without those subjects. */
  readonly bindings: readonly Manifest[];
  /** What is of no use to anybody else: such bindings, the ClusterRoles that nothing else binds, volumes and policies. */
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
  const useless = named.filter(({ others }) => others.length === 0).map(({ binding }) => binding);
  return {
    bindings: named.map(({ binding, others }) => ({ ...binding, subjects: others })),
    ownedElsewhere: [
      ...useless,
      ...unboundRoles(inventory, new Set(useless), namespaces),
      ...inventory.ofKind('PersistentVolume').filter((volume) => isClaimedIn(volume, namespaces)),
      ...inventory.ofKind('ClusterNetworkPolicy').filter((policy) => isAbout(policy, inventory, namespaces)),
    ],
  };
}

function subjectsOf({ subjects }: Manifest): readonly unknown[] {
  return Array.isArray(subjects) ? subjects : [];
}

function isOf(subject: unknown, namespaces: ReadonlySet<string>): boolean {
  if (!isObject(subject)) return false;
  const { kind, name, namespace } = subject;
  if (kind === 'ServiceAccount') return namespaces.has(String(namespace));
  const [, ofAccounts] = /^system:serviceaccounts:(.+)$/.exec(String(name)) ?? [];
  return kind === 'Group' && ofAccounts !== undefined && namespaces.has(ofAccounts);
}

/** The ClusterRoles of these manifests that some binding of the tenant grants, and no other. */
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
  return inventory.ofKind('ClusterRole').filter(({ metadata }) => {
    const name = metadata?.name ?? '';
    return going.has(name) && !staying.has(name);
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
