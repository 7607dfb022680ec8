import { groupBy } from '../groups';
import { listOf } from '../lists';
import { takeInventory } from '../manifest/inventory';
import { describeObject, groupOf, isObject, withoutNulls, type Manifest } from '../manifest/manifest';
import { lazily, rememberedOfLent } from '../manifest/remembered';
import { aggregate, rulesOfRole, type RoleRule } from './aggregation';
import { defaultRbac } from './default-rbac';
import { mergeDefaults } from './merge-defaults';
import { describeRule, isUrlRequest, ruleAllows, type ApiRequest, type PolicyRule } from './policy-rule';
import {
  boundSubject,
  compareSubjects,
  describeSubject,
  identityOfSubject,
  MASTERS,
  subjectKey,
  subjectsOfIdentity,
  type Identity,
  type Subject,
} from './subject';

/** Why somebody may do something: a rule, and the binding by which they have it. */
export interface Grant {
  /** The subject that the binding names: whoever asks, or a group they are in. */
  readonly subject: Subject;
  readonly binding: Manifest;
  /** The role that the binding names. */
  readonly role: Manifest;
  /** The role in which the rule is written: another one where `role` collects the rules of others. */
  readonly source: Manifest;
  readonly rule: PolicyRule;
  /** The only namespace it is for. @default none: all namespaces, and what belongs to none */
  readonly namespace?: string;
}

/** A role that is bound to somebody. */
export interface BoundRole {
  readonly subject: Subject;
  readonly binding: Manifest;
  readonly role: Manifest;
  readonly rules: readonly RoleRule[];
  /** The only namespace it is for. @default none: all namespaces, and what belongs to none */
  readonly namespace?: string;
}

/** Who may do what, according to Roles, ClusterRoles and the bindings of both. */
export interface Rbac {
  /** Whether somebody may do something, as the API server decides it. */
  readonly can: (who: Subject | Identity, request: ApiRequest) => boolean;
  /** A rule that lets somebody do something, and how they have it; undefined where nothing does. */
  readonly grantOf: (who: Subject | Identity, request: ApiRequest) => Grant | undefined;
  /** Every subject that a binding gives the right to do something, with that grant, ordered by subject. */
  readonly whoCan: (request: ApiRequest) => readonly Grant[];
  /** Every rule that somebody has, also those of the groups that the API server puts them into. */
  readonly permissionsOf: (who: Subject | Identity) => readonly Grant[];
  /** The roles that bindings give to exactly that subject, not to its groups. */
  readonly rolesOf: (subject: Subject) => readonly BoundRole[];
  /** The rules of a role: that of the namespace, or the ClusterRole where there is none. */
  readonly rulesOf: (name: string, namespace?: string) => readonly RoleRule[];
  /** The Roles of a namespace, or of all (`*`). */
  readonly rolesIn: (namespace: string) => readonly RoleName[];
  /** Every subject that a binding names, ordered. */
  readonly subjects: readonly Subject[];
  /** Names of all ClusterRoles. */
  readonly clusterRoles: readonly string[];
}

/** A Role as bindings name it. */
export interface RoleName {
  readonly namespace: string;
  readonly name: string;
}

/** How {@link rbacOf} reads manifests. */
export interface RbacOptions {
  /**
   * Whether the roles and bindings that every cluster has, those of Kubernetes 1.37, are there beside the manifests.
   * @default true
   */
  readonly defaults?: boolean;
}

const GROUP = 'rbac.authorization.k8s.io';
const KINDS = ['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'];

/**
 * Reads who may do what out of manifests, in time linear in the manifests. It decides as the RBAC authorizer of the API server
 * does: rules add up; a RoleBinding to a ClusterRole is for its namespace; aggregated ClusterRoles have the rules of those they
 * select; ServiceAccounts are in `system:serviceaccounts`, in that group of their namespace and, as everybody who logs in, in
 * `system:authenticated`.
 */
export function rbacOf(manifests: readonly Manifest[], { defaults = true }: RbacOptions = {}): Rbac {
  return rbacBeside(manifests, defaults);
}

