import type { FactType } from '@countersign/core';
import { type Evaluation, FAULT, type Gap, isGap } from './evaluation.ts';
import { type ExactDecimal, readDecimal } from './exact-decimal.ts';
import type { SyntaxFault } from './syntax.ts';
import type { Term } from './term.ts';

/** What the manifest declares, as far as expressions can speak of it. */
export interface ExpressionFacts {
  readonly facts: ReadonlyMap<string, FactType>;
  readonly permissions: ReadonlySet<string>;
}

const LISTED = 10;

/** What an expression may name, what it has named so far, and its first fault. */
export class Scope {
  /** The facts that it names, in the order in which it does. */
  readonly facts = new Set<string>();
  /** Whether it names what requests have beside facts, like `permission`. */
  looksAtRequest = false;
  fault: SyntaxFault | undefined;
  readonly #known: ExpressionFacts | undefined;

  /** @param known absent: no manifest, so any fact may be named, and each is a text. */
  constructor(known: ExpressionFacts | undefined) {
    this.#known = known;
  }

  refuse(at: number, message: string): undefined {
    this.fault ??= { at, message };
    return undefined;
  }

  fact(name: string, at: number): Term | undefined {
    if (!this.declaresFact(name, at)) return undefined;
    if (this.#known?.facts.get(name) !== 'decimal')
      return { type: 'string', fact: name, run: (on) => on.fact(name) };
    return { type: 'decimal', fact: name, run: (on) => decimalFact(on, name) };
  }

  declaresFact(name: string, at: number): boolean {
    if (this.#known !== undefined && !this.#known.facts.has(name)) {
      this.refuse(at, `the manifest has no fact "${name}"; it has ${listed(this.#known.facts.keys())}`);
      return false;
    }
    this.facts.add(name);
    return true;
  }

  /** Whether a literal can be equal to the permission or the method at all. */
  canBe(closed: 'permission' | 'method', literal: string, at: number): boolean {
    if (closed === 'permission') {
      if (this.#known === undefined || this.#known.permissions.has(literal)) return true;
      this.refuse(
        at,
        `the manifest has no permission "${literal}"; it has ${listed(this.#known.permissions)}`,
      );
      return false;
    }
    if (/^[A-Z]+$/.test(literal)) return true;
    this.refuse(at, `a method is written in capitals, like "POST", so it is never "${literal}"`);
    return false;
  }
}

function decimalFact(on: Evaluation, name: string): ExactDecimal | Gap {
  const text = on.fact(name);
  return isGap(text) ? text : (readDecimal(text) ?? FAULT);
}

function listed(names: Iterable<string>): string {
  const all = [...names];
  if (all.length === 0) return 'none';
  const more = all.length > LISTED ? ` and ${all.length - LISTED} more` : '';
  return all.slice(0, LISTED).join(', ') + more;
}
