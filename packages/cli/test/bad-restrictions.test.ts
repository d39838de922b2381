import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiKey } from '../src/keys/api-key.ts';
import { type RunningService, startRealService } from './command.ts';
import { runHere, type Said } from './in-process.ts';

const HEAD = `version: 1
permissions:
  read: { risk: low }
  trade: { risk: high }
  move: { risk: critical, policy: { needsAddressList: true, maxLifetime: 30d } }
`;
const ROUTE =
  '  - { route: POST /orders, permission: trade, facts: { instrument: { json: /s }, notional: { json: /n } } }';
const MANIFEST = `${HEAD}routes:\n${ROUTE}\n`;

const folder = mkdtempSync(join(tmpdir(), 'countersign-bad-'));
let service: RunningService;
let key: ApiKey;
beforeAll(async () => {
  writeFileSync(join(folder, 'manifest.yaml'), MANIFEST);
  service = await startRealService({ COUNTERSIGN_MANIFEST: join(folder, 'manifest.yaml') });
  key = await service.json(['keys', 'create', ...NEW]);
});
afterAll(async () => {
  await service.stop();
  rmSync(folder, { recursive: true });
});

const NEW = ['--account', 'acct_1', '--environment', 'live', '--kind', 'bearer', '--permission', 'trade'];
/** A fault in the usage of an option is thrown by the parser, and printed by the main program. */
const run = (args: readonly string[]): Promise<Said> =>
  runHere(args, { env: service.env }).catch((error: unknown) => {
    if (!(error instanceof CommanderError)) throw error;
    return { printed: '', noted: error.message, exitCode: 2 };
  });
const keys = async () => (await run(['keys', 'list', '--account', 'acct_1', '--json'])).printed;

const amounts = (...texts: string[]) =>
  texts.flatMap((text): [string[], string][] => [
    [[`--max-notional-per-order=${text}`], '/constraints/maxNotionalPerOrder '],
    [[`--max-notional-per-day=${text}`], '/constraints/maxNotionalPerDay '],
    [[`--max-notional-per-30-days=${text}`], '/constraints/maxNotionalPer30Days '],
  ]);
const options = (name: string, says: string, ...texts: string[]) =>
  texts.map((text): [string[], string] => [[`--${name}=${text}`], says]);

/** Options, and what standard error has of them. */
const BAD: readonly [string[], string][] = [
  [['--permission', 'trade', '--permission', 'fly'], '/permissions/'],
  [['--permission', 'move'], '/allowedIps is needed: move demands'],
  [['--side', 'buy'], '/constraints/sides can never be met'],
  [
    ['--max-notional-per-order=2', '--max-notional-per-day=1'],
    '/constraints/maxNotionalPerOrder is more than',
  ],
  ...amounts('1,000', 'NaN', '-1', '1e3', '0', '', '1'.repeat(40)),
  ...options(
    'expression',
    '/constraints/expression ',
    'facts.notional >',
    'facts.colour == "red"',
    '1 / 0 == 1',
  ),
  ...options('expression', '/constraints/expression ', 'path.matches("(a*)*b")', '"a".f()'),
  ...options('allow-ip', '/allowedIps/0 is not an address', 'example.com', '192.0.2.300', '192.0.2.1/24'),
  ...options('expires', '/expiresAt is in the past', '1970-01-01', '2020-01-01T00:00:00Z'),
  ...options('expires', '--expires', 'tomorrow', '2027-13-01', '90'),
  [['--hours', 'mon 09:00-17:30', '--time-zone', 'Mars/Phobos'], '/constraints/hours/timeZone is not a name'],
  ...options('rate-limit', '/rateLimits/0/', 'orders=0/1s', 'orders=1/0s'),
  ...options('rate-limit', '--rate-limit', 'orders=-1/1s', 'orders=1.5/1s', 'orders'),
];

describe('a restriction that cannot be', () => {
  it.each(BAD)('%j is refused with %s, and nothing is changed', async (bad, says) => {
    const before = await keys();
    const restrictions = bad[0] === '--permission' ? NEW.slice(0, -2) : NEW;
    for (const args of [
      ['create', ...restrictions, ...bad],
      ['edit', key.id, ...bad],
    ]) {
      const { printed, noted, exitCode } = await run(['keys', ...args]);
      expect([printed, exitCode > 0]).toEqual(['', true]);
      expect(noted).toContain(says);
      expect(noted).not.toMatch(/\.[jt]s:\d/);
    }
    expect(await keys()).toBe(before);
  });

  it('is told of a list of addresses before it is tried', async () => {
    const { noted, exitCode } = await run([
      'keys',
      'dry-run-ips',
      key.id,
      '--allow-ip',
      'example.com',
      '--apply',
    ]);
    expect([exitCode, noted]).toEqual([1, expect.stringContaining('/allowedIps/0 is not an address')]);
  });
});

/** Manifests, the line at which they are wrong, and what is said of it. */
const FAULTY: readonly [string, number, string][] = [
  [
    `${HEAD}routes:\n  - { route: POST /o, permission: trade, weight: 0 }\n`,
    7,
    '"weight" must be a whole number from 1',
  ],
  [`${HEAD}routes:\n  - { route: POST /o, permission: fly }\n`, 7, 'fly'],
  [
    `${HEAD}  x: { risk: high, policy: { coolDown: 2d, maxLifetime: 1d } }\nroutes: []\n`,
    6,
    'before it cooled down',
  ],
  [`${HEAD}  x: { risk: high, policy: { kinds: [] } }\nroutes: []\n`, 6, 'no key could be made'],
  [
    `${HEAD}  x: { risk: high, policy: { maxlifetime: 1d } }\nroutes: []\n`,
    6,
    'there is no field "maxlifetime"',
  ],
  [
    `${HEAD}  x: { risk: high, policy: { maxLifetime: 0d } }\nroutes: []\n`,
    6,
    '"maxLifetime" must be a duration',
  ],
  [
    `${HEAD}  x: { risk: high, policy: { needsWithdrawalAddresses: true } }\nroutes:\n${ROUTE}\n`,
    6,
    'no route declares the fact "address"',
  ],
  [
    `${MANIFEST}rateLimits:\n  - { name: a, per: account, quota: 0, windowSeconds: 1 }\n`,
    9,
    '"quota" must be',
  ],
  [
    `${MANIFEST}rateLimits:\n  - { name: a, per: planet, quota: 1, windowSeconds: 1 }\n`,
    9,
    '"planet" is not one of',
  ],
  [`${MANIFEST}templates:\n  bot: { permissions: [fly] }\n`, 9, 'is not one of read, trade, move'],
  [`${MANIFEST}templates:\n  bot: { permissions: [move] }\n`, 9, 'demands "allowedIps"'],
  [
    `${MANIFEST}templates:\n  bot: { permissions: [trade], constraints: { maxNotionalPerDay: 0.1 } }\n`,
    9,
    'must be a text, in quotes',
  ],
  [
    `${MANIFEST}templates:\n  bot: { permissions: [trade], constraints: { expression: '1 / 0 == 1' } }\n`,
    9,
    'it divides by what may be zero',
  ],
];

describe('countersign manifest check', () => {
  it.each(FAULTY)('finds what cannot be: %s', async (text, line, says) => {
    const file = join(folder, 'faulty.yaml');
    writeFileSync(file, text);
    const { printed, exitCode } = await runHere(['manifest', 'check', file]);
    expect(exitCode).toBe(1);
    const found = printed.split('\n').filter((row) => row.startsWith(`${file}:${line}:`));
    expect(found.join('\n')).toContain(says);
  });
});
