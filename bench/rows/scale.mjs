import { startEngine, verifyAll } from '../exchange.mjs';
import { compare } from '../harness.mjs';
import { populate, requestOf } from '../population.mjs';

const CHUNK = 5_000;

/** The same decisions with few credentials and with very many, each used at random: the processor's caches count. */
export async function run({ quick }) {
  const many = quick ? 100_000 : 1_000_000;
  const large = await sideWith(many);
  const small = await sideWith(100);
  const figures = await compare({
    ours: large,
    peer: small,
    rounds: quick ? 6 : 12,
    ourCount: 10_000,
    peerCount: 10_000,
  });
  return [
    {
      row: `decision with ${many.toLocaleString('en')} credentials`,
      ...figures,
      unit: '/s',
      peerName: 'with 100',
      budget: { atLeast: 0.9 },
    },
  ];
}

async function sideWith(count) {
  const started = await startEngine({ store: 'memory' });
  // What the memory store alone would do: keep the log, and maps of a million uses, in the heap that is measured.
  started.store.append = async () => {};
  started.store.saveUsage = () => {};
  started.store.saveActivity = () => {};
  started.store.saveFailures = () => {};
  const ids = await populate(started, count);
  for (let first = 0; first < count; first += CHUNK) {
    const length = Math.min(CHUNK, count - first);
    await verifyAll(
      started.engine,
      Array.from({ length }, (_, i) => requestOf(first + i, ids[first + i])),
    );
    await started.settle();
  }
  const { cachedCredentials } = started.engine.health();
  if (cachedCredentials !== count) throw new Error(`${cachedCredentials} of ${count} are cached`);
  return {
    prepare: (length) =>
      Array.from({ length }, () => {
        const n = Math.floor(Math.random() * count);
        return requestOf(n, ids[n]);
      }),
    run: (requests) => verifyAll(started.engine, requests),
    settle: () => started.settle(),
  };
}
