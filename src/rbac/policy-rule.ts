import { isObject, type Manifest } from '../manifest/manifest';
import { listOf } from '../lists';

/** A rule of a Role or ClusterRole (rbac/v1 PolicyRule). */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  /** Empty where the rule is about objects of any name. */
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

/** A request for an object, or for all of a kind. */
export interface ResourceRequest {
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`, or one of a few special ones. */
  readonly verb: string;
  /** API group. @default '' the core group */
  readonly group?: string;
  /** Name of the resource in the API: `pods`, not Pod. */
  readonly resource: string;
  /** Such as `exec` for pods/exec. @default none */
  readonly subresource?: string;
  /** @default none: the request is for all namespaces, or the resource belongs to none */
  readonly namespace?: string;
  /** Name of the object. @default none: as in a request to list or to create */
  readonly name?: string;
}

/** A request for a path outside the API's resources, such as /metrics. */
export interface UrlRequest {
  /** The HTTP method in lower case. */
  readonly verb: string;
  readonly path: string;
}

/** What somebody asks of the API server. */
export type ApiRequest = ResourceRequest | UrlRequest;

/** Whether a request is for a path that is no resource. */
export function isUrlRequest(request: ApiRequest): request is UrlRequest {
  return 'path' in request;
}

/** The rules that are written in a Role or ClusterRole. Whatever is no list of text counts as empty. */
export function rulesOf({ rules }: Manifest): PolicyRule[] {
  return listOf(rules)
    .filter(isObject)
    .map((rule) => ({
      verbs: textsOf(rule.verbs),
      apiGroups: textsOf(rule.apiGroups),
      resources: textsOf(rule.resources),
      resourceNames: textsOf(rule.resourceNames),
      nonResourceURLs: textsOf(rule.nonResourceURLs),
    }));
}

/** Whether a rule allows a request, as the RBAC authorizer of the API server decides it (pkg/apis/rbac/v1 EvaluationHelpers). */
export function ruleAllows(rule: PolicyRule, request: ApiRequest): boolean {
  if (!includesOrAll(rule.verbs, request.verb)) return false;
  if (isUrlRequest(request)) return rule.nonResourceURLs.some((pattern) => urlMatches(pattern, request.path));
  const { group = '', resource, subresource = '', name = '' } = request;
  return (
    includesOrAll(rule.apiGroups, group) &&
    rule.resources.some((pattern) => resourceMatches(pattern, resource, subresource)) &&
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(name))
  );
}

/** `pods/exec` is granted by `*`, by its own name and by a wildcard in front of `/exec`; `pods/*` grants nothing. */
export function resourceMatches(pattern: string, resource: string, subresource: string): boolean {
  if (pattern === '*') return true;
  if (subresource === '') return pattern === resource;
  return pattern === `${resource}/${subresource}` || pattern === `*/${subresource}`;
}

/** A `*` counts at the end only, where it stands for anything, and every one there is taken off. */
function urlMatches(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === path) return true;
  return pattern.endsWith('*') && path.startsWith(pattern.replace(/\*+$/, ''));
}

function includesOrAll(values: readonly string[], wanted: string): boolean {
  return values.includes('*') || values.includes(wanted);
}

function textsOf(value: unknown): string[] {
  return listOf(value).filter((item) => typeof item === 'string');
}

/** A rule in one line: `get, list secrets, apps/deployments named db`. */
export function describeRule(rule: PolicyRule): string {
  const { verbs, resourceNames, nonResourceURLs } = rule;
  const named = resourceNames.length > 0 ? ` named ${resourceNames.join(', ')}` : '';
  const objects = [...resourceList(rule), ...nonResourceURLs].map((one) =>
    one === '*' ? 'everything' : one,
  );
  return `${verbs.map((verb) => (verb === '*' ? 'do anything to' : verb)).join(', ')} ${objects.join(', ')}${named}`;
}

function resourceList({ apiGroups, resources }: PolicyRule): string[] {
  if (apiGroups.includes('*') && resources.includes('*')) return ['*'];
  return apiGroups.flatMap((group) =>
    resources.map((resource) => (group === '' ? resource : `${group}/${resource}`)),
  );
}
