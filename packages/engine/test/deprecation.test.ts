import type { Allowed } from '@countersign/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, benchOn, clientKey, type IssuedKey, issue, SERVICE } from './engine-setup.ts';
import { T0 } from './records.ts';
import { STORES } from './store-adapters.ts';
import { bitgetRequest, type ClientKey } from './wire.ts';

const GRACE_S = 3600;

for (const adapter of STORES) {
  describe(`who still uses a replaced secret, over ${adapter.name}`, () => {
    let bench: Bench;
    let key: IssuedKey;
    let next: IssuedKey;
    let n = 0;
    beforeEach(async () => {
      bench = await benchOn(adapter);
      key = await issue(bench);
      bench.nowMs = T0 + 1_999;
      next = clientKey(await bench.engine.keys.rotate(key.id, GRACE_S, SERVICE), key.passphrase);
    });
    afterEach(() => bench.close());
    const answerTo = async (client: ClientKey) => {
      const request = bitgetRequest(client, { nowMs: bench.nowMs, body: `{"n":${n++}}` });
      const decision = await bench.engine.verify(request);
      expect(decision.allowed).toBe(true);
      return decision as Allowed;
    };

    it('is told since when there is a new one, and when the old one ends', async () => {
      const retiresAt = T0 + 1_999 + GRACE_S * 1000;
      for (const restart of [false, true]) {
        if (restart) await bench.restart();
        expect(await answerTo(key)).toMatchObject({
          secretVersion: 1,
          retiringSecret: { replacedAt: T0 + 1_999, retiresAt },
          headers: { deprecation: `@${T0 / 1000 + 1}`, sunset: new Date(retiresAt).toUTCString() },
        });
      }
    });

    it('is nobody with the new one, nor anybody before a rotation or after the grace', async () => {
      const other = await issue(bench);
      for (const client of [next, other]) {
        const { headers, retiringSecret } = await answerTo(client);
        expect([headers, retiringSecret]).toEqual([undefined, undefined]);
      }
      bench.nowMs += GRACE_S * 1000;
      expect((await answerTo(next)).headers).toBeUndefined();
    });

    it('is told beside how the rate limits stand', async () => {
      const limited = await issue(bench, {
        permissions: ['trade'],
        rateLimits: [{ name: 'orders', quota: 5, windowSeconds: 60 }],
      });
      await bench.engine.keys.rotate(limited.id, GRACE_S, SERVICE);
      const names = Object.keys((await answerTo(limited)).headers ?? {});
      expect(names).toEqual(expect.arrayContaining(['ratelimit', 'deprecation', 'sunset']));
    });
  });
}
