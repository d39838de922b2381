import type { Ask, Verifier } from '../decision/decision.ts';

/** What every middleware is given. */
export interface MiddlewareOptions {
  /** The engine, or anything that decides like it. */
  readonly engine: Verifier;
  /** Environment, dialect or permission to ask for. Default: what the manifest says. */
  readonly ask?: Ask | undefined;
  /** Longest body that is read, in bytes. Longer ones are refused. Default 1 MiB. */
  readonly bodyLimit?: number | undefined;
}
