import { BulwarkError } from '../errors';
import { isQuantity } from '../manifest/quantity';

/** What the nodes of a cluster have for tenants, after Kubernetes itself has taken its part. */
export interface ClusterCapacity {
  /** Quantity of cores. @default unknown */
  readonly cpu?: string;
  /** Quantity of bytes. @default unknown */
  readonly memory?: string;
  /** Quantity of bytes that StorageClasses can provide. @default unknown */
  readonly storage?: string;
  /** @default unknown */
  readonly pods?: number;
  /** How many times as much may be promised as there is, since tenants seldom use all of it at once. @default 1 */
  readonly overcommit?: number;
}

/** A taint of nodes (core/v1 Taint). */
export interface NodeTaint {
  readonly key: string;
  readonly value?: string;
  readonly effect: 'NoSchedule' | 'NoExecute' | 'PreferNoSchedule';
}

/** Nodes that are set apart. */
export interface NodePool {
  /** Label, or labels, that all nodes of the pool have and no others. */
  readonly labels: Readonly<Record<string, string>>;
  /** Taints that keep everybody else's pods away. @default none */
  readonly taints?: readonly NodeTaint[];
}

/** @throws BulwarkError for what is no quantity, and for a pool that no label tells apart. */
export function checkNodes(
  capacity: ClusterCapacity | undefined,
  pools: Readonly<Record<string, NodePool>>,
): void {
  for (const [key, value] of Object.entries(capacity ?? {})) {
    if (value === undefined || isQuantity(value)) continue;
    throw new BulwarkError(
      `capacity.${key} is '${value}', which is no quantity. Write for example '64' or '256Gi'.`,
    );
  }
  for (const [name, { labels }] of Object.entries(pools)) {
    if (Object.keys(labels).length > 0) continue;
    throw new BulwarkError(
      `nodePools.${name} has no labels, so pods cannot be kept on its nodes. Label the nodes (kubectl label node NAME pool=${name}) and write labels: { pool: '${name}' }.`,
    );
  }
}
