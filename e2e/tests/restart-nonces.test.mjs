import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startUpstream } from '../sandbox/upstream.mjs';
import { makeClient } from '../stage/clients.mjs';
import { loadExchange } from '../stage/load-exchange.mjs';
import { removeFolder, startService, temporaryFolder } from '../stage/service.mjs';

const { manifest, answer } = await loadExchange('kraken');
let upstream;
beforeAll(async () => {
  upstream = await startUpstream(answer);
});
afterAll(() => upstream?.close());

describe.each([
  ['is stopped', (service) => service.stop()],
  ['is killed', (service) => service.kill()],
])('after the service %s and started again', (_, end) => {
  it('no nonce that was used is taken, and none below all that are remembered', async () => {
    const dataDir = temporaryFolder();
    const start = () => startService({ upstream: upstream.url, manifest, dataDir });
    const first = await start();
    const windowed = await first.call('POST', '/v1/keys', {
      accountId: 'acct_windowed',
      label: 'windowed',
      environment: 'live',
      kind: 'hmac',
      dialects: ['kraken'],
      permissions: ['read'],
      nonceWindow: 10_000,
    });
    const highest = Date.now();
    const outcomeOf = async ({ proxyUrl }, offset) => {
      const client = await makeClient('kraken-api', { exchange: 'kraken', url: proxyUrl, key: windowed });
      return client.api('Balance', { nonce: highest + offset }).then(
        () => 'taken',
        ({ message }) => message,
      );
    };
    for (const offset of [0, -1_000]) expect(await outcomeOf(first, offset)).toBe('taken');
    await new Promise((resolve) => setTimeout(resolve, 250)); // The log is written in groups, a few ms apart.
    await end(first);

    const second = await start();
    try {
      for (const offset of [0, -1_000, -2_000, -20_000])
        expect(await outcomeOf(second, offset)).toBe('API:Invalid nonce');
      for (const offset of [-500, 1]) expect(await outcomeOf(second, offset)).toBe('taken');
      expect(await outcomeOf(second, -500)).toBe('API:Invalid nonce');
    } finally {
      await second.stop();
      removeFolder(dataDir);
    }
  });
});
