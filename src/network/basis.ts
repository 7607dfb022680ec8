import type { Endpoint } from './connections';
import type { Network } from './network';
import type { Direction } from './policy';

/**
 * What a statement that something may connect rests on:
 * - `policy`: rules of policies that select the pods of one end at least.
 * - `default`: no policy selects either end, and then Kubernetes allows everything.
 * - `host-network`: an end is in the network of its node, for which NetworkPolicy defines nothing. Most plugins take its traffic
 *   for that of the node, which no policy restricts.
 */
export type Basis = 'policy' | 'default' | 'host-network';

/** Tells what connections of a network rest on. */
export function basisIn(network: Network): (source: Endpoint, destination: Endpoint) => Basis {
  const isHost = (end: Endpoint) =>
    end.kind === 'workload' && end.workload.classes.some(({ hostNetwork }) => hostNetwork);
  const isSelected = (end: Endpoint, direction: Direction) =>
    end.kind === 'workload' &&
    end.workload.classes.some((one) => network.policiesOn(one).some((policy) => policy[direction]));
  return (source, destination) => {
    if (isHost(source) || isHost(destination)) return 'host-network';
    return isSelected(source, 'egress') || isSelected(destination, 'ingress') ? 'policy' : 'default';
  };
}