const rbacBeside = rememberedOfLent((manifests: readonly Manifest[], defaults: boolean): Rbac => {
  const inventory = takeInventory(manifests);
  const hasOwn = KINDS.some((kind) => inventory.ofKind(kind).length > 0);
  const own = hasOwn ? manifests.filter(isOfGroup).map((one) => withoutNulls(one)) : [];
  if (!defaults) return readRbac(own);
  return own.length === 0 ? rbacOfDefaults() : readRbac(mergeDefaults(own, defaultRbac()));
});

function isOfGroup(manifest: Manifest): boolean {
  return groupOf(manifest) === GROUP;
}

/** That of a cluster whose manifests add nothing. */
const rbacOfDefaults = lazily(() => readRbac(defaultRbac()));

function readRbac(all: readonly Manifest[]): Rbac {
  const roles = roleTable(all);
  const bound = bindRoles(all, roles);
  const bySubject = groupBy(bound, ({ subject }) => subjectKey(subject));
  const rolesOf = (subject: Subject) => bySubject.get(subjectKey(subject)) ?? [];
  const rolesOfAny = (who: Subject | Identity) => subjectsOf(who).flatMap(rolesOf);
  const local = lazily(() => localRoles(roles));
  const grantOf = (who: Subject | Identity, request: ApiRequest) =>
    first(rolesOfAny(who), (one) => grantIn(one, request)) ?? mastersGrant(who);
  return {
    can: (who, request) => grantOf(who, request) !== undefined,
    grantOf,
    whoCan: (request) => whoCan(bound, request),
    permissionsOf: (who) => rolesOfAny(who).flatMap(grantsOf),
    rolesOf,
    rulesOf: (name, namespace = '') => roles.get(`${namespace}/${name}`)?.rules ?? [],
    rolesIn: (namespace) => local().get(namespace) ?? [],
    subjects: [...bySubject.values()].map(([one]) => one!.subject).sort(compareSubjects),
    clusterRoles: [...roles.values()]
      .filter(({ role }) => role.kind === 'ClusterRole')
      .map(({ name }) => name),
  };
}

interface RoleEntry {
  readonly name: string;
  readonly role: Manifest;
  readonly rules: readonly RoleRule[];
}

/** Roles by `namespace/name`, and ClusterRoles by `/name`. */
function roleTable(manifests: readonly Manifest[]): ReadonlyMap<string, RoleEntry> {
  const table = new Map<string, RoleEntry>();
  const clusterRoles = manifests.filter(({ kind }) => kind === 'ClusterRole');
  const rules = aggregate(clusterRoles);
  for (const role of clusterRoles) {
    const name = nameOf(role);
    table.set(`/${name}`, { name, role, rules: rules.get(name) ?? [] });
  }
  for (const role of manifests.filter(({ kind }) => kind === 'Role')) {
    const name = nameOf(role);
    table.set(`${namespaceOf(role)}/${name}`, { name, role, rules: rulesOfRole(role) });
  }
  return table;
}

/** Roles by namespace, and all of them by `*`. */
function localRoles(roles: ReadonlyMap<string, RoleEntry>): ReadonlyMap<string, readonly RoleName[]> {
  const all = [...roles.values()]
    .filter(({ role }) => role.kind === 'Role')
    .map(({ name, role }) => ({ name, namespace: namespaceOf(role) }));
  return new Map([...groupBy(all, ({ namespace }) => namespace), ['*', all]]);
}

/** A binding to a role that is not there gives nothing, nor does a ClusterRoleBinding to a Role. */
function bindRoles(manifests: readonly Manifest[], roles: ReadonlyMap<string, RoleEntry>): BoundRole[] {
  return manifests.flatMap((binding) => {
    const isLocal = binding.kind === 'RoleBinding';
    if (!isLocal && binding.kind !== 'ClusterRoleBinding') return [];
    const namespace = isLocal ? namespaceOf(binding) : undefined;
    const { kind, name } = isObject(binding.roleRef) ? binding.roleRef : {};
    const place = kind === 'Role' ? namespace : kind === 'ClusterRole' ? '' : undefined;
    const entry = place === undefined ? undefined : roles.get(`${place}/${String(name)}`);
    if (!entry) return [];
    const { role, rules } = entry;
    return listOf(binding.subjects).flatMap((each) => {
      const subject = boundSubject(each, namespace);
      return subject
        ? [{ subject, binding, role, rules, ...(namespace !== undefined && { namespace }) }]
        : [];
    });
  });
}

