import type { RetiringSecret } from './decision.ts';

/**
 * Headers of an answer to a bot that still signs with a secret that was replaced: `Deprecation` (RFC 9745), since when
 * there is a newer one, and `Sunset` (RFC 8594 section 3), when the one that it uses ends. Undefined for anybody else.
 */
export function deprecationHeaders(
  retiring: RetiringSecret | undefined,
): Readonly<Record<string, string>> | undefined {
  if (retiring === undefined) return undefined;
  return {
    deprecation: `@${Math.floor(retiring.replacedAt / 1000)}`,
    sunset: new Date(retiring.retiresAt).toUTCString(),
  };
}
