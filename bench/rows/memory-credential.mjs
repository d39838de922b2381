import { IP, startEngine, verifyAll } from '../exchange.mjs';
import { heldBytes } from '../harness.mjs';
import { populate, requestOf } from '../population.mjs';

const CHUNK = 1_000;
/** Networks that keys succeeded from are saved each second, so many at once. */
const SAVED_A_SECOND = 5_000;

/**
 * Bytes of a cached credential: as many keys as said, in SQLite so that nothing is shared with the store, each
 * used once. The requests are reads, so that no nonce is remembered. Rate limits take memory only while they
 * are in use: what one takes is measured with a second set of keys.
 */
export async function run({ quick }) {
  const count = quick ? 20_000 : 100_000;
  const plain = await perKey(count, []);
  const limited = await perKey(count, [{ name: 'orders', quota: 1000, windowSeconds: 3600 }]);
  return [
    {
      row: `a cached credential (${count.toLocaleString('en')} of them)`,
      ours: plain,
      unit: 'bytes',
      budget: { atMost: 600 },
    },
    { row: 'a rate limit of one in use, beside it', ours: limited - plain, unit: 'bytes' },
  ];
}

async function perKey(count, rateLimits) {
  const started = await startEngine({ store: 'sqlite' });
  const ids = await populate(started, count, { rateLimits });
  const warm = Math.floor(count / 20); // The first ones grow what is there once only: code, caches, chunks.
  let before = 0;
  for (let first = 0; first < count; first += CHUNK) {
    if (first === warm) before = await held(started, warm);
    const requests = [];
    for (let n = first; n < Math.min(count, first + CHUNK); n++) {
      requests.push(requestOf(n, ids[n], { isRead: true, ip: `${IP.slice(0, -1)}${n % 200}` }));
    }
    await verifyAll(started.engine, requests);
    await started.settle();
  }
  const bytes = ((await held(started, count)) - before) / (count - warm);
  const { cachedCredentials } = started.engine.health();
  if (cachedCredentials !== count) throw new Error(`${cachedCredentials} of ${count} are cached`);
  await started.close();
  return bytes;
}

async function held({ engine, settle }, count) {
  await settle();
  // What waits to be saved is gone in seconds: it is no part of a cached credential. A list saves it.
  await engine.keys.list({ afterId: '~', limit: 1 });
  const savedMs = (Math.ceil(count / SAVED_A_SECOND) + 1) * 1_000;
  await new Promise((resolve) => setTimeout(resolve, savedMs));
  return heldBytes();
}
