import { readHttpDate } from './http-date.ts';

/** What a server says of one of its policies: how much is left, and in how many seconds it begins anew. */
export interface RemainingQuota {
  readonly policy: string;
  readonly remaining: number;
  readonly resetSeconds: number;
}

const MAX_LENGTH = 1024;
const ITEM = /^\s*(?:"((?:[^"\\]|\\.)*)"|([A-Za-z*][^\s;,]*))\s*((?:;[^,]*)?)$/;

/**
 * Reads `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10): `"burst";r=50;t=30`, several parted by commas. An item
 * that cannot be read, or says not when it begins anew, is left out.
 */
export function readRateLimit(value: string | null): RemainingQuota[] {
  const quotas: RemainingQuota[] = [];
  if (value === null || value.length > MAX_LENGTH) return quotas;
  for (const item of value.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/)) {
    const [, quoted, token, parameters = ''] = ITEM.exec(item) ?? [];
    const policy = quoted ?? token;
    const remaining = integerIn(parameters, 'r');
    const resetSeconds = integerIn(parameters, 't');
    if (policy === undefined || remaining === undefined || resetSeconds === undefined) continue;
    quotas.push({ policy, remaining, resetSeconds });
  }
  return quotas;
}

/** Ms until everything that is used up has begun anew; undefined where nothing is. */
export function resetMs(quotas: readonly RemainingQuota[]): number | undefined {
  const usedUp = quotas.filter(({ remaining }) => remaining === 0);
  return usedUp.length === 0 ? undefined : Math.max(...usedUp.map(({ resetSeconds }) => resetSeconds * 1000));
}

function integerIn(parameters: string, name: string): number | undefined {
  const [, digits] = new RegExp(`;\\s*${name}=(\\d{1,15})(?=\\s*(?:;|$))`).exec(parameters) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** Reads `Retry-After` (RFC 9110 section 10.2.3), in ms from now. */
export function readRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(value)) return Number(value) * 1000;
  const at = readHttpDate(value);
  return at === undefined ? undefined : Math.max(0, at - nowMs);
}
