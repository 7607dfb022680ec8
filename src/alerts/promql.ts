/** What a label has to be: a text, one of several, none of several, or what a regular expression (RE2) matches or does not. */
export type Matcher =
  | string
  | { readonly in: readonly string[] }
  | { readonly notIn: readonly string[] }
  | { readonly like: string }
  | { readonly notLike: string };

/** Series of a metric. */
export interface Selector {
  readonly metric: string;
  /** @default any */
  readonly labels?: Readonly<Record<string, Matcher>>;
}

/** Within which time a counter has to grow. */
export interface Window {
  /** A duration of Prometheus, such as `15m`. */
  readonly length: string;
  /** Targets of which a counter that was not there before is new. */
  readonly scraped: Selector;
}

/** A selector as PromQL. */
export function promqlSelector({ metric, labels = {} }: Selector): string {
  const matchers = Object.entries(labels).map(([label, matcher]) => `${label}${matcherText(matcher)}`);
  return matchers.length === 0 ? metric : `${metric}{${matchers.join(',')}}`;
}

function matcherText(matcher: Matcher): string {
  if (typeof matcher === 'string') return `=${quoted(matcher)}`;
  if ('in' in matcher) return `=~${quoted(anyOf(matcher.in))}`;
  if ('notIn' in matcher) return `!~${quoted(anyOf(matcher.notIn))}`;
  return 'like' in matcher ? `=~${quoted(matcher.like)}` : `!~${quoted(matcher.notLike)}`;
}

function anyOf(texts: readonly string[]): string {
  return texts.map(escapedRegex).join('|');
}

/** A regular expression (RE2) that matches a text and nothing else. */
export function escapedRegex(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, '\\$&');
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

/**
 * By how much counters have grown within a time, by some of their labels. `increase` alone says 0 of a counter that begins at 1,
 * as that of the first exec since the API server started does: what was not there before, of a target that was, has grown by all
 * it counts.
 */
export function growth(counter: Selector, by: readonly string[], { length, scraped }: Window): string {
  const series = promqlSelector(counter);
  return [
    `sum by (${by.join(', ')}) (`,
    `  (${series} unless ${series} offset ${length})`,
    `    and on (job, instance) ${promqlSelector(scraped)} offset ${length} == 1`,
    '  or',
    `  increase(${series}[${length}])`,
    ')',
  ].join('\n');
}
