import { push } from '../groups';
import type { Subject } from './policy';
import type { Namespace, PodClass, Pods } from './pods';
import { matches, selectsAll, type Labels, type Requirement, type Selector } from './selector';

/** Every pod of the cluster, those that no manifest shows included. */
export const ALL_PODS = 'all';

/** Classes by number, ascending, or every pod. */
export type PodSet = readonly number[] | typeof ALL_PODS;

/** Finds the pods that selectors select. */
export interface PodIndex {
  select(subject: Subject): PodSet;
}

/** Above this many namespaces it is faster to ask all pods for a label than each namespace for its pods. */
const FEW_NAMESPACES = 16;

/** Indexes pods by their labels and namespaces. */
export function podIndex(pods: Pods): PodIndex {
  const namespaces = [...pods.namespaces.values()];
  const namespacesByLabel = labelIndex(namespaces);
  const classesByLabel = labelIndex(pods.classes);
  const answers = new Map<string, PodSet>();

  const selectNamespaces = (selector: Selector): readonly Namespace[] => {
    const some = candidates(selector, namespacesByLabel) ?? namespaces;
    return some.filter(({ labels }) => matches(selector, labels));
  };
  const within = ({ classes }: Namespace, selector: Selector | undefined): readonly number[] =>
    isAny(selector) ? classes : classes.filter((id) => matches(selector!, pods.classes[id]!.labels));
  const everywhere = (selector: Selector): readonly PodClass[] => {
    const some = candidates(selector, classesByLabel) ?? pods.classes;
    return some.filter(({ labels }) => matches(selector, labels)).sort((a, b) => a.id - b.id);
  };
  const selectAcross = (selector: Selector, podSelector: Selector | undefined): PodSet => {
    const everyPod = isAny(podSelector);
    if (selectsAll(selector)) return everyPod ? ALL_PODS : everywhere(podSelector!).map(({ id }) => id);
    const selected = selectNamespaces(selector);
    if (everyPod || selected.length <= FEW_NAMESPACES) {
      return ascending(selected.flatMap((namespace) => within(namespace, podSelector)));
    }
    const some = new Set(selected);
    return everywhere(podSelector!).flatMap(({ id, namespace }) => (some.has(namespace) ? [id] : []));
  };

  return {
    select({ namespace, namespaces: selector, pods: podSelector }) {
      const key = `${selector ? selector.id : namespace} ${podSelector?.id}${selector ? '' : ' own'}`;
      const known = answers.get(key);
      if (known) return known;
      const own = pods.namespaces.get(namespace ?? '');
      const set = selector ? selectAcross(selector, podSelector) : own ? within(own, podSelector) : [];
      answers.set(key, set);
      return set;
    },
  };
}

function isAny(selector: Selector | undefined): boolean {
  return !selector || selectsAll(selector);
}

type LabelIndex<T> = ReadonlyMap<string, ReadonlyMap<unknown, readonly T[]>>;

function labelIndex<T extends { readonly labels: Labels }>(items: readonly T[]): () => LabelIndex<T> {
  let index: Map<string, Map<unknown, T[]>> | undefined;
  return () => (index ??= buildIndex(items));
}

function buildIndex<T extends { readonly labels: Labels }>(
  items: readonly T[],
): Map<string, Map<unknown, T[]>> {
  const index = new Map<string, Map<unknown, T[]>>();
  for (const item of items) {
    for (const key in item.labels) {
      const values = index.get(key) ?? new Map<unknown, T[]>();
      index.set(key, values);
      push(values, item.labels[key], item);
    }
  }
  return index;
}

/** The items that have one of the labels that a selector requires: the requirement that fewest meet. */
function candidates<T extends { readonly labels: Labels }>(
  { requirements }: Selector,
  index: () => LabelIndex<T>,
): readonly T[] | undefined {
  if (!requirements) return [];
  let fewest: (readonly T[])[] | undefined;
  for (const requirement of requirements) {
    if (requirement.operator !== 'In') continue;
    const lists = listsOf(requirement, index());
    if (!fewest || total(lists) < total(fewest)) fewest = lists;
  }
  return fewest?.length === 1 ? fewest[0] : fewest?.flat();
}

function listsOf<T>({ key, values }: Requirement, index: LabelIndex<T>): (readonly T[])[] {
  const byValue = index.get(key);
  return [...new Set(values)].flatMap((value) => {
    const list = byValue?.get(value);
    return list ? [list] : [];
  });
}

function total(lists: readonly (readonly unknown[])[]): number {
  return lists.reduce((sum, list) => sum + list.length, 0);
}

/** The same numbers in ascending order. */
export function ascending(numbers: readonly number[]): readonly number[] {
  for (let i = 1; i < numbers.length; i += 1) {
    if (numbers[i - 1]! > numbers[i]!) return Array.from(Int32Array.from(numbers).sort());
  }
  return numbers;
}
