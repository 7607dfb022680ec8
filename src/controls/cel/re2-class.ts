import { readEscape, refuse, type Scanner } from './re2-scanner';

/** A range of code points, both ends included. */
type Range = readonly [from: number, to: number];

/** A code point, a range of them, or a property of Unicode in the source of JavaScript. */
export type ClassItem = number | Range | readonly Range[] | string;

const LAST = 0x10ffff;
const DIGIT: readonly Range[] = [[0x30, 0x39]];
const UPPER: readonly Range[] = [[0x41, 0x5a]];
const LOWER: readonly Range[] = [[0x61, 0x7a]];
const ALPHA = [...UPPER, ...LOWER];
const WORD = [...DIGIT, ...UPPER, [0x5f, 0x5f] as const, ...LOWER];

const PERL: Readonly<Record<string, readonly Range[]>> = {
  d: DIGIT,
  s: [[9, 10], [12, 13], [0x20, 0x20]], // prettier-ignore
  w: WORD,
};

const POSIX: Readonly<Record<string, readonly Range[]>> = {
  alnum: [...DIGIT, ...ALPHA],
  alpha: ALPHA,
  ascii: [[0, 0x7f]],
  blank: [[9, 9], [0x20, 0x20]], // prettier-ignore
  cntrl: [[0, 0x1f], [0x7f, 0x7f]], // prettier-ignore
  digit: DIGIT,
  graph: [[0x21, 0x7e]],
  lower: LOWER,
  print: [[0x20, 0x7e]],
  punct: [[0x21, 0x2f], [0x3a, 0x40], [0x5b, 0x60], [0x7b, 0x7e]], // prettier-ignore
  space: [[9, 13], [0x20, 0x20]], // prettier-ignore
  upper: UPPER,
  word: WORD,
  xdigit: [...DIGIT, [0x41, 0x46], [0x61, 0x66]],
};

function complement(ranges: readonly Range[]): Range[] {
  const starts = [0, ...ranges.map(([, to]) => to + 1)];
  const ends = [...ranges.map(([from]) => from - 1), LAST];
  return starts.map((from, i): Range => [from, ends[i]!]).filter(([from, to]) => from <= to);
}

/** Reads `\d`, `\S` and the like; undefined where there is something else. */
export function perlClass(scanner: Scanner): readonly Range[] | undefined {
  const letter = /^\\([dswDSW])/.exec(scanner.pattern.slice(scanner.at))?.[1];
  if (letter === undefined) return undefined;
  scanner.at += 2;
  const ranges = PERL[letter.toLowerCase()]!;
  return letter === letter.toLowerCase() ? ranges : complement(ranges);
}

/** Reads `\pL`, `\P{Greek}` and the like; undefined where there is something else. */
export function propertyClass(scanner: Scanner): ClassItem | undefined {
  const rest = scanner.pattern.slice(scanner.at);
  const [match, letter, braced, short] = /^\\([pP])(?:\{([^}]*)\}|(.))/u.exec(rest) ?? [];
  if (match === undefined) return undefined;
  scanner.at += match.length;
  const text = braced ?? short ?? '';
  const name = text.replace(/^\^/, '');
  const negated = (letter === 'P') !== (name !== text);
  if (name === 'Any') return negated ? [] : [[0, LAST]];
  const known = [name, `Script=${name}`].find((property) => isProperty(property, name));
  return known === undefined ? refuse(`'${match}' is not known`) : `\\${negated ? 'P' : 'p'}{${known}}`;
}

function isProperty(property: string, name: string): boolean {
  // JavaScript knows properties by longer names too, which RE2 does not.
  if (property === name && !/^[A-Z][a-z]?$/.test(name)) return false;
  try {
    return new RegExp(`\\p{${property}}`, 'u').unicode;
  } catch {
    return false;
  }
}

/** Reads a class in brackets and tells it in the source of JavaScript. */
export function readClass(scanner: Scanner, fold: boolean): string {
  const negated = scanner.pattern[scanner.at + 1] === '^';
  scanner.at += negated ? 2 : 1;
  const items: ClassItem[] = [];
  // A bracket that comes first is a character of the class.
  while (items.length === 0 || scanner.pattern[scanner.at] !== ']') {
    if (scanner.at >= scanner.pattern.length) refuse('a bracket is not closed');
    items.push(posixClass(scanner) ?? propertyClass(scanner) ?? perlClass(scanner) ?? readRange(scanner));
  }
  scanner.at++;
  return classSource(items, { negated, fold });
}

function posixClass(scanner: Scanner): readonly Range[] | undefined {
  const rest = scanner.pattern.slice(scanner.at);
  const [match, text = ''] = /^\[:([^]*?):\]/.exec(rest) ?? [];
  if (match === undefined) return undefined;
  scanner.at += match.length;
  const ranges = POSIX[text.replace(/^\^/, '')] ?? refuse(`'${match}' is not known`);
  return text.startsWith('^') ? complement(ranges) : ranges;
}

function readRange(scanner: Scanner): Range {
  const from = readCharacter(scanner);
  const [dash, next] = scanner.pattern.slice(scanner.at, scanner.at + 2);
  if (dash !== '-' || next === ']' || next === undefined) return [from, from];
  scanner.at++;
  const to = readCharacter(scanner);
  return from <= to ? [from, to] : refuse('a range goes backwards');
}

function readCharacter(scanner: Scanner): number {
  if (scanner.pattern[scanner.at] === '\\') return readEscape(scanner);
  const code = scanner.pattern.codePointAt(scanner.at) ?? refuse('a bracket is not closed');
  scanner.at += String.fromCodePoint(code).length;
  return code;
}

/** The source of a class; with `fold`, letters match in either case. */
export function classSource(
  items: readonly ClassItem[],
  { negated, fold }: { negated: boolean; fold: boolean },
): string {
  const parts = items.flatMap((item) => {
    if (typeof item === 'string') return [item];
    return rangesOf(item).flatMap((range) => [rangeSource(range), ...(fold ? folded(range) : [])]);
  });
  return `[${negated ? '^' : ''}${parts.join('')}]`;
}

function rangesOf(item: Exclude<ClassItem, string>): readonly Range[] {
  if (typeof item === 'number') return [[item, item]];
  return item.length === 2 && typeof item[0] === 'number' ? [item as Range] : (item as readonly Range[]);
}

const escaped = (code: number): string => `\\u{${code.toString(16)}}`;

function rangeSource([from, to]: Range): string {
  return from === to ? escaped(from) : `${escaped(from)}-${escaped(to)}`;
}

/** Beyond this size, a range is taken to hold the other cases of its letters, as the blocks of a script do. */
const MAX_FOLDED = 1024;

/** Letters that are the same but for their case, which changing the case does not lead to. */
const MORE_CASES: Readonly<Record<string, string>> = { k: '\u212a', s: '\u017f', å: '\u212b' };

function folded([from, to]: Range): string[] {
  const length = Math.min(to - from + 1, MAX_FOLDED);
  return Array.from({ length }, (_, i) => String.fromCodePoint(from + i)).flatMap(otherCases);
}

function otherCases(character: string): string[] {
  const cases = [character.toLowerCase(), character.toUpperCase()];
  return [...cases, ...cases.flatMap((each) => MORE_CASES[each] ?? [])]
    .filter((each) => each !== character && [...each].length === 1)
    .map((each) => escaped(each.codePointAt(0)!));
}
