import { OPERATOR_ACCOUNT } from '@countersign/core';
import { type By, type KeyRefusal, refused } from './key-result.ts';

/** Operator credentials are the keys to this service: who makes them must hold all that they can do. */
export function mayManage(
  accountId: string,
  by: By,
  granted: readonly string[] = [],
): KeyRefusal | undefined {
  if (accountId !== OPERATOR_ACCOUNT || by.permissions === undefined) return undefined;
  const missing = ['config.write', ...granted].filter((name) => !by.permissions?.includes(name));
  if (missing.length === 0) return undefined;
  return refused(
    'permission_denied',
    `Operator credentials are changed only by one with ${missing.join(', ')}.`,
  );
}
