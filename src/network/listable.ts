import { NO_PORTS } from './ports';
import type { Reachability } from './reachability';

/** More connections than anybody reads, or a machine should list. */
const MOST_CONNECTIONS = 200_000;

/** Whether connections can be listed one by one in reasonable time and space. */
export function isListable(reachability: Reachability): boolean {
  return openPairs(reachability) <= MOST_CONNECTIONS;
}

/** How many pairs of classes of pods meet because one reaches and the other admits everybody. */
function openPairs({ network, rows }: Reachability): number {
  const open = (direction: 'ingress' | 'egress') =>
    network.pods.classes.filter((one) => rows.row(one, direction).others !== NO_PORTS).length;
  return open('egress') * open('ingress');
}
