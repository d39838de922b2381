import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type ClientOptions, createClient } from '@countersign/client';
import { createSigningKey, denial, dialectNamed, signResponse } from '@countersign/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { optionsFor } from './keys.ts';
import { type Handler, type Loopback, startLoopback } from './loopback.ts';

let server: Loopback;
beforeEach(async () => {
  server = await startLoopback();
});
afterEach(() => server.close());

const pem = (key: KeyObject) =>
  key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' }) as string;
const pair = generateKeyPairSync('ed25519');
const other = generateKeyPairSync('ed25519');
const verifyAnswers = { keyId: 'answers-1', publicKey: pem(pair.publicKey) };

interface Forgery {
  readonly privateKey?: KeyObject;
  readonly keyId?: string;
  readonly atMs?: number;
  readonly status?: number;
  readonly body?: string;
  /** What is sent instead of what was signed. */
  readonly sentBody?: string;
  readonly sentStatus?: number;
  readonly target?: string;
  readonly headers?: Record<string, string>;
}

/** Answers as the service does, with a signature, or nearly so. */
function signing(forgery: Forgery = {}): Handler {
  const { status = 200, body = '{"balance":"1"}', keyId = 'answers-1', headers = {} } = forgery;
  return (request, response) => {
    const key = createSigningKey({
      keyId,
      kind: 'ed25519',
      secret: pem(forgery.privateKey ?? pair.privateKey),
    });
    const wire = {
      method: request.method,
      target: forgery.target ?? request.target,
      headers: request.rawHeaders,
      body: Buffer.from(request.body),
      scheme: 'http' as const,
    };
    const answer = { status, headers: ['Content-Type', 'application/json'], body: Buffer.from(body) };
    const signed = signResponse(answer, wire, key, { nowMs: forgery.atMs ?? Date.now() });
    if (!signed.ok) throw new Error(signed.detail);
    response.writeHead(forgery.sentStatus ?? status, {
      'content-type': 'application/json',
      ...headers,
      ...signed.headers,
    });
    response.end(forgery.sentBody ?? body);
  };
}

const client = (name = 'rfc9421', over: Partial<ClientOptions> = {}) =>
  createClient({ ...optionsFor(name, server.url), verifyAnswers, retries: 0, ...over } as ClientOptions);
const post = { method: 'POST', body: '{"size":"1"}' };

describe.each(['rfc9421', 'bitget'])('answers to %s', (name) => {
  it('that are signed are given', async () => {
    server.answer = signing();
    for (const init of [{}, post])
      expect(await (await client(name).fetch('/a?b=1', init)).json()).toEqual({ balance: '1' });
    server.answer = signing({ status: 404 });
    expect((await client(name).fetch('/a')).status).toBe(404);
    server.answer = signing({ keyId: 'answers-2', privateKey: other.privateKey });
    const two = [verifyAnswers, { keyId: 'answers-2', publicKey: pem(other.publicKey) }];
    expect((await client(name, { verifyAnswers: two }).fetch('/a')).status).toBe(200);
  });

  it.each<[string, Handler]>([
    ['not signed', (_, response) => response.end('{}')],
    ['signed by somebody else', signing({ privateKey: other.privateKey })],
    ['signed with a key that is not known', signing({ keyId: 'answers-9' })],
    ['too old', signing({ atMs: Date.now() - 70_000 })],
    ['of another body', signing({ sentBody: '{"balance":"2"}' })],
    ['of another status', signing({ sentStatus: 201 })],
    ['of another request', signing({ target: '/b' })],
    ['a redirect without a signature', (_, response) => response.writeHead(302, { location: '/b' }).end()],
    [
      'a refusal without a signature',
      (_, response) => response.writeHead(400).end('{"code":"40009","msg":"sign signature error"}'),
    ],
    ['too many, without a signature', (_, response) => response.writeHead(429).end('{}')],
  ])('that are %s are errors', async (_, answer) => {
    server.answer = answer;
    for (const init of [{}, post]) {
      await expect(client(name).fetch('/a', init)).rejects.toMatchObject({ code: 'answer_unverified' });
    }
    expect(server.received).toHaveLength(2);
  });
});

describe('a clock that is off', () => {
  const dialect = dialectNamed('rfc9421');
  const refusal = dialect?.refuse(denial('timestamp_out_of_window', 'x'), { nowMs: 0, requestId: 'r' });
  const refused = (over: Forgery = {}) => signing({ status: 401, body: refusal?.body ?? '', ...over });

  it('is set by a signed refusal', async () => {
    server.answer = (request, response, count) =>
      (count === 1 ? refused() : signing())(request, response, count);
    const one = client('rfc9421', { clock: () => Date.now() - 300_000 });
    expect((await one.fetch('/a', post)).status).toBe(200);
  });

  it('is not set by one that nobody signed', async () => {
    server.answer = (_, response) => response.writeHead(401).end(refusal?.body);
    const one = client('rfc9421', { clock: () => Date.now() - 300_000 });
    await expect(one.fetch('/a')).rejects.toMatchObject({ code: 'answer_unverified' });
    expect(server.received).toHaveLength(1);
  });

  it('is set by a signed answer to syncClock, and by no other', async () => {
    const one = client('rfc9421', { clock: () => Date.now() - 300_000 });
    await expect(one.syncClock()).rejects.toMatchObject({ code: 'answer_unverified' });
    server.answer = signing();
    await one.syncClock();
    expect((await one.fetch('/a', post)).status).toBe(200);
  });
});

it.each([
  ['no PEM', 'hello'],
  ['a private key', pem(pair.privateKey)],
  ['of a kind that signs nothing', pem(generateKeyPairSync('x25519').publicKey)],
])('a public key that is %s is refused', (_, publicKey) => {
  expect(() => client('rfc9421', { verifyAnswers: { keyId: 'a', publicKey } })).toThrow('verifyAnswers');
});
