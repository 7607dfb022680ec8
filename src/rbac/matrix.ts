import { compareText } from '../manifest/manifest';
import type { Grant } from './rbac';

/** What may be done with one resource, or URL, in one place. */
export interface PermissionRow {
  /** Undefined for all namespaces and for what is in none. */
  readonly namespace: string | undefined;
  /** As kubectl writes it, `deployments.apps/scale`, or a path such as `/healthz`. */
  readonly resource: string;
  /** The only objects that it is about; empty for any. */
  readonly names: readonly string[];
  /** Ordered by name; `*` for any. */
  readonly verbs: readonly string[];
}

/** What rules allow as the rows of a table, by namespace and resource. */
export function permissionRows(grants: readonly Grant[]): PermissionRow[] {
  const rows = new Map<string, PermissionRow>();
  for (const { rule, namespace } of grants) {
    const names = [...rule.resourceNames].sort(compareText);
    const isUrl = rule.nonResourceURLs.length > 0;
    for (const resource of [...resourcesOf(rule), ...rule.nonResourceURLs]) {
      const key = JSON.stringify([isUrl ? '' : (namespace ?? ''), resource, names]);
      const verbs = new Set([...(rows.get(key)?.verbs ?? []), ...rule.verbs]);
      rows.set(key, { namespace, resource, names, verbs: [...verbs].sort(compareText) });
    }
  }
  return [...rows].sort(([a], [b]) => compareText(a, b)).map(([, row]) => row);
}

function resourcesOf({ apiGroups, resources }: Grant['rule']): string[] {
  return resources.flatMap((resource) =>
    apiGroups.map((group) =>
      group === '' || (resource === '*' && group === '*') ? resource : withGroup(resource, group),
    ),
  );
}

/** As kubectl writes it: `deployments.apps/scale`. */
function withGroup(resource: string, group: string): string {
  const [name, ...sub] = resource.split('/');
  return [`${name}.${group}`, ...sub].join('/');
}
