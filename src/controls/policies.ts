import type { Inventory } from '../manifest/inventory';
import { isObject, labelsOf, type JsonObject, type Manifest } from '../manifest/manifest';
import { lazily } from '../manifest/remembered';
import { indexLabels, indexSelectors, type LabelIndex, type SelectorIndex } from '../manifest/selectors';
import { listOf } from '../lists';

/** The kind of a NetworkPolicy, as controls name it. */
export const POLICY = 'networking.k8s.io/NetworkPolicy';

/** A direction of traffic, as policyTypes names it. */
export type Direction = 'Ingress' | 'Egress';

/** Both directions. */
export const DIRECTIONS: readonly Direction[] = ['Ingress', 'Egress'];

/** What is in one namespace, for rules that ask about each of its pods or policies. */
interface NamespaceIndex {
  readonly pods: () => LabelIndex;
  readonly policies: Readonly<Record<Direction, IsolatingPolicies>>;
}

/** The policies of a namespace that isolate pods in a direction. */
export interface IsolatingPolicies {
  /** Those that select every pod. */
  readonly ofAll: readonly Manifest[];
  /** Made when it is first asked: where a policy selects every pod, few rules look at the others. */
  readonly ofSome: () => SelectorIndex<Manifest>;
}

const INDEXES = new WeakMap<Inventory, Map<string, NamespaceIndex>>();

/** The pods and the policies of a namespace, indexed once. */
export function namespaceIndex(inventory: Inventory, namespace: string): NamespaceIndex {
  let known = INDEXES.get(inventory);
  if (!known) INDEXES.set(inventory, (known = new Map<string, NamespaceIndex>()));
  let index = known.get(namespace);
  if (!index) {
    const { all, some } = policiesBySelector(inventory, namespace);
    const of = (direction: Direction): IsolatingPolicies => {
      const isIsolating = (policy: Manifest) => isolates(policy, direction);
      const ofSome = lazily(() =>
        indexSelectors(some.filter(isIsolating), (policy) => specOf(policy).podSelector),
      );
      return { ofAll: all.filter(isIsolating), ofSome };
    };
    const pods = lazily(() => indexLabels(inventory.workloadsIn(namespace).map(({ pod }) => labelsOf(pod))));
    index = { pods, policies: { Ingress: of('Ingress'), Egress: of('Egress') } };
    known.set(namespace, index);
  }
  return index;
}

/** The policies of a namespace, with those that select every pod by themselves. */
function policiesBySelector(inventory: Inventory, namespace: string) {
  const all: Manifest[] = [];
  const some: Manifest[] = [];
  for (const policy of inventory.inNamespace(POLICY, namespace)) {
    (isEmptySelector(specOf(policy).podSelector) ? all : some).push(policy);
  }
  return { all, some };
}

/** Every NetworkPolicy. */
export function policiesIn(inventory: Inventory): readonly Manifest[] {
  return inventory.ofKind(POLICY);
}

/** The spec of an object; empty where it is no mapping. */
export function specOf(policy: Manifest): JsonObject {
  return isObject(policy.spec) ? policy.spec : {};
}

/** Whether a policy denies what it does not allow in a direction. Without policyTypes, egress only if there are rules for it. */
export function isolates(policy: Manifest, direction: Direction): boolean {
  const { policyTypes, egress } = specOf(policy);
  const types = listOf(policyTypes);
  if (types.length > 0) return types.includes(direction);
  return direction === 'Ingress' || listOf(egress).length > 0;
}

/** Whether a selector selects everything. */
export function isEmptySelector(selector: unknown): boolean {
  if (!isObject(selector)) return true;
  const { matchLabels, matchExpressions } = selector;
  return (
    listOf(matchExpressions).length === 0 && (!isObject(matchLabels) || Object.keys(matchLabels).length === 0)
  );
}
