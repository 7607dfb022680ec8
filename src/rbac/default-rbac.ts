import type { JsonObject, Manifest } from '../manifest/manifest';
import { DEFAULT_RBAC_LINES } from './default-rbac-data';

const API_VERSION = 'rbac.authorization.k8s.io/v1';

let parsed: readonly Manifest[] | undefined;

/**
 * The Roles, ClusterRoles and bindings that the API server itself makes in every cluster, as Kubernetes 1.37 does with its
 * features at their defaults. Those of older versions differ little: some have a right less, a few one more.
 */
export function defaultRbac(): readonly Manifest[] {
  parsed ??= parse(DEFAULT_RBAC_LINES);
  return parsed;
}

/**
 * Reads the lines of `DEFAULT_RBAC_LINES`: `ClusterRole NAME +LABEL=VALUE <LABEL-IT-COLLECTS=VALUE`, below it ` VERBS GROUPS
 * RESOURCES NAMES` or ` VERBS PATHS` for each rule, and `ClusterRoleBinding NAME KIND=ROLE KIND=SUBJECT`. Lists have commas,
 * and the group without a name is `core`.
 */
function parse(lines: string): Manifest[] {
  const manifests: Manifest[] = [];
  for (const line of lines.split('\n')) {
    if (line.startsWith(' ')) (manifests.at(-1)!.rules as JsonObject[]).push(ruleOf(line));
    else manifests.push(line.includes('Binding ') ? bindingOf(line) : roleOf(line));
  }
  return manifests;
}

function ruleOf(line: string): JsonObject {
  const [verbs, second, third, fourth] = line.trim().split(' ').map(listOf);
  if (!third) return { verbs, nonResourceURLs: second };
  return { verbs, apiGroups: second, resources: third, ...(fourth && { resourceNames: fourth }) };
}

function listOf(text: string): string[] {
  return text.split(',').map((value) => (value === 'core' ? '' : value));
}

function roleOf(line: string): Manifest {
  const [kind, place, ...marks] = line.split(' ');
  const labels = Object.fromEntries(marked(marks, '+'));
  const selectors = marked(marks, '<').map((label) => ({
    matchLabels: Object.fromEntries([label]),
  }));
  return {
    apiVersion: API_VERSION,
    kind: kind!,
    metadata: { ...nameOf(place!), labels },
    rules: [],
    ...(selectors.length > 0 && { aggregationRule: { clusterRoleSelectors: selectors } }),
  };
}

function marked(marks: readonly string[], sign: string): [string, string][] {
  return marks
    .filter((mark) => mark.startsWith(sign))
    .map((mark) => mark.slice(1).split('=') as [string, string]);
}

function bindingOf(line: string): Manifest {
  const [kind, place, roleRef, ...subjects] = line.split(' ');
  const [roleKind, roleName] = roleRef!.split('=');
  return {
    apiVersion: API_VERSION,
    kind: kind!,
    metadata: nameOf(place!),
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: roleKind, name: roleName },
    subjects: subjects.map((subject) => {
      const [subjectKind, name] = subject.split('=');
      return { kind: subjectKind, ...nameOf(name!) };
    }),
  };
}

function nameOf(place: string): { name: string; namespace?: string } {
  const slash = place.indexOf('/');
  return slash < 0 ? { name: place } : { namespace: place.slice(0, slash), name: place.slice(slash + 1) };
}
