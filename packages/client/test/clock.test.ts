import { type ClientOptions, createClient, type JsonTree } from '@countersign/client';
import { type Dialect, denial, dialectNamed } from '@countersign/core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createServerClock, dateOf } from '../src/clock.ts';
import { optionsFor } from './keys.ts';
import { json, type Loopback, startLoopback } from './loopback.ts';

let server: Loopback;
beforeEach(async () => {
  server = await startLoopback();
});
afterEach(() => server.close());

const client = (dialect: string, offMs: number, over: Partial<ClientOptions> = {}) =>
  createClient({
    ...optionsFor(dialect, server.url),
    clock: () => Date.now() + offMs,
    ...over,
  } as ClientOptions);

/** Refuses a number of requests for their time, in the dialect's own words or with another text. */
function refuseForTime(name: string, times: number, change: (body: string) => string = (body) => body): void {
  const dialect = dialectNamed(name) as Dialect;
  const { status, headers, body } = dialect.refuse(denial('timestamp_out_of_window', 'off'), {
    nowMs: Date.now(),
    requestId: 'req_1',
  });
  server.answer = (request, response, count) =>
    count > times
      ? json({ ok: true })(request, response, count)
      : response.writeHead(status, headers).end(change(body));
}

describe('a refusal for the time', () => {
  it.each(['bitget', 'okx', 'binance', 'bybit', 'gate', 'rfc9421', 'sigv4'])(
    'in the words of %s sets the clock, and the request is sent again, a POST too',
    async (name) => {
      refuseForTime(name, 1);
      const answer = await client(name, -90_000).fetch('/orders', { method: 'POST', body: '{"a":1}' });
      expect(await answer.json()).toEqual({ ok: true });
      expect(server.received).toHaveLength(2);
    },
  );

  it('is believed once', async () => {
    refuseForTime('bitget', 9);
    await expect(client('bitget', -90_000).fetch('/orders')).rejects.toMatchObject({
      code: 'clock_off',
      status: 400,
    });
    expect(server.received).toHaveLength(2);
  });

  it('by a server whose clock agrees is not answered by trying again', async () => {
    refuseForTime('bitget', 9);
    await expect(client('bitget', 0).fetch('/orders')).rejects.toMatchObject({ code: 'clock_off' });
    expect(server.received).toHaveLength(1);
  });

  it('that can mean a replay sets the clock, and sends only what may be repeated again', async () => {
    const words = (body: string) =>
      body.replace('Timestamp for this request is outside of the recvWindow.', 'Timestamp was 1000ms ahead.');
    const post = { method: 'POST', body: 'a=1' };
    refuseForTime('binance', 1, words);
    const one = client('binance', -90_000);
    await expect(one.fetch('/orders', post)).rejects.toMatchObject({
      code: 'clock_off',
      denials: ['timestamp_out_of_window', 'replayed'],
      message: expect.stringContaining('set right now'),
    });
    expect(server.received).toHaveLength(1);
    expect((await one.fetch('/orders', post)).status).toBe(200);
    for (const init of [{}, { ...post, headers: { 'idempotency-key': 'a' } }]) {
      server.received.length = 0;
      refuseForTime('binance', 1, words);
      expect((await client('binance', -90_000).fetch('/orders', init)).status).toBe(200);
      expect(server.received).toHaveLength(2);
    }
  });

  it('of a nonce that did not rise is no reason to send a POST again', async () => {
    const words = { bitfinex: ['error', 10114, 'nonce: small'], kraken: { error: ['EAPI:Invalid nonce'] } };
    for (const [name, body] of Object.entries(words)) {
      server.received.length = 0;
      server.answer = json(body, name === 'bitfinex' ? 500 : 200);
      await expect(client(name, 0).fetch('/v2/auth/r/wallets', { method: 'POST' })).rejects.toMatchObject({
        code: 'replayed',
      });
      expect(server.received).toHaveLength(1);
    }
  });
});

describe('the time route', () => {
  const timeRoute = { path: '/time', read: (answer: JsonTree) => Number(answer.ms) };

  it('is asked without a credential, and believed to the ms', async () => {
    server.answer = (request, response, count) => json({ ms: Date.now() })(request, response, count);
    const one = client('bitget', 45_000, { timeRoute });
    await one.syncClock();
    expect(
      Object.keys(server.received[0]?.headers ?? {}).filter((name) => name.startsWith('access')),
    ).toEqual([]);
    const { headers } = await one.sign({ url: '/' });
    expect(Math.abs(Number(headers['ACCESS-TIMESTAMP']) - Date.now())).toBeLessThan(5000);
  });

  it.each([{ ms: 'soon' }, { ms: 1_795_500_000 }, {}, [], 'text'])(
    'that says %j is not believed',
    async (said) => {
      server.answer = json(said);
      await expect(client('bitget', 0, { timeRoute }).syncClock()).rejects.toMatchObject({
        code: 'answer_unexpected',
      });
    },
  );

  it('may not be on another host', () => {
    expect(() => client('bitget', 0, { timeRoute: { ...timeRoute, path: 'https://evil.example/' } })).toThrow(
      'The client is for',
    );
  });
});

describe('the clock', () => {
  it('comes to within a second and the way there and back of any server in its limit, and then stays', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -590_000, max: 590_000 }),
        fc.integer({ min: 0, max: 2000 }),
        fc.integer({ min: 0, max: 2000 }),
        (off, there, back) => {
          const sentAt = 1_795_500_000_123;
          const clock = createServerClock(() => sentAt, 600_000);
          const serverMs = Math.floor((sentAt + there + off) / 1000) * 1000;
          const seen = { sentAt, receivedAt: sentAt + there + back, serverMs, resolutionMs: 1000 };
          clock.learn(seen);
          expect(Math.abs(clock.offsetMs - off)).toBeLessThanOrEqual(1000 + there + back);
          expect(clock.learn(seen)).toBe(false);
        },
      ),
    );
  });

  it('is not moved by a date that agrees with it, and not further than its limit', () => {
    const clock = createServerClock(() => 10_500, 5000);
    expect(clock.learn({ sentAt: 10_400, receivedAt: 10_600, serverMs: 10_000, resolutionMs: 1000 })).toBe(
      false,
    );
    expect(() =>
      clock.learn({ sentAt: 10_400, receivedAt: 10_600, serverMs: 90_000, resolutionMs: 1000 }),
    ).toThrow('80 s behind');
    expect(() =>
      clock.learn({ sentAt: 10_400, receivedAt: 10_600, serverMs: 1000, resolutionMs: 1000 }),
    ).toThrow('9 s ahead of');
    expect(clock.offsetMs).toBe(0);
  });

  it('takes no date from a cache, and none that is no date', () => {
    const date = 'Sun, 06 Nov 1994 08:49:37 GMT';
    expect(dateOf(new Headers({ date }))).toBe(784_111_777_000);
    expect(dateOf(new Headers({ date, age: '10' }))).toBeUndefined();
    expect(dateOf(new Headers({ date: 'today' }))).toBeUndefined();
    expect(dateOf(new Headers())).toBeUndefined();
  });
});
