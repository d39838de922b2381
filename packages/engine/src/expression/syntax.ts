import { type ASTNode, Environment } from '@marcbachmann/cel-js';
import { MAX_DEPTH, MAX_NODES, MAX_SOURCE } from './limits.ts';

export type Operator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | '+' | '-' | '*' | '/' | '%';

/** The tree of an expression. `at` is the offset in its text. */
export type Syntax = { readonly at: number } & (
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'truth'; readonly value: boolean }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'field'; readonly of: Syntax; readonly name: string }
  | {
      readonly kind: 'call';
      readonly name: string;
      readonly receiver: Syntax | undefined;
      readonly args: readonly Syntax[];
    }
  | { readonly kind: 'list'; readonly items: readonly Syntax[] }
  | { readonly kind: 'not' | 'minus'; readonly of: Syntax }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Syntax[] }
  | { readonly kind: 'choice'; readonly condition: Syntax; readonly then: Syntax; readonly otherwise: Syntax }
  | { readonly kind: 'operation'; readonly operator: Operator; readonly left: Syntax; readonly right: Syntax }
);

/** Why a text is no expression, and at which offset. */
export interface SyntaxFault {
  readonly at: number;
  readonly message: string;
}

export interface ParsedSyntax {
  readonly root: Syntax;
  /** The nodes that cost something when it runs: all but literal texts. */
  readonly steps: number;
}

const LIMITS = {
  maxAstNodes: MAX_NODES,
  maxDepth: MAX_DEPTH,
  maxListElements: MAX_NODES,
  maxMapEntries: MAX_NODES,
  maxCallArguments: 8,
};

/**
 * Parses an expression, and takes from CEL what this project has: no maps, bytes, floats, unsigned numbers or nulls.
 * Does not look at names, functions and types.
 *
 * The library is used for its grammar alone. What it parses, it never evaluates here; why, says ADR 19. It keeps an
 * entry for every name of a function that it ever read, so each text gets an environment of its own.
 */
export function parseSyntax(source: string): ParsedSyntax | SyntaxFault {
  if (source.length > MAX_SOURCE)
    return { at: MAX_SOURCE, message: `an expression has at most ${MAX_SOURCE} characters` };
  let ast: ASTNode;
  try {
    ast = new Environment({ limits: LIMITS }).parse(source).ast;
  } catch (error) {
    return libraryFault(error);
  }
  const reader = new TreeReader(source);
  const root = reader.read(ast, 1);
  return root === undefined ? (reader.fault as SyntaxFault) : { root, steps: reader.steps };
}

/** What the library says of a text that it cannot parse. Anything else that it throws is a bug, and goes on. */
function libraryFault(error: unknown): SyntaxFault {
  const { summary, code, range } = error as {
    summary?: string;
    code?: string;
    range?: { start: number };
  };
  if (typeof summary !== 'string') throw error;
  const at = range?.start ?? 0;
  if (code === 'limit_exceeded')
    return { at, message: `the expression is too large: at most ${MAX_NODES} parts, ${MAX_DEPTH} deep` };
  if (summary.endsWith(' EOF')) return { at, message: 'the expression ends too early' };
  return { at, message: summary.charAt(0).toLowerCase() + summary.slice(1) };
}

class TreeReader {
  fault: SyntaxFault | undefined;
  steps = 0;
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  read(node: ASTNode, depth: number): Syntax | undefined {
    const at = node.pos;
    if (depth > MAX_DEPTH) return this.#refuse(at, `the expression is nested more than ${MAX_DEPTH} deep`);
    const below = depth + 1;
    if (node.op !== 'value' || typeof node.args !== 'string') this.steps++;
    switch (node.op) {
      case 'value':
        return this.#literal(node, node.args);
      case 'id':
        return { at, kind: 'name', name: node.args };
      case '.': {
        const of = this.read(node.args[0], below);
        return of && { at: node.start, kind: 'field', of, name: node.args[1] };
      }
      case '[]': {
        const of = this.read(node.args[0], below);
        const index = this.read(node.args[1], below);
        if (index !== undefined && index.kind !== 'text')
          return this.#refuse(index.at, 'in brackets stands the name of a fact: facts["side"]');
        return of && index && { at: node.start, kind: 'field', of, name: index.value };
      }
      case 'call':
      case 'rcall': {
        const [name, receiver, given] =
          node.op === 'call' ? [node.args[0], undefined, node.args[1]] : node.args;
        const args = this.#all(given, below);
        const on = receiver && this.read(receiver, below);
        if (args === undefined || (receiver !== undefined && on === undefined)) return undefined;
        return { at, kind: 'call', name, receiver: on, args };
      }
      case 'list': {
        const items = this.#all(node.args, below);
        return items && { at, kind: 'list', items };
      }
      case '!_': {
        const of = this.read(node.args, below);
        return of && { at, kind: 'not', of };
      }
      case '-_': {
        const of = this.read(node.args, below);
        if (of?.kind === 'integer') return { at, kind: 'integer', value: -of.value };
        return of && { at, kind: 'minus', of };
      }
      case '&&':
      case '||': {
        const operands = this.#all(this.#chain(node, node.op), below);
        return operands && { at, kind: node.op === '&&' ? 'and' : 'or', operands };
      }
      case '?:': {
        const [condition, then, otherwise] = this.#all(node.args, below) ?? [];
        return condition && then && otherwise && { at, kind: 'choice', condition, then, otherwise };
      }
      case '==':
      case '!=':
      case '<':
      case '<=':
      case '>':
      case '>=':
      case 'in':
      case '+':
      case '-':
      case '*':
      case '/':
      case '%': {
        const [left, right] = this.#all(node.args, below) ?? [];
        return left && right && { at, kind: 'operation', operator: node.op, left, right };
      }
      case 'map':
        return this.#refuse(at, 'there are no maps in expressions');
      default:
        return this.#refuse(at, `there is no ${node.op} in expressions`);
    }
  }

  #all(nodes: readonly ASTNode[], depth: number): Syntax[] | undefined {
    const read: Syntax[] = [];
    for (const node of nodes) {
      const syntax = this.read(node, depth);
      if (syntax === undefined) return undefined;
      read.push(syntax);
    }
    return read;
  }

  /** The operands of `a && b && c`, which the library nests to the left. Without recursion: they may be many. */
  #chain(node: ASTNode, operator: '&&' | '||'): ASTNode[] {
    const operands: ASTNode[] = [];
    let rest = node;
    while (rest.op === operator) {
      const [left, right] = rest.args as [ASTNode, ASTNode];
      operands.push(right);
      rest = left;
    }
    operands.push(rest);
    return operands.reverse();
  }

  #literal({ start, end }: ASTNode, value: unknown): Syntax | undefined {
    if (typeof value === 'string') return { at: start, kind: 'text', value };
    if (typeof value === 'boolean') return { at: start, kind: 'truth', value };
    if (typeof value === 'bigint') return { at: start, kind: 'integer', value };
    const text = this.#source.slice(start, end);
    if (typeof value === 'number') {
      const digits = /e/i.test(text) ? '…") without an exponent' : `${text}")`;
      return this.#refuse(start, `${text} would be a float, and amounts are exact: write decimal("${digits}`);
    }
    if (value === null) return this.#refuse(start, 'there is no null: whether a fact is there says has()');
    return this.#refuse(start, `there are texts, whole numbers and decimals, but no ${text}`);
  }

  #refuse(at: number, message: string): undefined {
    this.fault ??= { at, message };
    return undefined;
  }
}
