import type { Facts } from './fact-source.ts';

/** What an expression is evaluated over. */
export interface ExpressionInput {
  readonly facts: Facts;
  /** The name of the permission that the request needs. */
  readonly permission: string;
  readonly method: string;
  /** The path, without the query. */
  readonly path: string;
  /** Ms since 1970. */
  readonly nowMs: number;
}

/**
 * What came out of an expression. `missing`: it depends on a fact that the request does not have. `fault`: it has no
 * value, because a fact is ill-typed or too long, a number too large, or the work too much.
 */
export type ExpressionOutcome = 'true' | 'false' | 'missing' | 'fault';

/** A condition on requests that an operator wrote. Whoever makes one sees to it that it ends, and never throws. */
export interface Expression {
  readonly source: string;
  evaluate(input: ExpressionInput): ExpressionOutcome;
}
