import { compareText } from '../manifest/manifest';
import type { Grant } from './rbac';

const COLUMNS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'] as const;
const SHORT = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'delete all'];

/**
 * What rules allow as a table: a row for each namespace and resource, a column for each of the usual verbs, and the other verbs
 * in words. Empty where they allow nothing.
 */
export function permissionMatrix(grants: readonly Grant[]): string {
  const rows = new Map<string, Set<string>>();
  for (const { rule, namespace = 'all namespaces' } of grants) {
    const named = rule.resourceNames.length > 0 ? ` (${rule.resourceNames.join(', ')})` : '';
    for (const what of [...resourcesOf(rule), ...rule.nonResourceURLs]) {
      const key = `${rule.nonResourceURLs.length > 0 ? '' : namespace}\t${what}${named}`;
      const verbs = rows.get(key) ?? new Set();
      rule.verbs.forEach((verb) => verbs.add(verb));
      rows.set(key, verbs);
    }
  }
  if (rows.size === 0) return '';
  const body = [...rows]
    .sort(([a], [b]) => compareText(a, b))
    .map(([key, verbs]) => [...key.split('\t'), ...cells(verbs)]);
  return aligned([['namespace', 'resource', ...SHORT, 'other'], ...body]);
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

function cells(verbs: ReadonlySet<string>): string[] {
  const known: readonly string[] = COLUMNS;
  const others = [...verbs].filter((verb) => !known.includes(verb));
  return [...COLUMNS.map((verb) => (verbs.has(verb) || verbs.has('*') ? 'yes' : '-')), others.join(', ')];
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
