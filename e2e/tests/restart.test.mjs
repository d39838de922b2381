import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startUpstream } from '../sandbox/upstream.mjs';
import { makeClient } from '../stage/clients.mjs';
import { issueKeys } from '../stage/keys.mjs';
import { loadExchange } from '../stage/load-exchange.mjs';
import { send } from '../stage/send.mjs';
import { removeFolder, startService, temporaryFolder } from '../stage/service.mjs';
import { startTap } from '../stage/tap.mjs';

const { manifest, answer, keys: profiles } = await loadExchange('bitget');
let upstream;
beforeAll(async () => {
  upstream = await startUpstream(answer);
});
afterAll(() => upstream?.close());

describe.each([
  ['is stopped', (service) => service.stop(), { code: 0, signal: null }],
  ['is killed', (service) => service.kill(), { code: null, signal: 'SIGKILL' }],
])('after the service %s and started again', (_, end, how) => {
  it('an order captured before is still a replay, and keys are as they were', async () => {
    const dataDir = temporaryFolder();
    const first = await startService({ upstream: upstream.url, manifest, dataDir });
    const keys = await issueKeys(first, profiles);
    const tap = await startTap(first.proxyUrl);
    const client = await makeClient('ccxt', { exchange: 'bitget', url: tap.url, key: keys.trader });
    await client.privateSpotPostV2SpotTradePlaceOrder({ symbol: 'BTCUSDT', size: '0.01' });
    const { request } = tap.exchanges.at(-1);
    await tap.close();
    await new Promise((resolve) => setTimeout(resolve, 250)); // The log is written in groups, a few ms apart.
    expect(await end(first)).toEqual(how);

    const second = await startService({ upstream: upstream.url, manifest, dataDir });
    try {
      const { length: before } = upstream.received;
      const { status, body } = await send(second.proxyUrl, request);
      expect({ status, code: JSON.parse(body).code }).toEqual({ status: 400, code: '40008' });
      const again = (name) =>
        makeClient('ccxt', { exchange: 'bitget', url: second.proxyUrl, key: keys[name] });
      await expect((await again('revoked')).privateSpotGetV2SpotAccountAssets()).rejects.toThrow(/40037/);
      await expect((await again('disabled')).privateSpotGetV2SpotAccountAssets()).rejects.toThrow(/40006/);
      expect(upstream.received).toHaveLength(before);
      await (await again('trader')).privateSpotGetV2SpotAccountAssets();
      await (await again('rotatedInGrace')).privateSpotGetV2SpotAccountAssets();
      expect(upstream.received).toHaveLength(before + 2);
    } finally {
      await second.stop();
      removeFolder(dataDir);
    }
  }, 60_000);
});
