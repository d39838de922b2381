import { describe, expect, it } from 'vitest';
import * as limits from '../packages/engine/dist/expression/limits.js';
import { compileExpression, type ExpressionFacts } from '../packages/engine/dist/index.js';
import { codeBlocks, page, tableRows } from './pages.ts';

const text = page('docs/expressions.md');
const known: ExpressionFacts = {
  facts: new Map([
    ['side', 'string'],
    ['instrument', 'string'],
    ['client', 'string'],
    ['notional', 'decimal'],
    ['price', 'decimal'],
  ]),
  permissions: new Set(['spot.read', 'spot.trade']),
};
const { now, ...request } = JSON.parse(codeBlocks(text, 'json')[0] ?? '');
const input = { ...request, nowMs: Date.parse(now) };

function section(title: string): string[][] {
  return tableRows(text.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '');
}

/** An expression in a cell, without its backquotes. */
function inCell(cell: string | undefined): string {
  return /^`(.*)`$/.exec(cell ?? '')?.[1] ?? '';
}

function compiled(source: string) {
  const result = compileExpression(source, known);
  if (!result.ok) throw new Error(`${source}: ${result.message}`);
  return result.expression;
}

describe('the page about expressions', () => {
  const examples = codeBlocks(text, 'cel').map((block) => /^\/\/ (\w+)\n(.*)\n$/.exec(block) ?? [block]);

  it('has examples', () => expect(examples.length).toBeGreaterThan(8));

  it.each(examples)('is right about %j', (_, outcome, source) => {
    expect(compiled(source ?? '').evaluate(input)).toBe(outcome);
  });

  it('names all outcomes', () => {
    expect(section('What comes out').map(([outcome]) => inCell(outcome))).toEqual([
      'true',
      'false',
      'missing',
      'fault',
    ]);
  });

  it.each(section('Functions and operators'))('has an example that compiles: %s', (example) => {
    expect(compiled(inCell(example)).source).not.toBe('');
  });

  it('names the functions of a calendar', () => {
    const names = [...text.matchAll(/`(get[A-Z]\w+)`/g)].map(([, name]) => name);
    expect(names).toHaveLength(10);
    for (const name of names) expect(compiled(`now.${name}() >= 0`).evaluate(input)).toBe('true');
  });

  it.each(section('What it cannot do'))('is right about what is said of %s', (source, message) => {
    expect(compileExpression(inCell(source), known)).toEqual({ ok: false, message });
  });

  it('is right about the limits', () => {
    const { MAX_SOURCE, MAX_NODES, MAX_DEPTH, MAX_TEXT, MAX_ELEMENTS, MAX_WORK, NODE_WORK } = limits;
    const values = [MAX_SOURCE, MAX_NODES, MAX_DEPTH, MAX_TEXT, MAX_ELEMENTS, MAX_WORK];
    expect(section('Limits').map(([, value]) => value)).toEqual(values.map((n) => n.toLocaleString('en')));
    expect(text).toContain(`A part costs ${NODE_WORK} units`);
    expect(20 * NODE_WORK * MAX_ELEMENTS).toBeLessThanOrEqual(MAX_WORK);
  });
});
