import { push } from '../groups';
import { selects } from './inventory';
import { isObject } from './manifest';

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
  const byLabel = new Map<string, Labels[]>();
  for (const labels of all) {
    for (const [key, value] of Object.entries(labels)) push(byLabel, labelOf(key, value), labels);
  }
  return {
    hasSelected: (selector) => {
      const lists = matchLabelsOf(selector).map(([key, value]) => byLabel.get(labelOf(key, value)) ?? []);
      const candidates = lists.reduce((least, list) => (list.length < least.length ? list : least), all);
      return candidates.some((labels) => selects(selector, labels));
    },
  };
}

/** Indexes selectors, each by one label that it asks for, if it asks for one. */
export function indexSelectors<T>(all: readonly T[], selectorOf: (item: T) => unknown): SelectorIndex<T> {
  const byLabel = new Map<string, T[]>();
  const others: T[] = [];
  for (const item of all) {
    const [first] = matchLabelsOf(selectorOf(item));
    if (first) push(byLabel, labelOf(...first), item);
    else others.push(item);
  }
  return {
    selecting: (labels) =>
      [...others, ...Object.entries(labels).flatMap((label) => byLabel.get(labelOf(...label)) ?? [])].filter(
        (item) => selects(selectorOf(item), labels),
      ),
  };
}

function matchLabelsOf(selector: unknown): [string, unknown][] {
  const labels = isObject(selector) ? selector.matchLabels : undefined;
  return isObject(labels) ? Object.entries(labels) : [];
}

function labelOf(key: string, value: unknown): string {
  return `${key}=${String(value)}`;
}
