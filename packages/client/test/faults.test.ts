import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { type ClientOptions, CountersignError, createClient } from '@countersign/client';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newFolder, optionsFor, removeFolders } from './keys.ts';
import { json, type Loopback, startLoopback } from './loopback.ts';

let server: Loopback;
const sockets: Socket[] = [];
const raw: Server[] = [];

beforeEach(async () => {
  server = await startLoopback();
});
afterEach(async () => {
  await server.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const one of raw.splice(0)) await new Promise((resolve) => one.close(resolve));
});
afterAll(removeFolders);

const client = (over: Partial<ClientOptions> = {}, baseUrl = server.url) =>
  createClient({ ...optionsFor('bitget', baseUrl), retries: 0, ...over } as ClientOptions);

/** The error that a promise is rejected with. */
async function errorOf(promise: Promise<unknown>): Promise<CountersignError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CountersignError);
  return error as CountersignError;
}

/** A server of bytes: what is done with each connection's first bytes. */
async function startRaw(answer: (socket: Socket, count: number) => void): Promise<string> {
  let count = 0;
  const one = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {}); // A reset is an end like any other.
    socket.once('data', () => answer(socket, ++count));
  });
  raw.push(one);
  await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(one.address() as AddressInfo).port}`;
}

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('%i to another host carries no signature there', async (status) => {
    const other = await startLoopback();
    server.answer = (_, response) => response.writeHead(status, { location: `${other.url}/stolen` }).end();
    for (const method of ['GET', 'POST']) {
      const error = await errorOf(client().fetch('/orders', { method }));
      expect(error.code).toBe('redirected');
      expect(error.message).toContain(other.url);
    }
    expect(other.received).toEqual([]);
    expect(server.received).toHaveLength(2);
    await other.close();
  });

  it.each(['//evil.example/', 'https://127.0.0.1/', 'javascript:alert(1)', '\\\\evil.example\\', 'http://'])(
    'to %s goes nowhere',
    async (location) => {
      server.answer = (_, response) => response.writeHead(302, { location }).end();
      expect((await errorOf(client().fetch('/orders'))).code).toBe('redirected');
      expect(server.received).toHaveLength(1);
    },
  );

  it('of a GET within the origin is followed, and signed anew', async () => {
    server.answer = (request, response) =>
      request.target === '/orders'
        ? response.writeHead(307, { location: '/v2/orders?a=1' }).end()
        : response.end('{"moved":true}');
    const answer = await client().fetch('/orders');
    expect(await answer.json()).toEqual({ moved: true });
    expect(answer.url).toBe(`${server.url}/v2/orders?a=1`);
    const [first, second] = server.received.map(({ headers }) => headers['access-sign']);
    expect(first).not.toBe(second);
  });

  it('of a POST within the origin is an error, and so is one that has no end', async () => {
    server.answer = (_, response) => response.writeHead(307, { location: '/orders' }).end();
    expect((await errorOf(client().fetch('/orders', { method: 'POST', body: '{}' }))).code).toBe(
      'redirected',
    );
    expect((await errorOf(client().fetch('/orders', { redirect: 'error' }))).code).toBe('redirected');
    expect(server.received).toHaveLength(2);
    expect((await errorOf(client().fetch('/orders'))).code).toBe('redirected');
    expect(server.received).toHaveLength(8);
  });

  it('is given back where the caller says manual, and is not followed', async () => {
    server.answer = (_, response) => response.writeHead(302, { location: 'https://other.example/' }).end();
    const answer = await client().fetch('/orders', { redirect: 'manual' });
    expect(answer.status).toBe(302);
  });

  it('that a transport followed by itself is an error', async () => {
    server.answer = (request, response) =>
      request.target === '/a' ? response.writeHead(302, { location: '/b' }).end() : response.end('{}');
    const transport: typeof fetch = (input, init) => fetch(input, { ...init, redirect: 'follow' });
    expect((await errorOf(client({ transport }).fetch('/a'))).code).toBe('redirected');
  });
});

describe('an answer that is none', () => {
  it('of HTML is an error, unless HTML was asked for', async () => {
    server.answer = (_, response) =>
      response.writeHead(502, { 'content-type': 'text/html; charset=utf-8' }).end('<h1>Bad gateway</h1>');
    const error = await errorOf(client().fetch('/orders'));
    expect(error).toMatchObject({ code: 'answer_unexpected', status: 502 });
    expect(await error.answer()?.text()).toBe('<h1>Bad gateway</h1>');
    expect((await client().fetch('/orders', { headers: { accept: 'text/html' } })).status).toBe(502);
  });

  it('never comes', async () => {
    const url = await startRaw(() => {});
    const error = await errorOf(
      client({ timeoutMs: 100 }, url).fetch('/orders', { method: 'POST', body: '{}' }),
    );
    expect(error).toMatchObject({ code: 'timeout', status: undefined });
  });

  it('never ends', async () => {
    const url = await startRaw((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{'));
    expect((await errorOf(client({ timeoutMs: 100 }, url).fetch('/orders'))).code).toBe('timeout');
  });

  it.each([
    ['before it began', ''],
    ['within its head', 'HTTP/1.1 200 OK\r\ncontent-le'],
    [
      'within its body',
      'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{"ok":',
    ],
    ['within a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n20\r\n{"ok":'],
  ])('ends %s', async (_, bytes) => {
    const url = await startRaw((socket) => socket.end(bytes));
    expect((await errorOf(client({}, url).fetch('/orders'))).code).toBe('connection_lost');
  });

  it.each<[string, () => Promise<Response>]>([
    ['never comes', () => new Promise<Response>(() => {})],
    ['never ends', async () => new Response(new ReadableStream())],
  ])('%s, of a transport that does not listen to its signal', async (_, transport) => {
    expect((await errorOf(client({ timeoutMs: 50, transport }).fetch('/'))).code).toBe('timeout');
  });

  it('is not waited for where the request itself never ends, and its sender had enough', async () => {
    const body = new ReadableStream();
    const controller = new AbortController();
    const waiting = client().fetch('/', { method: 'POST', body, signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    expect(server.received).toEqual([]);
  });

  it('is no HTTP', async () => {
    const url = await startRaw((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    expect((await errorOf(client({}, url).fetch('/orders'))).code).toBe('answer_unexpected');
  });

  it('has a status that does not exist', async () => {
    const url = await startRaw((socket) => socket.end('HTTP/1.1 999 Beyond\r\ncontent-length: 2\r\n\r\n{}'));
    expect((await errorOf(client({}, url).fetch('/orders'))).code).toBe('answer_unexpected');
  });

  it('has a reason that nobody can read, and is given all the same', async () => {
    const url = await startRaw((socket) =>
      socket.end('HTTP/1.1 200 \u{1f422}\xe9\r\ncontent-length: 2\r\n\r\n{}'),
    );
    expect((await client({}, url).fetch('/orders')).status).toBe(200);
  });

  it('is too long', async () => {
    server.answer = (_, response) => response.end('x'.repeat(2000));
    expect((await errorOf(client({ maxAnswerBytes: 1000 }).fetch('/orders'))).code).toBe('answer_too_large');
  });

  it('comes from nobody', async () => {
    const url = await startRaw(() => {});
    await new Promise((resolve) => raw.splice(0)[0]?.close(resolve));
    const error = await errorOf(client({}, url).fetch('/orders'));
    expect(error).toMatchObject({ code: 'connection_failed', system: 'ECONNREFUSED' });
    expect((await errorOf(client({}, 'http://nowhere.localhost:1').fetch('/orders'))).code).toBe(
      'connection_failed',
    );
  });
});

it('a certificate that does not match is an error of its own', async () => {
  const folder = newFolder();
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=other.example', '-addext', 'subjectAltName=DNS:other.example'];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      keyFile,
      '-out',
      certFile,
      ...subject,
    ],
    { stdio: 'ignore' },
  );
  const secure = createTlsServer(
    { key: readFileSync(keyFile), cert: readFileSync(certFile) },
    (_, response) => response.end('{}'),
  );
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
  const { port } = secure.address() as AddressInfo;
  const error = await errorOf(client({}, `https://127.0.0.1:${port}`).fetch('/orders'));
  expect(error).toMatchObject({ code: 'tls_failed', system: expect.stringMatching(/CERT|ALTNAME/) });
  await new Promise((resolve) => secure.close(resolve));
  const plain = server.url.replace('http:', 'https:');
  expect((await errorOf(client({}, plain).fetch('/orders'))).code).toBe('tls_failed');
});

