import type { ExpressionInput, ExpressionOutcome } from '@countersign/core';
import { describe, expect, it } from 'vitest';
import { compileExpression, type ExpressionFacts } from './compile-expression.ts';

const KNOWN: ExpressionFacts = {
  facts: new Map([
    ['side', 'string'],
    ['instrument', 'string'],
    ['client', 'string'],
    ['notional', 'decimal'],
    ['size', 'decimal'],
  ]),
  permissions: new Set(['spot.read', 'spot.trade']),
};

/** A Wednesday in Berlin, while it still is Tuesday in UTC. `size` and `client` are missing. */
const INPUT: ExpressionInput = {
  facts: { side: 'buy', instrument: 'BTCUSDT', notional: '1000.5' },
  permission: 'spot.trade',
  method: 'POST',
  path: '/api/v2/spot/orders',
  nowMs: Date.parse('2026-06-30T22:30:15.250Z'),
};

function outcome(source: string, changes: Partial<ExpressionInput> = {}, known = KNOWN): ExpressionOutcome {
  const compiled = compileExpression(source, known);
  if (!compiled.ok) throw new Error(`${source}: ${compiled.message}`);
  expect(compiled.expression.source).toBe(source);
  return compiled.expression.evaluate({ ...INPUT, ...changes });
}

function message(source: string, known: ExpressionFacts | undefined = KNOWN): string {
  const compiled = compileExpression(source, known);
  return compiled.ok ? 'it compiles' : compiled.message;
}

