import type { CredentialRecord, Usage } from '../ports/record.ts';

/** When a credential last showed a sign of life, in ms since 1970: it was used, or made, or allowed more than before. */
export function lastUseOf(
  { createdAt, widenedAt }: Pick<CredentialRecord, 'createdAt' | 'widenedAt'>,
  uses: readonly Usage[],
): number {
  return Math.max(createdAt, widenedAt ?? 0, ...uses.map(({ lastUsedAt }) => lastUsedAt));
}
