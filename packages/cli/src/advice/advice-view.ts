import type { ApiKey } from '../keys/api-key.ts';
import { fields, instant, table } from '../tables.ts';
import { plain, type Terminal } from '../terminal.ts';
import type { ApiAdvice, ApiDryRun } from './api-advice.ts';

/** How many addresses and instruments are listed. JSON has more. */
const MAX_ROWS = 20;

/** Draws what of a key was used, and what can go. */
export function adviceText(terminal: Terminal, advice: ApiAdvice): string {
  const { permissions, allowedIps, instruments, constraints, days } = advice;
  const parts = [
    table(
      terminal,
      ['PERMISSION', 'REQUESTS', days === 1 ? 'LAST USED (1 DAY)' : `LAST USED (${days} DAYS)`],
      permissions.map((one) => [one.permission, String(one.requests), instant(one.lastUsedAt, 'unused')]),
    ),
    table(
      terminal,
      ['ADDRESS', 'REQUESTS', 'SINCE', 'LAST USED'],
      addressRows(allowedIps.used.slice(0, MAX_ROWS)),
    ),
    table(
      terminal,
      ['INSTRUMENT', 'REQUESTS', 'LAST USED'],
      instruments.used
        .slice(0, MAX_ROWS)
        .map((one) => [one.instrument, String(one.requests), instant(one.lastUsedAt)]),
    ),
  ];
  const notes = [
    ...advice.tooLittle,
    ...[allowedIps.note, instruments.note].filter((note) => note !== null),
    ...(constraints.length === 0 ? [] : [`Not limited, and could be: ${constraints.join(', ')}.`]),
  ];
  return [...parts, notes.map(plain).join('\n')].filter((part) => part !== '').join('\n\n');
}

/** Draws what an edit would change of a key, one restriction a line: before and after. */
export function differenceText(
  terminal: Terminal,
  key: ApiKey,
  edit: NonNullable<ApiAdvice['edit']>,
): string {
  const pairs: (readonly [string, string])[] = [];
  if (edit.permissions !== undefined) {
    pairs.push(['permissions', changed(key.permissions, edit.permissions, 'none')]);
  }
  if (edit.allowedIps !== undefined) {
    pairs.push(['allowed from', changed(key.allowedIps ?? ['any address'], edit.allowedIps, 'none')]);
  }
  if (edit.constraints?.instruments !== undefined) {
    const before = key.constraints.instruments ?? ['any'];
    pairs.push(['instruments', changed(before, edit.constraints.instruments, 'none')]);
  }
  return fields(terminal, pairs);
}

function changed(before: readonly string[], after: readonly string[], none: string): string {
  const list = (names: readonly string[]) => (names.length === 0 ? none : names.join(', '));
  return `${list(before)}\n-> ${list(after)}`;
}

/** Draws what a list would have refused. */
export function dryRunText(terminal: Terminal, run: ApiDryRun): string {
  const { requests, refusedRequests, refusedAddresses, days, refused, unusedEntries, examples } = run;
  const sum =
    requests === 0
      ? `There were no requests in ${days} days: nothing can be said of the list.`
      : `${refusedRequests} of ${requests} requests in ${days} days would have been refused, from ${refusedAddresses} ${refusedAddresses === 1 ? 'address' : 'addresses'}.`;
  const parts = [sum];
  if (refused.length > 0) {
    parts.push(
      table(
        terminal,
        ['REFUSED ADDRESS', 'REQUESTS', 'SINCE', 'LAST USED', 'PERMISSIONS'],
        addressRows(refused.slice(0, MAX_ROWS)).map((cells, i) => [
          ...cells,
          refused[i]?.permissions.join(', ') ?? '',
        ]),
      ),
    );
  }
  if (examples.length > 0) {
    parts.push(
      table(
        terminal,
        ['AT', 'ADDRESS', 'REQUEST', 'REQUEST ID'],
        examples.map(({ at, ip, method, path, requestId }) => [
          instant(at),
          ip ?? 'unknown',
          `${method} ${path}`,
          requestId,
        ]),
      ),
    );
  }
  if (run.unknownRequests > 0) {
    parts.push(`Of ${run.unknownRequests} requests the address was not kept: there were too many.`);
  }
  if (unusedEntries.length > 0) parts.push(plain(`Nobody used: ${unusedEntries.join(', ')}`));
  return parts.join('\n\n');
}

function addressRows(uses: ApiDryRun['refused']): string[][] {
  return uses.map(({ ip, requests, firstDay, lastUsedAt }) => [
    ip ?? 'unknown',
    String(requests),
    firstDay,
    instant(lastUsedAt),
  ]);
}
