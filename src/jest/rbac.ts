import { BulwarkError } from '../errors';
import type { Manifest } from '../manifest/manifest';
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
  type Subject,
} from '../rbac';

/** Somebody among manifests that give rights. */
export interface SubjectIn {
  readonly subject: Subject;
  readonly escalation: Escalation;
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
  };
}

interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/** Matchers that ask what somebody may do and how far that leads. */
export const rbacMatchers = {
  /** Passes when the API server would let the subject do it. */
  toBeAbleTo(received: unknown, request: ApiRequest): MatcherResult {
    const { subject, escalation } = subjectOf(received);
    const grant = escalation.world.rbac.grantOf(subject, request);
    return {
      pass: grant !== undefined,
      message: () =>
        grant
          ? `Expected ${describeSubject(subject)} not to be able to ${describeRequest(request)}, but:\n${describeGrant(grant)}`
          : `Expected ${describeSubject(subject)} to be able to ${describeRequest(request)}, and no binding lets them.`,
    };
  },

  /** Passes when some way leads from the subject's rights to the goal. */
  toEscalateTo(received: unknown, goal: Goal): MatcherResult {
    const { subject, escalation } = subjectOf(received);
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
