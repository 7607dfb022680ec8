import type { ASTNode } from '@marcbachmann/cel-js';

/** Stands in a {@link Read} for every item of a list. */
export const EACH = '*';

/** Stands at the end of a {@link Read} of which only counts whether anything is there. */
export const PRESENCE = '?';

/** Stands at the end of a {@link Read} of which only counts how many items or fields there are. */
export const COUNT = '#';

/** A variable of an expression and the fields that the expression selects from it, one after the other. */
export type Read = readonly [variable: string, ...fields: string[]];

/**
 * Everything that an expression may look at: two contexts that agree there give the same verdict. Where it does something else
 * with a value than select a field or go through a list, the whole value counts.
 */
export function readsOf(ast: ASTNode): readonly Read[] {
  const reads: Read[] = [];
  collect(ast, new Map(), reads);
  return distinct(reads);
}

/** The reads without those that are a part of another one. */
function distinct(reads: readonly Read[]): readonly Read[] {
  const known = new Map(reads.map((read) => [read.join('.'), read]));
  const isPartOfAnother = (read: Read) =>
    read.some((_, length) => length > 0 && known.has(read.slice(0, length).join('.')));
  return [...known.values()].filter((read) => !isPartOfAnother(read));
}

/** What a variable that a macro binds is an item of: of one list, or of several that the macro goes through. */
type Bound = ReadonlyMap<string, readonly Read[]>;

const MACROS: ReadonlySet<unknown> = new Set(['all', 'exists', 'exists_one', 'filter', 'map']);

function collect(node: unknown, bound: Bound, reads: Read[]): void {
  if (Array.isArray(node)) {
    node.forEach((child) => collect(child, bound, reads));
    return;
  }
  if (!isNode(node)) return;
  const places = placesOf(node, bound) ?? formOf(node, bound);
  if (places) reads.push(...places);
  else if (goThrough(sizedFilter(node), bound, reads)) return;
  else if (!collectMacro(node, bound, reads)) collect(node.args, bound, reads);
}

/** `has(a.b)`, `a.?b.hasValue()` and `a.b.size()` ask little of a place. */
function formOf(node: ASTNode, bound: Bound): readonly Read[] | undefined {
  if (node.op !== 'call' && node.op !== 'rcall') return undefined;
  const form = FORMS.get(node.args[0]);
  const of = node.op === 'call' ? node.args[1][0] : node.args[1];
  if (form === undefined || of === undefined) return undefined;
  return placesOf(of, bound)?.map((place): Read => [...place, form]);
}

/** Of `list.filter(item, condition).size()` the filter: only counts which items meet the condition. */
function sizedFilter(node: ASTNode): ASTNode | undefined {
  const isSized = node.op === 'rcall' && node.args[0] === 'size' && isFilter(node.args[1]);
  return isSized ? node.args[1] : undefined;
}

const FORMS: ReadonlyMap<string, string> = new Map([
  ['has', PRESENCE],
  ['hasValue', PRESENCE],
  ['size', COUNT],
]);

/** `list.all(item, condition)`, of which the condition tells what of an item counts. */
function collectMacro(node: ASTNode, bound: Bound, reads: Read[]): boolean {
  const items = goThrough(node, bound, reads);
  // What is left of a list is handed on as it is, and nobody knows what is made of it.
  if (items && isFilter(node)) reads.push(...items);
  return items !== undefined;
}

/**
 * Collects what a macro reads and returns what its variable is an item of; undefined where the node is no macro, or over no list
 * that is known.
 */
function goThrough(node: ASTNode | undefined, bound: Bound, reads: Read[]): readonly Read[] | undefined {
  if (node?.op !== 'rcall') return undefined;
  const [name, receiver, [variable, ...rest]] = node.args;
  if (!MACROS.has(name) || variable?.op !== 'id' || rest.length === 0) return undefined;
  const items = itemsOf(receiver, bound, reads);
  if (!items) return undefined;
  // Also where the condition reads nothing of the items: how many there are counts.
  reads.push(...(placesOf(receiver, bound) ?? []).map((place): Read => [...place, COUNT]));
  collect(rest, new Map([...bound, [variable.args, items]]), reads);
  return items;
}

function itemsOf(list: ASTNode, bound: Bound, reads: Read[]): readonly Read[] | undefined {
  if (isFilter(list)) return goThrough(list, bound, reads);
  if (list.op !== 'list') return placesOf(list, bound)?.map((place): Read => [...place, EACH]);
  const items = list.args.map((item) => placesOf(item, bound));
  return items.every((item) => item !== undefined) ? items.flat() : undefined;
}

function isFilter(node: ASTNode): boolean {
  return node.op === 'rcall' && node.args[0] === 'filter';
}

/** The places that a node selects, where it does no more than that. */
function placesOf(node: ASTNode, bound: Bound): readonly Read[] | undefined {
  switch (node.op) {
    case 'id':
      return bound.get(node.args) ?? [[node.args]];
    case '.':
    case '.?': {
      const [holder, field] = node.args;
      return placesOf(holder, bound)?.map((place): Read => [...place, field]);
    }
    case 'rcall': {
      // Whether something is there is told with the place; what is taken in its stead is the same in every context.
      const [name, receiver, args] = node.args;
      return name === 'orValue' && args.every(isLiteral) ? placesOf(receiver, bound) : undefined;
    }
    default:
      return undefined;
  }
}

function isLiteral(node: ASTNode): boolean {
  return node.op === 'value' || ((node.op === 'list' || node.op === 'map') && node.args.length === 0);
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}
