import type { Dialect, RateLimitState } from './dialect.ts';

type RateLimitHeaders = NonNullable<Dialect['rateLimitHeaders']>;

/** The limit that a client has to mind first: the one of which the least part is left. */
function tightest(limits: readonly RateLimitState[]): RateLimitState {
  return limits.reduce((least, limit) => (partLeft(limit) < partLeft(least) ? limit : least));
}

function partLeft({ remaining, quota }: RateLimitState): number {
  return quota === 0 ? 0 : remaining / quota;
}

/** Ms since 1970 at which a limit lets more through: now, where it is not used up. */
function opensAt({ remaining, nextSeconds }: RateLimitState, nowMs: number): number {
  return remaining > 0 ? nowMs : nowMs + nextSeconds * 1000;
}

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** A length of time as Binance names its limits: `10s`, `1m`, `1d`. */
function intervalName(seconds: number): string {
  const [letter, length] = UNITS.find(([, unit]) => seconds % unit === 0) ?? UNITS[3];
  return `${seconds / length}${letter}`;
}

/**
 * What is used, by the length of the window: of limits that have `order` in their name as a number of orders, of all
 * others as weight. Of several for one window the highest is told.
 *
 * Binance documents the names, with the letters S, M, H and D, and that order counts come with orders. Here they come with
 * every answer: which route makes an order is not known.
 */
export const binanceLimits: RateLimitHeaders = (limits) => {
  const headers: Record<string, string> = {};
  for (const { name, quota, remaining, windowSeconds } of limits) {
    const what = /order/i.test(name) ? 'x-mbx-order-count' : 'x-mbx-used-weight';
    const header = `${what}-${intervalName(windowSeconds)}`;
    headers[header] = String(Math.max(quota - remaining, Number(headers[header] ?? 0)));
  }
  return headers;
};

/** Bybit: the quota, what is left, and when it opens again in ms, which is now unless it is used up. As documented. */
export const bybitLimits: RateLimitHeaders = (limits, nowMs) => {
  const limit = tightest(limits);
  return {
    'x-bapi-limit': String(limit.quota),
    'x-bapi-limit-status': String(limit.remaining),
    'x-bapi-limit-reset-timestamp': String(opensAt(limit, nowMs)),
  };
};

/**
 * Gate: as Bybit, under names of its own. The documentation does not say in which unit the time is: seconds, as Gate's
 * other times are, could not be checked against an answer of the exchange.
 */
export const gateLimits: RateLimitHeaders = (limits, nowMs) => {
  const limit = tightest(limits);
  return {
    'x-gate-ratelimit-limit': String(limit.quota),
    'x-gate-ratelimit-requests-remain': String(limit.remaining),
    'x-gate-ratelimit-reset-timestamp': String(Math.ceil(opensAt(limit, nowMs) / 1000)),
  };
};

/** KuCoin: the quota, what is left, and in how many ms it begins anew. As documented, and as its SDKs read them. */
export const kucoinLimits: RateLimitHeaders = (limits) => {
  const limit = tightest(limits);
  return {
    'gw-ratelimit-limit': String(limit.quota),
    'gw-ratelimit-remaining': String(limit.remaining),
    'gw-ratelimit-reset': String((limit.remaining > 0 ? limit.resetSeconds : limit.nextSeconds) * 1000),
  };
};

/** Bitget: what is left, and nothing else. As documented; the exchange counts seconds. */
export const bitgetLimits: RateLimitHeaders = (limits) => ({
  'x-mbx-used-remain-limit': String(tightest(limits).remaining),
});

/**
 * HTX: what is left, and when the window ends. The documentation does not say in which unit: ms since 1970, as HTX's other
 * times are, could not be checked against an answer of the exchange.
 */
export const htxLimits: RateLimitHeaders = (limits, nowMs) => {
  const limit = tightest(limits);
  const endsIn = limit.remaining > 0 ? limit.resetSeconds : limit.nextSeconds;
  return {
    'x-hb-ratelimit-requests-remain': String(limit.remaining),
    'x-hb-ratelimit-requests-expire': String(nowMs + endsIn * 1000),
  };
};
