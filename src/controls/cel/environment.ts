import { Environment, type ASTNode } from '@marcbachmann/cel-js';
import { BulwarkError } from '../../errors';
import { format } from './format';
import { functionNames, register, registeredName, withPublicNames, type CelLibrary } from './library';
import { extendedLists, lists, sets } from './lists';
import { cidr, ip } from './net';
import { quantity } from './quantity';
import { compileRe2 } from './re2';
import { regex } from './regex';
import { semver } from './semver';
import { strings, stringsWithFormat } from './strings';
import { url } from './url';

/** Evaluates an expression on the values of its variables. */
export interface Evaluate {
  (context: Readonly<Record<string, unknown>>): unknown;
  readonly ast: ASTNode;
}

/** Everything that some supported version has beyond standard CEL, but the authorizer, which needs a running server. */
const librariesOf = (minor: number): CelLibrary[] => [
  strings(minor),
  regex,
  lists,
  url,
  quantity,
  sets,
  stringsWithFormat,
  ip,
  cidr,
  format,
  semver,
  extendedLists,
];

const environments = new Map<number, Environment>();

/**
 * CEL as the API server of a version has it for new expressions. An API server accepts a library in these from the version
 * after the one that introduced it, so that a cluster can go back by one version.
 */
export function celEnvironment(minor: number): Environment {
  let environment = environments.get(minor);
  if (!environment) {
    environment = new Environment({ unlistedVariablesAreDyn: true, enableOptionalTypes: true });
    for (const library of librariesOf(minor)) {
      if (library.since <= minor) register(environment, library);
    }
    environments.set(minor, environment);
  }
  return environment;
}

/**
 * Compiles an expression for the API server of a version.
 * @throws BulwarkError when that API server would refuse it.
 */
export function compileFor(minor: number, expression: string): Evaluate {
  try {
    const evaluate = environmentFor(minor, expression).parse(expression);
    for (const call of callsIn(evaluate.ast)) checkCall(call, minor);
    const { valid, error } = evaluate.check();
    if (!valid) throw error ?? new Error('its types do not fit');
    return evaluate;
  } catch (error) {
    const message = withPublicNames((error as Error).message);
    throw new BulwarkError(`The CEL expression does not compile for Kubernetes 1.${minor}: ${message}`);
  }
}

/** The API server allows values of different types in the list that `format` takes, and in no other. */
function environmentFor(minor: number, expression: string): Environment {
  const environment = celEnvironment(minor);
  return expression.includes('.format(')
    ? environment.clone({ homogeneousAggregateLiterals: false })
    : environment;
}

type Call = Extract<ASTNode, { op: 'call' | 'rcall' }>;

/** The calls in an expression. Macros share the nodes of their arguments with what cel-js makes of them. */
function* callsIn(node: unknown): Generator<Call> {
  if (Array.isArray(node)) {
    for (const child of node) yield* callsIn(child);
  } else if (isNode(node)) {
    if (node.op === 'call' || node.op === 'rcall') yield node;
    yield* callsIn(node.args);
  }
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}

/** Functions of cel-js that no API server has, by name and whether they are methods. */
const UNKNOWN: ReadonlySet<string> = new Set(
  ['at', 'base64', 'bind', 'hex', 'json', 'string'].map((n) => `.${n}`),
);
const WITH_PATTERN: ReadonlySet<string> = new Set(['find', 'findAll', 'matches']);

/** Functions of CEL itself, to which libraries add types only. */
const STANDARD: ReadonlySet<string> = new Set(['string']);

let versions: ReadonlyMap<string, number> | undefined;

/** The oldest version with a function of that name; undefined for those of CEL itself. */
function sinceOf(name: string): number | undefined {
  versions ??= new Map(
    librariesOf(Infinity)
      .reverse()
      .flatMap((library) => functionNames(library).map((each) => [each, library.since] as const))
      .filter(([each]) => !STANDARD.has(each)),
  );
  return versions.get(name);
}

/** Refuses a call that cel-js would accept, and leads the others to the functions of Kubernetes. */
function checkCall(call: Call, minor: number): void {
  const [name] = call.args;
  const full = qualifiedName(call);
  const since = sinceOf(full) ?? sinceOf(name);
  if (since !== undefined && since > minor) throw new Error(`${full}() needs Kubernetes 1.${since}.`);
  if (call.op === 'rcall' && UNKNOWN.has(`.${name}`)) throw new Error(`the API server has no ${full}().`);
  if (WITH_PATTERN.has(name)) checkPattern(call);
  call.args[0] = registeredName(name);
}

/** The name with the namespace in front that it may have. */
function qualifiedName(call: Call): string {
  if (call.op === 'call') return call.args[0];
  const [name, receiver] = call.args;
  return receiver.op === 'id' ? `${receiver.args}.${name}` : name;
}

/** As on the API server, a literal pattern is compiled with the expression. */
function checkPattern(call: Call): void {
  const pattern = call.op === 'call' ? call.args[1][1] : call.args[2][0];
  if (pattern?.op === 'value' && typeof pattern.args === 'string') compileRe2(pattern.args);
}
