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

function message(source: string): string {
  const compiled = compileExpression(source, KNOWN);
  return compiled.ok ? 'it compiles' : compiled.message;
}

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
    [
      'facts.notional < 1e3',
      'column 18: 1e3 would be a float, and amounts are exact: write decimal("…") without an exponent',
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
