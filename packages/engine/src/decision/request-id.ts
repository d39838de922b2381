import { randomBytes } from 'node:crypto';
import { randomBase62 } from '@countersign/core';

/** Makes request ids: `req_`, ten random characters for this process, and a count. Unique, not secret. */
export function createRequestIds(): () => string {
  const prefix = `req_${randomBase62(10, randomBytes)}`;
  let count = 0;
  return () => prefix + (count++).toString(36);
}
