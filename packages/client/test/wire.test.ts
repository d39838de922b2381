import { request as httpRequest } from 'node:http';
import {
  type Client,
  CountersignError,
  createClient,
  describedDialect,
  type SignedCall,
} from '@countersign/client';
import { createSigningKey, DIALECTS, type Dialect, denial } from '@countersign/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kindFor, optionsFor, SECRET } from './keys.ts';
import { type Loopback, type Received, startLoopback } from './loopback.ts';

let server: Loopback;
beforeAll(async () => {
  server = await startLoopback();
});
afterAll(() => server.close());

const AWKWARD = 'a=1&b=two words&c=x+y&d=🐢ü&e=\'"`&f=a/b;c&g=%2F%20%zz&h=[]{}|^\\&i=';
const TARGETS = [
  '/api/v3/order',
  `/api/v3/order?${AWKWARD}`,
  '/api/v3/ü ber/../order/%2e/x?',
  '/api/v3//order?a?b=c#frag',
  // Some exchanges have all their requests below one path.
  '/exchange',
  '/exchange/v1/private/create-order',
];
const BODIES = [
  '',
  '{}',
  '{"note":"🐢 ü \' + " / two words"}',
  'pair=XBT%2FUSD&note=two+words&price=1.5&end=x',
  '{"action":{"type":"cancel","cancels":[{"a":1,"o":2}]}}',
];

/** Sends what was signed with node:http, byte for byte. */
function sendByHttp({ method, url, headers, body }: SignedCall): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(url, { method, headers }, (answer) => answer.resume().on('end', resolve));
    outgoing.on('error', reject).end(body);
  });
}

async function sendByFetch({ url, method, headers, body }: SignedCall): Promise<void> {
  await fetch(url, { method, headers: { ...headers }, ...(body.length === 0 ? {} : { body }) });
}

type Send = (client: Client, url: string, method: string, body: string) => Promise<unknown>;

/** Whether what came is signed as what came: read and signed apart from the client. */
function expectSigned(
  dialect: Dialect,
  secret: string,
  { method, target, rawHeaders, body }: Received,
): void {
  const wire = { method, target, headers: rawHeaders, body: Buffer.from(body), scheme: 'http' as const };
  const claim = dialect.read(wire);
  if (!claim.ok) throw new Error(`${method} ${target}: ${claim.detail}`);
  const kind = kindFor(dialect);
  const use = dialect.schemes[kind];
  // The others put chance into every signature.
  if (use === undefined || kind === 'p256' || use.scheme === 'rsa-pss-sha512') return;
  const key = createSigningKey({ keyId: claim.keyId, kind, secret });
  expect(claim.signature, `${method} ${target}`).toBe(key.sign(use, claim.prehash, claim.derivation));
}

describe.each(DIALECTS.map((dialect) => ({ name: dialect.name, dialect })))(
  '$name on the wire',
  ({ dialect }) => {
    it.each<[string, Send]>([
      [
        'fetch',
        (client, url, method, body) => client.fetch(url, { method, ...(body === '' ? {} : { body }) }),
      ],
      [
        'sign and node:http',
        async (client, url, method, body) => sendByHttp(await client.sign({ method, url, body })),
      ],
      [
        'sign and the global fetch',
        async (client, url, method, body) => sendByFetch(await client.sign({ method, url, body })),
      ],
    ])('is what was signed, with %s', async (_, send) => {
      const options = optionsFor(dialect, server.url);
      const client = createClient(options);
      let arrived = 0;
      for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH']) {
        for (const url of TARGETS) {
          for (const body of method === 'GET' ? [''] : BODIES) {
            server.received.length = 0;
            try {
              await send(client, url, method, body);
            } catch (error) {
              // What the dialect cannot sign is not sent.
              expect(error).toBeInstanceOf(CountersignError);
              expect((error as CountersignError).code).toBe('request_invalid');
              expect(server.received).toHaveLength(0);
              continue;
            }
            arrived++;
            expectSigned(dialect, options.secret, server.received[0] as Received);
          }
        }
      }
      expect(arrived).toBeGreaterThan(0);
    });
  },
);

