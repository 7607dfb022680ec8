import { isObject } from '../manifest/manifest';
import { isEmptyObject } from '../objects';
import { Unsaid, type Reading } from './reading';

/** A piece of TypeScript: a value, a name or other code as it is, a call, or an object that is made elsewhere. */
export type Code = Value | Verbatim | Call | Reference | Variable;

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
  /** Whose method it is, where it is one of something that is code too. */
  readonly on?: Code;
  readonly args: readonly Code[];
}

/** An object that is made elsewhere in the code, for which a variable stands once it is known which. */
export interface Reference {
  readonly [CODE]: 'reference';
  readonly kind: string;
  readonly name: string;
}

/** The object of the code itself that a key stands for, by the variable that it gets. */
export interface Variable {
  readonly [CODE]: 'variable';
  readonly key: string;
}

const NAMES = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/;
const CALLEES = /^(new )?[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/;

/**
 * A name, which may be one of something else's, as it is. Text of manifests is none: it gets into code as a value only.
 * @throws TypeError for everything else
 */
export function verbatim(text: string): Verbatim {
  if (!NAMES.test(text)) throw new TypeError(`${JSON.stringify(text)} is no name`);
  return { [CODE]: 'verbatim', text };
}

/**
 * A call of a function, or of a constructor where the name begins with `new`.
 * @throws TypeError for a callee that is no name
 */
export function call(callee: string, ...args: readonly Code[]): Call {
  if (!CALLEES.test(callee)) throw new TypeError(`${JSON.stringify(callee)} is no name`);
  return { [CODE]: 'call', callee, args };
}

/** A call of a method. @throws TypeError for a method that is no name */
export function callOn(on: Code, method: string, ...args: readonly Code[]): Call {
  return { ...call(method, ...args), on };
}

/** The object of the code itself that a key stands for. */
export function variable(key: string): Variable {
  return { [CODE]: 'variable', key };
}

/** The path of a file, as seen from the folder of the code. */
export function pathFromHere(path: string): Verbatim {
  return { [CODE]: 'verbatim', text: `\`\${__dirname}/${inTemplate(path)}\`` };
}

/** An object that is made elsewhere in the code. */
export function reference(kind: string, name: string): Reference {
  return { [CODE]: 'reference', kind, name };
}

/** A number of seconds as cdk8s takes it. */
export function seconds(value: number): Code {
  return value % 60 === 0 && value >= 120
    ? call('Duration.minutes', value / 60)
    : call('Duration.seconds', value);
}

/** The permissions of a file, as everybody writes them. */
export function octal(mode: number): Code {
  return Number.isInteger(mode) && mode >= 0 ? { [CODE]: 'verbatim', text: `0o${mode.toString(8)}` } : mode;
}

/**
 * A value of an enum of cdk8s-plus, or nothing where it is what cdk8s-plus takes by itself.
 * @throws Unsaid for a word that is none of them.
 */
export function choice(
  reading: Reading,
  key: string,
  words: Readonly<Record<string, string | undefined>>,
): Code | undefined {
  const word = reading.text(key);
  if (word === undefined) return undefined;
  if (!Object.hasOwn(words, word)) throw new Unsaid(`${reading.path}.${key}`);
  const code = words[word];
  return code === undefined ? undefined : verbatim(code);
}

/** Puts other code in the place of every reference, and of what variables stand for. */
export function withReferences(code: Code, replace: (word: Reference | Variable) => Code): Code {
  const inner = (each: Code) => withReferences(each, replace);
  if (isReference(code) || isVariable(code)) return replace(code);
  if (isCall(code)) {
    const args = code.args.map(inner);
    return { ...code, args, ...(code.on !== undefined && { on: inner(code.on) }) };
  }
  if (isVerbatim(code) || typeof code !== 'object' || code === null) return code;
  if (isList(code)) return code.map(inner);
  return Object.fromEntries(fieldsOf(code).map(([key, field]) => [key, inner(field)]));
}

/** Names that the code takes from elsewhere: the first of each call and of each piece of code as it is. */
export function namesIn(code: Code): string[] {
  const first = (text: string) => /^(?:new )?(\w+)/.exec(text)?.slice(1) ?? [];
  if (isCall(code)) {
    const { callee, on, args } = code;
    return [...(on === undefined ? first(callee) : namesIn(on)), ...args.flatMap(namesIn)];
  }
  if (isVerbatim(code)) return first(code.text);
  if (typeof code !== 'object' || code === null) return [];
  return (isList(code) ? code : Object.values(code)).flatMap((each) =>
    each === undefined ? [] : namesIn(each as Code),
  );
}

function isReference(code: unknown): code is Reference {
  return isObject(code) && (code as Partial<Reference>)[CODE] === 'reference';
}

/** Whether it is the object of the code itself that a key stands for. */
export function isVariable(code: unknown): code is Variable {
  return isObject(code) && (code as Partial<Variable>)[CODE] === 'variable';
}

/** What is never broken into lines. */
type Word = Verbatim | Reference | Variable;

function isWord(code: unknown): code is Word {
  return isVerbatim(code) || isReference(code) || isVariable(code);
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
  if (isWord(code) || typeof code !== 'object' || code === null) return unbroken(code);
  if (isList(code)) return printList(code, place.indent);
  return printObject(code, place.indent);
}

function calleeOf({ callee, on }: Call): string {
  return on === undefined ? callee : `${flat(on)}.${callee}`;
}

function printCall(code: Call, { indent, used }: Place): string {
  const { args } = code;
  const callee = calleeOf(code);
  const last = args.at(-1);
  const others = args
    .slice(0, -1)
    .map((arg) => `${flat(arg)}, `)
    .join('');
  const head = `${callee}(${others}`;
  if (
    isLiteralBlock(last) &&
    !isAlike(args.at(-2), last) &&
    head.length + used < WIDTH &&
    !head.includes('\n')
  ) {
    return `${head}${Array.isArray(last) ? printList(last, indent) : printObject(last as Fields, indent)})`;
  }
  const inner = indent + STEP;
  const lines = args.map(
    (arg) => `${inner}${print(arg, { indent: inner, used: inner.length, after: 1 })},\n`,
  );
  return `${callee}(\n${lines.join('')}${indent})`;
}

/** Prettier breaks two lists, or two objects, each by itself. */
function isAlike(one: Code | undefined, other: Code): boolean {
  return isLiteralBlock(one) && isList(one) === isList(other);
}

type Fields = { readonly [key: string]: Code | undefined };

/** What a last argument has to be so that the call is broken within it. */
function isLiteralBlock(code: Code | undefined): code is readonly Code[] | Fields {
  if (typeof code !== 'object' || code === null) return false;
  if (isCall(code) || isWord(code)) return false;
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
  if (isCall(code)) return `${calleeOf(code)}(${code.args.map(flat).join(', ')})`;
  if (isWord(code) || typeof code !== 'object' || code === null) return unbroken(code);
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

function isList(code: Code): code is readonly Code[] {
  return Array.isArray(code);
}

function fieldsOf(object: Fields): [key: string, code: Code][] {
  return Object.entries(object).filter((field): field is [string, Code] => field[1] !== undefined);
}

function unbroken(code: Word | string | number | boolean | null): string {
  if (isVerbatim(code)) return code.text;
  if (isWord(code)) throw new TypeError('no variable stands for it yet');
  return typeof code === 'string' ? stringLiteral(code) : String(code);
}

/** A text of several lines reads as it is; others are quoted so that the least has to be escaped. */
export function stringLiteral(text: string): string {
  if (text.trimEnd().includes('\n') && !hasHiddenCharacters(text)) return `\`${inTemplate(text)}\``;
  return quoted(text);
}

function quoted(text: string): string {
  const inJson = JSON.stringify(text).slice(1, -1);
  const plain = inJson.replaceAll('\\"', '"').replaceAll(HIDDEN, unicodeEscape);
  const singles = text.split("'").length;
  const doubles = text.split('"').length;
  if (singles > doubles) return `"${plain.replaceAll('"', '\\"')}"`;
  return `'${plain.replaceAll("'", "\\'")}'`;
}

/** One UTF-16 code unit as JSON and TypeScript may write it. */
export function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function inTemplate(text: string): string {
  return text.replaceAll(/[\\`]|\$(?=\{)/g, '\\$&');
}

/** What ends a line, or has code look other than it is read: marks of direction, and the like. */
const HIDDEN = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

function hasHiddenCharacters(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  return /[\u0000-\u0009\u000b-\u001f]|\p{Surrogate}/u.test(text) || text.search(HIDDEN) >= 0;
}

const PLAIN_KEY = /^[A-Za-z_$][\w$]*$/;

/** Keys are quoted where they have to be. A number stays one where no other key needs quotes. */
function keyPrinter(keys: readonly string[]): (key: string) => string {
  const bare = keys.every((key) => PLAIN_KEY.test(key) || /^(0|[1-9]\d{0,8})$/.test(key));
  return (key) => {
    // Otherwise it would be the prototype of the object.
    if (key === '__proto__') return "['__proto__']";
    return bare || PLAIN_KEY.test(key) ? key : quoted(key);
  };
}
