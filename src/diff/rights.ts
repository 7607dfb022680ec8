import { groupBy, push } from '../groups';
import { compareText, identityOf } from '../manifest/manifest';
import type { RoleRule } from '../rbac/aggregation';
import type { ApiRequest, PolicyRule } from '../rbac/policy-rule';
import { describeOrigin, type BoundRole, type Rbac } from '../rbac/rbac';
import { describeSubject, subjectKey, type Subject } from '../rbac/subject';
import { listSome } from '../wording';
import type { Change } from './change';

/** What changed in who may do what, and the roles and bindings that it comes from. */
export interface RightsDiff {
  readonly changes: readonly Change[];
  /** Identities of objects whose change is told by {@link changes}. */
  readonly told: ReadonlySet<string>;
}

/** One verb on one resource in one namespace. */
interface Right {
  readonly request: ApiRequest;
  /** As sentences name it: `deployments.apps`, `/metrics`. */
  readonly object: string;
  readonly verb: string;
  readonly namespace: string | undefined;
}

/** A subject that gains or loses the same as others do. */
interface Holder {
  readonly subject: string;
  readonly namespaces: readonly string[];
}

interface Fold {
  readonly isGain: boolean;
  readonly what: string;
  readonly because: string;
  readonly holders: Holder[];
}

/**
 * Who gains and who loses which rights. Subjects that gain the same are told of together. Only subjects whose roles are not
 * the same as before are looked at, so it takes time linear in the manifests and in what changed.
 */
export function diffRights(before: Rbac, after: Rbac): RightsDiff {
  const folds = new Map<string, Fold>();
  const told = new Set<string>();
  for (const subject of subjectsOf(before, after)) {
    if (signature(before.rolesOf(subject)) === signature(after.rolesOf(subject))) continue;
    compare(subject, { had: before, has: after, isGain: true }, folds, told);
    compare(subject, { had: after, has: before, isGain: false }, folds, told);
  }
  return { changes: [...folds.values()].map(describeFold), told };
}

function subjectsOf(before: Rbac, after: Rbac): Subject[] {
  const subjects = [...before.subjects, ...after.subjects];
  return [...new Map(subjects.map((subject) => [subjectKey(subject), subject])).values()];
}

const SIGNATURES = new WeakMap<readonly RoleRule[], string>();

/** Roles that say the same, in the same namespaces, are the same. */
function signature(roles: readonly BoundRole[]): string {
  const parts = roles.map(({ rules, namespace = '*' }) => {
    const known = SIGNATURES.get(rules) ?? JSON.stringify(rules.map(({ rule }) => rule));
    SIGNATURES.set(rules, known);
    return `${namespace} ${known}`;
  });
  return parts.sort(compareText).join('\n');
}

interface Sides {
  readonly had: Rbac;
  readonly has: Rbac;
  readonly isGain: boolean;
}

function compare(
  subject: Subject,
  { had, has, isGain }: Sides,
  folds: Map<string, Fold>,
  told: Set<string>,
): void {
  const news = has
    .rolesOf(subject)
    .flatMap(rightsOf)
    .filter(({ request }) => !had.can(subject, request));
  const byText = new Map<string, Right[]>();
  for (const [, rights] of groupBy(news, ({ namespace }) => namespace ?? '')) {
    const what = describeRights(rights);
    for (const right of rights) push(byText, what, right);
  }
  for (const [what, rights] of byText) {
    const grant = has.grantOf(subject, rights[0]!.request);
    if (grant) [grant.role, grant.source, grant.binding].forEach((one) => told.add(identityOf(one)));
    const namespaces = [...new Set(rights.map(({ namespace }) => namespace ?? ''))].sort(compareText);
    const key = `${isGain} ${what}`;
    const fold = folds.get(key) ?? { isGain, what, because: grant ? describeOrigin(grant) : '', holders: [] };
    fold.holders.push({ subject: describeSubject(subject), namespaces });
    folds.set(key, fold);
  }
}

function rightsOf({ rules, namespace }: BoundRole): Right[] {
  return rules.flatMap(({ rule }) => [
    ...urlRights(rule, namespace),
    ...rule.apiGroups.flatMap((group) =>
      rule.resources.flatMap((resource) => resourceRights(rule, { group, resource, namespace })),
    ),
  ]);
}

/** A binding in a namespace grants no path. */
function urlRights({ verbs, nonResourceURLs }: PolicyRule, namespace: string | undefined): Right[] {
  if (namespace !== undefined) return [];
  return nonResourceURLs.flatMap((path) =>
    verbs.map((verb) => ({ request: { verb, path }, object: path, verb, namespace })),
  );
}

interface Place {
  readonly group: string;
  readonly resource: string;
  readonly namespace: string | undefined;
}

function resourceRights({ verbs, resourceNames }: PolicyRule, place: Place): Right[] {
  const { group, resource, namespace } = place;
  const [own = '', subresource] = resource.split('/');
  const names = resourceNames.length > 0 ? resourceNames : [undefined];
  const qualified = [group === '' || group === '*' ? own : `${own}.${group}`, subresource]
    .filter(Boolean)
    .join('/');
  return names.flatMap((name) =>
    verbs.map((verb) => ({
      request: { verb, group, resource: own, subresource, namespace, name },
      object: (qualified === '*' ? 'everything' : qualified) + (name === undefined ? '' : ` named ${name}`),
      verb,
      namespace,
    })),
  );
}

/** `get, list secrets and pods; delete deployments.apps`. */
function describeRights(rights: readonly Right[]): string {
  const byObject = groupBy(rights, ({ object }) => object);
  const byVerbs = new Map<string, string[]>();
  for (const [object, own] of [...byObject].sort(([a], [b]) => compareText(a, b))) {
    const verbs = [...new Set(own.map(({ verb }) => (verb === '*' ? 'do anything to' : verb)))];
    push(byVerbs, verbs.sort(compareText).join(', '), object);
  }
  return [...byVerbs].map(([verbs, objects]) => `${verbs} ${listSome(objects, 6)}`).join('; ');
}

function describeFold({ isGain, what, because, holders }: Fold): Change {
  const may = isGain ? 'may now' : 'may no longer';
  const [first] = holders;
  const text =
    holders.length === 1
      ? `${first!.subject} ${may} ${what}${placeOf(first!.namespaces)}`
      : `${holders.length} subjects ${may} ${what}: ${listSome(holders.map(describeHolder))}`;
  return {
    area: 'rights',
    effect: isGain ? 'widened' : 'narrowed',
    text,
    ...(because && { because: holders.length === 1 ? because : `such as by ${because}` }),
  };
}

function describeHolder({ subject, namespaces }: Holder): string {
  return `${subject}${placeOf(namespaces)}`;
}

function placeOf(namespaces: readonly string[]): string {
  return namespaces.includes('') ? ' in the whole cluster' : ` in ${listSome(namespaces)}`;
}
