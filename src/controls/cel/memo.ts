import { isObject } from '../../manifest/manifest';
import { EACH, type Read } from './reads';

/** A question about the values of variables. */
type Ask = (context: Readonly<Record<string, unknown>>) => boolean;

/** Verdicts that are kept for one question. */
const LARGEST = 1_000;

/**
 * Answers a question once for all contexts that agree in what it looks at. The pods of a cluster mostly do: they differ in name
 * and image, which few rules read. A question whose contexts hardly ever agree is asked every time, without further ado.
 */
export function remembering(ask: Ask, reads: readonly Read[]): Ask {
  const verdicts = new Map<string, boolean>();
  let remembered = 0;
  let isWorthIt = true;
  return (context) => {
    const key = isWorthIt ? keyOf(context, reads) : undefined;
    if (key === undefined) return ask(context);
    const known = verdicts.get(key);
    if (known !== undefined) {
      remembered += 1;
      return known;
    }
    const verdict = ask(context);
    verdicts.set(key, verdict);
    if (verdicts.size === LARGEST) {
      isWorthIt = remembered > LARGEST;
      remembered = 0;
      verdicts.clear();
    }
    return verdict;
  };
}

/** The values at the places that are read, as text that no other values have; undefined where some value is no JSON. */
function keyOf(context: Readonly<Record<string, unknown>>, reads: readonly Read[]): string | undefined {
  let key = '';
  for (const read of reads) {
    const part = textAt(context, read, 0);
    if (part === undefined) return undefined;
    key += part;
  }
  return key;
}

/** How far the fields lead, and what is there. An expression may tell a missing field from a missing field of a missing one. */
function textAt(value: unknown, read: Read, from: number): string | undefined {
  let at = value;
  for (let depth = from; depth < read.length; depth += 1) {
    const field = read[depth]!;
    if (field === EACH) return textOfEach(at, read, depth);
    if (field === '') return '.';
    if (!isObject(at)) return stopped(at, depth);
    at = at[field];
    if (at === undefined) return `-${depth}`;
  }
  return textOf(at);
}

function textOfEach(list: unknown, read: Read, depth: number): string | undefined {
  if (!Array.isArray(list)) return stopped(list, depth);
  let text = '[';
  for (const item of list) {
    const part = textAt(item, read, depth + 1);
    if (part === undefined) return undefined;
    text += part;
  }
  return `${text}]`;
}

/** Something that has no such fields, or whose fields are not looked for. */
function stopped(value: unknown, depth: number): string | undefined {
  if (value === undefined) return `-${depth}`;
  const text = textOf(value);
  return text === undefined ? undefined : `@${depth}${text}`;
}

function textOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'boolean':
      return value ? 't' : 'f';
    case 'number':
      return `n${value};`;
    case 'object':
      return value === null ? 'z' : textOfObject(value);
    default:
      return undefined;
  }
}

function textOfObject(value: object): string | undefined {
  if (Array.isArray(value)) {
    const items = value.map(textOf);
    return items.includes(undefined) ? undefined : `[${items.join('')}]`;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return undefined;
  let text = '{';
  for (const [name, member] of Object.entries(value)) {
    const part = textOf(member);
    if (part === undefined) return undefined;
    text += JSON.stringify(name) + part;
  }
  return `${text}}`;
}
