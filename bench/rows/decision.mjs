import { createHmac, timingSafeEqual } from 'node:crypto';
import { decisionSide } from '../decision-side.mjs';
import { secretKeyOf, signedOrder } from '../exchange.mjs';
import { compare } from '../harness.mjs';

const secretKey = secretKeyOf('cs_live_0123456789012345678901234567890123456789012abcdef');

const bareHmac = {
  prepare: (count) => Array.from({ length: count }, () => signedOrder('ck', secretKey)),
  run(block) {
    let equal = 0;
    for (const { prehash, digest } of block) {
      if (timingSafeEqual(createHmac('sha256', secretKey).update(prehash).digest(), digest)) equal++;
    }
    if (equal !== block.length) throw new Error('a digest differs');
  },
};

/**
 * A whole decision, all ten stages, against nothing but the HMAC that it contains: `createHmac` over a prepared
 * `KeyObject`, one `update` with the bytes ready-made, and `timingSafeEqual` with an expected digest ready-made.
 */
export async function run({ quick }) {
  const results = [];
  for (const store of ['memory', 'sqlite']) {
    const ours = decisionSide({ store });
    const figures = await compare({
      ours,
      peer: bareHmac,
      rounds: quick ? 6 : 20,
      ourCount: 10_000,
      peerCount: 10_000,
    });
    results.push({
      row: `decision in process, ${store === 'memory' ? 'memory' : 'SQLite'}`,
      ...figures,
      unit: '/s',
      peerName: 'bare createHmac + timingSafeEqual',
      budget: { atLeast: 1 },
    });
  }
  return results;
}
