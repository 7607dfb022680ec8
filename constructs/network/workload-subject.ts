import { Pod, type Workload } from 'cdk8s-plus-27';
import type { IntentSubject } from './intents';
import type { ContainerPort } from './ports';

/** A workload of cdk8s-plus as {@link NetworkIntents} sees it. */
export function workloadSubject(workload: Workload): IntentSubject {
  return {
    construct: workload,
    policyName: workload.name,
    namespaces: () => [workload.metadata.namespace ?? ''],
    workload: workload.name,
    podLabels: () => addressLabel(workload),
    declaredPorts: () => declaredPorts(workload),
    obstacle: () => (workload.hostNetwork ? HOST_NETWORK : undefined),
  };
}

const HOST_NETWORK =
  'its pods use the network of their node, which no policy selects, so nothing that is allowed or denied here has an effect. ' +
  'Remove hostNetwork, or remove the intents and guard the node.';

/** The label that cdk8s-plus gives the pods of a workload and of nothing else. */
function addressLabel(workload: Workload): Record<string, string> {
  return { [Pod.ADDRESS_LABEL]: workload.podMetadata.getLabel(Pod.ADDRESS_LABEL)! };
}

function declaredPorts({ containers }: Workload): ContainerPort[] {
  return containers.flatMap(({ ports }) =>
    ports.map(({ name, number, protocol }) => ({
      ...(name !== undefined && { name }),
      number,
      protocol: protocol ?? 'TCP',
    })),
  );
}
