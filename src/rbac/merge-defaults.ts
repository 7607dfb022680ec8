import { identityOf, isObject, type Manifest, type ObjectMeta } from '../manifest/manifest';
import { listOf } from '../lists';

/** The API server leaves a default role alone that carries this annotation with the value `false`. */
const AUTOUPDATE = 'rbac.authorization.kubernetes.io/autoupdate';

/**
 * Manifests together with the defaults of Kubernetes. The API server, whenever it starts, adds to an object of the name of a
 * default what the default has and it lacks, so a manifest can add rules, labels and subjects and take none away.
 */
export function mergeDefaults(manifests: readonly Manifest[], defaults: readonly Manifest[]): Manifest[] {
  const own = new Map(manifests.map((manifest) => [identityOf(manifest), manifest]));
  const untouched = defaults.filter((one) => !own.has(identityOf(one)));
  const byIdentity = new Map(defaults.map((one) => [identityOf(one), one]));
  return [
    ...untouched,
    ...manifests.map((manifest) => {
      const one = byIdentity.get(identityOf(manifest));
      return one && manifest.metadata?.annotations?.[AUTOUPDATE] !== 'false'
        ? reconciled(manifest, one)
        : manifest;
    }),
  ];
}

function reconciled(manifest: Manifest, standard: Manifest): Manifest {
  const metadata: ObjectMeta = {
    ...manifest.metadata,
    labels: { ...manifest.metadata?.labels, ...standard.metadata?.labels },
  };
  if (standard.roleRef !== undefined) {
    const subjects = [...listOf(standard.subjects), ...listOf(manifest.subjects)];
    // A binding to another role is deleted and made again.
    return { ...manifest, metadata, roleRef: standard.roleRef, subjects };
  }
  const rules = [...listOf(standard.rules), ...listOf(manifest.rules)];
  const selectors = [...selectorsOf(standard), ...selectorsOf(manifest)];
  const aggregationRule = selectors.length > 0 && { aggregationRule: { clusterRoleSelectors: selectors } };
  return { ...manifest, metadata, rules, ...aggregationRule };
}

function selectorsOf({ aggregationRule }: Manifest): readonly unknown[] {
  return isObject(aggregationRule) ? listOf(aggregationRule.clusterRoleSelectors) : [];
}
