import type { Workload } from 'cdk8s-plus-27';
import { NetworkIntents } from './intents';
import { memberAt } from './members';
import { workloadSubject } from './workload-subject';

/**
 * The intents of any workload of cdk8s-plus, hardened or not, so that one that is not can take part as well.
 *
 * @example
 * const legacy = new Deployment(chart, 'legacy', { containers: [{ image: 'registry.example/legacy:3', portNumber: 8080 }] });
 * intentsOf(legacy).allowTo(db); // a NetworkPolicy for the pods of the Deployment
 */
export function intentsOf(workload: Workload): NetworkIntents {
  return memberAt(workload) ?? new NetworkIntents(workloadSubject(workload));
}
