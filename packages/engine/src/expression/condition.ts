import type { Expression, ExpressionInput, ExpressionOutcome } from '@countersign/core';
import { Evaluation, FAULT, type Gap, MISSING, worse } from './evaluation.ts';
import { MAX_ELEMENTS } from './limits.ts';
import type { Run } from './term.ts';

/** An expression that was compiled. */
export class Condition implements Expression {
  readonly source: string;
  readonly #run: Run<boolean>;
  readonly #facts: readonly string[];
  /** What one run costs, apart from what operations on texts cost: no node runs twice. */
  readonly #work: number;

  constructor(source: string, run: Run<boolean>, facts: readonly string[], work: number) {
    this.source = source;
    this.#run = run;
    this.#facts = facts;
    this.#work = work;
  }

  evaluate(input: ExpressionInput): ExpressionOutcome {
    return this.measure(input).outcome;
  }

  /** Evaluates, and says how much work it was. It must hold for every element, as if they were joined by `&&`. */
  measure(input: ExpressionInput): { readonly outcome: ExpressionOutcome; readonly work: number } {
    const on = new Evaluation(input);
    const elements = elementsIn(input.facts, this.#facts);
    if (elements === undefined) return { outcome: 'fault', work: 0 };
    let gap: Gap | undefined;
    for (on.element = 0; on.element < elements; on.element++) {
      const value = on.spend(this.#work) ? this.#run(on) : FAULT;
      if (value === false) return { outcome: 'false', work: on.work };
      if (value !== true) gap = worse(gap, value);
      // What comes after was not looked at.
      if (on.isExhausted) return { outcome: 'fault', work: on.work };
    }
    return { outcome: gap === undefined ? 'true' : gap === MISSING ? 'missing' : 'fault', work: on.work };
  }
}

/**
 * How many times an expression runs: once for each element of the lists among its facts, or once if there are none.
 * Undefined: the lists have different lengths, so nobody knows what belongs together, or they are too long. Lists that
 * are all empty are facts that are missing.
 */
function elementsIn(facts: ExpressionInput['facts'], names: readonly string[]): number | undefined {
  let elements: number | undefined;
  for (const name of names) {
    const given = Object.hasOwn(facts, name) ? facts[name] : undefined;
    if (!Array.isArray(given)) continue;
    if (elements !== undefined && elements !== given.length) return undefined;
    elements = given.length;
  }
  if (elements !== undefined && elements > MAX_ELEMENTS) return undefined;
  return elements || 1;
}
