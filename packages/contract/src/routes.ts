import { z } from 'zod';
import * as accounts from './accounts.ts';
import * as advice from './advice.ts';
import type { ErrorCode } from './errors.ts';
import { KeyImportBatch, KeyImportResults } from './import.ts';
import * as keys from './keys.ts';
import * as policies from './policies.ts';
import { AnswerKey, AuditEntries, AuditQuery, Health, KeyringState } from './service.ts';
import { UsageParams, UsageRelease, UsageReleased } from './usage.ts';
import { Decision, ExplainRequest, Explanation, VerifyRequest } from './verify.ts';

/** One route of the service: what it takes, what it answers, who may call it. */
export interface RouteContract {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  /** With `{name}` for a parameter, as in OpenAPI. */
  readonly path: string;
  readonly summary: string;
  /** The operator permission that it needs; null: anonymous. */
  readonly permission: string | null;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** Whether an absent body counts as `{}`. */
  readonly bodyIsOptional?: boolean;
  readonly status: number;
  readonly answer?: z.ZodType;
  /** Media type of the answer. Default `application/json`. */
  readonly mediaType?: string;
  /** Errors beyond those that every route has. */
  readonly errors: readonly ErrorCode[];
}

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

const changeOfAccount = (deed: string, summary: string, permission: string): RouteContract => ({
  method: 'POST',
  path: `/v1/accounts/{id}/${deed}`,
  summary,
  permission,
  params: accounts.AccountParams,
  body: keys.Reason,
  status: 200,
  answer: accounts.Account,
  errors: ['invalid_body', 'not_found', 'permission_denied'],
});

const changeOfFreeze = (deed: string, summary: string, permission: string): RouteContract => ({
  method: 'POST',
  path: `/v1/${deed}`,
  summary,
  permission,
  body: accounts.FreezeChange,
  status: 200,
  answer: accounts.FreezeChanged,
  errors: ['invalid_body'],
});

