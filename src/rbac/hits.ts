import { push } from '../groups';
import type { RoleRule } from './aggregation';
import { resourceMatches, type PolicyRule } from './policy-rule';
import { ALL } from './power';
import { grantBy, type BoundRole, type Grant } from './rbac';
import { RIGHTS, type Right } from './rights';

/** A right that a rule of a role grants. */
export interface RightInRole {
  readonly right: Right;
  readonly rule: RoleRule;
}

/** A right that somebody has. */
export interface Hit {
  readonly right: Right;
  /** A namespace, or `*` for all. */
  readonly namespace: string;
  /** The objects that the rule names. @default none: every object */
  readonly names: readonly string[];
  readonly grant: Grant;
}

const BY_RESOURCE = new Map<string, Right[]>();
for (const right of RIGHTS) {
  for (const resource of right.resources) {
    push(BY_RESOURCE, resource, right);
  }
}
const OF_ANY_RESOURCE = RIGHTS.filter(({ resources }) => resources.length === 0);

const found = new WeakMap<readonly RoleRule[], readonly RightInRole[]>();

/** The rights that rules grant. Rules that are bound a thousand times are read once. */
export function rightsIn(rules: readonly RoleRule[]): readonly RightInRole[] {
  let rights = found.get(rules);
  if (!rights) {
    rights = rules.flatMap((rule) =>
      candidates(rule.rule)
        .filter((right) => grants(rule.rule, right))
        .map((right) => ({ right, rule })),
    );
    found.set(rules, rights);
  }
  return rights;
}

/** The rights that a binding gives. */
export function hitsOf(bound: BoundRole): Hit[] {
  const namespace = bound.namespace ?? ALL;
  return rightsIn(bound.rules).flatMap(({ right, rule }) =>
    countsIn(right, namespace) ? [hitOf(right, namespace, grantBy(bound, rule))] : [],
  );
}

function hitOf(right: Right, namespace: string, grant: Grant): Hit {
  const { resourceNames } = grant.rule;
  // A request without a name matches the empty one.
  return { right, namespace, grant, names: resourceNames.includes('') ? [] : resourceNames };
}

/** Whether a right is one that a binding for a namespace, or for all of them, can give. */
export function countsIn({ scope = 'namespace' }: Right, namespace: string): boolean {
  return namespace === ALL || scope === 'namespace' || scope === namespace;
}

/** A wildcard, also one in front of a subresource, is looked at for every right. */
function candidates({ resources }: PolicyRule): readonly Right[] {
  if (resources.some((resource) => resource.startsWith('*'))) return RIGHTS;
  const some = resources.flatMap((resource) => [
    ...(BY_RESOURCE.get(resource) ?? []),
    ...(BY_RESOURCE.get(anySubresource(resource)) ?? []),
  ]);
  return [...new Set([...some, ...OF_ANY_RESOURCE])];
}

function grants(rule: PolicyRule, right: Right): boolean {
  if (right.id === 'everything') return isEverything(rule);
  return (
    right.verbs.some((verb) => hasVerb(rule, verb)) &&
    isAny(right.groups, (group) => rule.apiGroups.includes('*') || rule.apiGroups.includes(group)) &&
    isAny(right.resources, (resource) => hasResource(rule, resource)) &&
    namesOne(rule, right.names)
  );
}

function isEverything({ verbs, apiGroups, resources, resourceNames }: PolicyRule): boolean {
  return [verbs, apiGroups, resources].every((list) => list.includes('*')) && resourceNames.length === 0;
}

function hasVerb({ verbs }: PolicyRule, wanted: string): boolean {
  if (verbs.includes('*')) return true;
  return wanted.endsWith(':') ? verbs.some((verb) => verb.startsWith(wanted)) : verbs.includes(wanted);
}

function anySubresource(resource: string): string {
  return resource.slice(0, resource.indexOf('/') + 1);
}

function hasResource({ resources }: PolicyRule, wanted: string): boolean {
  if (wanted.endsWith('/'))
    return resources.some((pattern) => /^\*(\/|$)/.test(pattern) || pattern.startsWith(wanted));
  const [resource, subresource = ''] = wanted.split('/');
  return resources.some((pattern) => resourceMatches(pattern, resource!, subresource));
}

function isAny(values: readonly string[], test: (value: string) => boolean): boolean {
  return values.length === 0 || values.some(test);
}

function namesOne({ resourceNames }: PolicyRule, names: readonly string[] | undefined): boolean {
  if (!names || resourceNames.length === 0) return true;
  return resourceNames.some((name) => name === '' || names.includes(name));
}
