import type { Dialect } from '../dialects/dialect.ts';
import type { WireRequest } from '../message.ts';
import type { PublicMessage } from './public-messages.ts';

/** How much harm a permission can do. Decisions on `critical` ones are durable before they are answered. */
export const RISKS = ['low', 'medium', 'high', 'critical'] as const;
export type Risk = (typeof RISKS)[number];

export interface Permission {
  readonly name: string;
  readonly risk: Risk;
  readonly description?: string | undefined;
  /** Set where an allowed decision only lets another one be asked for, and that one is in the log. */
  readonly isUnlogged?: boolean | undefined;
}

export const FACT_TYPES = ['string', 'decimal'] as const;
export type FactType = (typeof FACT_TYPES)[number];

/** Where a fact about a request stands in it. */
export interface FactSource {
  readonly name: string;
  readonly from: 'json' | 'query' | 'form' | 'parameter';
  /** A JSON pointer (RFC 6901) for `json`; the field's name for `query`, `form` and `parameter`. */
  readonly at: string;
  readonly type: FactType;
}

/** What the manifest says of a route. */
export interface Rule {
  /** Absent: the route is public, and is let through without a credential. */
  readonly permission: Permission | undefined;
  /** Units of every rate limit that one request uses up. */
  readonly weight: number;
  readonly facts: readonly FactSource[];
  /** Set where clients log in by a message inside the WebSocket that the route opens. */
  readonly webSocket?: WebSocketRule | undefined;
}

/** What the manifest says of a WebSocket whose login comes inside. */
export interface WebSocketRule {
  /** The name of the dialect in whose form it comes. */
  readonly login: string;
  /** The messages that may pass before it. */
  readonly publicMessages: readonly PublicMessage[];
}

/** The operator's declaration of routes, as the decision uses it. */
export interface Manifest {
  /** Names of the dialects that customers may speak, the preferred one first. Absent: all. */
  readonly dialects: readonly string[] | undefined;
  /** The dialects that the operator describes. */
  readonly ownDialects: readonly Dialect[];
  readonly permissions: ReadonlyMap<string, Permission>;
  /**
   * Finds the rule for a request, or undefined when no rule fits or two readings of the path fit different
   * rules. Undefined is a refusal: a route that nobody declared is not passed on.
   */
  ruleFor(method: string, target: string): Rule | undefined;
}

/** Facts about a request: texts, amounts as decimal texts. */
export type Facts = Readonly<Record<string, string>>;

/**
 * What is asked of a credential: by the manifest for the route, or by the caller of the verify API. A
 * permission that is absent asks for authentication alone.
 */
export interface Requirement {
  readonly permission: Permission | undefined;
  readonly weight: number;
  /** Reads the facts that constraints need, once, and only if there are constraints. */
  readonly facts: (request: WireRequest) => Facts;
}