describe('trying again', () => {
  /** An API that carries out each order once, and whose connection dies after it did so. */
  function dyingApi(deaths: number) {
    const effects: string[] = [];
    const known = new Set<string>();
    server.answer = (request, response, count) => {
      const key = String(request.headers['idempotency-key'] ?? `request ${count}`);
      if (!known.has(key)) effects.push(request.body);
      known.add(key);
      if (count <= deaths) response.destroy();
      else json({ ok: true })(request, response, count);
    };
    return effects;
  }

  it('a POST whose connection is killed has one effect, by its idempotency key, and each try its own signature', async () => {
    const effects = dyingApi(2);
    const init = { method: 'POST', body: '{"size":"1"}', headers: { 'Idempotency-Key': 'order-1' } };
    expect((await client({ retries: 3 }).fetch('/orders', init)).status).toBe(200);
    expect(effects).toEqual(['{"size":"1"}']);
    expect(new Set(server.received.map(({ headers }) => headers['access-sign'])).size).toBe(3);
    expect(new Set(server.received.map(({ headers }) => headers['idempotency-key']))).toEqual(
      new Set(['order-1']),
    );
  });

  it('a POST that may have arrived is not told to be unsent, because nobody listens any more', async () => {
    let sent = 0;
    const transport = async (): Promise<Response> => {
      const code = ++sent === 1 ? 'ECONNRESET' : 'ECONNREFUSED';
      throw new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
    };
    const one = client({ retries: 2, transport });
    const headers = { 'Idempotency-Key': 'order-1' };
    const error = await errorOf(one.fetch('/orders', { method: 'POST', body: '{}', headers }));
    expect([sent, error.code, error.system]).toEqual([3, 'connection_lost', 'ECONNREFUSED']);
    const first = await errorOf(one.fetch('/orders', { method: 'POST', body: '{}', headers }));
    expect(first.code).toBe('connection_failed');
  });

  it('a POST without one is never sent again', async () => {
    const effects = dyingApi(1);
    const error = await errorOf(client({ retries: 3 }).fetch('/orders', { method: 'POST', body: '{}' }));
    expect(error.code).toBe('connection_lost');
    expect(error.advice).toContain('Idempotency-Key');
    expect(effects).toHaveLength(1);
    expect(server.received).toHaveLength(1);
  });

  it.each([429, 502, 503, 504])('a POST without one is not sent again after %i either', async (status) => {
    server.answer = json({ busy: true }, status, { 'retry-after': '0' });
    await client({ retries: 3 })
      .fetch('/orders', { method: 'POST', body: '{}' })
      .catch(() => undefined);
    expect(server.received).toHaveLength(1);
  });

  it('a GET is sent again, and no more often than said', async () => {
    dyingApi(10);
    expect((await errorOf(client({ retries: 2 }).fetch('/orders'))).code).toBe('connection_lost');
    expect(server.received).toHaveLength(3);
  });

  it('gives back what the API itself says, once', async () => {
    for (const status of [400, 404, 409, 422, 500]) {
      server.answer = json({ own: 'error' }, status);
      const answer = await client({ retries: 3 }).fetch('/orders');
      expect([answer.status, await answer.json()]).toEqual([status, { own: 'error' }]);
    }
    expect(server.received).toHaveLength(5);
  });

  it('stops when the caller does, with the reason of the caller', async () => {
    const url = await startRaw(() => {});
    const controller = new AbortController();
    const waiting = client({ retries: 3 }, url).fetch('/orders', { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('no more interest')), 50);
    await expect(waiting).rejects.toThrow('no more interest');
  });
});

