import { Environment, type Context } from '@marcbachmann/cel-js';

/** A compiled expression. It is true, false, or throws where the expression cannot be evaluated on the given values. */
export type CompiledRule = (context: Context) => boolean;

const environment = new Environment({ unlistedVariablesAreDyn: true, enableOptionalTypes: true });
const compiled = new Map<string, CompiledRule>();

/** Compiles an expression once. */
export function compileRule(expression: string): CompiledRule {
  let rule = compiled.get(expression);
  if (!rule) {
    const evaluate = environment.parse(expression);
    rule = (context) => evaluate(context) === true;
    compiled.set(expression, rule);
  }
  return rule;
}
