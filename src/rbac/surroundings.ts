import { takeInventory, type Inventory, type WorkloadEntry } from '../manifest/inventory';
import { POD_SECURITY_LABEL } from '../manifest/kinds';
import { describeObject, isObject, type Manifest } from '../manifest/manifest';
import { ALL } from './power';
import { accountOf, mountsToken, wayToNode } from './pod-powers';
import type { Rbac } from './rbac';
import type { Subject } from './subject';

/** A workload, and what whoever runs code in its pods gains. */
export interface PodPower {
  readonly manifest: Manifest;
  readonly name: string;
  readonly namespace: string;
  /** The ServiceAccount whose token is mounted. @default none */
  readonly account?: Subject;
  /** How its pods lead to the node. @default none do */
  readonly wayToNode?: string;
}

/** A Secret with a token that never expires. */
export interface TokenSecret {
  readonly namespace: string;
  readonly secret: string;
  readonly account: Subject;
}

/** What of manifests, beside roles and bindings, decides how far somebody gets. */
export interface Surroundings {
  readonly pods: readonly PodPower[];
  /** The pods of a namespace, or of all. */
  readonly podsIn: (namespace: string) => readonly PodPower[];
  /** The ServiceAccounts of a namespace, or of all, that a binding names. Others have nothing that their groups have not. */
  readonly accountsIn: (namespace: string) => readonly Subject[];
  /** The Secrets of a namespace, or of all, that hold the token of a ServiceAccount. */
  readonly tokensIn: (namespace: string) => readonly TokenSecret[];
  /** Whether Pod Security refuses pods that lead to the node. */
  readonly isPodSecure: (namespace: string) => boolean;
  readonly namespaces: readonly string[];
}

/** Looks at pods, ServiceAccounts, token Secrets and Namespaces once. */
export function surroundingsOf(manifests: readonly Manifest[], rbac: Rbac): Surroundings {
  const inventory = takeInventory(manifests);
  const pods = inventory.workloads.map((entry) => podPower(entry, inventory));
  const accounts = rbac.subjects.filter((subject) => subject.kind === 'ServiceAccount');
  const tokens = inventory.ofKind('Secret').flatMap(tokenOf);
  const secure = new Set(
    inventory
      .ofKind('Namespace')
      .filter(isSecure)
      .map(({ metadata }) => metadata?.name),
  );
  const namespaces = new Set([...inventory.namespaces, ...accounts.map(({ namespace }) => namespace)]);
  return {
    pods,
    podsIn: lookUp(pods),
    accountsIn: lookUp(accounts),
    tokensIn: lookUp(tokens),
    isPodSecure: (namespace) => secure.has(namespace),
    namespaces: [...namespaces],
  };
}

function podPower(entry: WorkloadEntry, inventory: Inventory): PodPower {
  const { manifest, pod, namespace } = entry;
  const account = mountedAccountOf(entry, inventory);
  const way = wayToNode(pod);
  return {
    manifest,
    name: describeObject(manifest),
    namespace,
    ...(account && { account }),
    ...(way && { wayToNode: way }),
  };
}

/** The ServiceAccount whose token the pods of a workload mount; undefined where they mount none. */
export function mountedAccountOf(
  { pod, namespace }: WorkloadEntry,
  inventory: Inventory,
): Subject | undefined {
  const name = accountOf(pod);
  const account = inventory.find('ServiceAccount', namespace, name);
  const mounts = mountsToken(pod, account?.automountServiceAccountToken !== false);
  return mounts ? { kind: 'ServiceAccount', namespace, name } : undefined;
}

function tokenOf({ type, metadata }: Manifest): TokenSecret[] {
  const name = metadata?.annotations?.['kubernetes.io/service-account.name'];
  if (type !== 'kubernetes.io/service-account-token' || !name) return [];
  const namespace = metadata.namespace ?? 'default';
  return [{ namespace, secret: metadata.name ?? '', account: { kind: 'ServiceAccount', name, namespace } }];
}

function isSecure({ metadata }: Manifest): boolean {
  const labels = isObject(metadata?.labels) ? metadata.labels : {};
  return labels[POD_SECURITY_LABEL] === 'restricted' || labels[POD_SECURITY_LABEL] === 'baseline';
}

function lookUp<T extends { readonly namespace: string }>(
  items: readonly T[],
): (namespace: string) => readonly T[] {
  const byNamespace = new Map<string, T[]>();
  for (const item of items) {
    const others = byNamespace.get(item.namespace);
    if (others) others.push(item);
    else byNamespace.set(item.namespace, [item]);
  }
  return (namespace) => (namespace === ALL ? items : (byNamespace.get(namespace) ?? []));
}
