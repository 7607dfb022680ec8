import { FAILSAFE_SCHEMA, Type, types, type Schema } from 'js-yaml';

// @types/js-yaml does not declare the built-in types.
declare module 'js-yaml' {
  const types: Readonly<Record<'null' | 'int' | 'float' | 'merge', Type>>;
}

const TRUE = /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/;
const FALSE = /^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/;
const OCTAL = /^[-+]?0[0-7_]+$/;

const bool = new Type('tag:yaml.org,2002:bool', {
  kind: 'scalar',
  resolve: (text: string | null) => text !== null && (TRUE.test(text) || FALSE.test(text)),
  construct: (text: string) => TRUE.test(text),
});

/** `0400` is octal in YAML 1.1; whatever else is a number is one in YAML 1.2 as well. */
const int = new Type('tag:yaml.org,2002:int', {
  kind: 'scalar',
  resolve: (text: unknown) => typeof text === 'string' && (OCTAL.test(text) || isInt(text)),
  construct: (text: string) => (OCTAL.test(text) ? octal(text) : (types.int.construct(text) as number)),
});

function isInt(text: string): boolean {
  return types.int.resolve(text);
}

function octal(text: string): number {
  const value = parseInt(text.replaceAll(/[-+_]/g, ''), 8);
  return text.startsWith('-') ? -value : value;
}

/**
 * How kubectl reads YAML, which is version 1.1 for scalars: `yes` and `on` are true, `0400` is 256. Times stay text, as they
 * are in the API.
 */
export const KUBERNETES_SCHEMA: Schema = FAILSAFE_SCHEMA.extend({
  implicit: [types.null, bool, int, types.float, types.merge],
});
