import type { Decision } from './decision.ts';

const NONE: Readonly<Record<string, string>> = Object.freeze({});

/**
 * Headers of an answer to a bot that still signs with a secret that was replaced: `Deprecation` (RFC 9745), since when
 * there is a newer one, and `Sunset` (RFC 8594 section 3), when the one that it uses ends. Names are in lower case. None
 * for anybody else.
 */
export function deprecationHeaders(decision: Decision): Readonly<Record<string, string>> {
  if (!decision.allowed || decision.retiringSecret === undefined) return NONE;
  const { replacedAt, retiresAt } = decision.retiringSecret;
  return {
    deprecation: `@${Math.floor(replacedAt / 1000)}`,
    sunset: new Date(retiresAt).toUTCString(),
  };
}
