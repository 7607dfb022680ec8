import { isObject } from './manifest';

/** Writes a text without line breaks as a YAML scalar. */
export type WriteText = (text: string) => string;

/** js-yaml marks keys of more than 1,024 characters with a `?`, and writes a character that has to be escaped as six. */
const LONGEST_KEY = 150;

/**
 * Writes JSON as js-yaml does, byte for byte, in a third of the time; undefined where a value is one of those whose form depends
 * on where it is, such as a text of several lines, so that js-yaml has to write it.
 */
export function plainYaml(value: unknown, write: WriteText): string | undefined {
  return isPlain(value) ? `${node(value, '\n', write, true)}\n` : undefined;
}

function isPlain(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
      return !value.includes('\n');
    case 'boolean':
      return true;
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0);
    case 'object':
      return value === null || isPlainObject(value);
    default:
      return false;
  }
}

function isPlainObject(value: object): boolean {
  if (Array.isArray(value)) return value.every(isPlain);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key of Object.keys(value)) {
    if (key.length > LONGEST_KEY || key.includes('\n')) return false;
    if (!isPlain((value as Record<string, unknown>)[key])) return false;
  }
  return true;
}

/** A compact node begins on the line where it stands, behind the hyphen of an item. */
function node(value: unknown, line: string, write: WriteText, isCompact: boolean): string {
  if (typeof value === 'string') return write(value);
  if (Array.isArray(value)) return sequence(value, line, write, isCompact);
  return isObject(value) ? mapping(value, line, write, isCompact) : String(value);
}

function sequence(items: readonly unknown[], line: string, write: WriteText, isCompact: boolean): string {
  if (items.length === 0) return '[]';
  let text = '';
  for (const item of items) {
    text += `${isCompact && text === '' ? '' : line}- ${node(item, `${line}  `, write, true)}`;
  }
  return text;
}

function mapping(
  value: Readonly<Record<string, unknown>>,
  line: string,
  write: WriteText,
  isCompact: boolean,
): string {
  const below = `${line}  `;
  let text = '';
  for (const key of Object.keys(value)) {
    const member = node(value[key], below, write, false);
    const space = member.startsWith('\n') ? '' : ' ';
    text += `${isCompact && text === '' ? '' : line}${write(key)}:${space}${member}`;
  }
  return text === '' ? '{}' : text;
}
