import { Environment } from '@marcbachmann/cel-js';

/** Values of the variables that an expression names. */
export type RuleContext = Readonly<Record<string, unknown>>;

/** A compiled expression. It is true, false, or throws where the expression cannot be evaluated on the given values. */
export type CompiledRule = (context: RuleContext) => boolean;

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
