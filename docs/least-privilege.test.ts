import { afterAll, beforeAll, expect, it } from 'vitest';
import { runHere, type Said } from '../packages/cli/test/in-process.ts';
import { parseManifest } from '../packages/engine/dist/index.js';
import { DataFolder, RunningApp } from '../packages/server/test/running-app.ts';
import { codeBlocks, page } from './pages.ts';

const DAY_MS = 86_400_000;
const MANIFEST = `version: 1
permissions:
  spot.read: { risk: low }
  spot.trade: { risk: high }
  withdraw: { risk: critical }
routes:
  - { route: GET /balance, permission: spot.read }
  - { route: POST /orders, permission: spot.trade, facts: { instrument: { json: /symbol } } }
  - { route: POST /withdrawals, permission: withdraw }
`;

const folder = new DataFolder();
let app: RunningApp;
let env: Record<string, string>;
let nowMs = Date.now();

beforeAll(async () => {
  app = await RunningApp.start({
    store: await folder.store(),
    keyring: folder.keyring(),
    manifest: MANIFEST,
    clock: () => nowMs,
  });
  const port = await app.listen();
  env = { COUNTERSIGN_URL: `http://127.0.0.1:${port}`, COUNTERSIGN_SECRET: app.operator.secret };
});
afterAll(async () => {
  await app.close();
  await app.engine.store.close();
  folder.remove();
});

const text = page('docs/least-privilege.md');

/** The arguments of the commands of the page, as a shell reads them. */
function commands(ids: Readonly<Record<string, string>>): string[][] {
  return codeBlocks(text, 'sh').map((block) => {
    const words = [...block.trim().matchAll(/'([^']*)'|(\S+)/g)].map(
      ([, quoted, bare]) => quoted ?? bare ?? '',
    );
    expect(words.shift()).toBe('countersign');
    return words.map((word) => ids[word] ?? word);
  });
}

async function send(secret: string, method: string, target: string, ip: string) {
  const headers = { authorization: `Bearer ${secret}` };
  const body = method === 'POST' ? '{"symbol":"BTCUSDT"}' : '';
  await app.post('/v1/verify', { request: { method, target, headers, body, ip } });
}

it('does what the page says, command by command', async () => {
  const over = { kind: 'bearer', passphrase: undefined };
  const permissions = ['spot.read', 'spot.trade', 'withdraw'];
  const live = await app.newKey({ ...over, permissions });
  const test = await app.newKey({ ...over, permissions: ['spot.read'], environment: 'test' });
  nowMs += 20 * DAY_MS;
  for (const key of [live, test]) {
    await send(key.secret, 'GET', '/balance', '203.0.113.7');
    await send(key.secret, 'POST', '/orders', '2001:db8:7::1');
  }
  const said: Said[] = [];
  for (const args of commands({ 'ck_live_…': live.id, 'ck_test_…': test.id })) {
    said.push(await runHere(args, { env }));
    expect(said.at(-1)?.exitCode, `${args.join(' ')}: ${said.at(-1)?.noted}`).toBe(0);
  }
  const [show, dryRun, applied, advice, trim, learn] = said.map(({ printed }) => printed);
  expect(show).toContain('withdraw, last used not in 90 days');
  expect(dryRun).toContain('1 of 2 requests in 30 days would have been refused, from 1 address.');
  expect(dryRun).toContain('Nobody used: 2001:db8::/64');
  expect(applied).toContain('0 of 2 requests');
  expect(advice).toMatch(/withdraw +0 +unused/);
  expect(advice).toContain('-> spot.read, spot.trade');
  expect(trim).toContain('203.0.113.7');
  expect((await app.get(`/v1/keys/${live.id}`)).json).toMatchObject({
    permissions: ['spot.read', 'spot.trade'],
    allowedIps: ['2001:db8:7::/64', '203.0.113.7'],
    constraints: { instruments: ['BTCUSDT'] },
  });
  expect(learn).toBe(codeBlocks(text, 'yaml')[0]);
});

it('shows a template that stands in a manifest', () => {
  const [yaml = ''] = codeBlocks(text, 'yaml');
  const parsed = parseManifest(MANIFEST + yaml);
  // Templates may not be known yet: then that alone is a fault.
  const faults = parsed.ok ? [] : parsed.faults.filter(({ message }) => !message.includes('"templates"'));
  expect(faults).toEqual([]);
});
