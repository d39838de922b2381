import { createHmac, timingSafeEqual } from 'node:crypto';
import { issueKey, secretKeyOf, signedOrder, startEngine, verifyAll } from '../exchange.mjs';
import { compare } from '../harness.mjs';

export const name = 'decision';

/**
 * A whole decision, all ten stages, against nothing but the HMAC that it contains: `createHmac` over a prepared
 * `KeyObject`, one `update` with the bytes ready-made, and `timingSafeEqual` with an expected digest ready-made.
 */
export async function run({ quick }) {
  const results = [];
  for (const store of ['memory', 'sqlite']) {
    const figures = await againstBareHmac(store, quick ? 6 : 20);
    results.push({
      row: `whole decision in process, ${store === 'memory' ? 'memory' : 'SQLite'}`,
      ...figures,
      unit: '/s',
      peerName: 'bare createHmac + timingSafeEqual',
      budget: 1,
    });
  }
  return results;
}

async function againstBareHmac(store, rounds) {
  let started;
  let key;
  let secretKey;
  const ours = {
    // A new engine each time, so that no log of earlier rounds weighs on the collector.
    async prepare(count) {
      await started?.close();
      started = await startEngine({ store });
      key = await issueKey(started.engine);
      secretKey = secretKeyOf(key.secret);
      await verifyAll(started.engine, [signedOrder(key.id, secretKey).request]);
      await started.settle();
      return Array.from({ length: count }, () => signedOrder(key.id, secretKey).request);
    },
    run: (requests) => verifyAll(started.engine, requests),
    settle: () => started.settle(),
  };
  const peer = {
    prepare: (count) => Array.from({ length: count }, () => signedOrder('ck', peerKey)),
    run(block) {
      let equal = 0;
      for (const { prehash, digest } of block) {
        if (timingSafeEqual(createHmac('sha256', peerKey).update(prehash).digest(), digest)) equal++;
      }
      if (equal !== block.length) throw new Error('a digest differs');
    },
  };
  const peerKey = secretKeyOf('cs_live_0123456789012345678901234567890123456789012abcdef');
  const figures = await compare({ ours, peer, rounds, ourCount: 10_000, peerCount: 10_000 });
  await started.close();
  return figures;
}
