import { Deployment, type DeploymentProps } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { hardened, type DecidedProps, type HardenedWorkloadProps } from './hardened-workload';

/** Properties of {@link HardenedDeployment}. */
export interface HardenedDeploymentProps extends Omit<DeploymentProps, DecidedProps>, HardenedWorkloadProps {}

/**
 * A Deployment whose pods pass every control. It is the Deployment of cdk8s-plus with a ServiceAccount of its own and everything
 * unset that a control wants set; what is explicitly unsafe fails the synthesis unless it is waived.
 */
export class HardenedDeployment extends hardened(Deployment) {
  /** @throws BulwarkError when another workload of the namespace has the same name. */
  constructor(scope: Construct, id: string, props?: HardenedDeploymentProps) {
    super(scope, id, props);
  }
}
