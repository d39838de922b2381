import { CALENDAR_FUNCTIONS, calendarField, readDuration, readTimestamp } from './calendar.ts';
import { type Evaluation, FAULT, type Gap } from './evaluation.ts';
import { readDecimal } from './exact-decimal.ts';
import { CHARACTER_WORK } from './limits.ts';
import { asDecimal, both, from } from './operations.ts';
import type { Scope } from './scope.ts';
import { literalTerm, type Run, type Term, TYPE_WORDS } from './term.ts';

const NO_LOOPS =
  'there are no loops: an expression speaks of one order, and must hold for each one of a batch';
const NO_CONVERSION = 'numbers are whole, like 5, or decimals, like decimal("0.5")';

/** Functions of CEL that are left out, and what to write instead. */
const LEFT_OUT: ReadonlyMap<string, string> = new Map([
  [
    'matches',
    'a regular expression may run for too long: write startsWith(), endsWith(), contains() or "in"',
  ],
  ...['all', 'exists', 'exists_one', 'map', 'filter'].map((name) => [name, NO_LOOPS] as const),
  ...['double', 'int', 'uint'].map((name) => [name, NO_CONVERSION] as const),
]);

const TEXT_TESTS = {
  startsWith: (text: string, part: string) => text.startsWith(part),
  endsWith: (text: string, part: string) => text.endsWith(part),
  contains: (text: string, part: string) => text.includes(part),
};
const LETTERS = {
  lowerAscii: (text: string) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  upperAscii: (text: string) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
};
const FUNCTIONS = [
  ...Object.keys(TEXT_TESTS),
  ...Object.keys(LETTERS),
  'size',
  'has',
  'decimal',
  'timestamp',
  'duration',
  ...CALENDAR_FUNCTIONS,
];

/** Says why there is no function of this name; undefined: there is one. */
export function whyNoFunction(name: string): string | undefined {
  if (FUNCTIONS.includes(name)) return undefined;
  return LEFT_OUT.get(name) ?? `there is no function ${name}()`;
}

/** Compiles a call of a function that there is, `has` aside, whose argument is no value. */
export function callFunction(
  name: string,
  receiver: Term | undefined,
  args: readonly Term[],
  at: number,
  scope: Scope,
): Term | undefined {
  const terms = receiver === undefined ? args : [receiver, ...args];
  const [first, second] = terms;
  if (receiver !== undefined && receiver.type === 'string' && first?.type === 'string') {
    if (isOneOf(TEXT_TESTS, name) && second?.type === 'string' && terms.length === 2)
      return { type: 'bool', run: textTest(TEXT_TESTS[name], first.run, second.run) };
    if (isOneOf(LETTERS, name) && terms.length === 1)
      return { type: 'string', run: perCharacter(first.run, LETTERS[name]) };
  }
  if (name === 'size' && first?.type === 'string' && terms.length === 1)
    return { type: 'int', run: perCharacter(first.run, codePoints) };
  if (receiver?.type === 'timestamp' && CALENDAR_FUNCTIONS.includes(name) && args.length <= 1)
    return calendarField(name, receiver, args[0], at, scope);
  if (receiver === undefined && args.length === 1 && first !== undefined) {
    if (name === 'decimal') return decimal(first, at, scope);
    if (name === 'timestamp') return ofText(name, readTimestamp, '2026-01-31T12:00:00Z', first, at, scope);
    if (name === 'duration') return ofText(name, readDuration, '1h30m', first, at, scope);
  }
  const given = args.map(({ type }) => TYPE_WORDS[type]).join(', ');
  const on = receiver === undefined ? '' : ` on ${TYPE_WORDS[receiver.type]}`;
  return scope.refuse(at, `${name}() cannot be called${on} with (${given})`);
}

function isOneOf<K extends string>(table: Readonly<Record<K, unknown>>, name: string): name is K {
  return Object.hasOwn(table, name);
}

/** What a search costs at worst: each of the places where the part may begin, times the part. */
function textTest(
  test: (text: string, part: string) => boolean,
  text: Run<string>,
  part: Run<string>,
): Run<boolean> {
  const texts = both(text, part, (a, b) => ({ a, b }));
  return (on) => {
    const found = texts(on);
    if (typeof found === 'symbol') return found;
    const { a, b } = found;
    if (b.length > a.length) return false;
    return on.spend((a.length - b.length + 1) * b.length) ? test(a, b) : FAULT;
  };
}

function codePoints(text: string): bigint {
  let count = 0;
  for (const _ of text) count++;
  return BigInt(count);
}

function perCharacter<T>(text: Run<string>, apply: (text: string) => T): Run<T> {
  return (on: Evaluation): T | Gap => {
    const found = text(on);
    if (typeof found === 'symbol') return found;
    return on.spend(found.length * CHARACTER_WORK) ? apply(found) : FAULT;
  };
}

function decimal(term: Term, at: number, scope: Scope): Term | undefined {
  if (term.type === 'decimal') return term;
  if (term.type === 'int') return asDecimal(term);
  if (term.type !== 'string') return scope.refuse(at, `decimal() cannot read ${TYPE_WORDS[term.type]}`);
  if (term.literal === undefined)
    return { type: 'decimal', run: from(term.run, (text) => readDecimal(text) ?? FAULT) };
  const value = readDecimal(term.literal);
  if (value === undefined)
    return scope.refuse(
      at,
      `"${term.literal}" is no decimal: at most 30 digits, and perhaps a point and at most 30 digits`,
    );
  return literalTerm('decimal', value);
}

function ofText(
  type: 'timestamp' | 'duration',
  read: (text: string) => number | undefined,
  example: string,
  term: Term,
  at: number,
  scope: Scope,
): Term | undefined {
  const value = term.type === 'string' && term.literal !== undefined ? read(term.literal) : undefined;
  if (value === undefined) return scope.refuse(at, `${type}() takes a text like "${example}"`);
  return literalTerm(type, value);
}
