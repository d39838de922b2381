import { createHmac } from 'node:crypto';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createEngine, createMemoryStore, type Engine, parseManifest } from '@countersign/engine';
import { countersign as expressCountersign } from '@countersign/engine/express';
import { countersign as fastifyCountersign } from '@countersign/engine/fastify';
import { countersign as honoCountersign, verifyFetch } from '@countersign/engine/fetch';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyringOf } from './records.ts';

const MANIFEST = `
version: 1
permissions:
  spot.read: { risk: low }
  spot.trade: { risk: high }
routes:
  - { route: GET /time, public: true }
  - { route: GET /api/account, permission: spot.read }
  - { route: POST /api/order, permission: spot.trade }
  - { route: GET /api/rare, permission: spot.read }
rateLimits:
  - { name: rare, per: [account, route], quota: 1000, windowSeconds: 3600, permissions: [spot.read] }
`;
const PASSPHRASE = 'passphrase';

let engine: Engine;
let key: { id: string; secret: string };

beforeAll(async () => {
  const parsed = parseManifest(MANIFEST);
  if (!parsed.ok) throw new Error('the manifest has faults');
  engine = createEngine({
    store: createMemoryStore(),
    keyring: keyringOf('kek-1'),
    manifest: parsed.manifest,
  });
  await engine.start();
  const issued = await engine.keys.issue(
    {
      accountId: 'acct_1',
      label: 'bot',
      environment: 'live',
      kind: 'hmac',
      dialects: ['bitget'],
      passphrase: PASSPHRASE,
      permissions: ['spot.read', 'spot.trade'],
    },
    { actor: 'service' },
  );
  if (!issued.ok) throw new Error(issued.detail);
  key = { id: issued.key.id, secret: issued.secret?.expose() ?? '' };
});

afterAll(() => engine.close());

/** Each framework answers `/api/account` and `/api/order` with the account, and with the body as it reads it. */
const FRAMEWORKS: Record<string, () => Promise<Server>> = {
  async fastify() {
    const app = Fastify();
    await app.register(fastifyCountersign, { engine, bodyLimit: 10_000 });
    app.get('/time', () => ({ time: 1 }));
    app.get('/api/rare', () => ({ rare: true }));
    app.get('/api/account', (request) => ({ account: request.countersign?.credential?.accountId }));
    app.post('/api/order', (request) => ({
      account: request.countersign?.credential?.accountId,
      body: request.body,
    }));
    await app.ready();
    return app.server;
  },
  async express() {
    const app = express();
    app.use(expressCountersign({ engine, bodyLimit: 10_000 }));
    app.get('/time', (_req, res) => void res.json({ time: 1 }));
    const account = (req: unknown) =>
      (req as { countersign: { credential: { accountId: string } } }).countersign.credential.accountId;
    app.get('/api/rare', (_req, res) => void res.json({ rare: true }));
    app.get('/api/account', (req, res) => void res.json({ account: account(req) }));
    app.post('/api/order', (req, res) => void res.json({ account: account(req), body: req.body }));
    return createServer(app);
  },
  async hono() {
    const app = new Hono<{ Variables: { countersign: { credential: { accountId: string } } } }>();
    app.use(honoCountersign({ engine, bodyLimit: 10_000 }) as never);
    app.get('/time', (c) => c.json({ time: 1 }));
    app.get('/api/rare', (c) => c.json({ rare: true }));
    app.get('/api/account', (c) => c.json({ account: c.get('countersign').credential.accountId }));
    app.post('/api/order', async (c) =>
      c.json({ account: c.get('countersign').credential.accountId, body: await c.req.json() }),
    );
    return createServer(getRequestListener(app.fetch));
  },
};

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

function call(
  port: number,
  method: string,
  target: string,
  headers: Record<string, string>,
  body = '',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      port,
      method,
      path: target,
      headers: { 'content-type': 'application/json', ...headers },
    });
    request.on('error', reject).on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
    });
    request.end(body);
  });
}

function signed(method: string, target: string, body = ''): Record<string, string> {
  const timestamp = String(Date.now());
  const signature = createHmac('sha256', key.secret)
    .update(timestamp + method + target + body)
    .digest('base64');
  return {
    'ACCESS-KEY': key.id,
    'ACCESS-SIGN': signature,
    'ACCESS-TIMESTAMP': timestamp,
    'ACCESS-PASSPHRASE': PASSPHRASE,
  };
}

