import { OPERATOR_ACCOUNT } from '@countersign/core';
import type { CredentialRecord } from '../ports/record.ts';
import type { RevocationFilter } from '../ports/revocations.ts';

/** Whether a revocation means a key. One that is revoked already, or of an operator, never. */
export function isMeant(
  record: Omit<CredentialRecord, 'secretVersions'>,
  { accountId, environment, createdBefore, metadata = {} }: RevocationFilter,
): boolean {
  if (record.standing === 'revoked' || record.accountId === OPERATOR_ACCOUNT) return false;
  if (accountId !== undefined && record.accountId !== accountId) return false;
  if (environment !== undefined && record.environment !== environment) return false;
  if (createdBefore !== undefined && record.createdAt >= createdBefore) return false;
  return Object.entries(metadata).every(([name, value]) => record.metadata[name] === value);
}

/** Whether a filter names nothing, and would mean every key. */
export function isEmpty({ accountId, environment, createdBefore, metadata = {} }: RevocationFilter): boolean {
  const hasNone = [accountId, environment, createdBefore].every((value) => value === undefined);
  return hasNone && Object.keys(metadata).length === 0;
}
