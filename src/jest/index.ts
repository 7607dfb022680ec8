/**
 * Matchers for jest.
 * @module cdk8s-bulwark/jest
 */
import type { ApiRequest, Goal } from '../rbac';
import type { NetworkAnalysisOptions } from '../network/reachability';
import { matchers, type MatcherOptions } from './matchers';
import { rbacMatchers } from './rbac';

export type { MatcherOptions } from './matchers';
export { matchers } from './matchers';
export { rbacMatchers, subjectIn, type SubjectIn } from './rbac';

declare global {
  // jest declares its matchers in a namespace, and this is how it wants more of them to be declared.
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace jest {
    interface Matchers<R> {
      /** Passes when no control of the profile has a finding that is not waived. */
      toPassControls(options?: MatcherOptions): R;
      /** Passes when the control of that id has a finding. */
      toViolate(controlId: string, options?: MatcherOptions): R;
      /** Passes when the API server would let that subject of {@link subjectIn} do it. */
      toBeAbleTo(request: ApiRequest): R;
      /** Passes when some way leads from the rights of that subject of {@link subjectIn} to the goal. */
      toEscalateTo(goal: Goal): R;
      /**
       * Passes when network policies let a pod of the source connect to a port of a pod of the destination. Both are
       * `namespace/name`, `namespace/name[Kind]` or an IP address, and the destination may be a Service,
       * `svc/namespace/name`.
       * @param port Of the pods, or of the Service, for example `8080` or `'UDP 53'`.
       */
      toAllow(
        source: string,
        destination: string,
        port: string | number,
        options?: NetworkAnalysisOptions,
      ): R;
      /** Passes when no pod of either tenant, or namespace, may connect to a pod of the other. */
      toBeIsolated(one: string, other: string, options?: NetworkAnalysisOptions): R;
    }
  }
}

const { expect } = globalThis as unknown as { expect?: { extend(extra: object): void } };
expect?.extend({ ...matchers, ...rbacMatchers });
