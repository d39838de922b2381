import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { get } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeClient, nameOfThrown } from '../stage/clients.mjs';
import { setStage } from '../stage/stage.mjs';

const ROUTE = '/api/v2/spot/market/history-candles';
const CHUNK = Buffer.alloc(65_536, 'candles ');
let stage;
beforeAll(async () => {
  stage = await setStage('bitget');
});
afterAll(() => stage?.close());

/** Asks through the proxy, with another exchange behind it for this once. */
async function ask(answer) {
  const before = stage.upstream.answer;
  stage.upstream.answer = () => answer;
  try {
    const request = get(stage.service.proxyUrl + ROUTE, { agent: false });
    const [response] = await once(request, 'response');
    return response;
  } finally {
    stage.upstream.answer = before;
  }
}

describe('a large answer', () => {
  it('is passed on as it comes, and not when it is whole', async () => {
    let goOn;
    const seen = new Promise((resolve) => {
      goOn = resolve;
    });
    const response = await ask(async (upstream) => {
      upstream.write('first');
      await seen; // Never, if the proxy waited for the end.
      upstream.end('last');
    });
    const [first] = await once(response, 'data');
    expect(first.toString()).toBe('first');
    goOn();
    const [last] = await once(response, 'data');
    expect(last.toString()).toBe('last');
  });

  it('of 64 MB arrives unharmed', async () => {
    const sent = createHash('sha256');
    const response = await ask(async (upstream) => {
      for (let i = 0; i < 1024; i++) {
        sent.update(CHUNK);
        if (!upstream.write(CHUNK)) await once(upstream, 'drain');
      }
      upstream.end();
    });
    const got = createHash('sha256');
    let size = 0;
    for await (const chunk of response) {
      got.update(chunk);
      size += chunk.length;
    }
    expect(size).toBe(1024 * CHUNK.length);
    expect(got.digest('hex')).toBe(sent.digest('hex'));
  });

  it('is not gathered in memory when the client reads slowly', async () => {
    let written = 0;
    const response = await ask(async (upstream) => {
      while (written < 512 * 1024 * 1024 && !upstream.destroyed) {
        written += CHUNK.length;
        await new Promise((resolve) => upstream.write(CHUNK, resolve)); // Also when it is destroyed.
      }
    });
    // Until nothing moves any more: what is under way then are the buffers of four sockets.
    let last = -1;
    while (last !== written) {
      last = written;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    response.destroy();
    expect(written).toBeLessThan(64 * 1024 * 1024);
  });
});

describe('when one side goes away', () => {
  it('an answer that breaks off is not made to look whole', async () => {
    const response = await ask((upstream) => {
      upstream.write('half of it');
      setTimeout(() => upstream.destroy(), 50);
    });
    await expect(response.toArray()).rejects.toThrow(/aborted/);
  });

  it('an exchange that hangs up without an answer gives the exchange\'s own "try again later"', async () => {
    const response = await ask((upstream) => upstream.destroy());
    expect(response.statusCode).toBeGreaterThanOrEqual(502);
    expect((await response.toArray()).length).toBeGreaterThan(0);
  });

  it('the exchange hears of a client that left', async () => {
    let left;
    const gone = new Promise((resolve) => {
      left = resolve;
    });
    const response = await ask((upstream) => {
      upstream.on('close', left);
      upstream.write('some');
    });
    await once(response, 'data');
    response.destroy();
    await gone;
  });

  it('a dead exchange is an error of its own kind, and the service lives on', async () => {
    const { keys, service, upstream } = stage;
    await upstream.close();
    const client = await makeClient('ccxt', { exchange: 'bitget', url: service.proxyUrl, key: keys.trader });
    const thrown = await client.privateSpotGetV2SpotAccountAssets().catch((error) => error);
    expect(thrown.message).toMatch(/"code":"\d{5}".*try again/);
    expect(nameOfThrown(thrown)).not.toMatch(/Authentication|Permission|Nonce/);
    const refused = await client.privateSpotPostV2SpotWalletWithdrawal({}).catch((error) => error);
    expect(nameOfThrown(refused)).toBe('PermissionDenied');
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
  });
});