describe.each(Object.entries(FRAMEWORKS))('%s', (name, start) => {
  let server: Server;
  let port: number;

  beforeAll(async () => {
    server = await start();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('lets a signed request through, with the decision', async () => {
    const answer = await call(port, 'GET', '/api/account', signed('GET', '/api/account'));
    expect(answer).toEqual({ status: 200, body: { account: 'acct_1' } });
  });

  it('hands the body on as the framework reads it', async () => {
    const body = JSON.stringify({ symbol: 'BTCUSDT', note: 'naïve 🚀 "quoted"' });
    const answer = await call(port, 'POST', '/api/order', signed('POST', '/api/order', body), body);
    expect(answer).toEqual({ status: 200, body: { account: 'acct_1', body: JSON.parse(body) } });
  });

  it('says how the limits stand, in the headers of the answer', async () => {
    const ask = (target: string) =>
      fetch(`http://127.0.0.1:${port}${target}`, { headers: signed('GET', target) });
    const target = `/api/rare?framework=${name}`;
    const answer = await ask(target);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('ratelimit-policy')).toBe('"rare";q=1000;w=3600');
    expect(answer.headers.get('ratelimit')).toMatch(/^"rare";r=9\d\d;t=3600$/);
    expect(answer.headers.get('x-mbx-used-remain-limit')).toMatch(/^9\d\d$/);
    expect((await ask('/api/nowhere')).headers.get('ratelimit')).toBeNull();
  });

  it('needs no credential on a public route', async () => {
    expect(await call(port, 'GET', '/time', {})).toEqual({ status: 200, body: { time: 1 } });
  });

  it('matches a query with quotes and spaces as it was sent', async () => {
    const target = "/api/account?note=it's%20%22here%22&b=%F0%9F%9A%80";
    expect((await call(port, 'GET', target, signed('GET', target))).status).toBe(200);
  });

  it('answers a changed body as the exchange would: signature_mismatch', async () => {
    const headers = signed('POST', '/api/order', '{"size":"1"}');
    const answer = await call(port, 'POST', '/api/order', headers, '{"size":"9"}');
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe('40009');
  });

  it('answers a replay: replayed', async () => {
    const headers = signed('POST', '/api/order', '{"size":"1"}');
    expect((await call(port, 'POST', '/api/order', headers, '{"size":"1"}')).status).toBe(200);
    expect((await call(port, 'POST', '/api/order', headers, '{"size":"1"}')).body.code).toBe('40008');
  });

  it('refuses what carries no credential: credential_missing', async () => {
    const answer = await call(port, 'GET', '/api/account', {});
    expect(answer.status).toBe(401);
    expect(answer.body.code).toBe('credential_missing');
  });

  it('refuses a body over the limit: body_too_large', async () => {
    const body = JSON.stringify({ note: 'x'.repeat(20_000) });
    const answer = await call(port, 'POST', '/api/order', signed('POST', '/api/order', body), body);
    expect(answer.status).toBe(413);
    expect(answer.body.code).toBe('40017');
  });

  it('refuses a route that the manifest does not know: route_unknown', async () => {
    const answer = await call(port, 'GET', '/api/other', signed('GET', '/api/other'));
    expect(answer.status).toBe(404);
    expect(answer.body.code).toBe('40404');
  });
});

describe('express', () => {
  it('says so when the body was read before it', async () => {
    const app = express();
    const seen: unknown[] = [];
    app.use(express.json(), expressCountersign({ engine }));
    app.use(((error: unknown, _req, res, _next) => {
      seen.push(error);
      res.status(500).json({});
    }) as express.ErrorRequestHandler);
    const server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await call(
      (server.address() as AddressInfo).port,
      'POST',
      '/api/order',
      signed('POST', '/api/order', '{}'),
      '{}',
    );
    server.close();
    expect(seen).toHaveLength(1);
    expect(String(seen[0])).toContain('must come before');
  });

  it('verifies below a mount path what the client signed', async () => {
    const app = express();
    const mounted = express.Router();
    mounted.use(expressCountersign({ engine }));
    mounted.get('/account', (_req, res) => void res.json({ ok: true }));
    app.use('/api', mounted);
    const server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const answer = await call(
      (server.address() as AddressInfo).port,
      'GET',
      '/api/account',
      signed('GET', '/api/account'),
    );
    server.close();
    expect(answer).toEqual({ status: 200, body: { ok: true } });
  });
});

describe('verifyFetch', () => {
  it('works on a Request alone', async () => {
    const body = '{"size":"1"}';
    const request = new Request('https://api.example/api/order', {
      method: 'POST',
      headers: signed('POST', '/api/order', body),
      body,
    });
    const verified = await verifyFetch(request, { ip: '203.0.113.7' }, { engine });
    if (!verified.ok) throw new Error(await verified.response.text());
    expect(verified.decision.permission).toBe('spot.trade');
    expect(await verified.request.json()).toEqual({ size: '1' });
  });

  it('refuses a header that occurs twice', async () => {
    const headers = new Headers(signed('GET', '/api/account'));
    headers.append('ACCESS-KEY', 'another');
    const verified = await verifyFetch(
      new Request('https://api.example/api/account', { headers }),
      {},
      { engine },
    );
    expect(verified.ok).toBe(false);
  });
});
