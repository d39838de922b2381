import { writeIsoInstant } from '../dialects/timestamps.ts';
import { isSafeMethod, pathOf, queryOf, singleHeader } from '../message.ts';
import type { Prehash } from '../schemes/prehash.ts';
import { type Attempt, type Mistake, type Variation, withTarget } from './variation.ts';

/** Mistakes about the request line and the timestamp. */
export const REQUEST_MISTAKES: readonly Mistake[] = [
  {
    name: 'timestamp_unit',
    advice:
      'Sign the very text that you send as the timestamp: what was signed is the same time in another unit.',
    variations: (attempt) => otherTimestamps(attempt),
  },
  {
    name: 'timestamp_not_signed',
    advice: 'Put the timestamp into the signed text, not into the request alone.',
    variations: (attempt) => timestampIn(attempt, ({ text, part }) => [part.replace(text, '')]),
  },
  {
    name: 'query_mark_missing',
    advice: 'Put the "?" between path and query into the signed text.',
    variations: (attempt) => ifQuery(attempt, (path, query) => [path + query]),
  },
  {
    name: 'query_mark_extra',
    advice: 'Leave the "?" out of the signed text when there is no query.',
    variations: (attempt) =>
      attempt.request.target.includes('?') ? [] : [withTarget(attempt, `${attempt.request.target}?`)],
  },
  {
    name: 'query_not_signed',
    advice: 'Sign the query too, exactly as it is sent.',
    variations: (attempt) => ifQuery(attempt, (path) => [path]),
  },
  {
    name: 'query_decoded',
    advice:
      'Sign the query as it is sent, percent-encoded: decoded, this one could stand for another request.',
    variations: (attempt) =>
      ifQuery(attempt, (path, query) => [
        `${path}?${decoded(query)}`,
        `${path}?${decoded(query.replaceAll('+', ' '))}`,
      ]),
  },
  {
    name: 'query_encoded',
    advice: 'Sign the query as it is sent: what was signed is percent-encoded in another way.',
    variations: (attempt) =>
      ifQuery(attempt, (path, query) => [
        `${path}?${reencoded(query, encodeURIComponent)}`,
        `${path}?${reencoded(query, (part) => encodeURIComponent(part).replaceAll('%20', '+'))}`,
        `${path}?${reencoded(query, strictly)}`,
      ]),
  },
  {
    name: 'query_sorted',
    advice: 'Sign the fields of the query in the order in which they are sent.',
    variations: (attempt) =>
      ifQuery(attempt, (path, query) => {
        const sorted = query.split('&').sort();
        return [`${path}?${sorted.join('&')}`, `${path}?${sorted.reverse().join('&')}`];
      }),
  },
  {
    name: 'method_lower_case',
    advice: 'Write the method in upper case in the signed text.',
    variations: ({ request }) => [{ request: { ...request, method: request.method.toLowerCase() } }],
  },
  {
    name: 'method_differs',
    advice: 'Sign the method that is sent.',
    variations: ({ request }) =>
      METHODS.filter(
        (method) => method !== request.method && isSafeMethod(method) === isSafeMethod(request.method),
      ).map((method) => ({ request: { ...request, method } })),
  },
  {
    name: 'path_without_prefix',
    advice: 'Sign the whole path, with its prefix (like /api/v5), and not only what comes after it.',
    variations: (attempt) => {
      const segments = attempt.request.target.split('?')[0]?.split('/').slice(1) ?? [];
      const rest = attempt.request.target.slice(pathOf(attempt.request.target).length);
      return segments
        .slice(1)
        .map((_, i) => withTarget(attempt, `/${segments.slice(i + 1).join('/')}${rest}`));
    },
  },
  {
    name: 'path_slash',
    advice: 'Sign the path exactly as it is sent, with or without a slash at its end and at its beginning.',
    variations: (attempt) => {
      const { target } = attempt.request;
      const path = pathOf(target);
      const rest = target.slice(path.length);
      const other = path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
      return [withTarget(attempt, other + rest), withTarget(attempt, target.slice(1))];
    },
  },
  {
    name: 'host_signed',
    advice: 'Sign the path alone, without scheme and host.',
    variations: (attempt) => {
      const { target } = attempt.request;
      return hostsOf(attempt).flatMap((host) =>
        [`https://${host}`, `http://${host}`, host].map((origin) => withTarget(attempt, origin + target)),
      );
    },
  },
  {
    name: 'host_differs',
    advice: 'Sign the host name under which the API is published, without a port that is the default.',
    variations: (attempt) =>
      hostsOf(attempt).flatMap((host) => {
        const name = host.replace(/:\d+$/, '');
        const others = [name, `${name}:443`, `${name}:80`, host.toUpperCase(), `www.${name}`];
        return others.map((other) => ({ request: withHost(attempt, other), publicHost: other }));
      }),
  },
];

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

