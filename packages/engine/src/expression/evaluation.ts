import type { ExpressionInput } from '@countersign/core';
import { MAX_TEXT, MAX_WORK } from './limits.ts';

/** The request lacks a fact. */
export const MISSING: unique symbol = Symbol('missing');
/** There is no value. */
export const FAULT: unique symbol = Symbol('fault');
/** What stands in the place of a value. It makes a gap of everything that is computed from it. */
export type Gap = typeof MISSING | typeof FAULT;

/** Of two gaps, the one that is never forgiven. */
export function worse(a: Gap | undefined, b: Gap): Gap {
  return a === FAULT ? FAULT : b;
}

export function isGap(value: unknown): value is Gap {
  return value === MISSING || value === FAULT;
}

/** One evaluation: what it looks at, and how much work it may still do. */
export class Evaluation {
  readonly input: ExpressionInput;
  /** Which element of a batch it is about. */
  element = 0;
  /** Units of work that were done. Over the limit by what one operation wanted, and did not get: nothing is done any more. */
  work = 0;

  constructor(input: ExpressionInput) {
    this.input = input;
  }

  /** Whether so much work may still be done. Asked before it is done. */
  spend(units: number): boolean {
    if (this.isExhausted) return false;
    this.work += units;
    return !this.isExhausted;
  }

  /** Whether more was wanted than may be done. */
  get isExhausted(): boolean {
    return this.work > MAX_WORK;
  }

  /** A fact's text, of this element where it is a list. What stands on the prototype of an object is no fact. */
  fact(name: string): string | Gap {
    const { facts } = this.input;
    const given = Object.hasOwn(facts, name) ? facts[name] : undefined;
    const text = Array.isArray(given) ? given[this.element] : given;
    if (text === undefined) return MISSING;
    return bounded(text);
  }

  hasFact(name: string): boolean {
    return this.fact(name) !== MISSING;
  }
}

/** A text that is not too long for the work that may be done with it. */
export function bounded(text: unknown): string | Gap {
  return typeof text === 'string' && text.length <= MAX_TEXT ? text : FAULT;
}
