import type { ExpressionInput } from '@countersign/core';
import { Environment } from '@marcbachmann/cel-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileExpression, type ExpressionFacts } from './compile-expression.ts';

const OUTCOMES = ['true', 'false', 'missing', 'fault'];
const KNOWN: ExpressionFacts = {
  facts: new Map([
    ['a', 'string'],
    ['b', 'string'],
    ['n', 'decimal'],
    ['m', 'decimal'],
  ]),
  permissions: new Set(['spot.read', 'spot.trade']),
};

const word = fc.constantFrom('', 'buy', 'BUY', 'b', 'u', '10', '9', '1.50', 'x\\n', 'é', '😀', '__proto__');
const fact = fc.oneof(word, fc.constantFrom('1e3', 'NaN', '-1', '0', '0.1', 'x'.repeat(3_000)));
const facts = fc.dictionary(
  fc.constantFrom('a', 'b', 'n', 'm', 'constructor'),
  fc.oneof(fact, fc.array(fact, { maxLength: 3 })),
);
const input: fc.Arbitrary<ExpressionInput> = fc.record({
  facts,
  permission: fc.constantFrom('spot.read', 'spot.trade', ''),
  method: fc.constantFrom('GET', 'POST'),
  path: fc.constantFrom('/', '/a/b', `/${'x'.repeat(5_000)}`),
  nowMs: fc.oneof(fc.double(), fc.integer({ min: 0, max: 4e12 })),
});

const quoted = word.map((text) => `"${text}"`);
const call = (name: string) => (parts: string[]) => `(${parts[0]}).${name}(${parts.slice(1).join(', ')})`;
const joined = (operator: string) => (parts: string[]) => `(${parts.join(` ${operator} `)})`;

/** Expressions by type, of everything that there is. All of them compile, but for zones and literals that are odd. */
const grammar = fc.letrec<{ bool: string; string: string; int: string; decimal: string; time: string }>(
  (tie) => {
    const many = (name: 'bool' | 'string' | 'int' | 'decimal' | 'time', count = 2) =>
      fc.array(tie(name), { minLength: count, maxLength: count });
    const order = fc.constantFrom('<', '<=', '>', '>=', '==', '!=');
    const sum = fc.constantFrom('+', '-', '*');
    return {
      bool: fc.oneof(
        { maxDepth: 4, depthIdentifier: 'tree' },
        fc.constantFrom(
          'true',
          'false',
          'has(facts.a)',
          '"n" in facts',
          'permission == "spot.read"',
          'method != "GET"',
        ),
        many('bool').map(joined('&&')),
        many('bool', 3).map(joined('||')),
        tie('bool').map((part) => `!(${part})`),
        many('bool', 3).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
        many('string').map(joined('==')),
        fc.tuple(tie('string'), many('string')).map(([a, list]) => `(${a} in [${list.join(', ')}])`),
        fc.tuple(tie('decimal'), many('int')).map(([a, list]) => `(${a} in [${list.join(', ')}])`),
        fc
          .tuple(fc.constantFrom('startsWith', 'endsWith', 'contains'), many('string'))
          .map(([f, p]) => call(f)(p)),
        fc.tuple(order, many('int')).map(([o, p]) => joined(o)(p)),
        fc.tuple(order, many('decimal')).map(([o, p]) => joined(o)(p)),
        fc.tuple(order, tie('decimal'), tie('int')).map(([o, a, b]) => joined(o)([a, b])),
        fc.tuple(order, many('time')).map(([o, p]) => joined(o)(p)),
      ),
      string: fc.oneof(
        { maxDepth: 4, depthIdentifier: 'tree' },
        fc.constantFrom('facts.a', 'facts["b"]', 'path', 'permission + ""', 'method + ""'),
        quoted,
        many('string').map(joined('+')),
        fc.tuple(fc.constantFrom('lowerAscii', 'upperAscii'), tie('string')).map(([f, a]) => call(f)([a])),
      ),
      int: fc.oneof(
        { maxDepth: 4, depthIdentifier: 'tree' },
        fc.integer({ min: -3, max: 30 }).map(String),
        fc.constantFrom('9223372036854775807', '0x10'),
        fc.tuple(sum, many('int')).map(([o, p]) => joined(o)(p)),
        fc
          .tuple(fc.constantFrom('/', '%'), tie('int'), fc.constantFrom('2', '-1', '7'))
          .map(([o, a, b]) => `(${a} ${o} ${b})`),
        tie('int').map((part) => `-(${part})`),
        tie('string').map((part) => `size(${part})`),
        fc
          .tuple(
            tie('time'),
            fc.constantFrom('getHours()', 'getHours("Europe/Berlin")', 'getDayOfYear("Asia/Tokyo")'),
          )
          .map(([a, f]) => `(${a}).${f}`),
      ),
      decimal: fc.oneof(
        { maxDepth: 4, depthIdentifier: 'tree' },
        fc.constantFrom(
          'facts.n',
          'facts.m',
          'decimal("0.1")',
          `decimal("${'9'.repeat(30)}.${'9'.repeat(30)}")`,
        ),
        fc.tuple(sum, many('decimal')).map(([o, p]) => joined(o)(p)),
        fc.tuple(sum, tie('decimal'), tie('int')).map(([o, a, b]) => joined(o)([a, b])),
        tie('string').map((part) => `decimal(${part} + "")`),
      ),
      time: fc.oneof(
        { maxDepth: 4, depthIdentifier: 'tree' },
        fc.constantFrom('now', 'timestamp("1969-12-31T23:59:59Z")', 'timestamp("9999-12-31T23:59:59.999Z")'),
        fc.tuple(tie('time'), fc.constantFrom('+', '-')).map(([a, o]) => `(${a} ${o} duration("878400h"))`),
        fc.tuple(many('time'), tie('time')).map(([[a, b], c]) => `(${a} + (${b} - ${c}))`),
      ),
    };
  },
);

