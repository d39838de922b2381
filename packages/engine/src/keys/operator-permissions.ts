import type { Permission } from '@countersign/core';

const permission = (name: string, risk: Permission['risk'], description: string): [string, Permission] => [
  name,
  { name, risk, description },
];

/** What an operator credential can be allowed. No manifest changes these. */
export const OPERATOR_PERMISSIONS: ReadonlyMap<string, Permission> = new Map([
  permission('keys.read', 'low', 'See keys, never their secrets'),
  permission(
    'keys.write',
    'critical',
    'Issue, import, edit, rotate, disable and enable keys, set quotas, unfreeze',
  ),
  permission('keys.revoke', 'critical', 'Revoke keys, freeze accounts and environments'),
  ['verify', { name: 'verify', risk: 'low', description: 'Ask for decisions', isUnlogged: true }],
  permission('audit.read', 'medium', 'Read the audit log'),
  permission('config.write', 'critical', 'Change the service itself: keyring and operator credentials'),
]);
