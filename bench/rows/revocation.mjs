import { startEngine, verifyAll } from '../exchange.mjs';
import { measured } from '../longest-hold.mjs';
import { populate, requestOf } from '../population.mjs';

const CACHED = 20_000;
const CHUNK = 1_000;
const OTHERS = 100;

/**
 * Every key of a broken app, revoked by one call, over SQLite: how long until none of them is let through any more,
 * with all of it on disk, and for how long at most a decision had to wait meanwhile. Many of the keys are in use, and
 * keys of other apps are checked to go on.
 */
export async function run({ quick }) {
  const count = quick ? 20_000 : 100_000;
  const started = await startEngine({ store: 'sqlite' });
  const { engine, store } = started;
  const ids = await populate(started, count, { metadata: { app: 'grid-bots' } });
  const others = await populate(started, OTHERS, { metadata: { app: 'another' } });
  const cached = Math.min(CACHED, count);
  for (let first = 0; first < cached; first += CHUNK) await verifyAll(engine, requests(ids, first, CHUNK));
  await started.settle();

  const filter = { metadata: { app: 'grid-bots' } };
  const { result, ms, longestMs } = await measured(() =>
    engine.keys.revokeAll(filter, 'the app was broken into', { actor: 'service' }),
  );
  if (!result.ok || result.revoked !== count) throw new Error(JSON.stringify(result));

  await verifyAll(engine, requests(others, 0, OTHERS));
  for (const request of requests(ids, 0, cached).concat(requests(ids, count - OTHERS, OTHERS))) {
    const decision = await engine.verify(request);
    if (decision.allowed) throw new Error('a revoked key was let through');
  }
  const { sealed } = (await store.loadCredential(ids[0])).secretVersions[0];
  if (sealed !== null) throw new Error('a secret is still there');
  const name = `${count.toLocaleString('en')} keys revoked by one call`;
  return [
    { row: name, ours: ms / 1000, unit: 's' },
    { row: `${name}: longest hold of the main thread`, ours: longestMs, unit: 'ms' },
  ];
}

function requests(ids, first, length) {
  return ids
    .slice(first, first + length)
    .map((id, i) => requestOf(first + i, id, { isRead: true, ip: `203.0.113.${i % 200}` }));
}
