import { type ClaimPart, type Denial, type DenialCode, publicDenial } from '../denial.ts';
import type { HttpAnswer } from './dialect.ts';

/** An exchange's own error: its code, the text that it sends with it, and the HTTP status. */
export interface ExchangeError {
  readonly code: string;
  readonly message: string;
  readonly status: number;
}

/** An exchange's answer to each denial. A missing part of a credential has an error of its own. */
export interface ExchangeErrors {
  readonly byCode: Readonly<Record<DenialCode, ExchangeError>>;
  readonly missing: Readonly<Record<ClaimPart, ExchangeError>>;
}

/** Finds what the exchange would say to a stranger. */
export function exchangeError(errors: ExchangeErrors, refusal: Denial): ExchangeError {
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