it('says what a body is that nobody named, and leaves a name alone', async () => {
  const client = createClient(optionsFor('bitget', server.url));
  const typeOf = async (init: RequestInit) => {
    server.received.length = 0;
    await client.fetch('/a', { method: 'POST', ...init });
    return server.received[0]?.headers['content-type'];
  };
  expect(await typeOf({ body: '{"a":1}' })).toBe('application/json');
  expect(await typeOf({ body: '[1]' })).toBe('application/json');
  expect(await typeOf({ body: 'a=1&b=2' })).toBe('application/x-www-form-urlencoded');
  expect(await typeOf({ body: 'plain words' })).toBeUndefined();
  expect(await typeOf({ body: Buffer.from('{"a":1}') })).toBe('application/json');
  expect(await typeOf({ body: new URLSearchParams({ a: '1' }) })).toBe(
    'application/x-www-form-urlencoded;charset=UTF-8',
  );
  expect(await typeOf({ body: '{}', headers: { 'content-type': 'text/plain' } })).toBe('text/plain');
});

it('takes a Request, a URL and a stream, as fetch does', async () => {
  const client = createClient(optionsFor('bitget', server.url));
  server.received.length = 0;
  const stream = new Blob(['{"a":', '1}']).stream();
  await client.fetch(
    new Request(`${server.url}/a`, { method: 'POST', body: '{"a":1}', headers: { 'x-a': 'b' } }),
  );
  await client.fetch(new URL('/a', server.url), { method: 'post', body: stream, headers: [['x-a', 'b']] });
  for (const { method, target, headers, body } of server.received) {
    expect([method, target, headers['x-a'], body]).toEqual(['POST', '/a', 'b', '{"a":1}']);
  }
  expect(server.received).toHaveLength(2);
});

it("signs in an operator's own dialect, and knows its refusals", async () => {
  const dialect = describedDialect({
    name: 'acme',
    headers: { key: 'X-Acme-Key', signature: 'X-Acme-Sign', timestamp: 'X-Acme-Time', nonce: 'X-Acme-Nonce' },
    timestampUnit: 'ms',
    window: { pastMs: 30_000, futureMs: 30_000 },
    prehash: (['timestamp', 'nonce', 'method', 'target', 'body'] as const).flatMap((word) => [
      { kind: 'word', word },
      { kind: 'text', text: '\n' },
    ]),
    schemes: { hmac: { scheme: 'hmac-sha256', encoding: 'hex' } },
  });
  const client = createClient({ ...optionsFor('bitget', server.url), dialect });
  server.received.length = 0;
  await client.fetch('/api/orders?a=1', { method: 'POST', body: '{}' });
  expectSigned(dialect, SECRET, server.received[0] as Received);
  const { status, body } = dialect.refuse(denial('permission_denied', 'no'), { nowMs: 1, requestId: 'r' });
  server.answer = (_, response) => response.writeHead(status).end(body);
  await expect(client.fetch('/api/orders')).rejects.toMatchObject({
    code: 'refused',
    denials: ['permission_denied'],
  });
  server.answer = (_, response) => response.end('{}');
});

describe.each(['bitget', 'okx', 'binance', 'bybit', 'gate', 'rfc9421', 'sigv4'])(
  'orders to %s that are alike',
  (name) => {
    it('have signatures of their own, and so have all tries of one', async () => {
      const dialect = DIALECTS.find((candidate) => candidate.name === name) as Dialect;
      // Its clock stands still.
      const client = createClient({ ...optionsFor(name, server.url), clock: () => 1_795_500_000_000 });
      server.received.length = 0;
      const order = () => client.fetch('/api/v3/order', { method: 'POST', body: 'side=BUY' });
      await Promise.all([order(), order(), order()]);
      const signatures = server.received.map(({ method, target, rawHeaders, body }) => {
        const claim = dialect.read({
          method,
          target,
          headers: rawHeaders,
          body: Buffer.from(body),
          scheme: 'http',
        });
        return claim.ok ? claim.signature : claim.detail;
      });
      expect(new Set(signatures).size).toBe(3);
    });
  },
);
