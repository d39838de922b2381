import { createHmac, createSecretKey } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lineOf } from '../packages/engine/dist/audit/decision-entry.js';
import {
  createEngine,
  createMemoryStore,
  openFileKeyring,
  parseManifest,
} from '../packages/engine/dist/index.js';
import { linesOf } from '../packages/engine/dist/sqlite/lines.js';
import { createSqliteStore } from '../packages/engine/dist/sqlite/store.js';

export const TARGET = '/api/v2/spot/trade/place-order';
export const PASSPHRASE = 'passphrase1';
export const IP = '203.0.113.7';

export const MANIFEST = `version: 1
permissions:
  spot.read: { risk: low }
  spot.trade: { risk: high }
routes:
  - { route: POST ${TARGET}, permission: spot.trade }
  - { route: POST /orders, permission: spot.trade }
  - { route: GET /api/v2/spot/account/assets, permission: spot.read }
  - { route: GET /api/v2/public/*, public: true }
`;

/** What every benchmarked key is like: an allowlist and a rate limit that is never reached. */
export const KEY = {
  accountId: 'acct_42',
  label: 'grid bot',
  environment: 'live',
  kind: 'hmac',
  dialects: ['bitget'],
  passphrase: PASSPHRASE,
  permissions: ['spot.read', 'spot.trade'],
  allowedIps: ['203.0.113.0/24', '2001:db8::/48'],
  rateLimits: [{ name: 'orders', quota: 1_000_000_000, windowSeconds: 10 }],
};

const folders = [];
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Makes a folder that is removed when the process ends. */
export function scratchFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  folders.push(folder);
  return folder;
}

/**
 * Starts an engine.
 *
 * @param {{ store?: 'memory' | 'sqlite', manifest?: string, options?: object }} [choice]
 */
export async function startEngine({ store: kind = 'memory', manifest = MANIFEST, options = {} } = {}) {
  const folder = scratchFolder();
  const store =
    kind === 'memory' ? createMemoryStore() : await createSqliteStore({ path: join(folder, 'db.sqlite') });
  const writing = trackWrites(store);
  const keyring = openFileKeyring(join(folder, 'keyring.json'), Date.now);
  const parsed = parseManifest(manifest);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  const engine = createEngine({
    store,
    keyring,
    manifest: parsed.manifest,
    onError: (error) => {
      throw error;
    },
    ...options,
  });
  await engine.start();
  return {
    engine,
    store,
    keyring,
    folder,
    /** Waits until the log is written, by its own thread too, which would otherwise run beside the peer. */
    async settle() {
      while (engine.health().pendingLogEntries > 0 || writing.count > 0) await sleep(1);
    },
    /** Makes the lines of the log still, as SQLite's store does, and keeps none. */
    dropLog() {
      store.append = async (entries) => {
        if (linesOf(entries, lineOf).length === 0) throw new Error('a group without a line');
      };
    },
    async close() {
      await engine.close();
      await store.close();
    },
  };
}

/** Counts the groups that the store is writing. */
function trackWrites(store) {
  const writing = { count: 0 };
  const { append } = store;
  store.append = async (entries) => {
    writing.count++;
    try {
      await append(entries);
    } finally {
      writing.count--;
    }
  };
  return writing;
}

/** Issues a key and returns its id and secret. */
export async function issueKey(engine, changes = {}) {
  const issued = await engine.keys.issue({ ...KEY, ...changes }, { actor: 'service' });
  if (!issued.ok) throw new Error(JSON.stringify(issued));
  return { id: issued.key.id, secret: issued.secret?.expose() };
}

let serial = 0;

/** A market order as JSON, about 180 bytes, different each time. */
export function orderBody() {
  return Buffer.from(
    JSON.stringify({
      symbol: 'BTCUSDT',
      side: 'buy',
      orderType: 'limit',
      force: 'gtc',
      price: '23222.5',
      size: '1',
      triggerPrice: '23100.0',
      tpslType: 'normal',
      clientOid: `bot-7f3a9c-${String(serial++).padStart(16, '0')}`,
    }),
  );
}

/** A bitget request, freshly signed, as it would come from the wire, and the bytes that were signed. */
export function signedOrder(id, secretKey, { ip = IP, target = TARGET } = {}) {
  const body = orderBody();
  const timestamp = String(Date.now());
  const prehash = Buffer.concat([Buffer.from(`${timestamp}POST${target}`), body]);
  const digest = createHmac('sha256', secretKey).update(prehash).digest();
  const request = {
    method: 'POST',
    target,
    headers: [
      'Host',
      'api.example.com',
      'Connection',
      'keep-alive',
      'Content-Type',
      'application/json',
      'Content-Length',
      String(body.length),
      'ACCESS-KEY',
      id,
      'ACCESS-SIGN',
      digest.toString('base64'),
      'ACCESS-TIMESTAMP',
      timestamp,
      'ACCESS-PASSPHRASE',
      PASSPHRASE,
      'locale',
      'en-US',
      'User-Agent',
      'python-requests/2.32.3',
    ],
    body,
    ip,
  };
  return { request, prehash, digest };
}

export function secretKeyOf(secret) {
  return createSecretKey(Buffer.from(secret));
}

/** Requests that are decided between two turns of the event loop. */
const TURN = 100;

/** Decides on each request, awaited one by one, and throws unless all are allowed. */
export async function verifyAll(engine, requests) {
  let allowed = 0;
  for (let i = 0; i < requests.length; i++) {
    const decision = await engine.verify(requests[i]);
    if (decision.allowed) allowed++;
    else if (allowed === i) throw new Error(`denied: ${decision.code}: ${decision.detail}`);
    if (i % TURN === TURN - 1) await new Promise((resolve) => setImmediate(resolve));
  }
  if (allowed !== requests.length) throw new Error(`${requests.length - allowed} were denied`);
}
