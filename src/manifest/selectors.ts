import { push } from '../groups';
import { selects } from './inventory';
import { isObject, type JsonObject } from './manifest';

type Labels = Readonly<Record<string, string>>;

/** Things with labels, of which those that a selector selects are found without looking at each. */
export interface LabelIndex {
  /** Whether a selector (meta/v1 LabelSelector) selects one of them. */
  hasSelected(selector: unknown): boolean;
}

/** Things that select by labels, of which those that select something are found without asking each. */
export interface SelectorIndex<T> {
  selecting(labels: Labels): readonly T[];
}

/** Indexes labels. */
export function indexLabels(all: readonly Labels[]): LabelIndex {
  const byLabel: ByLabel<Labels> = new Map();
  for (const labels of all) {
    for (const key in labels) addByLabel(byLabel, key, labels[key], labels);
  }
  return {
    hasSelected: (selector) => {
      let candidates = all;
      const wanted = matchLabelsOf(selector);
      for (const key in wanted) {
        const having = byLabel.get(key)?.get(wanted[key]) ?? [];
        if (having.length < candidates.length) candidates = having;
      }
      return candidates.some((labels) => selects(selector, labels));
    },
  };
}

/** Indexes selectors, each by one label that it asks for, if it asks for one. */
export function indexSelectors<T>(all: readonly T[], selectorOf: (item: T) => unknown): SelectorIndex<T> {
  const byLabel: ByLabel<T> = new Map();
  const others: T[] = [];
  for (const item of all) {
    const [first] = Object.entries(matchLabelsOf(selectorOf(item)));
    if (first) addByLabel(byLabel, ...first, item);
    else others.push(item);
  }
  return {
    selecting: (labels) =>
      [
        ...others,
        ...Object.entries(labels).flatMap(([key, value]) => byLabel.get(key)?.get(value) ?? []),
      ].filter((item) => selects(selectorOf(item), labels)),
  };
}

/** By the key of a label, and by its value. */
type ByLabel<T> = Map<string, Map<unknown, T[]>>;

function addByLabel<T>(byLabel: ByLabel<T>, key: string, value: unknown, item: T): void {
  const byValue = byLabel.get(key) ?? new Map<unknown, T[]>();
  byLabel.set(key, byValue);
  push(byValue, value, item);
}

function matchLabelsOf(selector: unknown): JsonObject {
  const labels = isObject(selector) ? selector.matchLabels : undefined;
  return isObject(labels) ? labels : {};
}
