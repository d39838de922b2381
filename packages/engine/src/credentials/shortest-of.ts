import { type Manifest, OPERATOR_ACCOUNT, type Policy } from '@countersign/core';
import type { CredentialRecord } from '../ports/record.ts';

/** Times of a policy that concern a key as a whole, so that the shortest of its permissions' counts. */
type WholeKeyTime = 'idleExpiryMs' | 'rotateEveryMs';

/**
 * The shortest of what the policies of a key's permissions say, in ms; undefined when none says anything. Operator
 * credentials have permissions of another vocabulary: a policy on a permission of the same name is not theirs.
 */
export function shortestOf(
  time: WholeKeyTime,
  { accountId, permissions }: Pick<CredentialRecord, 'accountId' | 'permissions'>,
  manifest: Manifest | undefined,
): number | undefined {
  if (accountId === OPERATOR_ACCOUNT) return undefined;
  let shortest: Policy[WholeKeyTime];
  for (const name of permissions) {
    const ms = manifest?.permissions.get(name)?.policy?.[time];
    if (ms !== undefined && (shortest === undefined || ms < shortest)) shortest = ms;
  }
  return shortest;
}
