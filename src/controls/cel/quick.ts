import type { ASTNode } from '@marcbachmann/cel-js';
import { isObject, type JsonObject } from '../../manifest/manifest';
import { compileRe2 } from './re2';

/** Values of variables. */
type Context = Readonly<Record<string, unknown>>;

/** Evaluates a part of an expression. Throws {@link UNSURE} where cel-js has to tell; undefined is an optional without a value. */
type Part = (context: Context) => unknown;

/** Tells whether an expression holds; undefined where cel-js has to tell. */
export type QuickRule = (context: Context) => boolean | undefined;

const UNSURE = new Error('cel-js has to tell');

/**
 * Makes functions of an expression, which are several times as quick as going through it again and again. It has only what most
 * rules are made of, on plain JSON. Whatever may be an error or a conversion of CEL, such as a field that is missing or of another
 * type, it leaves to cel-js; so wherever it tells something, cel-js says the same.
 * @returns undefined for an expression that has anything else in it.
 */
export function compileQuickly(ast: ASTNode): QuickRule | undefined {
  try {
    const part = booleanOf(ast, new Map());
    return (context) => {
      try {
        return part(context);
      } catch (error) {
        return leftToCelJs(error);
      }
    };
  } catch (error) {
    return leftToCelJs(error);
  }
}

function leftToCelJs(error: unknown): undefined {
  if (error !== UNSURE) throw error;
}

function unsure(): never {
  throw UNSURE;
}

/** What macros bind, by name. An expression is evaluated by one caller at a time, so each variable has one place. */
type Scope = ReadonlyMap<string, Variable>;

interface Variable {
  value: unknown;
  readonly isOptional: boolean;
}

type Args<Op extends ASTNode['op']> = Extract<ASTNode, { readonly op: Op }>['args'];

type Forms = { readonly [Op in ASTNode['op']]?: (args: Args<Op>, scope: Scope) => Part };

const FORMS: Forms = {
  value: literal,
  id: (name, scope) => required(variable(name, scope, false)),
  '.': ([holder, name], scope) => required(field(valueOf(holder, scope), name)),
  '[]': ([holder, key], scope) => required(member(valueOf(holder, scope), valueOf(key, scope))),
  list: (items, scope) => list(items.map((item) => valueOf(item, scope))),
  map: (entries) => (entries.length === 0 ? () => ({}) : unsure()),
  call,
  rcall: method,
  '?:': conditional,
  '!_': not,
  '&&': and,
  '||': or,
  '==': operator(areEqual),
  '!=': operator((a, b) => !areEqual(a, b)),
  in: operator(isIn),
  '<': operator((a, b) => numberOf(a) < numberOf(b)),
  '<=': operator((a, b) => numberOf(a) <= numberOf(b)),
  '>': operator((a, b) => numberOf(a) > numberOf(b)),
  '>=': operator((a, b) => numberOf(a) >= numberOf(b)),
  '+': operator((a, b) => textOf(a) + textOf(b)),
};

function valueOf(node: ASTNode, scope: Scope): Part {
  const form = FORMS[node.op] as ((args: unknown, scope: Scope) => Part) | undefined;
  return form ? form(node.args, scope) : unsure();
}

function booleanOf(node: ASTNode, scope: Scope): (context: Context) => boolean {
  const part = valueOf(node, scope);
  return (context) => {
    const value = part(context);
    return typeof value === 'boolean' ? value : unsure();
  };
}

function not(node: ASTNode, scope: Scope): Part {
  const part = booleanOf(node, scope);
  return (context) => !part(context);
}

function and([left, right]: readonly [ASTNode, ASTNode], scope: Scope): Part {
  const [first, second] = [booleanOf(left, scope), booleanOf(right, scope)];
  return (context) => first(context) && second(context);
}

function or([left, right]: readonly [ASTNode, ASTNode], scope: Scope): Part {
  const [first, second] = [booleanOf(left, scope), booleanOf(right, scope)];
  return (context) => first(context) || second(context);
}

function operator(compare: (a: unknown, b: unknown) => unknown) {
  return ([left, right]: readonly [ASTNode, ASTNode], scope: Scope): Part => {
    const [first, second] = [valueOf(left, scope), valueOf(right, scope)];
    return (context) => compare(first(context), second(context));
  };
}

function areEqual(a: unknown, b: unknown): boolean {
  if (b === null && a !== null) return false;
  return typeof a === typeof b && typeof a !== 'object' ? a === b : unsure();
}

function isIn(item: unknown, holder: unknown): boolean {
  if (Array.isArray(holder)) {
    // All of them, since a list of several types is an error.
    return holder.filter((other) => areEqual(item, other)).length > 0;
  }
  return isMap(holder) && typeof item === 'string' ? memberOf(holder, item) !== undefined : unsure();
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : unsure();
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : unsure();
}

/** Integers as JSON has them. */
function literal(value: unknown): Part {
  const plain = typeof value === 'bigint' ? Number(value) : value;
  const isKnown =
    plain === null || ['string', 'boolean'].includes(typeof plain) || Number.isSafeInteger(plain);
  return isKnown ? () => plain : unsure();
}

function list(items: readonly Part[]): Part {
  return (context) => items.map((item) => item(context));
}

function conditional([condition, yes, no]: readonly ASTNode[], scope: Scope): Part {
  const holds = booleanOf(condition!, scope);
  const [ifYes, ifNo] = [valueOf(yes!, scope), valueOf(no!, scope)];
  return (context) => (holds(context) ? ifYes(context) : ifNo(context));
}

