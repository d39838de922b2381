import type { DenialCode } from '@countersign/core';
import { CountersignError, type CountersignErrorCode, type CountersignErrorDetails } from './errors.ts';
import type { ReadRefusal } from './refusals.ts';

const OF_TIME: ReadonlySet<DenialCode> = new Set(['timestamp_out_of_window', 'timestamp_invalid']);
const OF_RATE: ReadonlySet<DenialCode> = new Set(['rate_limited', 'too_many_failures']);
/** A secret that was rotated away shows as one of these. */
const OF_SECRET: ReadonlySet<DenialCode> = new Set([
  'signature_mismatch',
  'credential_unknown',
  'passphrase_mismatch',
]);

/** Whether a refusal can mean that the timestamp was too far off. */
export function canBeOfTime({ denials }: ReadRefusal): boolean {
  return denials.includes('timestamp_out_of_window');
}

/** Whether a refusal can mean nothing else than a timestamp that was off: the request had no effect. */
export function isOfTimeAlone({ denials, isExact }: ReadRefusal): boolean {
  return isExact && denials.every((denial) => OF_TIME.has(denial));
}

/** Whether a refusal can mean another secret, and cannot mean that the request was carried out before. */
export function isOfSecret({ denials }: ReadRefusal): boolean {
  return denials.some((denial) => OF_SECRET.has(denial)) && !denials.includes('replayed');
}

export function isOfRate({ denials }: ReadRefusal): boolean {
  return denials.every((denial) => OF_RATE.has(denial));
}

/** The error of a refusal. */
export function refusalError(refusal: ReadRefusal, details: CountersignErrorDetails): CountersignError {
  const { denials } = refusal;
  const code = codeOf(denials);
  return new CountersignError(code, `The service refused the request: ${denials.join(' or ')}.`, {
    ...details,
    denials,
  });
}

function codeOf(denials: readonly DenialCode[]): CountersignErrorCode {
  if (denials.every((denial) => OF_TIME.has(denial))) return 'clock_off';
  if (denials.every((denial) => OF_RATE.has(denial))) return 'rate_limited';
  if (denials.every((denial) => denial === 'unavailable')) return 'unavailable';
  return denials.includes('replayed') ? 'replayed' : 'refused';
}
