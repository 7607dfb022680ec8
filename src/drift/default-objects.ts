import { identityOf, isObject, type Manifest } from '../manifest/manifest';
import { defaultRbac } from '../rbac/default-rbac';
import { listOf } from '../lists';
import { rulesOf, type PolicyRule } from '../rbac/policy-rule';
import type { Difference } from './compare';

/**
 * What roles of Kubernetes 1.27 to 1.36 have beyond those of 1.37, as `ROLE VERBS GROUP RESOURCES`, found by comparing the
 * roles that an API server of 1.30 makes.
 */
const OLDER_RULES: Readonly<Record<string, readonly PolicyRule[]>> = {
  'system:controller:expand-controller': [
    rule('get,list,watch', 'storage.k8s.io', 'storageclasses'),
    rule('get', '', 'endpoints,services,secrets'),
  ],
  'system:controller:persistent-volume-binder': [
    rule('create,delete,get,update', '', 'endpoints'),
    rule('create,delete,get', '', 'services'),
    rule('get', '', 'secrets'),
    rule('get,list', '', 'nodes'),
  ],
  'system::leader-locking-kube-controller-manager': [rule('watch,get,update', '', 'configmaps')],
  'system::leader-locking-kube-scheduler': [rule('watch,get,update', '', 'configmaps')],
};

function rule(verbs: string, group: string, resources: string): PolicyRule {
  return {
    verbs: verbs.split(','),
    apiGroups: [group],
    resources: resources.split(','),
    resourceNames: [],
    nonResourceURLs: [],
  };
}

let known: ReadonlyMap<string, Manifest> | undefined;

/** The role or binding that every cluster has by that name; undefined for any other object. */
export function defaultObject(live: Manifest): Manifest | undefined {
  known ??= new Map(defaultRbac().map((manifest) => [identityOf(manifest), manifest]));
  return known.get(identityOf(live));
}

/** What a role or binding of Kubernetes itself has beyond its default; what it lacks weakens nothing. */
export function beyondDefault(live: Manifest, standard: Manifest): Difference[] {
  if (standard.roleRef !== undefined) return beyondBinding(live, standard);
  // A controller fills in the rules, from roles that are looked at themselves.
  if (isObject(standard.aggregationRule)) return [];
  const allowed = [...rulesOf(standard), ...(OLDER_RULES[standard.metadata!.name!] ?? [])];
  return rulesOf(live).flatMap((one, at) =>
    atomsOf(one).every((atom) => allowed.some((wide) => covers(wide, atom)))
      ? []
      : [{ path: ['rules', at], kind: 'added' as const, live: listOf(live.rules)[at] }],
  );
}

function beyondBinding(live: Manifest, standard: Manifest): Difference[] {
  const subjectOf = (subject: unknown) =>
    isObject(subject) ? [subject.kind, subject.namespace ?? '', subject.name].join(' ') : '';
  const wanted = new Set(listOf(standard.subjects).map(subjectOf));
  // An account of the control plane itself, which Kubernetes before 1.37 binds beside the user.
  for (const subject of listOf(standard.subjects)) {
    const name = isObject(subject) && subject.kind === 'User' ? String(subject.name) : '';
    if (name.startsWith('system:kube-'))
      wanted.add(`ServiceAccount kube-system ${name.slice('system:'.length)}`);
  }
  const role = (binding: Manifest) =>
    isObject(binding.roleRef) ? `${String(binding.roleRef.kind)} ${String(binding.roleRef.name)}` : '';
  return [
    ...(role(live) === role(standard)
      ? []
      : [{ path: ['roleRef'], kind: 'changed' as const, declared: standard.roleRef, live: live.roleRef }]),
    ...listOf(live.subjects).flatMap((subject, at) =>
      wanted.has(subjectOf(subject))
        ? []
        : [{ path: ['subjects', at], kind: 'added' as const, live: subject }],
    ),
  ];
}

/** A rule as rules of one verb on one thing each. */
function atomsOf({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule): PolicyRule[] {
  return verbs.flatMap((verb) => [
    ...apiGroups.flatMap((group) =>
      resources.map((resource) => ({
        verbs: [verb],
        apiGroups: [group],
        resources: [resource],
        resourceNames,
        nonResourceURLs: [],
      })),
    ),
    ...nonResourceURLs.map((url) => ({
      verbs: [verb],
      apiGroups: [],
      resources: [],
      resourceNames: [],
      nonResourceURLs: [url],
    })),
  ]);
}

function covers(wide: PolicyRule, atom: PolicyRule): boolean {
  const has = (list: readonly string[], [one]: readonly string[]) =>
    one === undefined || list.includes('*') || list.includes(one);
  return (
    has(wide.verbs, atom.verbs) &&
    has(wide.apiGroups, atom.apiGroups) &&
    has(wide.resources, atom.resources) &&
    has(wide.nonResourceURLs, atom.nonResourceURLs) &&
    (wide.resourceNames.length === 0 ||
      (atom.resourceNames.length > 0 &&
        atom.resourceNames.every((name) => wide.resourceNames.includes(name))))
  );
}
