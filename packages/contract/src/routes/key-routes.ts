import type { ErrorCode } from '../errors.ts';
import { KeyImportBatch, KeyImportResults } from '../import.ts';
import * as keys from '../keys.ts';
import type { RouteContract } from './route-contract.ts';

const params = keys.KeyParams;
const CHANGE: readonly ErrorCode[] = [
  'invalid_body',
  'not_found',
  'key_revoked',
  'revision_mismatch',
  'permission_denied',
];

const change = (name: string, summary: string, more: Partial<RouteContract> = {}): RouteContract => ({
  method: 'POST',
  path: `/v1/keys/{id}/${name}`,
  summary,
  permission: 'keys.write',
  params,
  body: keys.Reason,
  status: 200,
  answer: keys.Key,
  errors: [...CHANGE, 'state_conflict'],
  ...more,
});

/** Keys: issue, import, show, change, end. */
export const KEY_ROUTES = {
  createKey: {
    method: 'POST',
    path: '/v1/keys',
    summary: 'Issue a key. The secret is in the answer, this once',
    permission: 'keys.write',
    body: keys.KeyCreate,
    status: 201,
    answer: keys.KeyWithSecret,
    errors: ['invalid_body', 'permission_denied'],
  },
  importKey: {
    method: 'POST',
    path: '/v1/keys/import',
    summary: 'Take over a key that another system issued',
    permission: 'keys.write',
    body: keys.KeyImport,
    status: 201,
    answer: keys.Key,
    errors: ['invalid_body', 'id_taken', 'permission_denied'],
  },
  importKeys: {
    method: 'POST',
    path: '/v1/keys/import/batch',
    summary: 'Take over up to 500 keys in one transaction, with a result for each. Can be sent again',
    permission: 'keys.write',
    body: KeyImportBatch,
    status: 200,
    answer: KeyImportResults,
    errors: ['invalid_body'],
  },
  listKeys: {
    method: 'GET',
    path: '/v1/keys',
    summary: 'List keys, in the order of their ids',
    permission: 'keys.read',
    query: keys.KeyListQuery,
    status: 200,
    answer: keys.KeyList,
    errors: ['invalid_query'],
  },
  showKey: {
    method: 'GET',
    path: '/v1/keys/{id}',
    summary: 'Show a key',
    permission: 'keys.read',
    params,
    status: 200,
    answer: keys.Key,
    errors: ['not_found'],
  },
  editKey: {
    method: 'PATCH',
    path: '/v1/keys/{id}',
    summary: 'Edit a key. Needs If-Match with the revision that was seen',
    permission: 'keys.write',
    params,
    body: keys.KeyEdit,
    status: 200,
    answer: keys.Key,
    errors: [...CHANGE, 'revision_missing'],
  },
  rotateKey: change('rotate', 'Make a new secret; the one before it goes on for the grace', {
    body: keys.KeyRotate,
    bodyIsOptional: true,
    answer: keys.KeyWithSecret,
    errors: CHANGE,
  }),
  retirePrevious: change('retire-previous', 'End the grace of the previous secret now', {
    body: keys.KeyRetirePrevious,
    bodyIsOptional: true,
  }),
  disableKey: change('disable', 'Disable a key until it is enabled again'),
  enableKey: change('enable', 'Enable a disabled key'),
  quarantineKey: change('quarantine', 'Freeze a key until it is released'),
  releaseKey: change('release', 'Release a key from quarantine'),
  revokeKey: change('revoke', 'End a key for good and destroy its secrets', {
    permission: 'keys.revoke',
    body: keys.KeyRevoke,
    answer: keys.Revoked,
    errors: ['invalid_body', 'not_found', 'key_revoked', 'permission_denied'],
  }),
  revokeKeys: {
    method: 'POST',
    path: '/v1/revocations',
    summary: 'Revoke all keys that match, in one revision',
    permission: 'keys.revoke',
    body: keys.RevocationCreate,
    status: 200,
    answer: keys.Revoked,
    errors: ['invalid_body', 'permission_denied'],
  },
} as const satisfies Record<string, RouteContract>;
