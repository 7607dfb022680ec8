import { groupBy } from '../../groups';
import { identityOf, type Manifest } from '../../manifest/manifest';
import { rightsIn } from '../../rbac/hits';
import { describeRule, ruleAllows, type PolicyRule, type ResourceRequest } from '../../rbac/policy-rule';
import { rbacOf, type BoundRole, type Rbac } from '../../rbac/rbac';
import type { RoleRule } from '../../rbac/aggregation';
import { describeSubject } from '../../rbac/subject';
import type { RightsSection, RoleEntry, RoleRisk, SubjectEntry } from './model';

/** What is asked for most, answered without a script. */
const QUESTIONS: readonly ResourceRequest[] = [
  { verb: 'get', resource: 'secrets' },
  { verb: 'create', resource: 'pods' },
  { verb: 'create', resource: 'pods', subresource: 'exec' },
  { verb: 'create', resource: 'serviceaccounts', subresource: 'token' },
  { verb: 'impersonate', resource: 'users' },
  { verb: 'create', group: 'rbac.authorization.k8s.io', resource: 'rolebindings' },
  { verb: 'create', group: 'networking.k8s.io', resource: 'networkpolicies' },
  { verb: 'patch', resource: 'namespaces' },
  { verb: 'get', resource: 'nodes', subresource: 'proxy' },
];

/** Who may do what by the bindings of manifests. Roles that say the same are one. */
export function rightsSection(manifests: readonly Manifest[]): RightsSection {
  const rbac = rbacOf(manifests);
  const own = new Set(manifests.filter(({ kind }) => kind.endsWith('RoleBinding')).map(identityOf));
  const roles = roleTable();
  const subjects = rbac.subjects.flatMap((subject): SubjectEntry[] => {
    const bound = rbac.rolesOf(subject).filter(({ binding }) => own.has(identityOf(binding)));
    if (bound.length === 0) return [];
    return [{ name: describeSubject(subject), grants: grantsOf(bound, roles.numberOf) }];
  });
  return { roles: roles.entries, subjects, questions: answers(rbac, subjects) };
}

function roleTable() {
  const entries: RoleEntry[] = [];
  const numbers = new Map<string, number>();
  const known = new WeakMap<readonly RoleRule[], number>();
  const make = ({ role, rules }: BoundRole): number => {
    const raw = rules.map(({ rule }) => rawOf(rule));
    const key = `${role.metadata?.name}\n${JSON.stringify(raw)}`;
    const number = numbers.get(key) ?? entries.push(roleEntry(role, rules, raw)) - 1;
    numbers.set(key, number);
    return number;
  };
  const numberOf = (bound: BoundRole) => {
    const number = known.get(bound.rules) ?? make(bound);
    known.set(bound.rules, number);
    return number;
  };
  return { entries, numberOf };
}

function roleEntry(
  { kind, metadata }: Manifest,
  rules: readonly RoleRule[],
  raw: RoleEntry['raw'],
): RoleEntry {
  return {
    name: `${kind} ${metadata?.name ?? ''}`,
    rules: rules.map(({ rule }) => describeRule(rule)),
    risks: risksOf(rules),
    raw,
  };
}

/** Each once. Whoever does everything does not do more by any other right. */
function risksOf(rules: readonly RoleRule[]): readonly RoleRisk[] {
  const rights = new Map(rightsIn(rules).map(({ right }) => [right.id, right]));
  const everything = rights.get('everything');
  const told = everything ? [everything] : [...rights.values()];
  return told.map(({ does, severity, scope = 'namespace' }) => ({ does, severity, scope }));
}

function rawOf({ verbs, apiGroups, resources, resourceNames }: PolicyRule): RoleEntry['raw'][number] {
  return [verbs, apiGroups, resources, resourceNames];
}

function grantsOf(
  bound: readonly BoundRole[],
  numberOf: (bound: BoundRole) => number,
): SubjectEntry['grants'] {
  return [...groupBy(bound, numberOf)].map(([role, places]) => {
    const namespaces = places.flatMap(({ namespace }) => namespace ?? []);
    const isClusterWide = namespaces.length < places.length;
    return { role, namespaces: isClusterWide ? [] : namespaces };
  });
}

/** Anywhere: cluster-wide, or in a namespace where the subject has a role. */
function answers(rbac: Rbac, subjects: readonly SubjectEntry[]): RightsSection['questions'] {
  const names = new Set(subjects.map(({ name }) => name));
  return QUESTIONS.map((request) => {
    const found = rbac.subjects.filter((subject) => {
      if (!names.has(describeSubject(subject))) return false;
      return rbac.rolesOf(subject).some(({ namespace, rules }) => allows(rules, { ...request, namespace }));
    });
    return { request: describeRequest(request), subjects: found.map(describeSubject) };
  });
}

const ALLOWED = new WeakMap<readonly RoleRule[], Map<string, boolean>>();

function allows(rules: readonly RoleRule[], request: ResourceRequest): boolean {
  const own = ALLOWED.get(rules) ?? new Map<string, boolean>();
  ALLOWED.set(rules, own);
  const key = describeRequest(request);
  // Also by a rule that is about some objects by name.
  const known = own.get(key) ?? rules.some(({ rule }) => ruleAllows({ ...rule, resourceNames: [] }, request));
  own.set(key, known);
  return known;
}

function describeRequest({ verb, group, resource, subresource }: ResourceRequest): string {
  return `${verb} ${resource}${group ? `.${group}` : ''}${subresource ? `/${subresource}` : ''}`;
}
