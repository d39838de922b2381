import { bounded, FAULT } from './evaluation.ts';
import { callFunction, whyNoFunction } from './functions.ts';
import { any, every } from './logic.ts';
import { membership } from './membership.ts';
import { alike, minus, negated, operate } from './operations.ts';
import type { Scope } from './scope.ts';
import type { Syntax } from './syntax.ts';
import { literalTerm, type Run, type Term, type TermOf, TYPE_WORDS } from './term.ts';

const MAX_INT = 2n ** 63n - 1n;

const NAMES: ReadonlyMap<string, Term> = new Map<string, Term>([
  ['permission', { type: 'string', closed: 'permission', run: (on) => bounded(on.input.permission) }],
  ['method', { type: 'string', closed: 'method', run: (on) => bounded(on.input.method) }],
  ['path', { type: 'string', run: (on) => bounded(on.input.path) }],
  [
    'now',
    {
      type: 'timestamp',
      run: (on) => (Number.isFinite(on.input.nowMs) ? Math.floor(on.input.nowMs) : FAULT),
    },
  ],
]);

/** Compiles a tree, or notes in the scope why it has no meaning, and returns undefined. */
export function compileTerm(node: Syntax, scope: Scope): Term | undefined {
  const { at } = node;
  switch (node.kind) {
    case 'text':
      return literalTerm('string', node.value);
    case 'truth':
      return literalTerm('bool', node.value);
    case 'integer':
      if (node.value <= MAX_INT && -node.value <= MAX_INT) return literalTerm('int', node.value);
      return scope.refuse(
        at,
        `${node.value} is over 64 bits: write decimal("…"), which has up to 30 digits before the point`,
      );
    case 'name':
      return name(node.name, at, scope);
    case 'field':
      if (isFacts(node.of)) return scope.fact(node.name, at);
      return scope.refuse(at, `only facts have fields, like facts.side: there is no .${node.name}`);
    case 'call':
      return call(node, scope);
    case 'list':
      return scope.refuse(at, 'a list only stands after "in"');
    case 'not': {
      const of = truth(node.of, '"!"', scope);
      return of && { type: 'bool', run: negated(of) };
    }
    case 'minus': {
      const of = compileTerm(node.of, scope);
      return of && minus(of, at, scope);
    }
    case 'and':
    case 'or': {
      const runs: Run<boolean>[] = [];
      for (const operand of node.operands) {
        const run = truth(operand, node.kind === 'and' ? '"&&"' : '"||"', scope);
        if (run === undefined) return undefined;
        runs.push(run);
      }
      return { type: 'bool', run: node.kind === 'and' ? every(runs) : any(runs) };
    }
    case 'choice':
      return choice(node, scope);
    case 'operation':
      return operation(node, scope);
  }
}

function name(given: string, at: number, scope: Scope): Term | undefined {
  if (given === 'facts') return scope.refuse(at, 'facts is no value of its own: write facts.side');
  const known = NAMES.get(given);
  if (known !== undefined) {
    scope.looksAtRequest = true;
    return known;
  }
  return scope.refuse(at, `there is no "${given}": there are facts, permission, method, path and now`);
}

function isFacts(node: Syntax): boolean {
  return node.kind === 'name' && node.name === 'facts';
}

function truth(node: Syntax, where: string, scope: Scope): Run<boolean> | undefined {
  const term = compileTerm(node, scope);
  if (term === undefined) return undefined;
  if (term.type === 'bool') return term.run;
  return scope.refuse(node.at, `${where} needs true or false here, and this is ${TYPE_WORDS[term.type]}`);
}

function call(node: Syntax & { kind: 'call' }, scope: Scope): Term | undefined {
  const why = whyNoFunction(node.name);
  if (why !== undefined) return scope.refuse(node.at, why);
  if (node.name === 'has') return has(node, scope);
  const receiver = node.receiver && compileTerm(node.receiver, scope);
  const args = all(node.args, scope);
  if (args === undefined || (node.receiver !== undefined && receiver === undefined)) return undefined;
  return callFunction(node.name, receiver, args, node.at, scope);
}

function has({ at, receiver, args }: Syntax & { kind: 'call' }, scope: Scope): Term | undefined {
  const [field] = args;
  if (receiver !== undefined || args.length !== 1 || field?.kind !== 'field' || !isFacts(field.of))
    return scope.refuse(at, 'has() takes a fact: has(facts.side)');
  return presence(field.name, field.at, scope);
}

function presence(fact: string, at: number, scope: Scope): TermOf<'bool'> | undefined {
  if (!scope.declaresFact(fact, at)) return undefined;
  return { type: 'bool', run: (on) => on.hasFact(fact) };
}

function all(nodes: readonly Syntax[], scope: Scope): Term[] | undefined {
  const terms: Term[] = [];
  for (const node of nodes) {
    const term = compileTerm(node, scope);
    if (term === undefined) return undefined;
    terms.push(term);
  }
  return terms;
}

function operation(
  { operator, left, right, at }: Syntax & { kind: 'operation' },
  scope: Scope,
): Term | undefined {
  if (operator === 'in' && isFacts(right)) {
    if (left.kind === 'text') return presence(left.value, left.at, scope);
    return scope.refuse(left.at, 'before "in facts" stands the name of a fact: "side" in facts');
  }
  const value = compileTerm(left, scope);
  if (value === undefined) return undefined;
  if (operator === 'in') {
    if (right.kind !== 'list') return scope.refuse(right.at, 'after "in" stands a list: ["buy", "sell"]');
    const items = all(right.items, scope);
    return items && membership(value, items, at, scope);
  }
  const other = compileTerm(right, scope);
  return other && operate(operator, value, other, at, scope);
}

function choice(node: Syntax & { kind: 'choice' }, scope: Scope): Term | undefined {
  const condition = truth(node.condition, '"?"', scope);
  const given = condition && all([node.then, node.otherwise], scope);
  if (condition === undefined || given === undefined) return undefined;
  const [then, otherwise] = alike(given[0] as Term, given[1] as Term);
  if (then.type !== otherwise.type)
    return scope.refuse(
      node.at,
      `both sides of ":" are of one type, and these are ${TYPE_WORDS[then.type]} and ${TYPE_WORDS[otherwise.type]}`,
    );
  const run: Run<unknown> = (on) => {
    const isSo = condition(on);
    if (isSo === true) return then.run(on);
    return isSo === false ? otherwise.run(on) : isSo;
  };
  return { type: then.type, run } as Term;
}
