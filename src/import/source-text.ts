import { isObject } from '../manifest/manifest';

/** A piece of TypeScript: a value, a name or other code as it is, or a call. */
export type Code = Value | Verbatim | Call;

/** A value that is written as a literal. */
export type Value =
  string | number | boolean | null | readonly Code[] | { readonly [key: string]: Code | undefined };

const CODE = Symbol('code');

/** Code as it is, on one line. */
export interface Verbatim {
  readonly [CODE]: 'verbatim';
  readonly text: string;
}

/** A call of a function, or of a constructor where the name begins with `new`. */
export interface Call {
  readonly [CODE]: 'call';
  readonly callee: string;
  readonly args: readonly Code[];
}

/** Code as it is, on one line. */
export function verbatim(text: string): Verbatim {
  return { [CODE]: 'verbatim', text };
}

/** A call of a function, or of a constructor where the name begins with `new`. */
export function call(callee: string, ...args: readonly Code[]): Call {
  return { [CODE]: 'call', callee, args };
}

function isCall(code: unknown): code is Call {
  return isObject(code) && (code as Partial<Call>)[CODE] === 'call';
}

function isVerbatim(code: unknown): code is Verbatim {
  return isObject(code) && (code as Partial<Verbatim>)[CODE] === 'verbatim';
}

const WIDTH = 100;
const STEP = '  ';
/** Cannot be on one line: longer than any. */
const NEVER = 'x'.repeat(10_000);

/**
 * A statement as prettier would format it.
 * @param before What stands before the code on its first line, such as `const x = `.
 * @param indent Spaces before the line.
 */
export function statement(before: string, code: Code, indent: string): string {
  return `${indent}${before}${print(code, { indent, used: indent.length + before.length, after: 1 })};`;
}

interface Place {
  readonly indent: string;
  /** Columns of the line that are taken before the code. */
  readonly used: number;
  /** Columns that are needed behind it. */
  readonly after: number;
}

function print(code: Code, place: Place): string {
  const line = flat(code);
  if (!line.includes('\n') && line.length + place.used + place.after <= WIDTH) return line;
  if (isCall(code)) return printCall(code, place);
  if (isVerbatim(code) || typeof code !== 'object' || code === null) return unbroken(code);
  if (isList(code)) return printList(code, place.indent);
  return printObject(code, place.indent);
}

function printCall({ callee, args }: Call, { indent, used }: Place): string {
  const last = args.at(-1);
  const others = args
    .slice(0, -1)
    .map((arg) => `${flat(arg)}, `)
    .join('');
  const head = `${callee}(${others}`;
  if (isLiteralBlock(last) && head.length + used < WIDTH && !head.includes('\n')) {
    return `${head}${Array.isArray(last) ? printList(last, indent) : printObject(last as Fields, indent)})`;
  }
  const inner = indent + STEP;
  const lines = args.map(
    (arg) => `${inner}${print(arg, { indent: inner, used: inner.length, after: 1 })},\n`,
  );
  return `${callee}(\n${lines.join('')}${indent})`;
}

type Fields = { readonly [key: string]: Code | undefined };

/** What a last argument has to be so that the call is broken within it. */
function isLiteralBlock(code: Code | undefined): code is readonly Code[] | Fields {
  if (typeof code !== 'object' || code === null) return false;
  if (isCall(code) || isVerbatim(code)) return false;
  return (isList(code) ? code : fieldsOf(code)).length > 0;
}

function printList(list: readonly Code[], indent: string): string {
  const inner = indent + STEP;
  const lines = list.map(
    (code) => `${inner}${print(code, { indent: inner, used: inner.length, after: 1 })},\n`,
  );
  return `[\n${lines.join('')}${indent}]`;
}

function printObject(object: Fields, indent: string): string {
  const inner = indent + STEP;
  const fields = fieldsOf(object);
  const named = keyPrinter(fields.map(([key]) => key));
  const lines = fields.map(([key, code]) => {
    if (isShorthand(key, code)) return `${inner}${key},\n`;
    const before = `${inner}${named(key)}:`;
    const line = `${before} ${print(code, { indent: inner, used: before.length + 1, after: 1 })},`;
    return line.length > WIDTH && !line.includes('\n') && typeof code === 'string'
      ? `${before}\n${inner}${STEP}${unbroken(code)},\n`
      : `${line}\n`;
  });
  return `{\n${lines.join('')}${indent}}`;
}

/** The code on one line; longer than any line where it has to be broken. */
function flat(code: Code): string {
  if (isCall(code)) return `${code.callee}(${code.args.map(flat).join(', ')})`;
  if (isVerbatim(code) || typeof code !== 'object' || code === null) return unbroken(code);
  if (isList(code)) return isAlwaysBroken(code) ? NEVER : `[${code.map(flat).join(', ')}]`;
  const fields = fieldsOf(code);
  const named = keyPrinter(fields.map(([key]) => key));
  if (fields.length === 0) return '{}';
  return `{ ${fields.map(([key, value]) => (isShorthand(key, value) ? key : `${named(key)}: ${flat(value)}`)).join(', ')} }`;
}

/** Prettier never puts two objects of several keys, or two lists of several elements, on one line. */
function isAlwaysBroken(list: readonly Code[]): boolean {
  if (list.length < 2) return false;
  const sizes = list.map((code) => {
    if (isList(code)) return { kind: 'list', size: code.length };
    return isLiteralBlock(code) || isEmptyObject(code)
      ? { kind: 'object', size: fieldsOf(code as Fields).length }
      : { kind: 'other', size: 0 };
  });
  const [first] = sizes;
  return sizes.every(({ kind, size }) => kind !== 'other' && kind === first!.kind && size > 1);
}

function isShorthand(key: string, code: Code): boolean {
  return isVerbatim(code) && code.text === key;
}

function isEmptyObject(code: Code): boolean {
  return isObject(code) && !isCall(code) && !isVerbatim(code) && Object.keys(code).length === 0;
}

function isList(code: Code): code is readonly Code[] {
  return Array.isArray(code);
}

function fieldsOf(object: Fields): [key: string, code: Code][] {
  return Object.entries(object).filter((field): field is [string, Code] => field[1] !== undefined);
}

function unbroken(code: Verbatim | string | number | boolean | null): string {
  if (isVerbatim(code)) return code.text;
  return typeof code === 'string' ? stringLiteral(code) : String(code);
}

/** A text of several lines reads as it is; others are quoted so that the least has to be escaped. */
export function stringLiteral(text: string): string {
  if (text.trimEnd().includes('\n') && !hasControlCharacters(text)) {
    return `\`${text.replaceAll(/[\\`]|\$(?=\{)/g, '\\$&')}\``;
  }
  const inJson = JSON.stringify(text).slice(1, -1);
  const plain = inJson
    .replaceAll('\\"', '"')
    .replaceAll(/[\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
  const singles = text.split("'").length;
  const doubles = text.split('"').length;
  if (singles > doubles) return `"${plain.replaceAll('"', '\\"')}"`;
  return `'${plain.replaceAll("'", "\\'")}'`;
}

function hasControlCharacters(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  return /[\u0000-\u0009\u000b-\u001f\u2028\u2029]/.test(text);
}

const PLAIN_KEY = /^[A-Za-z_$][\w$]*$/;

/** Keys are quoted where they have to be. A number stays one where no other key needs quotes. */
function keyPrinter(keys: readonly string[]): (key: string) => string {
  const bare = keys.every((key) => PLAIN_KEY.test(key) || /^(0|[1-9]\d{0,8})$/.test(key));
  return (key) => (bare || PLAIN_KEY.test(key) ? key : stringLiteral(key));
}