const token = fc.constantFrom(
  ...[
    'facts',
    '.',
    'a',
    'n',
    'zz',
    '[',
    ']',
    '(',
    ')',
    '{',
    '}',
    ',',
    ':',
    '?',
    '!',
    '-',
    '+',
    '*',
    '/',
    '%',
    '&&',
    '||',
  ],
  ...[
    '==',
    '!=',
    '<',
    '>=',
    'in',
    '"buy"',
    "'",
    '"',
    '\\',
    'r"',
    'b"x"',
    '1',
    '0x',
    '1u',
    '1.5',
    '1e9',
    'null',
    'true',
    'now',
  ],
  ...[
    'has',
    'size',
    'matches',
    'all',
    'map',
    'cel',
    'bind',
    'type',
    'dyn',
    'constructor',
    '__proto__',
    'prototype',
    '//',
    '\n',
  ],
);
const soup = fc.array(token, { maxLength: 30 }).map((tokens) => tokens.join(' '));

describe('any text', () => {
  it('compiles, or is refused with a place and a reason; what compiled always has an outcome', () => {
    const seen = { ok: 0, refused: 0 };
    const text = fc.oneof(soup, fc.string({ unit: 'binary' }), fc.string({ maxLength: 2_100, size: 'max' }));
    fc.assert(
      fc.property(text, fc.boolean(), input, (source, isKnown, given) => {
        const compiled = compileExpression(source, isKnown ? KNOWN : undefined);
        seen[compiled.ok ? 'ok' : 'refused']++;
        if (compiled.ok) expect(OUTCOMES).toContain(compiled.expression.evaluate(given));
        else expect(compiled.message).toMatch(/^(line \d+, )?column \d+: [^\n]+/);
      }),
      { numRuns: 3_000 },
    );
    expect(seen.refused).toBeGreaterThan(1_000);
  });
});

