import { type ClientOptions, createClient } from '@countersign/client';
import { DIALECTS, type Dialect, dialectNamed } from '@countersign/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { optionsFor } from './keys.ts';
import { json, type Loopback, type Received, startLoopback } from './loopback.ts';

let server: Loopback;
beforeEach(async () => {
  server = await startLoopback();
});
afterEach(() => server.close());

/** Where a later nonce that comes first makes the earlier one worthless. */
const WINDOWED = DIALECTS.filter(({ replay }) => replay.kind === 'rising' && replay.order === 'windowed').map(
  ({ name }) => name,
);
const PATHS: Readonly<Record<string, string>> = {
  'kraken-futures': '/api/v3/sendorder',
  bitfinex: '/v2/auth/w/order/submit',
};

const client = (name: string, over: Partial<ClientOptions> = {}) =>
  createClient({ ...optionsFor(name, server.url), retries: 3, ...over } as ClientOptions);

function nonceOf(name: string, { method, target, rawHeaders, body }: Received): bigint {
  const claim = (dialectNamed(name) as Dialect).read({
    method,
    target,
    headers: rawHeaders,
    body: Buffer.from(body),
  });
  if (!claim.ok || claim.nonce === undefined) throw new Error('no nonce');
  return BigInt(claim.nonce);
}

const rises = (nonces: readonly bigint[]) =>
  nonces.every((nonce, i) => i === 0 || nonce > (nonces[i - 1] as bigint));

describe.each(WINDOWED)('%s', (name) => {
  const post = (one: ReturnType<typeof client>, n: number) =>
    one.fetch(PATHS[name] ?? '/0/private/AddOrder', {
      method: 'POST',
      body: name === 'bitfinex' || name === 'kraken' ? JSON.stringify({ n }) : `order=x${n}&end=z`,
      headers: { 'idempotency-key': String(n) },
    });

  it('has its nonces arrive in their order, and the requests in that of the calls', async () => {
    // The sooner it came, the later it is answered.
    server.answer = (request, response, count) =>
      void setTimeout(() => json({ count })(request, response, count), 40 - count);
    const one = client(name);
    await Promise.all(Array.from({ length: 20 }, (_, n) => post(one, n)));
    expect(server.received.map(({ headers }) => headers['idempotency-key'])).toEqual(
      Array.from({ length: 20 }, (_, n) => String(n)),
    );
    expect(rises(server.received.map((request) => nonceOf(name, request)))).toBe(true);
  });

  it('never has the same nonce twice, over clients, tries and clocks that go back', async () => {
    let now = Date.now() + 1_000_000;
    const clients = [
      client(name, { clock: () => now--, concurrentNonces: true }),
      client(name, { clock: () => now }),
    ];
    server.answer = (request, response, count) =>
      count % 5 === 0 ? response.destroy() : json({})(request, response, count);
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => post(clients[n % 2] as ReturnType<typeof client>, n)),
    );
    const nonces = server.received.map((request) => nonceOf(name, request));
    expect(nonces.length).toBeGreaterThan(20);
    expect(new Set(nonces).size).toBe(nonces.length);
  });

  it('goes on after a request that failed', async () => {
    server.answer = (request, response, count) =>
      count === 1 ? response.destroy() : json({})(request, response, count);
    const one = client(name, { retries: 0 });
    const [failed, next] = await Promise.allSettled([post(one, 1), post(one, 2)]);
    expect([failed?.status, next?.status]).toEqual(['rejected', 'fulfilled']);
  });

  it('is left by who does not want to wait for its turn any more, and nothing is sent', async () => {
    let release: (() => void) | undefined;
    server.answer = (request, response, count) => {
      release = () => json({})(request, response, count);
    };
    const one = client(name);
    const first = post(one, 1);
    const controller = new AbortController();
    const second = one.fetch(PATHS[name] ?? '/0/private/AddOrder', {
      method: 'POST',
      signal: controller.signal,
    });
    controller.abort(new Error('too late'));
    await expect(second).rejects.toThrow('too late');
    await expect.poll(() => release).toBeDefined();
    release?.();
    expect((await first).status).toBe(200);
    expect(server.received).toHaveLength(1);
  });

  it('goes at once where the key has a window', async () => {
    let inFlight = 0;
    let most = 0;
    server.answer = (request, response, count) => {
      most = Math.max(most, ++inFlight);
      setTimeout(() => {
        inFlight--;
        json({})(request, response, count);
      }, 30);
    };
    const one = client(name, { concurrentNonces: true });
    await Promise.all(Array.from({ length: 5 }, (_, n) => post(one, n)));
    expect(most).toBeGreaterThan(1);
  });
});

it('there are dialects whose nonces rise', () => {
  expect(WINDOWED).toEqual(expect.arrayContaining(['kraken', 'kraken-futures', 'bitfinex']));
});
