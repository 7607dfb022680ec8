import { isObject } from '../manifest/manifest';
import type { Inventory } from '../manifest/inventory';
import { lazily } from '../manifest/remembered';
import { defaultRbac } from '../rbac/default-rbac';
import { rbacOf } from '../rbac/rbac';
import { listSome } from '../wording';
import { BUILT_IN } from './bindings';
import type { Breach } from './control';

/** Meant to be collected, and without Secrets. */
const HARMLESS = ['view', 'system:aggregate-to-view'];

/** ClusterRoles that collect rules which Kubernetes gives to roles of its own. Its own roles do so by design. */
export function builtInAggregations(inventory: Inventory): Breach[] {
  return inventory.ofKind('rbac.authorization.k8s.io/ClusterRole').flatMap((manifest) => {
    const name = manifest.metadata?.name ?? '';
    if (!isObject(manifest.aggregationRule) || BUILT_IN.test(name)) return [];
    const builtIn = builtInNames();
    const sources = rbacOf(inventory.manifests)
      .rulesOf(name)
      .map(({ source }) => source.metadata?.name ?? '');
    const collected = [...new Set(sources)].filter((one) => builtIn.has(one) && !HARMLESS.includes(one));
    if (collected.length === 0) return [];
    const detail = `It collects the rules of the built-in ${listSome(collected)}`;
    return [{ manifest, field: 'aggregationRule.clusterRoleSelectors', detail }];
  });
}

const builtInNames = lazily((): ReadonlySet<string | undefined> => {
  const roles = defaultRbac().filter(({ kind }) => kind === 'ClusterRole');
  return new Set(roles.map(({ metadata }) => metadata?.name));
});
