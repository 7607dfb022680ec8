import { CronJob, type CronJobProps } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { hardened, type DecidedProps, type HardenedWorkloadProps } from './hardened-workload';

/** Properties of {@link HardenedCronJob}. */
export interface HardenedCronJobProps extends Omit<CronJobProps, DecidedProps>, HardenedWorkloadProps {}

/**
 * A CronJob whose pods pass every control. It is the CronJob of cdk8s-plus with a ServiceAccount of its own and everything
 * unset that a control wants set; what is explicitly unsafe fails the synthesis unless it is waived.
 */
export class HardenedCronJob extends hardened(CronJob) {
  /** @throws BulwarkError when another workload of the namespace has the same name. */
  constructor(scope: Construct, id: string, props: HardenedCronJobProps) {
    super(scope, id, props);
  }
}
