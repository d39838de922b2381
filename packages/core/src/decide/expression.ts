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

/** `missing`: it needs a fact that the request does not have. `fault`: it has no value for this request. */
export type ExpressionOutcome = 'true' | 'false' | 'missing' | 'fault';

/** A compiled expression of a credential. Pure, and bounded in time. Never throws. */
export interface Expression {
  readonly source: string;
  evaluate(input: ExpressionInput): ExpressionOutcome;
}