describe('an expression', () => {
  it.each<[ExpressionOutcome, string]>([
    ['true', 'true'],
    ['false', '!true'],
    ['true', 'facts.side == "buy"'],
    ['true', "facts['side'] == 'buy'"],
    ['false', 'facts.side != "buy"'],
    ['true', 'facts.side in ["sell", "buy"]'],
    ['false', 'facts.side in ["sell"]'],
    ['false', 'facts.side in []'],
    ['true', '"buy" in ["sell", facts.side]'],
    ['true', 'facts.instrument.startsWith("BTC") && facts.instrument.endsWith("USDT")'],
    ['false', 'facts.instrument.startsWith("btc")'],
    ['true', 'facts.instrument.lowerAscii().startsWith("btc")'],
    ['true', 'facts.side.upperAscii() == "BUY"'],
    ['true', 'facts.instrument.contains("CUSD")'],
    ['false', 'facts.instrument.contains("BTCUSDTX")'],
    ['true', 'facts.instrument.contains("")'],
    ['true', 'size(facts.instrument) == 7 && facts.instrument.size() == 7'],
    ['true', '"a😀".size() == 2'],
    ['true', '"\\u212a".lowerAscii() == "\\u212a"'], // The Kelvin sign, which is not ASCII.
    ['true', 'facts.side + ":" + facts.instrument == "buy:BTCUSDT"'],
    ['true', 'permission == "spot.trade" && permission != "spot.read"'],
    ['true', 'permission in ["spot.trade"]'],
    ['true', 'method == "POST"'],
    ['true', 'path.startsWith("/api/v2/spot/")'],
    ['true', 'facts.side == "buy" ? facts.notional < 2000 : facts.notional < 10'],
    ['true', 'has(facts.side) && !has(facts.size)'],
    ['true', '"side" in facts && !("size" in facts)'],
    ['true', '(facts.side == "buy") == (method == "POST")'],
    ['true', 'true // what comes after is a remark'],
  ])('is %s: %s', (expected, source) => expect(outcome(source)).toBe(expected));

  it.each<[ExpressionOutcome, string]>([
    ['true', 'facts.notional == decimal("1000.5")'],
    ['true', 'facts.notional == decimal("1000.5000")'],
    ['false', 'facts.notional < decimal("1000.5")'],
    ['true', 'facts.notional <= decimal("1000.5")'],
    ['true', 'facts.notional > decimal("1000.499999999999999999999999999999")'],
    ['false', 'facts.notional > decimal("1000.500000000000000000000000000000")'],
    ['true', 'facts.notional < 1001'],
    ['true', '1000 < facts.notional'],
    ['true', 'facts.notional >= 1000 && facts.notional != 1000'],
    ['true', 'facts.notional * 2 == 2001'],
    ['true', 'facts.notional * facts.notional == decimal("1001000.25")'],
    ['true', 'facts.notional - 1001 == -decimal("0.5")'],
    ['true', 'facts.notional + decimal("0.1") + decimal("0.2") == decimal("1000.8")'],
    ['true', 'facts.notional in [1, decimal("1000.50")]'],
    ['true', '1 in [decimal("1.0"), facts.notional]'],
    ['true', 'decimal(5) == 5'],
    ['true', 'decimal(facts.notional) == facts.notional'],
    ['true', '(method == "GET" ? 1 : facts.notional) > 1000'],
    ['true', '7 / 2 == 3 && -7 / 2 == -3 && -7 % 2 == -1 && 7 / -2 == -3'],
  ])('is %s with amounts that are exact: %s', (expected, source) => expect(outcome(source)).toBe(expected));

  it.each<[ExpressionOutcome, string]>([
    ['true', 'now == timestamp("2026-06-30T22:30:15.250Z")'],
    ['true', 'now == timestamp("2026-07-01T00:30:15.250+02:00")'],
    ['false', 'now < timestamp("2026-06-30T22:30:15.250Z")'],
    ['true', 'now - timestamp("2026-06-30T22:00:00Z") == duration("30m15s250ms")'],
    ['true', 'now + duration("1h30m") > timestamp("2026-07-01T00:00:00Z")'],
    ['true', 'now - duration("31m") < timestamp("2026-06-30T22:00:00Z")'],
    ['true', 'duration("1h") + duration("30m") - duration("90m") == duration("0s")'],
    ['true', 'now.getFullYear() == 2026 && now.getMonth() == 5 && now.getDate() == 30'],
    ['true', 'now.getDayOfMonth() == 29 && now.getDayOfYear() == 180 && now.getDayOfWeek() == 2'],
    ['true', 'now.getHours() == 22 && now.getMinutes() == 30'],
    ['true', 'now.getSeconds() == 15 && now.getMilliseconds() == 250'],
    ['true', 'now.getHours("Europe/Berlin") == 0 && now.getDayOfWeek("Europe/Berlin") == 3'],
    ['true', 'now.getMonth("Europe/Berlin") == 6 && now.getDate("Europe/Berlin") == 1'],
    ['true', '(now + duration("4800h")).getHours("Europe/Berlin") == 23'], // In winter.
  ])('is %s about time: %s', (expected, source) => expect(outcome(source)).toBe(expected));

  it.each<[ExpressionOutcome, string]>([
    ['missing', 'facts.size < 5'],
    ['missing', '!(facts.size < 5)'],
    ['missing', 'facts.client == "a" || facts.side == "sell"'],
    ['missing', 'facts.side == "buy" && facts.client == "a"'],
    ['missing', 'facts.client in ["a"]'],
    ['missing', '"a" in ["b", facts.client]'],
    ['missing', 'facts.client.startsWith("a")'],
    ['missing', 'facts.client == "a" ? true : false'],
    ['true', 'method == "POST" || facts.client == "a"'],
    ['true', 'facts.client == "a" || method == "POST"'],
    ['false', 'facts.client == "a" && method == "GET"'],
    ['missing', '"a" in [facts.client, "a"]'],
    ['true', 'facts.side == "buy" ? true : facts.client == "a"'],
    ['true', '!has(facts.size) || facts.size < 5'],
    // What is missing does not hide what has no value.
    ['fault', 'facts.size < decimal(facts.side)'],
    ['fault', 'decimal(facts.side) > facts.size'],
    ['fault', 'facts.client == "a" || decimal(facts.side) > 1'],
    ['fault', '!(decimal(facts.side) > 1) && facts.client == "a"'],
    ['fault', '1 in [facts.size, decimal(facts.side)]'],
  ])('is %s when a fact is missing: %s', (expected, source) => expect(outcome(source)).toBe(expected));

  it.each<[string, Partial<ExpressionInput>]>([
    ['facts.notional < 5', { facts: { notional: '1e3' } }],
    ['facts.notional < 5', { facts: { notional: '' } }],
    ['facts.notional < 5', { facts: { notional: '-1' } }],
    ['facts.notional < 5', { facts: { notional: '1'.repeat(31) } }],
    ['facts.side == "a"', { facts: { side: 'a'.repeat(2_049) } }],
    ['path == "/"', { path: `/${'a'.repeat(2_048)}` }],
    ['now > timestamp("2026-01-01T00:00:00Z")', { nowMs: Number.NaN }],
    ['now.getHours() > 1', { nowMs: -1 }],
    ['now.getHours("Europe/Berlin") > 1', { nowMs: Date.parse('+010000-01-01T00:00:00Z') }],
    ['9223372036854775807 + now.getDate() > 0', {}],
    ['-9223372036854775807 - now.getDate() < 0', {}],
    ['now.getDate() * 9223372036854775807 > 0', {}],
    ['(-9223372036854775807 - 1) / -1 > 0', {}],
    ['-(-9223372036854775807 - 1) > 0', {}],
    ['facts.notional * facts.notional * facts.notional > 0', { facts: { notional: `0.${'0'.repeat(29)}1` } }],
    ['facts.side + facts.side == ""', { facts: { side: 'a'.repeat(1_025) } }],
  ])('has no value: %s', (source, changes) => expect(outcome(source, changes)).toBe('fault'));

  it('reads and joins texts up to their greatest length', () => {
    const side = 'a'.repeat(2_048);
    expect(outcome('facts.side.startsWith("a")', { facts: { side } })).toBe('true');
    const half = 'a'.repeat(1_024);
    expect(outcome('(facts.side + facts.side).endsWith("a")', { facts: { side: half } })).toBe('true');
  });

  it('takes what is no text for a fault, whoever gave it', () => {
    const facts = { side: 5 } as unknown as ExpressionInput['facts'];
    expect(outcome('facts.side == "buy"', { facts })).toBe('fault');
    expect(outcome('has(facts.side)', { facts })).toBe('true');
  });

  it('sees no fact in what every object has', () => {
    const names = ['constructor', 'toString', 'hasOwnProperty', 'valueOf', '__proto__'];
    for (const name of names) {
      const compiled = compileExpression(`has(facts.${name}) || facts.${name} == "a"`, undefined);
      if (!compiled.ok) throw new Error(compiled.message);
      expect(compiled.expression.evaluate({ ...INPUT, facts: {} })).toBe('missing');
    }
  });
});

