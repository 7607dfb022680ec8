/** What an API server makes of expressions that use a library, as 1.37.2 does. */
export interface Cases {
  readonly about: string;
  /** The oldest minor version that accepts them. */
  readonly since: number;
  /** Expressions and the literals that they are equal to. */
  readonly values: readonly (readonly [expression: string, literal: string])[];
  /** Expressions that fail when they are evaluated. */
  readonly errors?: readonly string[];
  /** Expressions that do not compile. */
  readonly refused?: readonly string[];
}
