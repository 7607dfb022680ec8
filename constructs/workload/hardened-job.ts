import { Job, type JobProps } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { hardened, type DecidedProps, type HardenedWorkloadProps } from './hardened-workload';

/** Properties of {@link HardenedJob}. */
export interface HardenedJobProps extends Omit<JobProps, DecidedProps>, HardenedWorkloadProps {}

/**
 * A Job whose pods pass every control. It is the Job of cdk8s-plus with a ServiceAccount of its own and everything
 * unset that a control wants set; what is explicitly unsafe fails the synthesis unless it is waived.
 */
export class HardenedJob extends hardened(Job) {
  /** @throws BulwarkError when another workload of the namespace has the same name. */
  constructor(scope: Construct, id: string, props?: HardenedJobProps) {
    super(scope, id, props);
  }
}