describe('an expression about a batch', () => {
  const each = 'facts.side == "buy" && facts.notional <= 100';
  const facts = (side: string | string[], notional: string | string[]) => ({ facts: { side, notional } });

  it('must hold for every element', () => {
    expect(outcome(each, facts(['buy', 'buy'], ['99', '100']))).toBe('true');
    expect(outcome(each, facts(['buy', 'buy'], ['99', '100.01']))).toBe('false');
    expect(outcome(each, facts(['sell', 'buy'], ['99', '100']))).toBe('false');
    expect(outcome('!(facts.side == "buy")', facts(['sell', 'buy'], ['1', '1']))).toBe('false');
  });

  it('reads a fact that is not a list alike for each', () => {
    expect(outcome(each, facts('buy', ['99', '100']))).toBe('true');
    expect(outcome(each, facts('buy', ['100', '101']))).toBe('false');
  });

  it('has no value when nobody knows what belongs together', () => {
    expect(outcome(each, facts(['buy', 'buy'], ['1']))).toBe('fault');
    expect(outcome(each, facts([], ['1']))).toBe('fault');
    expect(outcome('facts.side == "buy"', facts(['buy', 'buy'], ['1']))).toBe('true');
  });

  it('takes empty lists for facts that are missing', () => {
    expect(outcome(each, facts([], []))).toBe('missing');
    expect(outcome('has(facts.side)', facts([], []))).toBe('false');
  });

  it('is false where one element is, and else as bad as the worst', () => {
    const given = (notional: string[]) =>
      facts(
        notional
          .map(() => 'buy')
          .slice(1)
          .concat('buy'),
        notional,
      );
    expect(outcome(each, given(['x', '101']))).toBe('false');
    expect(outcome(each, given(['x', '100']))).toBe('fault');
    const holes = [undefined, '1'] as unknown as string[];
    expect(outcome(each, facts(['buy', 'buy'], holes))).toBe('missing');
    expect(outcome(each, facts(['buy', 'buy'], ['x', ...holes.slice(0, 1)]))).toBe('fault');
  });

  it('takes the most elements that there may be, and not one more', () => {
    const many = (count: number) => ({ facts: { side: Array(count).fill('buy') } });
    expect(outcome('facts.side == "buy"', many(1_000))).toBe('true');
    expect(outcome('facts.side == "buy"', many(1_001))).toBe('fault');
  });
});

