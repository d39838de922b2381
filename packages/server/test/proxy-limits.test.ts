import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import WebSocket from 'ws';
import { login } from './login-proxy.ts';
import { RunningProxy } from './running-proxy.ts';
import { anAnswerSigner } from './signing.ts';

const MANIFEST = `
version: 1
permissions:
  spot.trade: { risk: medium }
routes:
  - { route: "GET /open/*", public: true }
  - { route: "POST /orders", permission: spot.trade }
  - { route: "GET /ws", permission: spot.trade, webSocket: { login: bitget } }
rateLimits:
  - { name: account, per: account, quota: 3, windowSeconds: 3600 }
`;
const POLICY = '"account";q=3;w=3600';
const ours = /^"account";r=(\d+);t=\d+$/;

/** A port on which nothing listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

let proxy: RunningProxy;
afterEach(() => proxy.close());
let n = 0;
const order = () => proxy.signed('POST /orders', { body: `{"n":${n++}}` });

describe.each([
  ['plain', undefined],
  ['signed', anAnswerSigner()],
])('answers of the proxy that are %s', (_what, answerSigner) => {
  it('say how the limits stand, allowed and refused', async () => {
    proxy = await RunningProxy.start({ manifest: MANIFEST, answerSigner });
    for (const left of ['2', '1', '0']) {
      const answer = await order();
      expect(answer.status).toBe(200);
      expect(answer.headers['ratelimit-policy']).toBe(POLICY);
      expect(ours.exec(String(answer.headers.ratelimit))?.[1]).toBe(left);
      expect(answer.headers['x-mbx-used-remain-limit']).toBe(left);
      const signed = String(answer.headers['signature-input'] ?? '').includes(
        '"ratelimit" "ratelimit-policy"',
      );
      expect(signed).toBe(answerSigner !== undefined);
    }
    const refused = await order();
    expect(refused.status).toBe(429);
    expect(refused.headers['ratelimit-policy']).toBe(POLICY);
    expect(ours.exec(String(refused.headers.ratelimit))?.[1]).toBe('0');
    if (answerSigner === undefined) return;
    expect(String(refused.headers['signature-input'])).toContain('"ratelimit" "ratelimit-policy"');
  });

  it("take the place of the upstream's own, which else goes through", async () => {
    proxy = await RunningProxy.start({ manifest: MANIFEST, answerSigner });
    proxy.answer = (_request, response) => {
      response.setHeader('RateLimit', ['"upstream";r=9;t=9', '"more";r=1;t=1']);
      response.setHeader('RateLimit-Policy', '"upstream";q=10;w=9');
      response.setHeader('X-MBX-USED-REMAIN-LIMIT', '77');
      response.setHeader('x-other', ['a', 'b']);
      response.end('done');
    };
    const answer = await order();
    expect(answer.headers.ratelimit).toMatch(ours);
    expect(answer.headers['ratelimit-policy']).toBe(POLICY);
    expect(answer.headers['x-mbx-used-remain-limit']).toBe('2');
    expect(answer.headers['x-other']).toEqual(['a', 'b']);
    const open = await proxy.signed('GET /open/a');
    expect(open.headers.ratelimit).toEqual(['"upstream";r=9;t=9', '"more";r=1;t=1']);
  });
});

describe('a request that never reached the upstream', () => {
  it('takes nothing: it is given back, and logged', async () => {
    const upstream = new URL(`http://127.0.0.1:${await freePort()}`);
    proxy = await RunningProxy.start({ manifest: MANIFEST, upstream });
    for (let i = 0; i < 6; i++) expect((await order()).status).toBe(503);
    const entries = await proxy.engine.store.readLog({ after: 0, limit: 99, type: 'key.usage_released' });
    expect(entries).toHaveLength(6);
    expect(JSON.parse(entries[0]?.bytes ?? '')).toMatchObject({
      actor: 'service',
      accountId: 'acct_42',
      data: { cost: 1, reason: 'The upstream could not be reached.' },
    });
  });

  it('takes nothing when it was a login inside a WebSocket', async () => {
    const upstream = new URL(`http://127.0.0.1:${await freePort()}`);
    proxy = await RunningProxy.start({ manifest: MANIFEST, upstream });
    for (let i = 0; i < 5; i++) {
      const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/ws`);
      await once(socket, 'open');
      socket.send(login(proxy.key as Parameters<typeof login>[0]));
      const [answer] = await once(socket, 'message');
      expect(JSON.parse(String(answer))).toMatchObject({ event: 'login', code: 0 });
      await once(socket, 'close');
    }
    await vi.waitFor(async () => {
      const entries = await proxy.engine.store.readLog({ after: 0, limit: 99, type: 'key.usage_released' });
      expect(entries).toHaveLength(5);
    });
  });

  it('is told from one that broke off, of which nobody knows what it did', async () => {
    proxy = await RunningProxy.start({ manifest: MANIFEST });
    proxy.answer = (request) => request.socket.destroy();
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push((await order()).status);
    expect(statuses).toEqual([503, 503, 503, 429, 429]);
    expect(await proxy.engine.store.readLog({ after: 0, limit: 9, type: 'key.usage_released' })).toEqual([]);
  });
});
