import { BulwarkError } from '../../src/errors';
import { push } from '../../src/groups';
import { resolveResource, type ResolvedResource, type ResourceName } from '../../src/manifest/api-resources';
import { compareText } from '../../src/manifest/manifest';

/** A rule of a Role or ClusterRole (rbac.authorization.k8s.io/v1 PolicyRule). */
export interface PolicyRule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

/** What one call of `allow` grants. */
export interface Grant {
  readonly verbs: readonly string[];
  readonly resources: readonly ResourceName[];
  /** Names of the objects; empty for all of them. */
  readonly names: readonly string[];
}

/**
 * The rules of one call of `allow`, a rule for each group of the API.
 * @param where Path of the role, for messages.
 * @throws BulwarkError for a call that names no verb or no resource, a resource that is none, a verb that the resource does not have, a name where the API server knows
 * none yet, and, in a role of one namespace, a resource of the whole cluster.
 */
export function rulesOf(
  where: string,
  { verbs, resources, names }: Grant,
  inNamespace: boolean,
): PolicyRule[] {
  checkSaid(where, { verbs, resources, names });
  const groups = new Map<string, string[]>();
  for (const name of resources) {
    const resolved = resolve(where, name);
    verbs.forEach((verb) => checkVerb(where, name, resolved, verb));
    if (inNamespace) checkScope(where, name, resolved);
    push(groups, resolved.group, resolved.resource);
  }
  if (names.length > 0) checkNamed(where, verbs, resources);
  return [...groups].map(([group, inGroup]) => ({
    apiGroups: [group],
    resources: sortedSet(inGroup),
    ...(names.length > 0 && { resourceNames: sortedSet(names) }),
    verbs: sortedSet(verbs),
  }));
}

/** Rules that differ in their resources alone become one, in an order that does not depend on that of the calls. */
export function mergeRules(rules: readonly PolicyRule[]): PolicyRule[] {
  const merged = new Map<string, PolicyRule>();
  for (const rule of rules) {
    const key = JSON.stringify([rule.apiGroups, rule.nonResourceURLs, rule.resourceNames, rule.verbs]);
    const known = merged.get(key);
    const resources = rule.resources && sortedSet([...(known?.resources ?? []), ...rule.resources]);
    merged.set(key, { ...rule, ...(resources && { resources }) });
  }
  return [...merged].sort(([a], [b]) => compareText(a, b)).map(([, rule]) => rule);
}

/** Each once, in order. */
export function sortedSet(values: readonly string[]): string[] {
  return [...new Set(values)].sort(compareText);
}

function resolve(where: string, name: ResourceName): ResolvedResource {
  const resolved = resolveResource(name);
  if (resolved) return resolved;
  throw new BulwarkError(
    `${where}: '${name}' is no resource of Kubernetes. Write the plural in lower case, such as 'deployments' or 'pods/log'; ` +
      "a custom resource as its CustomResourceDefinition is named, such as 'widgets.example.com'. Wildcards are not taken: " +
      'they grant what is added to the cluster tomorrow, too.',
  );
}

function checkVerb(where: string, name: string, { verbs }: ResolvedResource, verb: string): void {
  if (verbs.some((known) => known === verb)) return;
  throw new BulwarkError(
    `${where}: the API server knows no verb '${verb}' for ${name}, so the right would be one that nobody can use, or one such as ` +
      `escalate, bind and impersonate that is every right. Use of ${verbs.join(', ')} what is needed.`,
  );
}

/** A namespace itself counts as being in the namespace of its name. */
function checkScope(where: string, name: string, { namespaced }: ResolvedResource): void {
  if (namespaced !== false || name === 'namespaces') return;
  throw new BulwarkError(
    `${where}: ${name} belong to no namespace, so a Role grants nothing of them. Use a LockedClusterRole, if this is meant for the whole cluster.`,
  );
}

/** A rule without verbs the API server refuses, and one for the empty name it takes for one about every object at once. */
function checkSaid(where: string, { verbs, resources, names }: Grant): void {
  const missing = verbs.length === 0 ? 'verb' : resources.length === 0 ? 'resource' : undefined;
  if (missing !== undefined) {
    throw new BulwarkError(
      `${where}: allow names no ${missing}, and a rule without one grants nothing. Name what is needed, such as allow(['get'], ['pods']), or leave the call out.`,
    );
  }
  if (!names.includes('')) return;
  throw new BulwarkError(
    `${where}: names holds '', which limits nothing: a request without a name, such as one to list all objects, has that name. Name the objects, or leave names out.`,
  );
}

function checkNamed(where: string, verbs: readonly string[], resources: readonly string[]): void {
  const unnamed = verbs.find((verb) => verb === 'deletecollection' || verb === 'create');
  if (unnamed === undefined || resources.every((name) => name.includes('/'))) return;
  throw new BulwarkError(
    `${where}: a request to ${unnamed} names no object, so names cannot limit it and the rule would grant nothing. ` +
      `Grant ${unnamed} in a call of its own, without names.`,
  );
}