describe('a rate that is used up', () => {
  it('by a storm of 429 is waited for, and everything comes through', async () => {
    let refused = 0;
    const quiet = Date.now() + 400;
    server.answer = (request, response, count) => {
      if (Date.now() > quiet) return json({ ok: true })(request, response, count);
      refused++;
      json({ code: '429', msg: 'Too Many Requests' }, 429, { 'retry-after': '1' })(request, response, count);
    };
    const one = client({ retries: 4 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => one.fetch('/orders')));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    // Each was refused once at most: nobody goes before the time.
    expect(refused).toBeLessThanOrEqual(20);
  });

  it('goes on with one alone when the time is over, until that came through', async () => {
    let inFlight = 0;
    const besidesRefusals: number[] = [];
    server.answer = (request, response, count) => {
      if (count <= 4) return json({}, 429, { 'retry-after': '0' })(request, response, count);
      inFlight++;
      setTimeout(() => {
        if (count <= 7) besidesRefusals.push(inFlight);
        inFlight--;
        json({}, count <= 7 ? 429 : 200, { 'retry-after': '0' })(request, response, count);
      }, 20);
    };
    const one = client({ retries: 10 });
    await Promise.all(Array.from({ length: 4 }, () => one.fetch('/orders')));
    expect(besidesRefusals).toEqual([1, 1, 1]);
  });

  it('is told when the wait would be longer than wanted, and nothing more is sent', async () => {
    server.answer = json({ code: '429' }, 429, { 'retry-after': '3600' });
    const one = client({ retries: 4, maxWaitMs: 1000 });
    const first = await errorOf(one.fetch('/orders'));
    expect(first).toMatchObject({ code: 'rate_limited', status: 429, retryAfterMs: 3_600_000 });
    const second = await errorOf(one.fetch('/orders'));
    expect(second.code).toBe('rate_limited');
    expect(second.retryAfterMs).toBeGreaterThan(3_590_000);
    expect(server.received).toHaveLength(1);
  });

  it('again and again, for others, is not waited for without end', async () => {
    server.answer = json({}, 429, { 'retry-after': '1' });
    const one = client({ retries: 3, maxWaitMs: 1200 });
    const begun = Array.from({ length: 12 }, () => errorOf(one.fetch('/orders')));
    for (const error of await Promise.all(begun)) expect(error.code).toBe('rate_limited');
    // All twelve once, and then as many as the longest wait has room for; not each of them four times.
    expect(server.received.length).toBeLessThan(24);
  });

  it('is waited for as RateLimit says, without a Retry-After', async () => {
    server.answer = json({}, 429, { ratelimit: '"burst";r=0;t=40, "day";r=3;t=4000' });
    const error = await errorOf(client({ retries: 3, maxWaitMs: 1000 }).fetch('/orders'));
    expect(error).toMatchObject({ code: 'rate_limited', retryAfterMs: 40_000 });
    expect(server.received).toHaveLength(1);
  });

  it('is not even reached when the server says how much is left', async () => {
    server.answer = json({}, 200, { ratelimit: '"burst";r=0;t=60, "day";r=900;t=5000' });
    const one = client({ maxWaitMs: 1000 });
    await one.fetch('/orders');
    expect((await errorOf(one.fetch('/orders', { method: 'POST' }))).code).toBe('rate_limited');
    expect(server.received).toHaveLength(1);
  });
});