function required(part: Part): Part {
  return (context) => part(context) ?? unsure();
}

function variable(name: string, scope: Scope, isOptional: boolean): Part {
  const bound = scope.get(name);
  if (!bound) return isOptional ? unsure() : (context) => context[name];
  return bound.isOptional === isOptional ? () => bound.value : unsure();
}

/** A field of a map or of an optional one. */
function field(holder: Part, name: string): Part {
  if (name in Object.prototype) return unsure();
  return (context) => {
    const map = holder(context);
    if (map === undefined) return undefined;
    return isMap(map) ? map[name] : unsure();
  };
}

function member(holder: Part, key: Part): Part {
  return (context) => {
    const of = holder(context);
    const at = key(context);
    if (of === undefined) return undefined;
    if (Array.isArray(of)) return of[numberOf(at)] as unknown;
    return isMap(of) ? memberOf(of, textOf(at)) : unsure();
  };
}

function memberOf(map: JsonObject, key: string): unknown {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

function isMap(value: unknown): value is JsonObject {
  return isObject(value) && value.constructor === Object;
}

function isOptional(node: ASTNode, scope: Scope): boolean {
  return (
    node.op === '.?' || node.op === '[?]' || (node.op === 'id' && scope.get(node.args)?.isOptional === true)
  );
}

function optionalOf(node: ASTNode, scope: Scope): Part {
  const of = (holder: ASTNode) => (isOptional(holder, scope) ? optionalOf : valueOf)(holder, scope);
  switch (node.op) {
    case '.?':
      return field(of(node.args[0]), node.args[1]);
    case '[?]':
      return member(of(node.args[0]), valueOf(node.args[1], scope));
    case 'id':
      return variable(node.args, scope, true);
    default:
      return unsure();
  }
}

function call([name, args]: Args<'call'>, scope: Scope): Part {
  const [of, ...others] = args;
  if (!of || others.length > 0) return unsure();
  switch (name) {
    case 'has':
      return of.op === '.' ? isThere(field(valueOf(of.args[0], scope), of.args[1])) : unsure();
    case 'dyn':
      return valueOf(of, scope);
    case 'string': {
      const part = valueOf(of, scope);
      return (context) => textOf(part(context));
    }
    default:
      return unsure();
  }
}

/** That null is there the API server and cel-js do not agree on. */
function isThere(part: Part): Part {
  return (context) => {
    const value = part(context);
    return value === null ? unsure() : value !== undefined;
  };
}

function method(call: Args<'rcall'>, scope: Scope): Part {
  const [name, receiver, args] = call;
  switch (name) {
    case 'orValue':
      return orValue(optionalOf(receiver, scope), valueOf(args[0]!, scope));
    case 'hasValue':
      return isThere(optionalOf(receiver, scope));
    case 'size':
      return size(valueOf(receiver, scope));
    case 'all':
    case 'exists':
      return quantifier(call, scope);
    default:
      return methodOfText(call, scope);
  }
}

function orValue(part: Part, other: Part): Part {
  return (context) => {
    const value = part(context);
    return value === undefined ? other(context) : value;
  };
}

function size(part: Part): Part {
  return (context) => itemsOf(part(context)).length;
}

/** The items of a list, or the keys of a map. */
function itemsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isMap(value) ? Object.keys(value) : unsure();
}

/** `all` looks for an item of which something is false, and `exists` for one of which it is true. */
function quantifier([name, receiver, args]: Args<'rcall'>, scope: Scope): Part {
  const [item, condition, ...others] = args;
  if (item?.op !== 'id' || !condition || others.length > 0) return unsure();
  const { items, isOptional } = sequence(receiver, scope);
  const bound: Variable = { value: undefined, isOptional };
  const holds = booleanOf(condition, new Map([...scope, [item.args, bound]]));
  const wanted = name === 'exists';
  return (context) => {
    for (const value of itemsOf(items(context))) {
      bound.value = value;
      if (holds(context) === wanted) return wanted;
    }
    return !wanted;
  };
}

/** What a macro goes through. A list that is written out may be one of optionals. */
function sequence(node: ASTNode, scope: Scope): { readonly items: Part; readonly isOptional: boolean } {
  if (node.op !== 'list' || !node.args.some((item) => isOptional(item, scope))) {
    return { items: valueOf(node, scope), isOptional: false };
  }
  return { items: list(node.args.map((item) => optionalOf(item, scope))), isOptional: true };
}

function methodOfText([name, receiver, args]: Args<'rcall'>, scope: Scope): Part {
  const [arg, ...others] = args;
  if (!arg || others.length > 0) return unsure();
  const text = valueOf(receiver, scope);
  if (name === 'k8s_matches') return matches(text, arg);
  const other = valueOf(arg, scope);
  switch (name) {
    case 'startsWith':
      return (context) => textOf(text(context)).startsWith(textOf(other(context)));
    case 'endsWith':
      return (context) => textOf(text(context)).endsWith(textOf(other(context)));
    case 'contains':
      return (context) => textOf(text(context)).includes(textOf(other(context)));
    default:
      return unsure();
  }
}

function matches(text: Part, pattern: ASTNode): Part {
  if (pattern.op !== 'value' || typeof pattern.args !== 'string') return unsure();
  // Without the flag that makes an expression go on where it found something.
  const expression = new RegExp(compileRe2(pattern.args).source, 'u');
  return (context) => expression.test(textOf(text(context)));
}
