import type { Constraints } from '../credential/constraints.ts';
import type { CredentialKind, Environment, RateLimit } from '../credential/credential.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { Condition } from './conditions.ts';
import type { FactSource, FactType } from './fact-source.ts';
import type { PublicMessage } from './public-messages.ts';

/** How much harm a permission can do. Decisions on `critical` ones are durable before they are answered. */
export const RISKS = ['low', 'medium', 'high', 'critical'] as const;
export type Risk = (typeof RISKS)[number];

export interface Permission {
  readonly name: string;
  readonly risk: Risk;
  readonly description?: string | undefined;
  /** What the operator demands of keys that hold it. Absent: nothing. */
  readonly policy?: Policy | undefined;
  /** Set where no manifest declares it: nobody said what it can do. */
  readonly isUndeclared?: boolean | undefined;
  /** Set where a route that needs it declares the fact `address`: what a caller asks for under it may withdraw. */
  readonly hasAddresses?: boolean | undefined;
  /** Set where an allowed decision only lets another one be asked for, and that one is in the log. */
  readonly isUnlogged?: boolean | undefined;
}

/** What an operator demands of keys that hold a permission. Times are in ms. */
export interface Policy {
  /** The key must say from which addresses it is used. */
  readonly needsAddressList?: boolean | undefined;
  /** The key must say to which addresses it withdraws. */
  readonly needsWithdrawalAddresses?: boolean | undefined;
  /** The longest time from the making of a key, or from an edit, to its expiry. */
  readonly maxLifetimeMs?: number | undefined;
  /** The same, for a key that does not say from which addresses it is used. */
  readonly expiryWithoutAddressListMs?: number | undefined;
  /** After how long without any use the key expires. */
  readonly idleExpiryMs?: number | undefined;
  /** How old a secret may get before its owner is reminded to rotate it. */
  readonly rotateEveryMs?: number | undefined;
  /** The kinds that the key may be of. */
  readonly kinds?: readonly CredentialKind[] | undefined;
  /** How old the second factor of a request may be. */
  readonly stepUpMs?: number | undefined;
  /** How long the permission cannot be used after the key was widened, or an address was added to those it withdraws to. */
  readonly coolDownMs?: number | undefined;
  /** For how long the permission outlives the expiry of its key. */
  readonly outlivesExpiryMs?: number | undefined;
}

/** What a new key can be made from. The caller's own fields win. */
export interface Template {
  readonly name: string;
  readonly description?: string | undefined;
  readonly permissions: readonly string[];
  readonly kind?: CredentialKind | undefined;
  readonly allowedIps?: readonly string[] | undefined;
  readonly constraints?: Constraints | undefined;
  readonly rateLimits?: readonly RateLimit[] | undefined;
  /** Ms from the making of a key to its expiry. */
  readonly expiresInMs?: number | undefined;
  /** JSON pointers of fields that the caller must give, like `/allowedIps` or `/constraints/instruments`. */
  readonly needs: readonly string[];
}

/** By what requests are counted together. */
export const LIMIT_DIMENSIONS = [
  'credential',
  'account',
  'environment',
  'address',
  'route',
  'permission',
] as const;
export type LimitDimension = (typeof LIMIT_DIMENSIONS)[number];

/** A rate limit of the operator: holds for all keys, beside the limits of their own. */
export interface RateLimitRule extends RateLimit {
  /** Requests that are equal in all of these share a quota. */
  readonly per: readonly LimitDimension[];
  /** Only requests for these permissions count. Absent: all. */
  readonly permissions?: readonly string[] | undefined;
  readonly environments?: readonly Environment[] | undefined;
}

/** What the manifest says of a route. */
export interface Rule {
  /** The method and the template of the path, as the manifest writes them. */
  readonly route: string;
  /** Let through without a credential. */
  readonly isPublic: boolean;
  /** Absent on public routes, and where the cases have it. */
  readonly permission: Permission | undefined;
  /** Units of every rate limit that one request uses up. */
  readonly weight: number;
  readonly facts: readonly FactSource[];
  /**
   * What the route needs for each kind of body, where one route does several things. The first one that fits counts; a
   * body that none fits is refused.
   */
  readonly cases?: readonly RuleCase[] | undefined;
  /** Set where clients log in by a message inside the WebSocket that the route opens. */
  readonly webSocket?: WebSocketRule | undefined;
}

/** What a route needs for the bodies in which each condition holds: for any JSON, where there is no condition. */
export interface RuleCase {
  readonly when: readonly Condition[];
  readonly rule: Rule;
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
  readonly templates: ReadonlyMap<string, Template>;
  readonly rateLimits: readonly RateLimitRule[];
  /** Every fact that a route declares. A name has the same type on all routes. */
  readonly facts: ReadonlyMap<string, FactType>;
  /**
   * Finds the rule for a request, or undefined when no rule fits or two readings of the path fit different
   * rules. Undefined is a refusal: a route that nobody declared is not passed on.
   */
  ruleFor(method: string, target: string): Rule | undefined;
}