function ifQuery(attempt: Attempt, targets: (path: string, query: string) => readonly string[]): Variation[] {
  const { target } = attempt.request;
  if (!target.includes('?')) return [];
  return targets(pathOf(target), queryOf(target)).map((other) => withTarget(attempt, other));
}

function decoded(query: string): string {
  try {
    return decodeURIComponent(query);
  } catch {
    return query;
  }
}

function reencoded(query: string, encode: (part: string) => string): string {
  return query
    .split('&')
    .map((pair) =>
      pair
        .split('=')
        .map((part) => encode(decoded(part.replaceAll('+', ' '))))
        .join('='),
    )
    .join('&');
}

/** As RFC 3986 has it: what `encodeURIComponent` leaves bare is encoded too. */
function strictly(part: string): string {
  return encodeURIComponent(part).replace(
    /[!'()*]/g,
    (bare) => `%${bare.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function hostsOf({ request, context }: Attempt): string[] {
  const host = singleHeader(request.headers, 'host');
  const hosts = [context.publicHost, typeof host === 'string' ? host : undefined];
  return [...new Set(hosts.filter((name) => name !== undefined))];
}

function withHost({ request }: Attempt, host: string): Attempt['request'] {
  const headers = request.headers.map((text, i, all) =>
    i % 2 === 1 && (all[i - 1] as string).toLowerCase() === 'host' ? host : text,
  );
  return { ...request, headers };
}

/** The ways in which one instant is written. */
function spellingsOf(ms: number): string[] {
  const seconds = ms / 1000;
  const iso = writeIsoInstant(Math.floor(ms));
  const texts = [
    String(Math.floor(ms)),
    String(Math.floor(seconds)),
    String(seconds),
    seconds.toFixed(3),
    String(Math.floor(ms) * 1000),
    String(Math.floor(ms) * 1_000_000),
    iso,
    iso.replace(/\.\d+Z$/, 'Z'),
    iso.replace('Z', '+00:00'),
    iso.replace('Z', ''),
  ];
  return [...new Set(texts)];
}

function otherTimestamps(attempt: Attempt): Variation[] {
  return timestampIn(attempt, ({ text, part, spellings }) =>
    spellings.filter((other) => other !== text).map((other) => part.replace(text, other)),
  );
}

interface Found {
  readonly text: string;
  readonly part: string;
  readonly spellings: readonly string[];
}

/** Rewrites the part of the signed text in which the timestamp stands; nothing where it stands in none. */
function timestampIn({ claim }: Attempt, rewrite: (found: Found) => readonly string[]): Variation[] {
  const { timestampMs, prehash } = claim;
  if (timestampMs === undefined || Math.abs(timestampMs) > 8.64e15) return [];
  const spellings = spellingsOf(timestampMs);
  for (const [i, part] of prehash.entries()) {
    if (typeof part !== 'string') continue;
    // The longest first: seconds are the beginning of milliseconds.
    const text = [...spellings]
      .sort((a, b) => b.length - a.length)
      .find((spelling) => part.includes(spelling));
    if (text === undefined) continue;
    return rewrite({ text, part, spellings }).map((other) => ({ prehash: replaced(prehash, i, other) }));
  }
  return [];
}

function replaced(prehash: Prehash, index: number, part: string): Prehash {
  return prehash.map((old, i) => (i === index ? part : old));
}