/** A binding in a namespace says nothing about requests in others, for all namespaces, or for what belongs to none. */
function appliesTo({ namespace }: BoundRole, request: ApiRequest): boolean {
  return namespace === undefined || (!isUrlRequest(request) && request.namespace === namespace);
}

function grantIn(bound: BoundRole, request: ApiRequest): Grant | undefined {
  if (!appliesTo(bound, request)) return undefined;
  const found = bound.rules.find(({ rule }) => ruleAllows(rule, request));
  return found && grantBy(bound, found);
}

function grantsOf(bound: BoundRole): Grant[] {
  return bound.rules.map((rule) => grantBy(bound, rule));
}

/** The grant of one rule of a bound role. */
export function grantBy({ rules: _rules, ...bound }: BoundRole, { rule, source }: RoleRule): Grant {
  return { ...bound, rule, source };
}

function whoCan(bound: readonly BoundRole[], request: ApiRequest): Grant[] {
  // A role that is bound a thousand times is read once.
  const rules = new Map<readonly RoleRule[], RoleRule | undefined>();
  const found = new Map<string, Grant>();
  for (const one of bound) {
    if (!appliesTo(one, request)) continue;
    if (!rules.has(one.rules))
      rules.set(
        one.rules,
        one.rules.find(({ rule }) => ruleAllows(rule, request)),
      );
    const rule = rules.get(one.rules);
    const key = subjectKey(one.subject);
    if (rule && !found.has(key)) found.set(key, grantBy(one, rule));
  }
  return [...found.values()].sort((a, b) => compareSubjects(a.subject, b.subject));
}

function subjectsOf(who: Subject | Identity): Subject[] {
  return subjectsOfIdentity(isIdentity(who) ? who : identityOfSubject(who));
}

/** Whether whoever asks is given as authentication knows them. */
function isIdentity(who: Subject | Identity): who is Identity {
  return 'groups' in who;
}

const EVERYTHING: PolicyRule = {
  verbs: ['*'],
  apiGroups: ['*'],
  resources: ['*'],
  resourceNames: [],
  nonResourceURLs: ['*'],
};

/** The API server asks no role about members of system:masters. */
function mastersGrant(who: Subject | Identity): Grant | undefined {
  const subject = subjectsOf(who).find(({ kind, name }) => kind === 'Group' && name === MASTERS);
  if (!subject) return undefined;
  const [binding, role] = ['ClusterRoleBinding', 'ClusterRole'].map((kind) => ({
    apiVersion: `${GROUP}/v1`,
    kind,
    metadata: { name: 'cluster-admin' },
  }));
  return { subject, binding: binding!, role: role!, source: role!, rule: EVERYTHING };
}

/** `Group shop-dev may get secrets: ClusterRole edit, bound by RoleBinding shop-web/developers`. */
export function describeGrant(grant: Grant): string {
  const { subject, rule } = grant;
  return `${describeSubject(subject)} may ${describeRule(rule)}: ${describeOrigin(grant)}`;
}

/** `ClusterRole edit, bound by RoleBinding shop-web/developers`: what has to be changed to take a right away. */
export function describeOrigin({ role, source, binding }: Grant): string {
  const collected = source === role ? '' : `, which collects ${describeObject(source)}`;
  return `${describeObject(role)}${collected}, bound by ${describeObject(binding)}`;
}

function nameOf({ metadata }: Manifest): string {
  return metadata?.name ?? '';
}

function namespaceOf({ metadata }: Manifest): string {
  return metadata?.namespace || 'default';
}

function first<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
