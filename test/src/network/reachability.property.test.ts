import fc from 'fast-check';
import type { Manifest } from '../../../src/manifest/manifest';
import { endpointName } from '../../../src/network/endpoint';
import { hasPort, PROTOCOLS } from '../../../src/network/ports';
import { analyzeNetwork, type Reachability } from '../../../src/network/reachability';
import { ClusterTarget } from '../../../src/target/target';
import { isAllowed, type Cluster, type Party, type Pod } from './brute-force';
import { ADDRESSES, clusters, PORTS } from './cluster-arbitrary';

const CLUSTERS = Number(process.env.BULWARK_NETWORK_CASES ?? 5000);

/** What a cluster is asked about. */
interface Sample {
  readonly addresses: readonly string[];
  readonly ports: readonly number[];
}

const sample: fc.Arbitrary<Sample> = fc.record({
  addresses: fc.subarray([...ADDRESSES], { minLength: 1, maxLength: 3 }),
  ports: fc.subarray([...PORTS], { minLength: 3, maxLength: 4 }),
});

describe('The engine agrees with an evaluator that asks every pod about every port and address', () => {
  it(`on ${CLUSTERS} random clusters`, () => {
    let answers = { allowed: 0, refused: 0 };
    fc.assert(
      fc.property(clusters, sample, (cluster, asked) => {
        const reachability = analyze(cluster);
        const counts = compare(cluster, asked, reachability);
        answers = {
          allowed: answers.allowed + counts.allowed,
          refused: answers.refused + counts.refused,
        };
        compareList(cluster, reachability);
      }),
      { numRuns: CLUSTERS },
    );
    // Clusters in which everything is allowed, or nothing, would say little.
    const share = answers.allowed / (answers.allowed + answers.refused);
    expect(share).toBeGreaterThan(0.1);
    expect(share).toBeLessThan(0.9);
  });
});

function analyze(cluster: Cluster): Reachability {
  return analyzeNetwork(manifestsOf(cluster), {
    target: ClusterTarget.kubernetes('1.33', { clusterNetworkPolicy: true, ipFamilies: cluster.families }),
    hostNetwork: cluster.hostNetwork,
  });
}

function manifestsOf(cluster: Cluster): Manifest[] {
  return [
    ...cluster.namespaces.map(({ name, labels }) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels },
    })),
    ...cluster.pods.map(({ namespace, name, labels, hostNetwork, ports }) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name, labels },
      spec: { hostNetwork, containers: [{ name: 'main', ports }] },
    })),
    ...cluster.policies,
    ...cluster.clusterPolicies,
  ];
}

/** Every pod with every other and with some addresses, in both directions, on some ports of every protocol. */
function compare(
  cluster: Cluster,
  asked: Sample,
  reachability: Reachability,
): { allowed: number; refused: number } {
  const counts = { allowed: 0, refused: 0 };
  const pods: Party[] = cluster.pods.map((pod) => ({ pod }));
  const addresses: Party[] = asked.addresses.map((address) => ({ address }));
  const pairs = [
    ...pods.flatMap((from) => pods.filter((to) => to !== from).map((to) => [from, to] as const)),
    ...pods.flatMap((pod) => addresses.flatMap((other) => [[pod, other] as const, [other, pod] as const])),
  ];
  for (const [from, to] of pairs) {
    const ours = reachability.portsBetween(nameOf(from), nameOf(to));
    for (const protocol of PROTOCOLS) {
      for (const port of asked.ports) {
        const expected = isAllowed(cluster, { from, to, protocol, port });
        counts[expected ? 'allowed' : 'refused'] += 1;
        if (hasPort(ours, protocol, port) === expected) continue;
        throw new Error(`${nameOf(from)} => ${nameOf(to)} ${protocol} ${port} should be ${expected}`);
      }
    }
  }
  return counts;
}

/** The list has exactly the pairs that may connect, each with the ports that a question about the pair is answered with. */
function compareList(cluster: Cluster, reachability: Reachability): void {
  const listed = reachability
    .connections()
    .filter(({ source, destination }) => source.kind === 'workload' && destination.kind === 'workload')
    .map(({ source, destination, ports }) => [endpointName(source), endpointName(destination), ports]);
  const names = cluster.pods.map((pod) => `${nameOf({ pod })}[Pod]`);
  const asked = names
    .flatMap((from) => names.map((to) => [from, to, reachability.portsBetween(from, to)] as const))
    .filter(([from, to, ports]) => from !== to && ports.length > 0);
  const text = (list: readonly (readonly unknown[])[]) =>
    list
      .map((one) => JSON.stringify(one))
      .sort()
      .join('\n');
  // Comparing texts is a hundred times as fast as toEqual.
  if (text(listed) !== text(asked)) expect(text(listed)).toBe(text(asked));
}

function nameOf(party: Party): string {
  return 'address' in party ? party.address : podName(party.pod);
}

function podName({ namespace, name }: Pod): string {
  return `${namespace}/${name}`;
}
