import type { CelLibrary } from './library';
import { compileRe2 } from './re2';

/** `matches` of CEL and the regular expression library of Kubernetes. */
export const regex: CelLibrary = {
  since: 0,
  functions: {
    'matches(string, string): bool': matches,
    'string.matches(string): bool': matches,
    'string.find(string): string': (text: string, pattern: string) => matchesOf(text, pattern, 1)[0] ?? '',
    'string.findAll(string): list<string>': (text: string, pattern: string) => matchesOf(text, pattern),
    'string.findAll(string, int): list<string>': (text: string, pattern: string, limit: bigint) =>
      matchesOf(text, pattern, limit < 0n ? undefined : Number(limit)),
  },
};

function matches(text: string, pattern: string): boolean {
  return text.search(compileRe2(pattern)) >= 0;
}

function matchesOf(text: string, pattern: string, limit = Infinity): string[] {
  const found: string[] = [];
  let end = -1;
  for (const { 0: match, index } of text.matchAll(compileRe2(pattern))) {
    // As in Go, an empty match right behind another one does not count.
    if (match === '' && index === end) continue;
    if (found.length >= limit) break;
    found.push(match);
    end = index + match.length;
  }
  return found;
}
