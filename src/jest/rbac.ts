import { BulwarkError } from '../errors';
import type { Manifest } from '../manifest/manifest';
import { lazily } from '../manifest/remembered';
import {
  describeGrant,
  describePath,
  describePower,
  describeSubject,
  escalationOf,
  parseSubject,
  type ApiRequest,
  type Escalation,
  type Goal,
  type ResourceRequest,
  type Subject,
} from '../rbac';
import { checkResource, checkVerb, wordsOf, type RightsWords } from '../rbac/words';

/** Somebody among manifests that give rights. */
export interface SubjectIn {
  readonly subject: Subject;
  readonly escalation: Escalation;
  /** What the manifests, and Kubernetes, have words for. */
  readonly words: () => RightsWords;
}

/**
 * Somebody, for `expect`: `expect(subjectIn(manifests, 'Group:shop-dev')).not.toEscalateTo('node')`.
 * @param who `User:NAME`, `Group:NAME` or `ServiceAccount:NAMESPACE/NAME`.
 * @throws BulwarkError when it is no subject.
 */
export function subjectIn(manifests: readonly Manifest[], who: Subject | string): SubjectIn {
  return {
    subject: typeof who === 'string' ? parseSubject(who) : who,
    escalation: escalationOf(manifests),
    words: lazily(() => wordsOf(manifests)),
  };
}

interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/** Matchers that ask what somebody may do and how far that leads. */
export const rbacMatchers = {
  /**
   * Passes when the API server would let the subject do it. A resource can be named as kubectl names it, `deployments` and
   * `pods/exec`.
   * @throws BulwarkError for a verb or a resource that is a slip of another: of something that is not there nobody has a right.
   */
  toBeAbleTo(received: unknown, asked: ApiRequest): MatcherResult {
    const { subject, escalation, words } = subjectOf(received);
    const request = 'path' in asked ? asked : meantRequest(asked, words());
    const grant = escalation.world.rbac.grantOf(subject, request);
    return {
      pass: grant !== undefined,
      message: () =>
        grant
          ? `Expected ${describeSubject(subject)} not to be able to ${describeRequest(request)}, but:\n${describeGrant(grant)}`
          : `Expected ${describeSubject(subject)} to be able to ${describeRequest(request)}, and no binding lets them.`,
    };
  },

  /**
   * Passes when some way leads from the subject's rights to the goal.
   * @throws BulwarkError for a goal that is none.
   */
  toEscalateTo(received: unknown, goal: Goal): MatcherResult {
    const { subject, escalation } = subjectOf(received);
    refuseOther(goal);
    const path = escalation.pathTo(subject, goal);
    return {
      pass: path !== undefined,
      message: () =>
        path
          ? `Expected no way to ${describeGoal(goal)}, but:\n${describePath(path)}`
          : `Expected a way from ${describeSubject(subject)} to ${describeGoal(goal)}, and there is none.`,
    };
  },
};

function meantRequest(asked: ResourceRequest, words: RightsWords): ResourceRequest {
  const group = asked.group ? `.${asked.group}` : '';
  const [resource, ...sub] = asked.subresource
    ? [asked.resource, asked.subresource]
    : asked.resource.split('/');
  const { typed } = checkResource([`${resource}${group}`, ...sub].join('/'), words);
  checkVerb(asked.verb, words);
  return { ...asked, ...typed, ...(asked.group !== undefined && { group: asked.group }) };
}

function refuseOther(goal: unknown): void {
  if (goal === 'cluster' || goal === 'node') return;
  if (typeof goal === 'object' && goal !== null && ('secretsOf' in goal || 'kind' in goal)) return;
  throw new BulwarkError(
    `toEscalateTo(${JSON.stringify(goal)}): there is no such goal. Use 'cluster', 'node', { secretsOf: 'NAMESPACE' } or a subject, { kind: 'User', name: 'NAME' }.`,
  );
}

/** `patch deployments.apps/scale named web in shop`, as kubectl names it. */
function describeRequest(request: ApiRequest): string {
  if ('path' in request) return `${request.verb} ${request.path}`;
  const { verb, group, resource, subresource, name, namespace } = request;
  const what = `${resource}${group ? `.${group}` : ''}${subresource ? `/${subresource}` : ''}`;
  return `${verb} ${what}${name ? ` named ${name}` : ''}${namespace ? ` in ${namespace}` : ''}`;
}

function describeGoal(goal: Goal): string {
  if (goal === 'cluster' || goal === 'node') return describePower({ kind: goal });
  return 'secretsOf' in goal ? `all Secrets in ${goal.secretsOf}` : describeSubject(goal);
}

function subjectOf(received: unknown): SubjectIn {
  if (typeof received === 'object' && received !== null && 'escalation' in received)
    return received as SubjectIn;
  throw new BulwarkError(
    "expect(...) was given something else than a subject. Give it subjectIn(manifests, 'Group:shop-dev').",
  );
}
