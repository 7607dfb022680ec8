import { explainConnection } from '../network/explain';
import { findCrossings, tenantLookup } from '../network/isolation';
import { workloadName } from '../network/pods';
import { formatPorts } from '../network/ports';
import { parsePort } from '../network/port-text';
import { analyzeNetwork, type NetworkAnalysisOptions } from '../network/reachability';
import { manifestsOf, type MatcherResult } from './received';

/** Matchers that ask network policies about a list of manifests, such as what `Testing.synth(chart)` gives. */
export const networkMatchers = {
  /** Passes when a pod of the source may connect to that port of a pod of the destination. */
  toAllow(
    received: unknown,
    source: string,
    destination: string,
    ...[port, options]: [port: string | number, options?: NetworkAnalysisOptions]
  ): MatcherResult {
    const reachability = analyzeNetwork(manifestsOf(received), options);
    const { allowed, sentences } = explainConnection(
      reachability,
      source,
      destination,
      parsePort(String(port)),
    );
    return { pass: allowed, message: () => sentences.join('\n') };
  },

  /** Passes when no pod of either tenant, or namespace, may connect to a pod of the other. */
  toBeIsolated(
    received: unknown,
    one: string,
    other: string,
    options: NetworkAnalysisOptions = {},
  ): MatcherResult {
    const reachability = analyzeNetwork(manifestsOf(received), options);
    const groupOf = tenantLookup(reachability, [one, other]);
    const crossings = findCrossings(reachability, { groupOf });
    const lines = crossings.map(({ source, destination, ports }) => {
      const [from, to] = [source, destination].map(workloadName);
      return `- ${from} may connect to ${to}: ${formatPorts(ports)}`;
    });
    return {
      pass: crossings.length === 0,
      message: () =>
        crossings.length === 0
          ? `Expected ${one} and ${other} to reach each other, and no pod of either may connect to one of the other.`
          : `Expected ${one} and ${other} to be isolated:\n${lines.join('\n')}`,
    };
  },
};
