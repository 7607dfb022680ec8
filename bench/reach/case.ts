/**
 * Measures one cluster in a process of its own, and prints a {@link Sample} as JSON. Argument: a {@link Case} as JSON.
 */
import { analyzeNetwork } from '../../src/network/reachability';
import { findCrossings } from '../../src/network/isolation';
import { visitPairs } from '../../src/network/pairs';
import { readManifests } from '../../src/manifest/reader';
import { toYaml } from '../../src/manifest/yaml';
import { clusterOf, type Shape } from './clusters';

/** What is measured. */
export interface Case {
  readonly shape: Shape;
  /** Whether the cluster is read from YAML first. */
  readonly yaml: boolean;
}

/** Seconds of processor time, and megabytes. */
export interface Sample {
  readonly pods: number;
  readonly policies: number;
  readonly classes: number;
  /** Pairs of classes of which pods may connect. */
  readonly pairs: number;
  /** Pairs of tenants that are found to reach each other. */
  readonly crossings: number;
  readonly readSeconds: number;
  /** Classes, rules and whom they name. */
  readonly buildSeconds: number;
  /** Every pair of classes that may connect, with its ports. */
  readonly pairSeconds: number;
  readonly isolationSeconds: number;
  /** Of the whole process at its largest, the manifests and this program included. */
  readonly peakMegabytes: number;
}

function measure({ shape, yaml }: Case): Sample {
  const made = clusterOf(shape);
  const text = yaml ? toYaml(made) : '';
  const read = timed(() =>
    yaml ? readManifests(text, 'cluster.yaml').manifests.map(({ manifest }) => manifest) : made,
  );
  const built = timed(() => analyzeNetwork(read.result));
  const { network, rows } = built.result;
  let pairs = 0;
  const visited = timed(() => visitPairs(network, rows, () => (pairs += 1)));
  const proved = timed(() => findCrossings(built.result));
  return {
    pods: network.pods.classes.reduce((sum, one) => sum + one.pods, 0),
    policies: network.policies.length,
    classes: network.pods.classes.length,
    pairs,
    crossings: proved.result.length,
    readSeconds: read.seconds,
    buildSeconds: built.seconds,
    pairSeconds: visited.seconds,
    isolationSeconds: proved.seconds,
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
  };
}

function timed<T>(work: () => T): { readonly result: T; readonly seconds: number } {
  const start = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(start);
  return { result, seconds: (user + system) / 1e6 };
}

process.stdout.write(JSON.stringify(measure(JSON.parse(process.argv[2]!) as Case)));
