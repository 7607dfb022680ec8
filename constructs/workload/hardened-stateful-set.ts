import { StatefulSet, type StatefulSetProps } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { hardened, type DecidedProps, type HardenedWorkloadProps } from './hardened-workload';

/** Properties of {@link HardenedStatefulSet}. */
export interface HardenedStatefulSetProps
  extends Omit<StatefulSetProps, DecidedProps>, HardenedWorkloadProps {}

/**
 * A StatefulSet whose pods pass every control. It is the StatefulSet of cdk8s-plus with a ServiceAccount of its own and everything
 * unset that a control wants set; what is explicitly unsafe fails the synthesis unless it is waived.
 */
export class HardenedStatefulSet extends hardened(StatefulSet) {
  /** @throws BulwarkError when another workload of the namespace has the same name. */
  constructor(scope: Construct, id: string, props: HardenedStatefulSetProps) {
    super(scope, id, props);
  }
}
