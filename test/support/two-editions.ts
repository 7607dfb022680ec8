import { ApiObject, Chart } from 'cdk8s';
import { Blueprint } from '../../constructs/blueprint/blueprint';
import { ClusterTarget } from '../../src/target/target';

/** The namespaces of a small cluster before and after a change: one file changes, one goes, one is new. */
const EDITIONS = {
  old: { alpha: 'the first value', beta: 'is removed' },
  new: { alpha: 'the second value', gamma: 'is added', 'gamma-2': 'is added too' },
} as const;

/** A blueprint in an older or a newer edition. */
export function edition(which: keyof typeof EDITIONS, outdir: string): Blueprint {
  const cluster = new Blueprint({ target: ClusterTarget.kubernetes('1.33'), outdir });
  for (const [namespace, value] of Object.entries(EDITIONS[which])) {
    const chart = new Chart(cluster, namespace);
    new ApiObject(chart, 'Namespace', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    });
    new ApiObject(chart, 'Settings', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace },
      data: { value },
    });
  }
  return cluster;
}
