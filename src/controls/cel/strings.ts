import type { CelLibrary, Implementation } from './library';
import { formatString } from './string-format';
import { isList, type CelList } from './values';

/** The oldest version that finds nothing behind the end of a text; older ones have an error (cel-go issue 1051). */
const LENIENT_OFFSETS = 33;

/** The extension of CEL for strings. Positions are those of characters. */
export function strings(minor: number): CelLibrary {
  const lenient = minor >= LENIENT_OFFSETS;
  return {
    since: 0,
    functions: {
      ...CHANGES,
      'string.charAt(int): string': (text: string, at: bigint) => {
        const characters = [...text];
        return characters[position(at, characters.length)] ?? '';
      },
      'string.indexOf(string): int': (text: string, part: string) => indexOf(text, part, { at: 0n, lenient }),
      'string.indexOf(string, int): int': (text: string, part: string, at: bigint) =>
        indexOf(text, part, { at, lenient }),
      'string.lastIndexOf(string): int': (text: string, part: string) =>
        lastIndexOf(text, part, { at: undefined, lenient }),
      'string.lastIndexOf(string, int): int': (text: string, part: string, at: bigint) =>
        lastIndexOf(text, part, { at, lenient }),
      'string.substring(int): string': (text: string, start: bigint) => substring(text, start),
      'string.substring(int, int): string': substring,
      'list<string>.join(): string': (list: CelList) => join(list, ''),
      'list<string>.join(string): string': join,
    },
  };
}

/** Functions without positions. */
const CHANGES: Readonly<Record<string, Implementation>> = {
  'string.lowerAscii(): string': (text: string) => text.replace(/[A-Z]+/g, (match) => match.toLowerCase()),
  'string.upperAscii(): string': (text: string) => text.replace(/[a-z]+/g, (match) => match.toUpperCase()),
  'string.trim(): string': (text: string) =>
    text.replace(/^(?:[^\S\ufeff]|\u0085)+|(?:[^\S\ufeff]|\u0085)+$/g, ''),
  'string.replace(string, string): string': replace,
  'string.replace(string, string, int): string': replace,
  'string.split(string): list<string>': split,
  'string.split(string, int): list<string>': split,
};

/** What a newer version of the extension added. */
export const stringsWithFormat: CelLibrary = {
  since: 30,
  namespace: 'strings',
  functions: {
    'string.format(list): string': formatString,
    'strings.quote(string): string': quote,
  },
};

function position(at: bigint, max: number): number {
  if (at < 0n || at > max) throw new Error(`index out of range: ${at}`);
  return Number(at);
}

interface Search<At = bigint> {
  readonly at: At;
  readonly lenient: boolean;
}

/** The place to search from; undefined where nothing can be found. */
function searchFrom(at: bigint, length: number, lenient: boolean): number | undefined {
  if (at >= 0n && at < length) return Number(at);
  if (at < 0n || !lenient) throw new Error(`index out of range: ${at}`);
  return undefined;
}

function indexOf(text: string, part: string, { at, lenient }: Search): bigint {
  const characters = [...text];
  if (part === '') return BigInt(Math.min(position(at, Infinity), characters.length));
  const from = searchFrom(at, characters.length, lenient);
  if (from === undefined) return -1n;
  const found = characters.slice(from).join('').indexOf(part);
  return found < 0 ? -1n : BigInt(from + [...characters.slice(from).join('').slice(0, found)].length);
}

function lastIndexOf(text: string, part: string, { at, lenient }: Search<bigint | undefined>): bigint {
  const characters = [...text];
  const last = BigInt(characters.length);
  if (part === '') return BigInt(Math.min(position(at ?? last, Infinity), characters.length));
  // An empty text has no last character to start from.
  const start = at ?? (text === '' ? 0n : last - 1n);
  const from = searchFrom(start, characters.length, lenient);
  if (from === undefined) return -1n;
  const length = [...part].length;
  for (let i = Math.min(from, characters.length - length); i >= 0; i--) {
    if (characters.slice(i, i + length).join('') === part) return BigInt(i);
  }
  return -1n;
}

function substring(text: string, start: bigint, end?: bigint): string {
  const characters = [...text];
  const to = end === undefined ? characters.length : position(end, characters.length);
  const from = position(start, to);
  return characters.slice(from, to).join('');
}

function replace(text: string, part: string, by: string, limit = -1n): string {
  const pieces = part === '' ? ['', ...text, ''] : text.split(part);
  const count = limit < 0n || limit > pieces.length - 1 ? pieces.length - 1 : Number(limit);
  return pieces.map((piece, i) => (i === 0 ? '' : i <= count ? by : part) + piece).join('');
}

function split(text: string, separator: string, limit = -1n): string[] {
  if (limit === 0n) return [];
  const pieces = separator === '' ? [...text] : text.split(separator);
  if (limit < 0n || limit >= pieces.length) return pieces;
  const rest = Number(limit) - 1;
  return [...pieces.slice(0, rest), pieces.slice(rest).join(separator)];
}

function join(list: CelList, separator: string): string {
  if (!isList(list) || ![...list].every((value) => typeof value === 'string')) {
    throw new Error('join: every element must be a string');
  }
  return [...list].join(separator);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

function quote(text: string): string {
  // eslint-disable-next-line no-control-regex -- these are what has to be escaped
  return `"${text.replace(/[\x07-\r\\"]/g, (character) => ESCAPES[character]!)}"`;
}
