/** How much of a request is written to the audit log (audit.k8s.io/v1 Level), least first. */
export const AUDIT_LEVELS = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;

/** How much of a request is written to the audit log. */
export type AuditLevel = (typeof AUDIT_LEVELS)[number];

/** A moment in the handling of a request (audit.k8s.io/v1 Stage). */
export type AuditStage = 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete' | 'Panic';

/** Resources of one API group (audit.k8s.io/v1 GroupResources). */
export interface AuditResources {
  /** Name of the group, without a version. @default '' the core group */
  readonly group?: string;
  /**
   * `pods`; `pods/log` for a subresource; `pods/*` for a resource with its subresources; `*` and `*` + `/scale` for those of
   * every resource.
   * @default every resource of the group
   */
  readonly resources?: readonly string[];
  /** Names of objects. @default every object */
  readonly resourceNames?: readonly string[];
}

/** One rule of an audit policy (audit.k8s.io/v1 PolicyRule). The first rule that matches a request decides. */
export interface AuditRule {
  readonly level: AuditLevel;
  /** @default every user */
  readonly users?: readonly string[];
  /** A user of any of these groups. @default every group */
  readonly userGroups?: readonly string[];
  /** @default every verb */
  readonly verbs?: readonly string[];
  readonly resources?: readonly AuditResources[];
  /** `''` is a request for what no namespace holds. @default every namespace */
  readonly namespaces?: readonly string[];
  /** Paths outside of the resources; a `*` at the end stands for any end. */
  readonly nonResourceURLs?: readonly string[];
  readonly omitStages?: readonly AuditStage[];
  readonly omitManagedFields?: boolean;
}

/** A policy for the API server's audit log (audit.k8s.io/v1 Policy). */
export interface AuditPolicy {
  readonly apiVersion: 'audit.k8s.io/v1';
  readonly kind: 'Policy';
  readonly metadata?: { readonly name?: string };
  readonly rules: readonly AuditRule[];
  readonly omitStages?: readonly AuditStage[];
  readonly omitManagedFields?: boolean;
}

/** A request as an audit policy sees it. */
export interface AuditedRequest {
  readonly user: string;
  /** Groups of the user, those included that the API server adds, such as `system:authenticated`. */
  readonly groups: readonly string[];
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; in lower case the HTTP method of a path. */
  readonly verb: string;
  readonly target: AuditedResource | AuditedPath;
}

/** A request for an object or a list of objects. */
export interface AuditedResource {
  /** @default '' the core group */
  readonly group?: string;
  readonly resource: string;
  readonly subresource?: string;
  /** @default '' for what no namespace holds, and for a list across namespaces */
  readonly namespace?: string;
  readonly name?: string;
}

/** A request for a path that is no resource, such as `/healthz`. */
export interface AuditedPath {
  readonly path: string;
}

/** What a policy says of a request. */
export interface AuditDecision {
  readonly level: AuditLevel;
  /** Place of the rule that decided; undefined where none matches, which is level None. */
  readonly rule: number | undefined;
}

/** The level of a request: that of the first rule that matches it, None where none does. */
export function auditDecision(policy: AuditPolicy, request: AuditedRequest): AuditDecision {
  const rule = policy.rules.findIndex((candidate) => ruleMatches(candidate, request));
  return rule < 0 ? { level: 'None', rule: undefined } : { level: policy.rules[rule]!.level, rule };
}

function ruleMatches(rule: AuditRule, request: AuditedRequest): boolean {
  return (
    listed(rule.users, request.user) &&
    (isEmpty(rule.userGroups) || rule.userGroups!.some((group) => request.groups.includes(group))) &&
    listed(rule.verbs, request.verb) &&
    targetMatches(rule, request.target)
  );
}

function targetMatches(rule: AuditRule, target: AuditedResource | AuditedPath): boolean {
  const asksResource = !isEmpty(rule.resources) || !isEmpty(rule.namespaces);
  if ('path' in target) {
    if (!isEmpty(rule.nonResourceURLs))
      return rule.nonResourceURLs!.some((url) => pathMatches(url, target.path));
    return !asksResource;
  }
  if (!isEmpty(rule.nonResourceURLs) && !asksResource) return false;
  return (
    listed(rule.namespaces, target.namespace ?? '') &&
    (isEmpty(rule.resources) || rule.resources!.some((resources) => resourceMatches(resources, target)))
  );
}

function pathMatches(url: string, path: string): boolean {
  return url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1)));
}

function resourceMatches(rule: AuditResources, target: AuditedResource): boolean {
  if ((rule.group ?? '') !== (target.group ?? '')) return false;
  if (!isEmpty(rule.resourceNames) && !rule.resourceNames!.includes(target.name ?? '')) return false;
  return isEmpty(rule.resources) || rule.resources!.some((pattern) => patternMatches(pattern, target));
}

function patternMatches(pattern: string, { resource, subresource }: AuditedResource): boolean {
  const whole = subresource ? `${resource}/${subresource}` : resource;
  if (pattern === '*' || pattern === whole) return true;
  if (pattern.startsWith('*/')) return subresource === pattern.slice(2);
  return pattern.endsWith('/*') && resource === pattern.slice(0, -2);
}

function listed(list: readonly string[] | undefined, value: string): boolean {
  return isEmpty(list) || list!.includes(value);
}

function isEmpty(list: readonly unknown[] | undefined): boolean {
  return list === undefined || list.length === 0;
}