/** Every route of the management and verify API. The server registers exactly these. */
export const ROUTES = {
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
  listTemplates: {
    method: 'GET',
    path: '/v1/templates',
    summary: 'List the templates that keys can be made from',
    permission: 'keys.read',
    status: 200,
    answer: policies.TemplateList,
    errors: [],
  },
  listViolations: {
    method: 'GET',
    path: '/v1/policy/violations',
    summary: 'List keys that violate the policies of today, or hold what the manifest does not know any more',
    permission: 'keys.read',
    query: policies.ViolationsQuery,
    status: 200,
    answer: policies.ViolationList,
    errors: ['invalid_query'],
  },
  dryRunAllowedIps: {
    method: 'POST',
    path: '/v1/keys/{id}/allowed-ips/dry-run',
    summary: 'Say which recent requests a list of addresses would have refused. Changes nothing',
    permission: 'keys.read',
    params,
    body: advice.AllowedIpsDryRun,
    status: 200,
    answer: advice.AllowedIpsDryRunResult,
    errors: ['invalid_body', 'not_found'],
  },
  adviseKey: {
    method: 'GET',
    path: '/v1/keys/{id}/advice',
    summary: 'Propose the smallest set that the real traffic of a key needs. Changes nothing',
    permission: 'keys.read',
    params,
    query: advice.AdviceQuery,
    status: 200,
    answer: advice.Advice,
    errors: ['invalid_query', 'not_found'],
  },
  learnTemplate: {
    method: 'POST',
    path: '/v1/advice/template',
    summary: 'Propose a template from what a bot called in the test environment. Changes nothing',
    permission: 'keys.read',
    body: advice.TemplateLearn,
    status: 200,
    answer: advice.LearnedTemplate,
    errors: ['invalid_body', 'not_found', 'state_conflict'],
  },
  showAccount: {
    method: 'GET',
    path: '/v1/accounts/{id}',
    summary: 'Show an account: whether it is frozen, and its quotas',
    permission: 'keys.read',
    params: accounts.AccountParams,
    status: 200,
    answer: accounts.Account,
    errors: ['not_found'],
  },
  setQuotas: {
    method: 'PUT',
    path: '/v1/accounts/{id}/quotas',
    summary: 'Replace the quotas of an account. Needs If-Match with the revision that was seen',
    permission: 'keys.write',
    params: accounts.AccountParams,
    body: accounts.QuotasPut,
    status: 200,
    answer: accounts.Account,
    errors: ['invalid_body', 'not_found', 'permission_denied', 'revision_missing', 'revision_mismatch'],
  },
  freezeAccount: changeOfAccount(
    'freeze',
    'Refuse all keys of an account until it is unfrozen',
    'keys.revoke',
  ),
  unfreezeAccount: changeOfAccount('unfreeze', 'Let the keys of a frozen account go on', 'keys.write'),
  showFreezes: {
    method: 'GET',
    path: '/v1/freeze',
    summary: 'Show which environments and accounts are frozen',
    permission: 'keys.read',
    status: 200,
    answer: accounts.Freezes,
    errors: [],
  },
  freeze: changeOfFreeze(
    'freeze',
    "Refuse all customers' keys, of one environment or all, until they are unfrozen",
    'keys.revoke',
  ),
  unfreeze: changeOfFreeze('unfreeze', 'Let frozen environments go on', 'keys.write'),
  verify: {
    method: 'POST',
    path: '/v1/verify',
    summary: 'Decide about a signed request',
    permission: 'verify',
    body: VerifyRequest,
    status: 200,
    answer: Decision,
    errors: ['invalid_body'],
  },
  explain: {
    method: 'POST',
    path: '/v1/explain',
    summary:
      'Say why a signed request is refused, and what its client did wrong. Decides and changes nothing',
    permission: 'keys.read',
    body: ExplainRequest,
    status: 200,
    answer: Explanation,
    errors: ['invalid_body', 'rate_limited'],
  },
  releaseUsage: {
    method: 'POST',
    path: '/v1/usage/{requestId}/release',
    summary:
      'Give back what an allowed request took of amounts and rate limits, because it had no effect. Once: again changes nothing',
    permission: 'verify',
    params: UsageParams,
    body: UsageRelease,
    bodyIsOptional: true,
    status: 200,
    answer: UsageReleased,
    errors: ['invalid_body', 'not_found', 'state_conflict'],
  },
  listAuditEntries: {
    method: 'GET',
    path: '/v1/audit/entries',
    summary: 'Read the audit log',
    permission: 'audit.read',
    query: AuditQuery,
    status: 200,
    answer: AuditEntries,
    errors: ['invalid_query'],
  },
  showKeyring: {
    method: 'GET',
    path: '/v1/keyring',
    summary: 'Show which key wraps secrets now, and how far re-wrapping is',
    permission: 'config.write',
    status: 200,
    answer: KeyringState,
    errors: [],
  },
  rotateKeyring: {
    method: 'POST',
    path: '/v1/keyring/rotate',
    summary: 'Make a new key-encryption key and wrap everything under it, while the service goes on',
    permission: 'config.write',
    body: z.strictObject({}),
    bodyIsOptional: true,
    status: 200,
    answer: KeyringState,
    errors: ['invalid_body', 'keyring_not_rotatable'],
  },
  showAnswerKey: {
    method: 'GET',
    path: '/v1/answer-key',
    summary: 'Show the public key that answers are signed with',
    permission: 'keys.read',
    status: 200,
    answer: AnswerKey,
    errors: ['not_found'],
  },
  metrics: {
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics for Prometheus',
    permission: 'audit.read',
    status: 200,
    mediaType: 'text/plain',
    errors: [],
  },
  livez: {
    method: 'GET',
    path: '/livez',
    summary: 'Whether the process answers',
    permission: null,
    status: 200,
    answer: Health,
    errors: [],
  },
  readyz: {
    method: 'GET',
    path: '/readyz',
    summary: 'Whether the service can decide: not while it stops, with a stale feed, or an unwritable log',
    permission: null,
    status: 200,
    answer: Health,
    errors: [],
  },
  openapi: {
    method: 'GET',
    path: '/openapi.json',
    summary: 'This document',
    permission: null,
    status: 200,
    errors: [],
  },
  docs: {
    method: 'GET',
    path: '/docs',
    summary: 'List of the pages about errors',
    permission: null,
    status: 200,
    mediaType: 'text/markdown',
    errors: [],
  },
  errorPage: {
    method: 'GET',
    path: '/docs/errors/{code}',
    summary: 'The page about an error',
    permission: null,
    params: z.strictObject({ code: z.string().max(64) }),
    status: 200,
    mediaType: 'text/markdown',
    errors: ['not_found'],
  },
  guidePage: {
    method: 'GET',
    path: '/docs/{page}',
    summary: 'A page of the documentation',
    permission: null,
    params: z.strictObject({ page: z.string().max(64) }),
    status: 200,
    mediaType: 'text/markdown',
    errors: ['not_found'],
  },
  dialectPage: {
    method: 'GET',
    path: '/docs/dialects/{page}',
    summary: 'The page about a dialect',
    permission: null,
    params: z.strictObject({ page: z.string().max(64) }),
    status: 200,
    mediaType: 'text/markdown',
    errors: ['not_found'],
  },
} as const satisfies Record<string, RouteContract>;

export type RouteId = keyof typeof ROUTES;
