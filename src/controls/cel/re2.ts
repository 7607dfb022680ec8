/*
 * Regular expressions of the API server, which are those of RE2, as expressions of JavaScript.
 *
 * Both find the same match of an expression that they both have. But JavaScript has no flags within an expression, other
 * character classes and other meanings of `.`, `^` and `$`, and it has back references and assertions that RE2 refuses.
 */
import { classSource, perlClass, propertyClass, readClass, type ClassItem } from './re2-class';
import { readEscape, refuse, type Scanner } from './re2-scanner';

interface Flags {
  /** Letters match in either case. */
  readonly i: boolean;
  /** `^` and `$` match at lines. */
  readonly m: boolean;
  /** `.` matches line ends. */
  readonly s: boolean;
  /** Repetitions are lazy unless marked, and the other way round. */
  readonly U: boolean;
}

/** What a repetition applies to, in the source of JavaScript. */
interface Atom {
  readonly source: string;
  /** How often the innermost repetition repeats what is in it. */
  readonly weight: number;
  readonly repeated: boolean;
}

interface Group {
  readonly open: string;
  /** Those to go on with behind the group. */
  readonly flags: Flags;
  readonly atoms: Atom[];
}

interface Translation extends Scanner {
  flags: Flags;
  readonly groups: Group[];
}

const MAX_REPEAT = 1000;
const MAX_CACHED = 500;
const compiled = new Map<string, RegExp>();

/**
 * Compiles an expression, as the API server would.
 * @throws when the API server refuses it.
 */
export function compileRe2(pattern: string): RegExp {
  let regexp = compiled.get(pattern);
  if (!regexp) {
    regexp = new RegExp(translate(pattern), 'gu');
    // An expression may come from data.
    if (compiled.size >= MAX_CACHED) compiled.clear();
    compiled.set(pattern, regexp);
  }
  return regexp;
}

function translate(pattern: string): string {
  const flags = { i: false, m: false, s: false, U: false };
  const state: Translation = { pattern, at: 0, flags, groups: [{ open: '', flags, atoms: [] }] };
  while (state.at < pattern.length) readItem(state);
  if (state.groups.length > 1) refuse('a parenthesis is not closed');
  return sourceOf(state.groups[0]!.atoms);
}

const sourceOf = (atoms: readonly Atom[]): string => atoms.map(({ source }) => source).join('');

const SINGLE: Readonly<Record<string, (state: Translation) => void>> = {
  '(': openGroup,
  ')': closeGroup,
  '|': (state) => push(state, '|', 0),
  '.': (state) => push(state, state.flags.s ? '[^]' : '[^\\n]'),
  '^': (state) => push(state, state.flags.m ? '(?:(?<![^\\n]))' : '(?:^)'),
  $: (state) => push(state, state.flags.m ? '(?:(?![^\\n]))' : '(?:$)'),
};

function readItem(state: Translation): void {
  const character = String.fromCodePoint(state.pattern.codePointAt(state.at)!);
  if (character === '\\') return readEscaped(state);
  if (character === '[') return push(state, readClass(state, state.flags.i));
  if (REPETITION.test(state.pattern.slice(state.at))) return repeat(state);
  state.at += character.length;
  const single = SINGLE[character];
  if (single) single(state);
  else pushItems(state, [character.codePointAt(0)!]);
}

function current({ groups }: Translation): Group {
  return groups.at(-1)!;
}

function push(state: Translation, source: string, weight = 1): void {
  current(state).atoms.push({ source, weight, repeated: false });
}

function pushItems(state: Translation, items: readonly ClassItem[]): void {
  push(state, classSource(items, { negated: false, fold: state.flags.i }));
}

const GROUP = /^\((?:\?(?:P?<([^>=!]*)>|(?:([imsU]+)?(-[imsU]+)?([:)]))))?/;

function openGroup(state: Translation): void {
  const rest = state.pattern.slice(state.at - 1);
  const [match, name, on, off, end] = GROUP.exec(rest)!;
  if (match === '(?)' || (match === '(' && rest.startsWith('(?'))) {
    refuse(`'${rest.slice(0, 4)}' is not supported`);
  }
  if (name !== undefined && !/^\w+$/.test(name)) refuse(`'${name}' is not a name for a group`);
  state.at += match.length - 1;
  const flags = withFlags(state.flags, on, off);
  // Flags without a colon are for what follows in the same group.
  if (end !== ')') state.groups.push({ open: '(?:', flags: state.flags, atoms: [] });
  state.flags = flags;
}

function withFlags(flags: Flags, on = '', off = ''): Flags {
  const set = (names: string, value: boolean) => Object.fromEntries([...names].map((name) => [name, value]));
  return { ...flags, ...set(on, true), ...set(off.slice(1), false) };
}

function closeGroup(state: Translation): void {
  if (state.groups.length === 1) refuse('a parenthesis is not opened');
  const { open, flags, atoms } = state.groups.pop()!;
  state.flags = flags;
  push(state, `${open}${sourceOf(atoms)})`, Math.max(1, ...atoms.map(({ weight }) => weight)));
}

const REPETITION = /^(?:[*+?]|\{(\d+)(,(\d*))?\})(\?)?/;

function repeat(state: Translation): void {
  const [match, min, comma, max, lazy] = REPETITION.exec(state.pattern.slice(state.at))!;
  const atom = current(state).atoms.pop();
  if (!atom || atom.source === '|') refuse(`'${match}' has nothing to repeat`);
  if (atom.repeated) refuse(`'${match}' repeats a repetition`);
  const weight = atom.weight * repetitions(min, comma === undefined ? min : max);
  if (weight > MAX_REPEAT) refuse(`'${match}' repeats too often`);
  state.at += match.length;
  const operator = lazy ? match.slice(0, -1) : match;
  const source = `${atom.source}${operator}${(lazy === '?') !== state.flags.U ? '?' : ''}`;
  current(state).atoms.push({ source, weight, repeated: true });
}

/** How often a repetition in braces repeats; 1 for the others. */
function repetitions(min: string | undefined, max: string | undefined): number {
  if (min === undefined) return 1;
  const [from, to] = [Number(min), Number(max || min)];
  if (to < from || to > MAX_REPEAT) refuse(`{${min},${max}} is not a repetition`);
  return Math.max(1, to);
}

const ASSERTIONS: Readonly<Record<string, string>> = { A: '(?:^)', z: '(?:$)', b: '(?:\\b)', B: '(?:\\B)' };

function readEscaped(state: Translation): void {
  const next = state.pattern[state.at + 1] ?? '';
  const assertion = ASSERTIONS[next];
  if (assertion !== undefined) {
    state.at += 2;
    push(state, assertion);
  } else if (next === 'Q') {
    readQuoted(state);
  } else {
    const set = perlClass(state) ?? propertyClass(state);
    pushItems(state, [set ?? readEscape(state)]);
  }
}

function readQuoted(state: Translation): void {
  const end = state.pattern.indexOf('\\E', state.at);
  const text = state.pattern.slice(state.at + 2, end < 0 ? undefined : end);
  for (const character of text) pushItems(state, [character.codePointAt(0)!]);
  state.at = end < 0 ? state.pattern.length : end + 2;
}
