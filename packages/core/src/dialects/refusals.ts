import { type ClaimPart, type Denial, type DenialCode, publicDenial } from '../denial.ts';
import type { HttpAnswer } from './dialect.ts';

/** An exchange's own error: its code, the text that it sends with it, and the HTTP status. */
export interface ExchangeError {
  readonly code: string;
  readonly message: string;
  readonly status: number;
}

/** What is said to each denial. A missing part of a credential has an error of its own. */
export interface ErrorTable<E> {
  readonly byCode: Readonly<Record<DenialCode, E>>;
  readonly missing: Readonly<Record<ClaimPart, E>>;
}

/** An exchange's answer to each denial. */
export type ExchangeErrors = ErrorTable<ExchangeError>;

/** Finds what the exchange would say to a stranger. */
export function exchangeError<E>(errors: ErrorTable<E>, refusal: Denial): E {
  const shown = publicDenial(refusal);
  if (shown.code === 'credential_missing' && shown.part !== undefined) return errors.missing[shown.part];
  return errors.byCode[shown.code];
}

/** Writes a JSON answer, with `Retry-After` where the refusal says when to come back. */
export function jsonAnswer(status: number, body: unknown, refusal: Denial): HttpAnswer {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (refusal.retryAfterSeconds !== undefined) headers['retry-after'] = String(refusal.retryAfterSeconds);
  return { status, headers, body: JSON.stringify(body) };
}