describe('a text that is no expression', () => {
  it.each([
    ['', 'column 1: the expression ends too early'],
    ['facts.side ==', 'column 14: the expression ends too early'],
    ['facts.side = "buy"', 'column 12: unexpected character: ='],
    ['facts.side == "buy', 'column 15: unterminated string'],
    ['facts.side', 'column 1: an expression is true or false, and this is a text'],
    ['1 + 1', 'column 1: an expression is true or false, and this is a whole number'],
    ['true && 1', 'column 9: "&&" needs true or false here, and this is a whole number'],
    [
      'true &&\n  facts.sid == "buy"',
      'line 2, column 3: the manifest has no fact "sid"; it has side, instrument, client, notional, size',
    ],
    [
      'has(facts.sid)',
      'column 5: the manifest has no fact "sid"; it has side, instrument, client, notional, size',
    ],
    [
      '"sid" in facts',
      'column 1: the manifest has no fact "sid"; it has side, instrument, client, notional, size',
    ],
    [
      'facts.constructor == "a"',
      'column 1: the manifest has no fact "constructor"; it has side, instrument, client, notional, size',
    ],
    [
      'permission == "spot.trad"',
      'column 1: the manifest has no permission "spot.trad"; it has spot.read, spot.trade',
    ],
    ['"x" != permission', 'column 1: the manifest has no permission "x"; it has spot.read, spot.trade'],
    [
      'permission in ["spot.read", "x"]',
      'column 1: the manifest has no permission "x"; it has spot.read, spot.trade',
    ],
    ['method != "post"', 'column 1: a method is written in capitals, like "POST", so it is never "post"'],
    ['notional < 5', 'column 1: there is no "notional": there are facts, permission, method, path and now'],
    ['facts == facts', 'column 1: facts is no value of its own: write facts.side'],
    ['path.length == 1', 'column 1: only facts have fields, like facts.side: there is no .length'],
    ['facts[path] == "a"', 'column 7: in brackets stands the name of a fact: facts["side"]'],
    [
      'facts.notional < 1000.5',
      'column 18: 1000.5 would be a float, and amounts are exact: write decimal("1000.5")',
    ],
    ['double("1") < 2', 'column 1: numbers are whole, like 5, or decimals, like decimal("0.5")'],
    ['facts.notional < "1000"', 'column 1: "1000" is a text: write decimal("1000") if it is an amount'],
    [
      'facts.notional < decimal("1,000")',
      'column 18: "1,000" is no decimal: at most 30 digits, and perhaps a point and at most 30 digits',
    ],
    [
      'facts.notional < decimal("NaN")',
      'column 18: "NaN" is no decimal: at most 30 digits, and perhaps a point and at most 30 digits',
    ],
    [
      'facts.notional < NaN',
      'column 18: there is no "NaN": there are facts, permission, method, path and now',
    ],
    [
      'facts.side < 5',
      'column 1: facts.side is a text: give it "type: decimal" in the manifest, or write decimal(facts.side)',
    ],
    [
      'facts.side < "b"',
      'column 1: facts.side is a text: give it "type: decimal" in the manifest, or write decimal(facts.side)',
    ],
    ['path < "b"', 'column 1: texts have no order here: compare amounts as decimal("1000.5")'],
    ['facts.notional == "a" + "b"', 'column 1: "==" cannot stand between a decimal and a text'],
    [
      'facts.notional / 2 < 5',
      'column 1: decimals are not divided, since that is not exact: multiply the other side',
    ],
    [
      'now.getHours() / 0 == 1',
      'column 1: it divides by what may be zero: after "/" stands a number other than 0',
    ],
    [
      'now.getHours() % now.getHours() == 1',
      'column 1: it divides by what may be zero: after "%" stands a number other than 0',
    ],
    [
      '9223372036854775808 > 1',
      'column 1: 9223372036854775808 is over 64 bits: write decimal("…"), which has up to 30 digits before the point',
    ],
    [
      'facts.side.matches("(a*)*b")',
      'column 1: a regular expression may run for too long: write startsWith(), endsWith(), contains() or "in"',
    ],
    [
      '["a"].exists(x, x == facts.side)',
      'column 1: there are no loops: an expression speaks of one order, and must hold for each one of a batch',
    ],
    ['f(f(1)) == 1', 'column 1: there is no function f()'],
    ['cel.bind(x, 1, x == 1)', 'column 1: there is no function bind()'],
    ['facts.side.startsWith(1)', 'column 1: startsWith() cannot be called on a text with (a whole number)'],
    ['has(path)', 'column 1: has() takes a fact: has(facts.side)'],
    ['{"a": 1} == {"a": 1}', 'column 1: there are no maps in expressions'],
    ['null == facts.side', 'column 1: there is no null: whether a fact is there says has()'],
    ['b"a" == b"a"', 'column 1: there are texts, whole numbers and decimals, but no b"a"'],
    ['1u == 1u', 'column 1: there are texts, whole numbers and decimals, but no 1u'],
    ['["a"] == ["a"]', 'column 1: a list only stands after "in"'],
    ['"a" in path', 'column 8: after "in" stands a list: ["buy", "sell"]'],
    ['facts.side in ["a", 1]', 'column 1: "in" looks for a text, and the list has a whole number'],
    [
      'true ? 1 : "a"',
      'column 1: both sides of ":" are of one type, and these are a whole number and a text',
    ],
    ['-facts.side == "a"', 'column 1: "-" stands before a number, and this is a text'],
    [
      'now.getHours("Europe/Berln") > 8',
      'column 1: there is no time zone "Europe/Berln"; one is "Europe/Berlin"',
    ],
    [
      'now.getHours(facts.side) > 8',
      'column 1: getHours() takes the name of a time zone, like "Europe/Berlin"',
    ],
    [
      'now < timestamp("2026-02-30T00:00:00Z")',
      'column 7: timestamp() takes a text like "2026-01-31T12:00:00Z"',
    ],
    ['now < timestamp("2026-02-28")', 'column 7: timestamp() takes a text like "2026-01-31T12:00:00Z"'],
    ['now - now < duration("a day")', 'column 13: duration() takes a text like "1h30m"'],
    ['now - now < duration("")', 'column 13: duration() takes a text like "1h30m"'],
    ['now - now < duration("878401h")', 'column 13: duration() takes a text like "1h30m"'],
    ['now + now > now', 'column 1: "+" cannot stand between a time and a time'],
  ])('says what is wrong with %j', (source, expected) => expect(message(source)).toBe(expected));

  it('is shown in messages as short and plain text', () => {
    expect(message('now.getHours("\\u001b[2J\\n") > 1')).toContain('no time zone "\ufffd[2J\ufffd"');
    expect(message('\u001b')).toBe('column 1: unexpected character: \ufffd');
    expect(message('\u2028')).toBe('column 1: unexpected character: \ufffd');
    expect(message('f'.repeat(1_000))).toHaveLength('column 1: '.length + 301);
  });

  it('is one that is too long, too large or too deep, and not one that just fits', () => {
    const long = (length: number) => `facts.side == "${'a'.repeat(length - 'facts.side == ""'.length)}"`;
    expect(message(long(2_000))).toBe('it compiles');
    expect(message(long(2_001))).toBe('column 2001: an expression has at most 2000 characters');
    const items = (count: number) => `1 in [${Array(count).fill('1').join(',')}]`;
    expect(message(items(497))).toBe('it compiles');
    expect(message(items(499))).toMatch(
      /^column \d+: the expression is too large: at most 500 parts, 32 deep$/,
    );
    const deep = (depth: number) => `${'!'.repeat(depth)}true`;
    expect(message(deep(31))).toBe('it compiles');
    expect(message(deep(32))).toBe('column 33: the expression is nested more than 32 deep');
    expect(message(`${'('.repeat(31)}true${')'.repeat(31)}`)).toBe('it compiles');
    expect(message(`${'('.repeat(40)}true${')'.repeat(40)}`)).toMatch(/too large/);
    expect(message(Array(150).fill('true').join(' && '))).toBe('it compiles');
    expect(message('!'.repeat(2_000))).toBe('column 2001: the expression ends too early');
    expect(message(`${'!'.repeat(1_990)}true`)).toMatch(/too large/);
  });
});