describe('any expression of the grammar', () => {
  it('has one of the four outcomes, and looks at no prototype', () => {
    const seen = new Map<string, number>();
    let touched = 0;
    const trap = () => {
      touched++;
      return undefined;
    };
    const prototype = new Proxy(Object.create(null), { get: trap, has: () => trap() !== undefined });
    fc.assert(
      fc.property(grammar.bool, input, (source, given) => {
        const compiled = compileExpression(source, KNOWN);
        if (!compiled.ok) {
          // Odd escapes are refused by the grammar itself; sizes by the limits.
          expect(compiled.message).toMatch(/too large|nested more than|at most 2000|is no decimal/);
          seen.set('refused', (seen.get('refused') ?? 0) + 1);
          return;
        }
        const own = Object.assign(Object.create(prototype), given.facts);
        const outcome = compiled.expression.evaluate({ ...given, facts: own });
        expect(OUTCOMES).toContain(outcome);
        expect(compiled.expression.evaluate(given)).toBe(outcome);
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      }),
      { numRuns: 4_000 },
    );
    expect(touched).toBe(0);
    for (const outcome of OUTCOMES) expect(seen.get(outcome) ?? 0, outcome).toBeGreaterThan(50);
    expect(seen.get('refused') ?? 0).toBeLessThan(1_000);
  });
});

describe('where the library has the same types', () => {
  const environment = new Environment()
    .registerVariable('facts', 'map<string, string>')
    .registerVariable('path', 'string');
  const shared = fc.letrec<{ bool: string; string: string; int: string }>((tie) => {
    const many = (name: 'bool' | 'string' | 'int', count = 2) =>
      fc.array(tie(name), { minLength: count, maxLength: count });
    return {
      bool: fc.oneof(
        { maxDepth: 4, depthIdentifier: 'tree' },
        fc.constantFrom('true', 'false', 'has(facts.a)', '"b" in facts'),
        many('bool', 3).map(joined('&&')),
        many('bool', 3).map(joined('||')),
        tie('bool').map((part) => `!(${part})`),
        many('bool', 3).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
        fc.tuple(fc.constantFrom('==', '!='), many('string')).map(([o, p]) => joined(o)(p)),
        fc.tuple(tie('string'), many('string')).map(([a, list]) => `(${a} in [${list.join(', ')}])`),
        fc
          .tuple(fc.constantFrom('startsWith', 'endsWith', 'contains'), many('string'))
          .map(([f, p]) => call(f)(p)),
        fc
          .tuple(fc.constantFrom('<', '<=', '>', '>=', '==', '!='), many('int'))
          .map(([o, p]) => joined(o)(p)),
      ),
      string: fc.oneof(
        { maxDepth: 4, depthIdentifier: 'tree' },
        fc.constantFrom(
          'facts.a',
          'facts["b"]',
          'path',
          '"buy"',
          '"b"',
          '""',
          '"\\x41\\101\\u00e9"',
          'r"\\n"',
        ),
        many('string').map(joined('+')),
      ),
      int: fc.oneof(
        { maxDepth: 4, depthIdentifier: 'tree' },
        fc.integer({ min: -3, max: 30 }).map(String),
        fc.constant('9223372036854775807'),
        fc.tuple(fc.constantFrom('+', '-', '*'), many('int')).map(([o, p]) => joined(o)(p)),
        fc
          .tuple(fc.constantFrom('/', '%'), tie('int'), fc.constantFrom('2', '-3'))
          .map(([o, a, b]) => `(${a} ${o} ${b})`),
        tie('string').map((part) => `size(${part})`),
      ),
    };
  });

  it('its own evaluation agrees with ours', () => {
    const seen = { true: 0, false: 0, none: 0 };
    const texts = fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom('', 'b', 'buy', 'é😀'));
    fc.assert(
      fc.property(shared.bool, texts, fc.constantFrom('/', 'buy'), (source, given, path) => {
        const compiled = compileExpression(source, undefined);
        fc.pre(compiled.ok);
        if (!compiled.ok) return;
        let theirs: string;
        try {
          theirs = String(environment.evaluate(source, { facts: { ...given }, path }));
        } catch {
          theirs = 'none';
        }
        const outcome = compiled.expression.evaluate({
          facts: given,
          permission: '',
          method: '',
          path,
          nowMs: 0,
        });
        const ours = outcome === 'true' || outcome === 'false' ? outcome : 'none';
        expect(ours, source).toBe(theirs);
        seen[ours]++;
      }),
      { numRuns: 3_000 },
    );
    for (const [outcome, count] of Object.entries(seen)) expect(count, outcome).toBeGreaterThan(50);
  });
});
