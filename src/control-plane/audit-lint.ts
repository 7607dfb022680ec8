import { isObject, readWithoutNulls } from '../manifest/manifest';
import { AUDIT_LEVELS, type AuditPolicy, type AuditResources, type AuditRule } from './audit-policy';

/** Something wrong with an audit policy. */
export interface AuditProblem {
  /** Place of the rule in the policy. */
  readonly rule: number;
  readonly message: string;
}

const ILLEGIBLE =
  'has a field of a wrong type, so the API server does not start with it: make every list one of texts';

const STAGES: readonly string[] = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'];

/** Resources whose bodies are credentials: a log of them is a second place to steal them from (CIS 1.12 3.2.2). */
const SECRET_BODIES: readonly AuditResources[] = [
  { group: '', resources: ['secrets'] },
  { group: '', resources: ['serviceaccounts/token'] },
  { group: 'authentication.k8s.io', resources: ['tokenreviews'] },
];

/**
 * What the API server refuses in a policy, rules that can never decide since an earlier one matches all that they match, and
 * rules that would log credentials.
 */
export function auditProblems(given: AuditPolicy): AuditProblem[] {
  const policy = readWithoutNulls(given);
  const illegible = policy.rules.flatMap((rule, at) =>
    isLegible(rule) ? [] : [{ rule: at, message: ILLEGIBLE }],
  );
  return illegible.length > 0 ? illegible : legibleProblems(policy);
}

function legibleProblems(policy: AuditPolicy): AuditProblem[] {
  return policy.rules.flatMap((rule, at) => [
    ...invalid(rule).map((message) => ({ rule: at, message })),
    ...shadowed(policy, at),
    ...leaking(policy, at),
  ]);
}

/** Whether everything in a rule has the type that the API server reads. */
function isLegible(rule: AuditRule): boolean {
  const { users, userGroups, verbs, namespaces, nonResourceURLs, omitStages, resources = [] } = rule;
  return (
    [users, userGroups, verbs, namespaces, nonResourceURLs, omitStages].every(isTextList) &&
    Array.isArray(resources) &&
    resources.every(isLegibleGroup)
  );
}

function isLegibleGroup(given: unknown): boolean {
  if (!isObject(given)) return false;
  const { group = '', resources, resourceNames } = given;
  return typeof group === 'string' && isTextList(resources) && isTextList(resourceNames);
}

function isTextList(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.every((item) => typeof item === 'string'));
}

function invalid(rule: AuditRule): string[] {
  const urls = rule.nonResourceURLs ?? [];
  const groups = rule.resources ?? [];
  return [
    ...(AUDIT_LEVELS.includes(rule.level)
      ? []
      : [`there is no level '${rule.level}': use ${AUDIT_LEVELS.join(', ')}`]),
    ...(urls.length > 0 && (groups.length > 0 || (rule.namespaces ?? []).length > 0)
      ? ['a rule is about resources or about nonResourceURLs, not both: make two rules']
      : []),
    ...urls
      .filter((url) => !/^(\*|\/[^*]*\*?)$/.test(url))
      .map((url) => `nonResourceURLs '${url}': begin with '/', and put '*' at the end only`),
    ...groups.flatMap(invalidResources),
    ...(rule.omitStages ?? [])
      .filter((stage) => !STAGES.includes(stage))
      .map((stage) => `there is no stage '${stage}': use ${STAGES.join(', ')}`),
  ];
}

function invalidResources({ group = '', resources = [], resourceNames = [] }: AuditResources): string[] {
  return [
    ...(/^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)?$/.test(group)
      ? []
      : [`group '${group}': write the group alone, without a version, for example 'apps'`]),
    ...(resourceNames.length > 0 && resources.length === 0
      ? ['resourceNames need resources: name the resource they are names of']
      : []),
  ];
}

function shadowed({ rules }: AuditPolicy, at: number): AuditProblem[] {
  const by = rules.slice(0, at).findIndex((earlier) => covers(earlier, rules[at]!));
  if (by < 0) return [];
  return [
    {
      rule: at,
      message: `never decides, since rule ${by + 1} matches everything that it matches: put it before that rule, or remove it`,
    },
  ];
}

/** Whether every request that the later rule matches is matched by the earlier one. Errs on the side of no. */
function covers(earlier: AuditRule, later: AuditRule): boolean {
  return (
    includesAll(earlier.users, later.users) &&
    includesAll(earlier.userGroups, later.userGroups) &&
    includesAll(earlier.verbs, later.verbs) &&
    coversTarget(earlier, later)
  );
}