describe('without a manifest', () => {
  it('any fact may be named, and is a text', () => {
    const source = 'facts.whatever == "a" && decimal(facts.amount) < 5 && permission == "any"';
    const compiled = compileExpression(source, undefined);
    if (!compiled.ok) throw new Error(compiled.message);
    const input = { ...INPUT, permission: 'any', facts: { whatever: 'a', amount: '4.99' } };
    expect(compiled.expression.evaluate(input)).toBe('true');
    expect(compiled.expression.evaluate({ ...input, facts: { whatever: 'a', amount: '5' } })).toBe('false');
    expect(compiled.expression.evaluate({ ...input, facts: { whatever: 'a', amount: 'x' } })).toBe('fault');
    const number = compileExpression('facts.amount < 5', undefined);
    expect(number).toMatchObject({ ok: false, message: expect.stringContaining('facts.amount is a text') });
  });

  it('an expression that names a fact as a decimal means the same as with one that declares it', () => {
    expect(outcome('decimal(facts.notional) < 1001')).toBe('true');
  });
});

describe('a compiled expression', () => {
  it('is one for the same text and the same manifest', () => {
    const known = { ...KNOWN };
    const first = compileExpression('facts.side == "buy"', known);
    expect(compileExpression('facts.side == "buy"', known)).toBe(first);
    expect(compileExpression('facts.side == "buy" ', known)).not.toBe(first);
    expect(compileExpression('facts.side == "buy"', KNOWN)).not.toBe(first);
    expect(compileExpression('facts.side == "buy"', undefined)).toBe(
      compileExpression('facts.side == "buy"', undefined),
    );
  });
});
