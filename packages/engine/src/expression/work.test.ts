import type { ExpressionInput } from '@countersign/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileExpression } from './compile-expression.ts';
import { Condition } from './condition.ts';
import { MAX_SOURCE, MAX_TEXT, MAX_WORK, NODE_WORK } from './limits.ts';

/** The most that one operation may want: to look for a text in one that is twice as long. */
const LARGEST_OPERATION = (MAX_TEXT / 2 + 1) * (MAX_TEXT / 2);

function conditionOf(source: string): Condition {
  const compiled = compileExpression(source, undefined);
  if (!compiled.ok) throw new Error(`${source.slice(0, 50)}…: ${compiled.message}`);
  if (!(compiled.expression instanceof Condition)) throw new Error('it is no condition');
  return compiled.expression;
}

/** Facts that count how often they are read. */
function counted(facts: ExpressionInput['facts']) {
  const counter = { reads: 0 };
  const proxy = new Proxy(facts, {
    get(target, name) {
      counter.reads++;
      return Reflect.get(target, name);
    },
  });
  const input = { facts: proxy, permission: 'p', method: 'GET', path: '/', nowMs: 1_800_000_000_000 };
  return { input, counter };
}

const all = (part: string, count: number) => Array(count).fill(part).join(' && ');
const batch = (text: string, count = 1_000) => Array<string>(count).fill(text);
const LONG = 'a'.repeat(MAX_TEXT);
const DIGITS = `${'9'.repeat(30)}.${'9'.repeat(30)}`;

describe('the work of an evaluation', () => {
  it.each<[string, string, Record<string, string | string[]>]>([
    [
      'searches',
      all('!facts.a.contains(facts.b)', 65),
      { a: batch(LONG), b: batch(`${'a'.repeat(1_023)}b`) },
    ],
    ['short searches', all('!facts.a.contains(facts.b)', 65), { a: batch(LONG), b: batch('aaaaab') }],
    ['letters', all('facts.a.lowerAscii() != "x"', 60), { a: batch('aA'.repeat(MAX_TEXT / 2)) }],
    ['sizes', all('facts.a.size() != 1', 60), { a: batch(LONG) }],
    ['joined texts', all('facts.a + facts.a != "x"', 60), { a: batch('a'.repeat(MAX_TEXT / 2)) }],
    ['products', all('decimal(facts.a) * decimal(facts.a) > 1', 45), { a: batch(DIGITS) }],
    ['sums', `0 < ${Array(29).fill('decimal(facts.a)').join(' + ')}`, { a: batch(DIGITS) }],
    [
      'time zones',
      all('(now + duration("1h")).getHours("Asia/Tokyo") < now.getHours("Asia/Tokyo") + 99', 20),
      { a: 'x' },
    ],
    [
      'time zones in a batch',
      all('(now + duration("1h")).getHours("Asia/Tokyo") < now.getHours("Asia/Tokyo") + 99', 20).concat(
        ' && facts.a != ""',
      ),
      { a: batch('x') },
    ],
    [
      'alternatives that hide faults',
      `${all('(facts.a.size() < 1 || facts.a.contains(facts.b))', 30)}`,
      { a: batch(LONG), b: batch('a'.repeat(1_024)) },
    ],
  ])('ends with %s', (_, source, facts) => {
    const condition = conditionOf(source);
    const { input, counter } = counted(facts);
    const { outcome, work } = condition.measure(input);
    expect(work).toBeLessThanOrEqual(MAX_WORK + LARGEST_OPERATION);
    // Another count, made from outside: of facts that were read.
    expect(counter.reads).toBeLessThanOrEqual(MAX_WORK / NODE_WORK + MAX_SOURCE);
    if (Array.isArray(facts.a)) expect(outcome).toBe('fault');
    else expect(outcome).toBe('true');
  });

  it('is enough for any single operation on texts', () => {
    const { input } = counted({ a: LONG, b: `${'a'.repeat(MAX_TEXT / 2 - 1)}b` });
    expect(conditionOf('facts.a.contains(facts.b)').evaluate(input)).toBe('false');
  });

  it('is enough for a full batch and a usual condition, and a long list of instruments', () => {
    const usual = 'facts.side in ["buy", "sell"] && decimal(facts.price) * decimal(facts.size) <= 1000';
    const { input } = counted({ side: batch('buy'), price: batch('100.5'), size: batch('2') });
    expect(conditionOf(usual).evaluate(input)).toBe('true');
    const list = Array.from({ length: 150 }, (_, i) => `"A${i}USDT"`).join(',');
    const listed = counted({ instrument: batch('A149USDT') });
    expect(conditionOf(`facts.instrument in [${list}]`).evaluate(listed.input)).toBe('true');
  });

  it('does not begin anew for each element: what was left out is no yes', () => {
    // The first element takes all work in an operand that is not needed; the second is not bought.
    const source = `facts.side == "buy" && (${Array(40).fill('facts.a.contains(facts.b)').join(' || ')} || true)`;
    const facts = { side: ['buy', 'sell'], a: batch(LONG, 2), b: batch(`${'a'.repeat(1_023)}b`, 2) };
    expect(conditionOf(source).evaluate(counted(facts).input)).toBe('fault');
  });

  it('computes no part of an expression twice, however they are nested', () => {
    const leaf = fc.constantFrom(
      'facts.a == "x"',
      'facts.b == facts.a',
      'has(facts.b)',
      'facts.a in ["x", facts.b]',
    );
    const { tree } = fc.letrec<{ tree: string }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 6 },
        leaf,
        fc.tuple(tie('tree'), tie('tree'), tie('tree')).map(([a, b, c]) => `((${a}) in [(${b}), (${c})])`),
        fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => `((${a}) == (${b}))`),
        fc.tuple(tie('tree'), tie('tree'), tie('tree')).map(([a, b, c]) => `((${a}) ? (${b}) : (${c}))`),
        fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => `(!(${a}) || (${b}))`),
      ),
    }));
    let compiled = 0;
    fc.assert(
      fc.property(tree, (source) => {
        const result = compileExpression(source, undefined);
        if (!result.ok) return;
        compiled++;
        const { input, counter } = counted({ a: 'x', b: 'y' });
        result.expression.evaluate(input);
        const named = new Set(source.match(/facts\.\w/g)).size;
        // Before it runs, each fact is looked at once, to see whether it is a list.
        expect(counter.reads).toBeLessThanOrEqual((source.match(/facts\./g)?.length ?? 0) + named);
      }),
    );
    expect(compiled).toBeGreaterThan(50);
  });
});
