import { NO_PORTS } from './ports';
import type { Reachability } from './reachability';

/** How many pairs of classes of pods meet because one reaches and the other admits everybody. */
export function openPairs({ network, rows }: Reachability): number {
  const open = (direction: 'ingress' | 'egress') =>
    network.pods.classes.filter((one) => rows.row(one, direction).others !== NO_PORTS).length;
  return open('egress') * open('ingress');
}
