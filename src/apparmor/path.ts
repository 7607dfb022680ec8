import { BulwarkError } from '../errors';

/** Characters that mean something in a pattern. */
const SPECIAL = /[\\*?[\]{}^,"]/g;
/** What needs no quotes. A comma that is no part of braces is escaped by then, and a backslash needs them. */
const PLAIN = /^[A-Za-z0-9_./*?@{},[\]^-]+$/;
const CLASS = /^\[\^?[A-Za-z0-9_.~+-]+\]/;
const DEEPEST_BRACES = 8;
const LONGEST_PATH = 4096;

/** Variables that every installation of AppArmor declares in `tunables/global`. */
const VARIABLES: ReadonlySet<string> = new Set([
  'PROC',
  'HOME',
  'HOMEDIRS',
  'pid',
  'pids',
  'tid',
  'run',
  'sys',
]);

/** A pattern that matches one path exactly, whatever characters are in it. */
export function literalPath(path: string): string {
  return path.replace(SPECIAL, '\\$&');
}

/** Whether a pattern matches one path only. */
export function isLiteral(pattern: string): boolean {
  return !/[*?[\]{}@]/.test(pattern.replace(/\\./g, ''));
}

/**
 * Whether two patterns can match one path. A class counts as any character and a variable as any text, so the answer errs on
 * the side of yes.
 */
export function patternsMeet(one: string, other: string): boolean {
  const alternatives = (pattern: string) => expandBraces(pattern.replaceAll(/@\{\w+\}/g, '**')).map(tokensOf);
  const others = alternatives(other);
  return alternatives(one).some((a) => others.some((b) => meet(a, b, 0, 0)));
}

function expandBraces(pattern: string): string[] {
  const [, before = '', inner, after = ''] =
    /^((?:\\.|[^\\{])*)\{((?:\\.|[^\\{}])*)\}(.*)$/su.exec(pattern) ?? innermostBraces(pattern);
  if (inner === undefined) return [pattern];
  const choices = inner.match(/(?:\\.|[^\\,])+|^(?=,)|(?<=,)(?=,|$)/gsu) ?? [''];
  return choices.flatMap((choice) => expandBraces(before + choice + after));
}

/** Where the first brace holds others, the innermost are taken first. */
function innermostBraces(pattern: string): readonly string[] {
  return /^((?:\\.|[^\\])*)\{((?:\\.|[^\\{}])*)\}(.*)$/su.exec(pattern) ?? [];
}

function tokensOf(pattern: string): string[] {
  return (pattern.match(/\\.|\*\*|\[[^\]]*\]|./gsu) ?? []).map((token) =>
    token.startsWith('[') ? '?' : token,
  );
}

function meet(a: readonly string[], b: readonly string[], i: number, j: number): boolean {
  const [x, y] = [a[i], b[j]];
  if (isStar(x)) return meet(a, b, i + 1, j) || (bothTake(x, y) && meet(a, b, i, j + 1));
  if (isStar(y)) return meet(b, a, j, i);
  if (x === undefined || y === undefined) return x === y;
  return bothTake(x, y) && meet(a, b, i + 1, j + 1);
}

function isStar(token: string | undefined): token is '*' | '**' {
  return token === '*' || token === '**';
}

/** Whether one character can be matched by both. */
function bothTake(one: string, other: string | undefined): boolean {
  if (other === undefined) return false;
  if (one === '**' || other === '**' || one === other) return true;
  return [one, other].some((token) => token === '*' || token === '?') && one !== '/' && other !== '/';
}

/** Whether a pattern uses a variable. */
export function usesVariable(pattern: string): boolean {
  return /@\{/.test(pattern.replace(/\\./g, ''));
}

/**
 * A pattern as it stands in a profile, quoted where the parser could take a part of it for something else. Nothing in it can
 * end the rule it is in.
 *
 * @param where What the pattern is part of, for messages.
 * @throws BulwarkError when it is no absolute path, or a pattern the parser would refuse or misread.
 */
export function renderPath(pattern: string, where: string): string {
  const refuse = (what: string): never => {
    throw new BulwarkError(
      `${where}: ${JSON.stringify(pattern)} is no path pattern of AppArmor: ${what}. ` +
        'Use an absolute path with *, **, ?, [a-z] and {a,b}, and literalPath(name) for a name as it is.',
    );
  };
  if (!/^(?:\/|@\{)/.test(pattern)) refuse('it does not begin with /');
  if (pattern.length > LONGEST_PATH) refuse(`it has more than ${LONGEST_PATH} characters`);
  // A line break would end a quoted text in some versions of the parser and be part of it in others.
  if (/\p{Cc}|[\u2028\u2029\ud800-\udfff]/u.test(pattern)) refuse('it holds a control character');
  const text = readPattern(pattern, refuse);
  return PLAIN.test(text) ? text : `"${text}"`;
}

type Refuse = (what: string) => never;

/** Reads a pattern token by token and writes it again, with everything escaped that is meant as it is. */
function readPattern(pattern: string, refuse: Refuse): string {
  /** Alternatives so far of each open brace. */
  const open: number[] = [];
  let text = '';
  for (let rest = pattern; rest !== '';) {
    const token = nextToken(rest, refuse);
    rest = rest.slice(token.length);
    if (token === '{') open.push(1);
    else if (token === ',' && open.length > 0) open[open.length - 1]! += 1;
    else if (token === '}' && (open.pop() ?? 0) < 2) refuse('a } closes fewer than two alternatives');
    if (open.length > DEEPEST_BRACES) refuse(`braces are nested more than ${DEEPEST_BRACES} deep`);
    text += written(token, open.length > 0);
  }
  if (open.length > 0) refuse('a { is not closed');
  return text;
}

function nextToken(rest: string, refuse: Refuse): string {
  const [first = '', second] = rest;
  switch (first) {
    case '\\':
      return second === undefined ? refuse('it ends with a backslash') : first + second;
    case '*':
      return stars(rest, refuse);
    case '[':
      return CLASS.exec(rest)?.[0] ?? refuse('a [ begins no class such as [a-z]');
    case ']':
      return refuse('a ] closes nothing');
    default:
      return rest.startsWith('@{') ? variable(rest, refuse) : first;
  }
}

function stars(rest: string, refuse: Refuse): string {
  const [run = ''] = /^\*+/.exec(rest) ?? [];
  return run.length > 2 ? refuse('*** is neither * nor **') : run;
}

function variable(rest: string, refuse: Refuse): string {
  const [token, name = ''] = /^@\{(\w+)\}/.exec(rest) ?? [];
  if (token !== undefined && VARIABLES.has(name)) return token;
  return refuse(`it uses a variable that is none of ${[...VARIABLES].join(', ')}`);
}

function written(token: string, inBraces: boolean): string {
  // The parser takes two backslashes before a closing quote for one and an escaped quote, and would read on into the next rule.
  if (token === '\\\\') return '[\\\\]';
  // It also unescapes some letters after a backslash, so only what needs one keeps it.
  if (token.length > 1 && token.startsWith('\\')) {
    const meant = token.slice(1);
    return meant.search(SPECIAL) < 0 ? meant : token;
  }
  if (token === '"' || token === '^') return `\\${token}`;
  return token === ',' && !inBraces ? '\\,' : token;
}
