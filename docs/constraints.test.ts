import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createEngine,
  createEnvKeyring,
  createMemoryStore,
  type Engine,
  parseManifest,
} from '../packages/engine/dist/index.js';
import { codeBlocks, page, tableRows } from './pages.ts';

const text = page('docs/constraints.md');
const [manifestText = ''] = codeBlocks(text, 'yaml');
const constraints = JSON.parse(codeBlocks(text, 'json')[0] ?? '');
/** A Monday, noon in Berlin. */
const NOON = Date.parse('2026-11-23T11:00:00Z');

let nowMs = NOON;
let engine: Engine;
let token = '';

beforeAll(async () => {
  const parsed = parseManifest(manifestText);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  engine = createEngine({
    store: createMemoryStore(),
    keyring: createEnvKeyring(`kek-1:${Buffer.alloc(32, 1).toString('base64')}`),
    manifest: parsed.manifest,
    clock: () => nowMs,
  });
  await engine.start();
  const made = await engine.keys.issue(
    {
      accountId: 'acct_42',
      label: 'bot',
      environment: 'live',
      kind: 'bearer',
      permissions: ['read', 'trade'],
      constraints,
    },
    { actor: 'service' },
  );
  if (!made.ok) throw new Error(made.detail);
  token = made.secret?.expose() ?? '';
});
afterAll(() => engine.close());

async function answerTo(request: string, body: string): Promise<string> {
  const [method = '', target = ''] = request.split(' ');
  const headers = ['Authorization', `Bearer ${token}`];
  const decision = await engine.verify({ method, target, headers, body: Buffer.from(body) });
  return decision.allowed ? 'allowed' : `${decision.code}: ${decision.detail}`;
}

const unquoted = (cell = '') => cell.replaceAll('`', '');

describe('the page about constraints', () => {
  const rows = tableRows(text.split('\n## An example\n')[1]?.split('\n## ')[0] ?? '');

  it('has examples', () => expect(rows.length).toBeGreaterThan(12));

  it.each(rows.map((row) => row.map(unquoted)))('is right about %s %s: %s', async (request, body, answer) => {
    const given = await answerTo(request ?? '', body ?? '');
    if (answer === 'allowed') expect(given).toBe('allowed');
    else expect(given).toMatch(new RegExp(`^constraint_violated: .*${answer}`));
  });

  it('is right about the hours', async () => {
    const [request, body] = (rows[0] ?? []).map(unquoted);
    nowMs = Date.parse('2026-11-23T16:30:00Z');
    expect(await answerTo(request ?? '', body ?? '')).toMatch(/^constraint_violated: .*at this time/);
    nowMs = NOON;
  });

  it('names every constraint, and the fact that it holds', () => {
    const fields = tableRows(text.split('\n## ')[0] ?? '').map(([field]) => unquoted(field));
    expect(fields).toEqual([
      ...['instruments', 'sides', 'orderTypes', 'maxNotionalPerOrder', 'maxNotionalPerDay'],
      ...['maxNotionalPer30Days', 'withdrawalAddresses', 'hours', 'expression'],
    ]);
  });
});
