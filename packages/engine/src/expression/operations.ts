import { bounded, FAULT, type Gap, isGap, worse } from './evaluation.ts';
import { addExact, compareExact, type ExactDecimal, multiplyExact, subtractExact } from './exact-decimal.ts';
import type { Scope } from './scope.ts';
import type { Operator } from './syntax.ts';
import {
  literalTerm,
  type Run,
  type Term,
  type TermOf,
  TYPE_WORDS,
  type TypeName,
  type Values,
} from './term.ts';

const MAX_INT = 2n ** 63n - 1n;
const MIN_INT = -(2n ** 63n);
/** Ms, to both sides of 1970, that times and durations may have. */
const MAX_MS = 8e15;

/** Compiles an operator over two terms. Nothing is turned into another type, but a whole number into a decimal. */
export function operate(
  operator: Exclude<Operator, 'in'>,
  givenLeft: Term,
  givenRight: Term,
  at: number,
  scope: Scope,
): Term | undefined {
  const [left, right] = alike(givenLeft, givenRight);
  switch (operator) {
    case '==':
    case '!=': {
      const run = equality(left, right, at, scope);
      if (run === undefined) return mismatch(operator, left, right, at, scope);
      return { type: 'bool', run: operator === '==' ? run : negated(run) };
    }
    case '<':
    case '<=':
    case '>':
    case '>=': {
      const order = ordering(left, right);
      if (order === undefined) return mismatch(operator, left, right, at, scope);
      return { type: 'bool', run: comparison(operator, order) };
    }
    case '/':
    case '%':
      return division(operator, left, right, at, scope);
    default:
      return arithmetic(operator, left, right) ?? mismatch(operator, left, right, at, scope);
  }
}

/** Two terms, both decimal where one is and the other is a whole number. */
export function alike(left: Term, right: Term): [Term, Term] {
  if (left.type === 'decimal' && right.type === 'int') return [left, asDecimal(right)];
  if (left.type === 'int' && right.type === 'decimal') return [asDecimal(left), right];
  return [left, right];
}

export function asDecimal({ run, literal }: TermOf<'int'>): TermOf<'decimal'> {
  if (literal !== undefined) return literalTerm('decimal', { units: literal, scale: 0 });
  return { type: 'decimal', run: from(run, (units) => ({ units, scale: 0 })) };
}

export function minus(term: Term, at: number, scope: Scope): Term | undefined {
  if (term.type === 'int') return { type: 'int', run: from(term.run, (value) => int(-value)) };
  if (term.type === 'decimal') {
    return { type: 'decimal', run: from(term.run, ({ units, scale }) => ({ units: -units, scale })) };
  }
  return scope.refuse(at, `"-" stands before a number, and this is ${TYPE_WORDS[term.type]}`);
}

/** Whether two values of a type are equal. */
export const SAME: { readonly [N in TypeName]: (a: Values[N], b: Values[N]) => boolean } = {
  bool: (a, b) => a === b,
  string: (a, b) => a === b,
  int: (a, b) => a === b,
  decimal: (a, b) => compareExact(a, b) === 0,
  timestamp: (a, b) => a === b,
  duration: (a, b) => a === b,
};

/** Undefined: they are of different types, or one can never be the other; then the fault was noted. */
function equality(left: Term, right: Term, at: number, scope: Scope): Run<boolean> | undefined {
  if (!canBeEqual(left, right, at, scope)) return undefined;
  const same = SAME[left.type] as (a: unknown, b: unknown) => boolean;
  return both<unknown, unknown, boolean>(left.run, right.run, same);
}

/** Whether two terms are of one type, and a literal is not compared with what it can never be. */
export function canBeEqual(left: Term, right: Term, at: number, scope: Scope): boolean {
  if (left.type !== 'string' || right.type !== 'string') return left.type === right.type;
  return isWithin(left, right, at, scope) && isWithin(right, left, at, scope);
}

function isWithin(term: TermOf<'string'>, other: TermOf<'string'>, at: number, scope: Scope): boolean {
  if (term.closed === undefined || other.literal === undefined) return true;
  return scope.canBe(term.closed, other.literal, at);
}

/** Texts have no order: "9" is after "10", and who compares amounts as texts never notices. */
function ordering(left: Term, right: Term): Run<number> | undefined {
  if (left.type === 'decimal' && right.type === 'decimal') return both(left.run, right.run, compareExact);
  if (left.type === 'int' && right.type === 'int')
    return both(left.run, right.run, (a, b) => (a < b ? -1 : a > b ? 1 : 0));
  if (
    (left.type === 'timestamp' && right.type === 'timestamp') ||
    (left.type === 'duration' && right.type === 'duration')
  )
    return both(left.run, right.run, (a, b) => a - b);
  return undefined;
}

function comparison(operator: '<' | '<=' | '>' | '>=', order: Run<number>): Run<boolean> {
  switch (operator) {
    case '<':
      return from(order, (sign) => sign < 0);
    case '<=':
      return from(order, (sign) => sign <= 0);
    case '>':
      return from(order, (sign) => sign > 0);
    case '>=':
      return from(order, (sign) => sign >= 0);
  }
}

