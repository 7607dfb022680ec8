import { compareText, isObject, type JsonObject } from '../manifest/manifest';

/** One requirement of a label selector. */
export interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values: readonly string[];
}

/** A label selector (meta/v1 LabelSelector). */
export interface Selector {
  /** Equal for equal selectors. */
  readonly id: number;
  /** What labels must meet, all of it; undefined for a selector that the API server refuses, which selects nothing. */
  readonly requirements: readonly Requirement[] | undefined;
}

/** Labels of an object. */
export type Labels = Readonly<Record<string, unknown>>;

/** Reads selectors, and makes every one of them once. */
export interface SelectorReader {
  read(selector: JsonObject): Selector;
  /** Every label key that a selector has asked about so far. */
  readonly keys: ReadonlySet<string>;
}

/** A reader that has read nothing yet. */
export function selectorReader(): SelectorReader {
  const known = new Map<string, Selector>();
  const keys = new Set<string>();
  return {
    keys,
    read(selector) {
      const label = nameOfLabel(selector);
      const soon = label === undefined ? undefined : known.get(label);
      if (soon) return soon;
      const requirements = requirementsOf(selector);
      const name = requirements?.map(nameOf).join(';') ?? '!';
      const same = known.get(name);
      if (same) return same;
      const made = { id: known.size, requirements };
      known.set(name, made);
      requirements?.forEach(({ key }) => keys.add(key));
      return made;
    },
  };
}

function nameOf({ key, operator, values }: Requirement): string {
  return `${key} ${operator} ${values.join()}`;
}

/** The name of a selector of one label, which most are, without making its requirements. */
function nameOfLabel({ matchLabels, matchExpressions }: JsonObject): string | undefined {
  if (!isObject(matchLabels) || matchExpressions !== undefined) return undefined;
  const keys = Object.keys(matchLabels);
  return keys.length === 1 ? `${keys[0]} In ${matchLabels[keys[0]!] as string}` : undefined;
}

/** Whether a selector selects everything. */
export function selectsAll({ requirements }: Selector): boolean {
  return requirements?.length === 0;
}

/** Whether labels meet a selector. */
export function matches({ requirements }: Selector, labels: Labels): boolean {
  if (!requirements) return false;
  for (const requirement of requirements) {
    // A label may be called `constructor`.
    const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
    if (!meets(requirement, value)) return false;
  }
  return true;
}

function meets({ operator, values }: Requirement, value: unknown): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value as string);
    case 'NotIn':
      return value === undefined || !values.includes(value as string);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

/** Whether each operator needs values; the API server refuses a selector that has them otherwise. */
const NEEDS_VALUES: ReadonlyMap<unknown, boolean> = new Map([
  ['In', true],
  ['NotIn', true],
  ['Exists', false],
  ['DoesNotExist', false],
]);

function requirementsOf({ matchLabels, matchExpressions }: JsonObject): Requirement[] | undefined {
  const requirements: Requirement[] = [];
  if (isObject(matchLabels)) {
    for (const key of Object.keys(matchLabels)) {
      requirements.push({ key, operator: 'In', values: [matchLabels[key] as string] });
    }
  }
  if (Array.isArray(matchExpressions)) {
    for (const expression of matchExpressions as unknown[]) {
      const requirement = toRequirement(expression);
      if (!requirement) return undefined;
      requirements.push(requirement);
    }
  }
  return requirements.length > 1
    ? requirements.sort((a, b) => compareText(a.key, b.key) || compareText(a.operator, b.operator))
    : requirements;
}

function toRequirement(expression: unknown): Requirement | undefined {
  if (!isObject(expression) || typeof expression.key !== 'string') return undefined;
  const { key, operator } = expression;
  const values = Array.isArray(expression.values) ? (expression.values as string[]) : [];
  if (NEEDS_VALUES.get(operator) !== values.length > 0) return undefined;
  return { key, operator: operator as Requirement['operator'], values: [...values].sort(compareText) };
}
