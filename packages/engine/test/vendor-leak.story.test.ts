import type { Constraints, RateLimit } from '@countersign/core';
import type { KeyInput } from '@countersign/engine';
import { describe, expect, it } from 'vitest';
import { type Bench, benchOn, done, type IssuedKey, issue, manifestOf, SERVICE } from './engine-setup.ts';
import { STORES } from './store-adapters.ts';
import { bitgetRequest } from './wire.ts';

// A bot vendor loses the secrets of 1,000 keys. All of them may trade and none may withdraw, as in 2022, when about
// 22 million dollars went that way: the thief has the victims buy from him, on a market that is so thin that he makes
// its price. What he can get by that, by what the keys are held to:

const KEYS = 1_000;
/** What each victim has, in USDT. */
const BALANCE = 1_000;
const THIN = 'DUSTUSDT';
const DEEP = 'BTCUSDT';
const VENDOR = '203.0.113.10';
const THIEF = '198.51.100.66';
const MINUTE_MS = 60_000;
/** After so many minutes the operator has heard of it, and revokes everything of that vendor. */
const NOTICED_AFTER = 30;

const MANIFEST = `version: 1
permissions:
  trade: { risk: high }
  withdraw: { risk: critical }
routes:
  - route: POST /orders
    permission: trade
    facts:
      instrument: { json: /symbol }
      notional: { product: [{ json: /price }, { json: /size }] }
  - { route: POST /withdrawals, permission: withdraw }
`;

interface Scene {
  readonly held: string;
  readonly from: string;
  readonly more?: Partial<KeyInput>;
  /** The most that may end in the thief's hands, in USDT, of all keys together. */
  readonly atMost: number;
}

const ONLY_DEEP: Constraints = { instruments: [DEEP, 'ETHUSDT'] };
const AMOUNTS: Constraints = { maxNotionalPerOrder: '50', maxNotionalPerDay: '100' };
const VENDORS_NETWORK = ['203.0.113.0/24'];
const ONE_A_MINUTE: RateLimit[] = [{ name: 'orders', quota: 1, windowSeconds: 600 }];

const SCENES: readonly Scene[] = [
  { held: 'nothing but "no withdrawals"', from: THIEF, atMost: KEYS * BALANCE },
  {
    held: 'amounts: 50 an order, 100 a day',
    from: THIEF,
    more: { constraints: AMOUNTS },
    atMost: KEYS * 100,
  },
  {
    held: 'one order in ten minutes, of 50',
    from: THIEF,
    more: { constraints: { maxNotionalPerOrder: '50' }, rateLimits: ONE_A_MINUTE },
    atMost: KEYS * 150,
  },
  { held: 'two instruments', from: THIEF, more: { constraints: ONLY_DEEP }, atMost: 0 },
  { held: "the vendor's network", from: THIEF, more: { allowedIps: VENDORS_NETWORK }, atMost: 0 },
  {
    held: "the vendor's network, and he is inside",
    from: VENDOR,
    more: { allowedIps: VENDORS_NETWORK },
    atMost: KEYS * BALANCE,
  },
  {
    held: 'all of it, and he is inside',
    from: VENDOR,
    more: { allowedIps: VENDORS_NETWORK, constraints: { ...ONLY_DEEP, ...AMOUNTS } },
    atMost: 0,
  },
];

/** What came of it, in USDT. */
interface Loot {
  /** What the victims bought and sold without wanting to. */
  moved: number;
  /** What of it went to the thief: all that was bought on the market whose price he makes. */
  stolen: number;
  /** Requests that were let through after the revocation. */
  late: number;
}

/** The exchange behind: fills an order as far as the account has money. */
class Exchange {
  readonly #left = new Map<string, number>();

  buy(accountId: string, notional: number): number {
    const left = this.#left.get(accountId) ?? BALANCE;
    const filled = Math.min(left, notional);
    this.#left.set(accountId, left - filled);
    return filled;
  }
}

async function play(bench: Bench, { from, more }: Scene): Promise<Loot> {
  const keys: IssuedKey[] = [];
  for (let i = 0; i < KEYS; i++) {
    const metadata = { vendor: 'bots-r-us' };
    keys.push(await issue(bench, { accountId: `acct_${i}`, permissions: ['trade'], metadata, ...more }));
  }
  const exchange = new Exchange();
  const loot: Loot = { moved: 0, stolen: 0, late: 0 };
  let n = 0;

  async function send(key: IssuedKey, target: string, fields: object): Promise<boolean> {
    const body = JSON.stringify({ ...fields, n: n++ });
    const request = bitgetRequest(key, { nowMs: bench.nowMs, ip: from, target, body });
    return (await bench.engine.verify(request)).allowed;
  }

  /** Tries what may work with one key, the most lucrative first. */
  async function rob(key: IssuedKey): Promise<number> {
    let allowed = 0;
    for (const symbol of [THIN, DEEP]) {
      for (const size of [BALANCE, 50, 5]) {
        if (!(await send(key, '/orders', { symbol, price: '1', size: String(size) }))) continue;
        allowed++;
        const filled = exchange.buy(key.view.accountId, size);
        loot.moved += filled;
        if (symbol === THIN) loot.stolen += filled;
      }
    }
    return allowed;
  }

  expect(await send(keys[0] as IssuedKey, '/withdrawals', { to: 'the thief' })).toBe(false);
  for (let minute = 0; minute < NOTICED_AFTER; minute += 10) {
    for (const key of keys) await rob(key);
    bench.nowMs += 10 * MINUTE_MS;
  }
  const { revoked } = done(
    await bench.engine.keys.revokeAll({ metadata: { vendor: 'bots-r-us' } }, 'the vendor leaked', SERVICE),
  );
  expect(revoked).toBe(KEYS);
  for (const key of keys) loot.late += await rob(key);
  return loot;
}

describe('a bot vendor loses the secrets of 1,000 keys that may only trade', () => {
  const [adapter] = STORES.filter(({ name }) => /sqlite/i.test(name));
  const told: string[] = [];

  it.each(SCENES)('held to $held: the thief gets at most $atMost', async (scene) => {
    if (adapter === undefined) throw new Error('there is no SQLite store');
    const bench = await benchOn(adapter, { manifest: manifestOf(MANIFEST) });
    try {
      const { moved, stolen, late } = await play(bench, scene);
      told.push(`${scene.held.padEnd(40)} moved ${usdt(moved)}   into his hands ${usdt(stolen)}`);
      expect(stolen).toBeLessThanOrEqual(scene.atMost);
      // Where nothing holds a key, he gets all of it: the story is about something.
      if (scene.more?.constraints === undefined && scene.from !== THIEF) expect(stolen).toBe(KEYS * BALANCE);
      if (scene.more === undefined) expect(stolen).toBe(KEYS * BALANCE);
      expect(late).toBe(0);
    } finally {
      await bench.close();
    }
  });

  it('and that is what he could move', () => {
    expect(told).toHaveLength(SCENES.length);
    const head = `${KEYS} stolen keys, ${usdt(KEYS * BALANCE)} USDT behind them, revoked after ${NOTICED_AFTER} minutes:`;
    process.stdout.write(`${[head, ...told].join('\n')}\n`);
  });
});

function usdt(amount: number): string {
  return amount.toLocaleString('en-US').padStart(9);
}