function arithmetic(operator: '+' | '-' | '*', left: Term, right: Term): Term | undefined {
  if (left.type === 'int' && right.type === 'int')
    return { type: 'int', run: both(left.run, right.run, INT[operator]) };
  if (left.type === 'decimal' && right.type === 'decimal')
    return { type: 'decimal', run: both(left.run, right.run, DECIMAL[operator]) };
  if (operator === '+' && left.type === 'string' && right.type === 'string')
    return { type: 'string', run: joined(left.run, right.run) };
  if (operator === '*') return undefined;
  const type = typeInTime(operator, left.type, right.type);
  if (type === undefined) return undefined;
  const a = left.run as Run<number>;
  const b = right.run as Run<number>;
  return { type, run: both(a, b, (x, y) => ms(operator === '+' ? x + y : x - y)) };
}

function typeInTime(
  operator: '+' | '-',
  left: TypeName,
  right: TypeName,
): 'timestamp' | 'duration' | undefined {
  if (left === 'duration' && right === 'duration') return 'duration';
  if (left === 'timestamp' && right === 'duration') return 'timestamp';
  if (operator === '+') return left === 'duration' && right === 'timestamp' ? 'timestamp' : undefined;
  return left === 'timestamp' && right === 'timestamp' ? 'duration' : undefined;
}

const INT = {
  '+': (a: bigint, b: bigint) => int(a + b),
  '-': (a: bigint, b: bigint) => int(a - b),
  '*': (a: bigint, b: bigint) => int(a * b),
};

const DECIMAL = {
  '+': (a: ExactDecimal, b: ExactDecimal) => addExact(a, b) ?? FAULT,
  '-': (a: ExactDecimal, b: ExactDecimal) => subtractExact(a, b) ?? FAULT,
  '*': (a: ExactDecimal, b: ExactDecimal) => multiplyExact(a, b) ?? FAULT,
};

function joined(left: Run<string>, right: Run<string>): Run<string> {
  const pair = both(left, right, (a, b) => [a, b] as const);
  return (on) => {
    const texts = pair(on);
    if (isGap(texts)) return texts;
    const [a, b] = texts;
    return on.spend(a.length + b.length) ? bounded(a + b) : FAULT;
  };
}

function division(operator: '/' | '%', left: Term, right: Term, at: number, scope: Scope): Term | undefined {
  if (left.type === 'decimal' && right.type === 'decimal')
    return scope.refuse(at, 'decimals are not divided, since that is not exact: multiply the other side');
  if (left.type !== 'int' || right.type !== 'int') return mismatch(operator, left, right, at, scope);
  const { literal } = right;
  if (literal === undefined || literal === 0n)
    return scope.refuse(
      at,
      `it divides by what may be zero: after "${operator}" stands a number other than 0`,
    );
  const run = operator === '/' ? (a: bigint) => int(a / literal) : (a: bigint) => a % literal;
  return { type: 'int', run: from(left.run, run) };
}

/** CEL's whole numbers have 64 bits. */
function int(value: bigint): bigint | Gap {
  return value <= MAX_INT && value >= MIN_INT ? value : FAULT;
}

function ms(value: number): number | Gap {
  return Math.abs(value) <= MAX_MS ? value : FAULT;
}

export function negated(run: Run<boolean>): Run<boolean> {
  return from(run, (value) => !value);
}

export function from<A, T>(run: Run<A>, apply: (value: A) => T | Gap): Run<T> {
  return (on) => {
    const value = run(on);
    return isGap(value) ? value : apply(value as A);
  };
}

/** Both sides run even if the left one is a gap: which gap comes out does not depend on their order. */
export function both<A, B, T>(left: Run<A>, right: Run<B>, apply: (a: A, b: B) => T | Gap): Run<T> {
  return (on) => {
    const a = left(on);
    const b = right(on);
    if (isGap(a)) return isGap(b) ? worse(a, b) : a;
    return isGap(b) ? b : apply(a as A, b as B);
  };
}

function mismatch(operator: Operator, left: Term, right: Term, at: number, scope: Scope): undefined {
  const pair = [left, right];
  const text = pair.find(({ type, fact }) => type === 'string' && fact !== undefined);
  const hasNumber = pair.some(({ type }) => type === 'int' || type === 'decimal');
  const isOrder = operator.startsWith('<') || operator.startsWith('>');
  if (text !== undefined && (hasNumber || isOrder)) {
    return scope.refuse(
      at,
      `facts.${text.fact} is a text: give it "type: decimal" in the manifest, or write decimal(facts.${text.fact})`,
    );
  }
  const number = pair.find(({ type, literal }) => type === 'string' && literal !== undefined)?.literal;
  if (number !== undefined && hasNumber)
    return scope.refuse(at, `"${number}" is a text: write decimal("${number}") if it is an amount`);
  if (isOrder && left.type === 'string' && right.type === 'string')
    return scope.refuse(at, 'texts have no order here: compare amounts as decimal("1000.5")');
  return scope.refuse(
    at,
    `"${operator}" cannot stand between ${TYPE_WORDS[left.type]} and ${TYPE_WORDS[right.type]}`,
  );
}
