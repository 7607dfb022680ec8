import { DaemonSet, type DaemonSetProps } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { hardened, type DecidedProps, type HardenedWorkloadProps } from './hardened-workload';

/** Properties of {@link HardenedDaemonSet}. */
export interface HardenedDaemonSetProps extends Omit<DaemonSetProps, DecidedProps>, HardenedWorkloadProps {}

/**
 * A DaemonSet whose pods pass every control. It is the DaemonSet of cdk8s-plus with a ServiceAccount of its own and everything
 * unset that a control wants set; what is explicitly unsafe fails the synthesis unless it is waived.
 */
export class HardenedDaemonSet extends hardened(DaemonSet) {
  /** @throws BulwarkError when another workload of the namespace has the same name. */
  constructor(scope: Construct, id: string, props?: HardenedDaemonSetProps) {
    super(scope, id, props);
  }
}
