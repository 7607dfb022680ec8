import { compileFor } from './cel/environment';
import { compileQuickly } from './cel/quick';
import { readsOf, type Read } from './cel/reads';

/** Values of the variables that an expression names. */
export type RuleContext = Readonly<Record<string, unknown>>;

/** A compiled expression. It is true, false, or throws where the expression cannot be evaluated on the given values. */
export interface CompiledRule {
  (context: RuleContext): boolean;
  /** All that it looks at. */
  readonly reads: readonly Read[];
}

const compiled = new Map<string, CompiledRule>();

/**
 * Compiles an expression once for each version of Kubernetes.
 * @throws BulwarkError when the API server of that version would refuse it.
 */
export function compileRule(expression: string, minor: number): CompiledRule {
  const key = `${minor} ${expression}`;
  let rule = compiled.get(key);
  if (!rule) {
    const evaluate = compileFor(minor, expression);
    const quick = compileQuickly(evaluate.ast);
    const holds = (context: RuleContext) => quick?.(context) ?? evaluate(context) === true;
    rule = Object.assign(holds, { reads: readsOf(evaluate.ast) });
    compiled.set(key, rule);
  }
  return rule;
}
