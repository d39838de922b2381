import { type Cell, fields, instant, table } from '../tables.ts';
import type { Terminal } from '../terminal.ts';
import type { ApiKey } from './api-key.ts';
import { hoursText } from './hours-option.ts';

/** Draws keys, one a line. The id stands first and whole, to be copied. */
export function keyTable(terminal: Terminal, keys: readonly ApiKey[]): string {
  return table(
    terminal,
    ['ID', 'STATUS', 'KIND', 'ACCOUNT', 'LABEL', 'EXPIRES'],
    keys.map((key) => [
      key.id,
      statusCell(terminal, key),
      key.kind,
      key.accountId,
      key.label,
      instant(key.expiresAt),
    ]),
  );
}

/** Draws all that a key is. */
export function keyFields(terminal: Terminal, key: ApiKey): string {
  const { constraints, allowedIps, dialects, rateLimits, metadata } = key;
  return fields(terminal, [
    ['id', key.id],
    ['account', key.accountId],
    ['label', key.label || '-'],
    ['status', statusCell(terminal, key)],
    ['environment', key.environment],
    ['kind', key.kind],
    ['dialects', dialects?.join(', ') ?? 'any that fits the kind'],
    ['permissions', permissionsText(key)],
    ['allowed from', allowedIps?.join('\n') ?? 'any address'],
    ...constraintFields(constraints),
    ['nonce window', String(key.nonceWindow)],
    ['rate limits', rateLimits.map(rateLimitText).join('\n') || 'none'],
    [
      'metadata',
      Object.entries(metadata)
        .map(([name, value]) => `${name}=${value}`)
        .join('\n') || '-',
    ],
    ['created', instant(key.createdAt)],
    ['expires', instant(key.expiresAt)],
    ['widened', instant(key.widenedAt, '-')],
    ['last used', usedText(key.lastUsedAt, key.lastUsedIp)],
    ['secret versions', key.secretVersions.map(versionText).join('\n') || 'destroyed'],
    ['revision', String(key.revision)],
  ]);
}

function constraintFields(constraints: ApiKey['constraints']): [string, Cell][] {
  const { instruments, sides, orderTypes, withdrawalAddresses, hours, expression } = constraints;
  return [
    ['instruments', instruments?.join(', ') ?? 'any'],
    ['sides', sides?.join(', ') ?? 'any'],
    ['order types', orderTypes?.join(', ') ?? 'any'],
    ['largest order', constraints.maxNotionalPerOrder ?? 'any'],
    ['in 24 hours', constraints.maxNotionalPerDay ?? 'any'],
    ['in 30 days', constraints.maxNotionalPer30Days ?? 'any'],
    ['withdraws to', withdrawalAddresses?.join('\n') ?? 'any address'],
    ['hours', hours === undefined ? 'at any time' : hoursText(hours)],
    ['expression', expression ?? 'none'],
  ];
}

/** Each permission with its last use, where that was looked up. */
function permissionsText({ permissions, permissionUsage }: ApiKey): string {
  if (permissions.length === 0) return 'none';
  if (permissionUsage === null) return permissions.join(', ');
  return permissionUsage
    .map(({ permission, lastUsedAt }) => `${permission}, last used ${instant(lastUsedAt, 'not in 90 days')}`)
    .join('\n');
}

function statusCell({ colors }: Terminal, { status }: ApiKey): Cell {
  const paint = {
    active: colors.green,
    disabled: colors.yellow,
    quarantined: colors.yellow,
    expired: colors.red,
    revoked: colors.red,
  };
  return { text: status, paint: paint[status] };
}

function rateLimitText({ name, quota, windowSeconds }: ApiKey['rateLimits'][number]): string {
  return `${name}=${quota}/${windowSeconds}s`;
}

/** When and from where something was used. */
export function usedText(at: string | null, ip: string | null): string {
  return at === null ? 'never' : `${instant(at)}${ip === null ? '' : ` from ${ip}`}`;
}

function versionText({
  version,
  createdAt,
  retiresAt,
  lastUsedAt,
  lastUsedIp,
}: ApiKey['secretVersions'][number]): string {
  const retires = retiresAt === null ? '' : `, until ${instant(retiresAt)}`;
  return `${version}: made ${instant(createdAt)}${retires}, last used ${usedText(lastUsedAt, lastUsedIp)}`;
}
