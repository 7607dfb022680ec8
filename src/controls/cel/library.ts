import type { Environment } from '@marcbachmann/cel-js';

/** What evaluates a function; cel-js passes the receiver of a method first. */
export type Implementation = (...args: never[]) => unknown;

/** Functions that Kubernetes added to CEL together. */
export interface CelLibrary {
  /** The oldest minor version whose API server accepts new expressions that use the library. */
  readonly since: number;
  /** The first part of names such as `sets.contains`, which CEL does not take for a variable. */
  readonly namespace?: string;
  readonly types?: Readonly<Record<string, new (...args: never[]) => Opaque>>;
  /** By signature, such as `string.find(string): string` or `isIP(string): bool`. */
  readonly functions: Readonly<Record<string, Implementation>>;
}

/** A value of a type that only its functions can look into. */
export abstract class Opaque {
  /** @param key - the same for equal values of the type, and for these only */
  constructor(readonly key: string) {}
}

/**
 * Functions that cel-js has too, but with other semantics: JavaScript's regular expressions and white space, and positions
 * in UTF-16 units. cel-js cannot replace a function, so ours have other names, which calls are changed to.
 */
const REPLACED: ReadonlySet<string> = new Set([
  'indexOf',
  'join',
  'lastIndexOf',
  'lowerAscii',
  'matches',
  'split',
  'substring',
  'trim',
  'upperAscii',
]);
const OWN = 'k8s_';

/** The name under which cel-js knows a function. */
export function registeredName(name: string): string {
  return REPLACED.has(name) ? OWN + name : name;
}

/** Writes the names in a message of cel-js as people know them. */
export function withPublicNames(message: string): string {
  return message.replaceAll(OWN, '');
}

const SIGNATURE = /^(?:(.+)\.)?(\w+)\((.*)\): (.+)$/;

interface Signature {
  readonly receiver: string | undefined;
  readonly name: string;
  readonly parameters: readonly string[];
  readonly result: string;
}

function parseSignature(signature: string): Signature {
  const [, receiver, name = '', parameters = '', result = ''] = SIGNATURE.exec(signature) ?? [];
  return { receiver, name, parameters: parameters === '' ? [] : parameters.split(', '), result };
}

/** The names of a library's functions as expressions write them, with the namespace where there is one. */
export function functionNames({ functions, namespace }: CelLibrary): string[] {
  return Object.keys(functions).map((signature) => {
    const { receiver, name } = parseSignature(signature);
    return namespace !== undefined && receiver === namespace ? `${namespace}.${name}` : name;
  });
}

/** Adds a library to an environment. */
export function register(environment: Environment, library: CelLibrary): void {
  const { namespace, types = {}, functions } = library;
  for (const [name, ctor] of Object.entries(types)) {
    // Without `fields`, cel-js would let expressions read the properties of the class.
    environment.registerType(name, { ctor, fields: {} });
    environment.registerOperator(`${name} == ${name}`, (a: Opaque, b: Opaque) => a.key === b.key);
  }
  if (namespace !== undefined) registerNamespace(environment, namespace);
  for (const [signature, implementation] of Object.entries(functions)) {
    registerFunction(environment, parseSignature(signature), { implementation, namespace });
  }
}

const typeOfNamespace = (namespace: string) => `namespaces.${namespace}`;

function registerNamespace(environment: Environment, namespace: string): void {
  const Namespace = class {};
  const type = typeOfNamespace(namespace);
  environment.registerType(type, { ctor: Namespace, fields: {} });
  environment.registerConstant(namespace, type, new Namespace());
}

type Callable = (...args: unknown[]) => unknown;

function registerFunction(
  environment: Environment,
  { receiver, name, parameters, result }: Signature,
  { implementation, namespace }: { implementation: Implementation; namespace: string | undefined },
): void {
  const inNamespace = namespace !== undefined && receiver === namespace;
  const on = inNamespace ? typeOfNamespace(namespace) : receiver;
  const prefix = `${on === undefined ? '' : `${on}.`}${registeredName(name)}`;
  const call = implementation as Callable;
  const handler: Callable = inNamespace ? (_namespace, ...args) => call(...args) : call;
  for (const variant of integerVariants(parameters)) {
    const checked = variant.join() === parameters.join() ? handler : withIntegers(handler);
    environment.registerFunction(`${prefix}(${variant.join(', ')}): ${result}`, checked, { async: false });
  }
}

/** Numbers of manifests are doubles to cel-js, where the API server has integers, so each `int` may be either. */
function integerVariants(parameters: readonly string[]): string[][] {
  return parameters.reduce<string[][]>(
    (variants, type) =>
      (type === 'int' ? ['int', 'double'] : [type]).flatMap((either) => variants.map((v) => [...v, either])),
    [[]],
  );
}

/** Makes integers of doubles; a fraction throws, as a call without an overload for it does on the API server. */
function withIntegers(handler: Callable): Callable {
  return (...args) => handler(...args.map((arg) => (typeof arg === 'number' ? BigInt(arg) : arg)));
}
