import * as accounts from '../accounts.ts';
import * as keys from '../keys.ts';
import type { RouteContract } from './route-contract.ts';

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

/** Accounts, and what is frozen. */
export const ACCOUNT_ROUTES = {
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
} as const satisfies Record<string, RouteContract>;