function coversTarget(earlier: AuditRule, later: AuditRule): boolean {
  if (!asksResource(earlier) && !asksPath(earlier)) return true;
  if (asksPath(later))
    return later.nonResourceURLs!.every((url) =>
      earlier.nonResourceURLs?.some((wide) => coversUrl(wide, url)),
    );
  // A rule that asks neither matches paths as well, which one about resources does not.
  if (!asksResource(later) || asksPath(earlier)) return false;
  return (
    includesAll(earlier.namespaces, later.namespaces) &&
    coversResources(earlier.resources ?? [], later.resources ?? [])
  );
}

function asksResource({ resources = [], namespaces = [] }: AuditRule): boolean {
  return resources.length > 0 || namespaces.length > 0;
}

function asksPath({ nonResourceURLs = [] }: AuditRule): boolean {
  return nonResourceURLs.length > 0;
}

function coversUrl(wide: string, narrow: string): boolean {
  return wide === narrow || (wide.endsWith('*') && narrow.startsWith(wide.slice(0, -1)));
}

function coversResources(earlier: readonly AuditResources[], later: readonly AuditResources[]): boolean {
  if (earlier.length === 0) return true;
  if (later.length === 0) return false;
  return later.every((narrow) =>
    patternsOf(narrow).every((pattern) => earlier.some((wide) => coversPattern(wide, narrow, pattern))),
  );
}

function patternsOf({ resources = [] }: AuditResources): readonly string[] {
  return resources.length === 0 ? ['*'] : resources;
}

function coversPattern(wide: AuditResources, narrow: AuditResources, pattern: string): boolean {
  return (
    (wide.group ?? '') === (narrow.group ?? '') &&
    includesAll(wide.resourceNames, narrow.resourceNames) &&
    patternsOf(wide).some((candidate) => patternCovers(candidate, pattern))
  );
}

function patternCovers(wide: string, narrow: string): boolean {
  if (wide === '*' || wide === narrow) return true;
  if (wide.startsWith('*/')) return narrow.endsWith(wide.slice(1));
  return wide.endsWith('/*') && (narrow === wide.slice(0, -2) || narrow.startsWith(wide.slice(0, -1)));
}

/** An empty list is all values. */
function includesAll(wide: readonly string[] = [], narrow: readonly string[] = []): boolean {
  return wide.length === 0 || (narrow.length > 0 && narrow.every((value) => wide.includes(value)));
}

function leaking({ rules }: AuditPolicy, at: number): AuditProblem[] {
  const rule = rules[at]!;
  if (rule.level !== 'Request' && rule.level !== 'RequestResponse') return [];
  return SECRET_BODIES.filter((secret) => mayDecide(rules, at, secret)).map(({ resources }) => ({
    rule: at,
    message: `logs the bodies of ${resources!.join()}, which are credentials: put a rule of level Metadata for them before it`,
  }));
}

/** Whether a rule can be the first to match some request for a resource. */
function mayDecide(rules: readonly AuditRule[], at: number, secret: AuditResources): boolean {
  const rule = rules[at]!;
  if ((rule.nonResourceURLs ?? []).length > 0) return false;
  if (!touches(rule.resources ?? [], secret)) return false;
  const asked: AuditRule = {
    ...rule,
    resources: [(rule.resources ?? []).length === 0 ? secret : { ...secret, ...namesOf(rule, secret) }],
  };
  return !rules.slice(0, at).some((earlier) => covers(earlier, asked));
}

function touches(groups: readonly AuditResources[], secret: AuditResources): boolean {
  return groups.length === 0 || groups.some((group) => touching(group, secret));
}

function touching(group: AuditResources, secret: AuditResources): boolean {
  return (
    (group.group ?? '') === secret.group &&
    patternsOf(group).some((pattern) => patternCovers(pattern, secret.resources![0]!))
  );
}

function namesOf(rule: AuditRule, secret: AuditResources): Pick<AuditResources, 'resourceNames'> {
  const names = (rule.resources ?? [])
    .filter((group) => touching(group, secret))
    .map(({ resourceNames = [] }) => resourceNames);
  return names.some((list) => list.length === 0) ? {} : { resourceNames: names.flat() };
}
