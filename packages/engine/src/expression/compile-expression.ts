import type { Expression, ExpressionInput } from '@countersign/core';
import { compileTerm } from './compile-term.ts';
import { CompiledCache } from './compiled-cache.ts';
import { Condition } from './condition.ts';
import { NODE_WORK } from './limits.ts';
import { type ExpressionFacts, Scope } from './scope.ts';
import { parseSyntax } from './syntax.ts';
import { TYPE_WORDS } from './term.ts';

export type { ExpressionFacts } from './scope.ts';

export type CompiledExpression =
  | {
      readonly ok: true;
      readonly expression: Expression;
      /** Set where it looks at nothing of a request, and is not true: `1 == 2`. */
      readonly isNeverTrue: boolean;
    }
  | { readonly ok: false; readonly message: string };

const NO_REQUEST: ExpressionInput = { facts: {}, permission: '', method: '', path: '', nowMs: 0 };

const cache = new CompiledCache<CompiledExpression>();

/**
 * Compiles an expression in CEL to a condition on requests, or says where and why it has none.
 *
 * The same text with the same object `known` is compiled once, as long as it is remembered. What comes out never throws,
 * and its work is bounded (ADR 19).
 *
 * @param known what the manifest declares; absent: there is none, so any fact may be named, and each is a text
 */
export function compileExpression(source: string, known: ExpressionFacts | undefined): CompiledExpression {
  const cached = cache.get(source, known);
  if (cached !== undefined) return cached;
  const compiled = compile(source, known);
  cache.set(source, known, compiled);
  return compiled;
}

function compile(source: string, known: ExpressionFacts | undefined): CompiledExpression {
  const parsed = parseSyntax(source);
  if ('message' in parsed) return refused(source, parsed.at, parsed.message);
  const scope = new Scope(known);
  const term = compileTerm(parsed.root, scope);
  if (term === undefined) {
    const { at, message } = scope.fault ?? { at: 0, message: 'the expression has no meaning' };
    return refused(source, at, message);
  }
  if (term.type !== 'bool') {
    return refused(source, 0, `an expression is true or false, and this is ${TYPE_WORDS[term.type]}`);
  }
  const expression = new Condition(source, term.run, [...scope.facts], parsed.steps * NODE_WORK);
  const isConstant = scope.facts.size === 0 && !scope.looksAtRequest;
  return { ok: true, expression, isNeverTrue: isConstant && expression.evaluate(NO_REQUEST) !== 'true' };
}

/** Words of the source stand in messages, and the source may hold anything: what it shows is short, and plain text. */
const MAX_MESSAGE = 300;

function refused(source: string, at: number, reason: string): CompiledExpression {
  const short = reason.length > MAX_MESSAGE ? `${reason.slice(0, MAX_MESSAGE)}…` : reason;
  const message = short.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\ufffd');
  const lines = source.slice(0, at).split('\n');
  const column = `column ${(lines.at(-1) as string).length + 1}`;
  return {
    ok: false,
    message: `${lines.length > 1 ? `line ${lines.length}, ` : ''}${column}: ${message}`,
  };
}
