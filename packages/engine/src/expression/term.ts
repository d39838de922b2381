import type { Evaluation, Gap } from './evaluation.ts';
import type { ExactDecimal } from './exact-decimal.ts';

/** The types that a value may have. `timestamp` is ms since 1970, `duration` is ms. */
export interface Values {
  bool: boolean;
  string: string;
  int: bigint;
  decimal: ExactDecimal;
  timestamp: number;
  duration: number;
}

export type TypeName = keyof Values;
export type Run<T> = (on: Evaluation) => T | Gap;

export interface TermOf<N extends TypeName> {
  readonly type: N;
  readonly run: Run<Values[N]>;
  /** Set where the value is known already. */
  readonly literal?: Values[N] | undefined;
  /** Set where it is one of the texts that have a closed set of values, which literals are held to. */
  readonly closed?: 'permission' | 'method' | undefined;
  /** Set where it is a fact: its name. */
  readonly fact?: string | undefined;
}

/** A part of an expression, compiled. Its type is known, so nothing is looked up when it runs. */
export type Term = { [N in TypeName]: TermOf<N> }[TypeName];

export function literalTerm<N extends TypeName>(type: N, value: Values[N]): TermOf<N> {
  return { type, run: () => value, literal: value };
}

/** How people are told of a type. */
export const TYPE_WORDS: Readonly<Record<TypeName, string>> = {
  bool: 'true or false',
  string: 'a text',
  int: 'a whole number',
  decimal: 'a decimal',
  timestamp: 'a time',
  duration: 'a duration',
};
