import { groupBy } from '../groups';
import { takeInventory, type Inventory, type WorkloadEntry } from '../manifest/inventory';
import { POD_SECURITY_LABEL } from '../manifest/kinds';
import { describeObject, isObject, type Manifest } from '../manifest/manifest';
import { lazily } from '../manifest/remembered';
import { ALL } from './power';
import { accountOf, mountsToken, wayToNode } from './pod-powers';
import type { Rbac } from './rbac';
import type { Subject } from './subject';

/** A workload whose pods lead whoever runs code in them somewhere. */
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
  /** Those that lead somewhere: most mount no token and keep away from the node. */
  readonly pods: readonly PodPower[];
  /** The ones of a namespace, or of all. */
  readonly podsIn: (namespace: string) => readonly PodPower[];
  readonly podsNamed: (name: string) => readonly PodPower[];
  /** The ServiceAccounts of a namespace, or of all, that a binding names. Others have nothing that their groups have not. */
  readonly accountsIn: (namespace: string) => readonly Subject[];
  /** The Secrets of a namespace, or of all, that hold the token of a ServiceAccount. */
  readonly tokensIn: (namespace: string) => readonly TokenSecret[];
  /** Whether a Secret of that name is there. */
  readonly hasSecret: (namespace: string, name: string) => boolean;
  /** Whether Pod Security refuses pods that lead to the node. */
  readonly isPodSecure: (namespace: string) => boolean;
  readonly namespaces: readonly string[];
}

/** Looks at pods, ServiceAccounts, token Secrets and Namespaces once. */
export function surroundingsOf(manifests: readonly Manifest[], rbac: Rbac): Surroundings {
  const inventory = takeInventory(manifests);
  const pods = inventory.workloads.flatMap((entry) => podPower(entry, inventory) ?? []);
  const byName = lazily(() => groupBy(pods, ({ name }) => name));
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
    podsNamed: (name) => byName().get(name) ?? [],
    accountsIn: lookUp(accounts),
    tokensIn: lookUp(tokens),
    hasSecret: (namespace, name) => inventory.find('Secret', namespace, name) !== undefined,
    isPodSecure: (namespace) => secure.has(namespace),
    namespaces: [...namespaces],
  };
}

function podPower(entry: WorkloadEntry, inventory: Inventory): PodPower | undefined {
  const { manifest, pod, namespace } = entry;
  const account = mountedAccountOf(entry, inventory);
  const way = wayToNode(pod);
  if (!account && !way) return undefined;
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
  const automounts = () =>
    inventory.find('ServiceAccount', namespace, accountOf(pod))?.automountServiceAccountToken !== false;
  return mountsToken(pod, automounts)
    ? { kind: 'ServiceAccount', namespace, name: accountOf(pod) }
    : undefined;
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
  const byNamespace = groupBy(items, ({ namespace }) => namespace);
  return (namespace) => (namespace === ALL ? items : (byNamespace.get(namespace) ?? []));
}
