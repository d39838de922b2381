import { createHash, createPublicKey } from 'node:crypto';
import { request as sendRequest } from 'node:http';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createSigningKey, signResponse, verifyResponse, type WireRequest } from '@countersign/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MAX_HELD_BYTES } from '../src/proxy/held-answer.ts';
import { collect, open, request, requestHead } from './raw-http.ts';
import { RunningApp } from './running-app.ts';
import { RunningProxy, type UpstreamHandler } from './running-proxy.ts';
import { anAnswerSigner, ed25519Pair, sign } from './signing.ts';

const signer = anAnswerSigner();
let proxy: RunningProxy;

beforeAll(async () => {
  proxy = await RunningProxy.start({ answerSigner: signer, heldMs: 60_000, maxBodyBytes: 1_000 });
});
afterAll(() => proxy.close());
beforeEach(() => {
  proxy.received.length = 0;
  proxy.faults.length = 0;
});

interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** What core says of its signature. */
  readonly verdict: ReturnType<typeof verifyResponse>;
}

/** Sends a request, reads the answer byte for byte, and has it verified. */
function ask(port: number, line: string, given: readonly string[] = [], body = ''): Promise<Got> {
  const [method = '', path = ''] = line.split(' ');
  const headers = ['Host', 'api.test', ...given];
  const length = body === '' ? [] : ['Content-Length', String(body.length)];
  const wire: WireRequest = { method, target: path, headers, body: Buffer.from(body), scheme: 'http' };
  return new Promise((resolve, reject) => {
    const sent = sendRequest({ port, method, path, headers: [...headers, ...length] }, async (answer) => {
      const chunks: Buffer[] = [];
      answer.on('error', reject);
      for await (const chunk of answer) chunks.push(chunk as Buffer);
      const { statusCode: status = 0, rawHeaders } = answer;
      const whole = Buffer.concat(chunks);
      resolve({
        status,
        headers: answer.headers,
        body: whole,
        verdict: verdictOn({ status, headers: rawHeaders, body: whole }, wire),
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function verdictOn(response: Parameters<typeof verifyResponse>[0], wire: WireRequest) {
  const { keyId, publicKey } = signer.key;
  const proofs = [{ version: 1, publicKey: createPublicKey(publicKey) }];
  return verifyResponse(
    response,
    wire,
    (named) => (named === keyId ? { kind: 'ed25519', proofs } : undefined),
    Date.now(),
  );
}

const digestOf = (body: string | Buffer) => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
const good = { ok: true, keyId: signer.key.keyId, secretVersion: 1 };
const answering =
  (status: number, headers: Record<string, string | string[]>, body: string | Buffer = ''): UpstreamHandler =>
  (_request, response) => {
    response.writeHead(status, headers);
    response.end(body);
  };
const big = (bytes: number) => Buffer.alloc(bytes, 'x');

describe('an answer of the upstream goes on signed', () => {
  it.each<[string, string, UpstreamHandler, Partial<Got>]>([
    ['with a length', 'GET /open/a', answering(200, { 'content-length': '2' }, 'ok'), { status: 200 }],
    ['without one', 'GET /open/a', answering(404, { 'content-type': 'text/plain' }, 'ok'), { status: 404 }],
    ['without a body', 'GET /open/a', answering(200, { 'content-length': '0' }), { status: 200 }],
    ['that is 204', 'POST /open/a', answering(204, {}), { status: 204 }],
    ['that is 304', 'GET /open/a', answering(304, { etag: '"1"' }), { status: 304 }],
    ['that is a redirect', 'GET /open/a', answering(302, { location: '/open/b' }), { status: 302 }],
    [
      'to HEAD, whose length and digest are those of GET',
      'HEAD /open/a',
      answering(200, { 'content-length': '9', 'content-digest': digestOf('something') }),
      { status: 200 },
    ],
    ['as long as may be', 'GET /open/a', answering(200, {}, big(MAX_HELD_BYTES)), { status: 200 }],
  ])('%s', async (_, line, answer, expected) => {
    proxy.answer = answer;
    const got = await ask(proxy.port, line);
    expect(got).toMatchObject({ ...expected, verdict: good });
    expect(got.headers['x-countersign-unsigned']).toBeUndefined();
    if (line.startsWith('HEAD')) {
      expect(got.headers['content-length']).toBe('9');
      expect(got.headers['content-digest']).toBeUndefined();
    }
  });

  it('with the digest over the bytes of the wire, where they are compressed', async () => {
    const bytes = gzipSync('{"balance":"1"}');
    proxy.answer = answering(200, { 'content-encoding': 'gzip', 'content-type': 'application/json' }, bytes);
    const got = await ask(proxy.port, 'GET /open/a');
    expect(got).toMatchObject({ verdict: good, body: bytes });
    expect(got.headers['content-digest']).toBe(digestOf(bytes));
    expect(got.headers['signature-input']).toContain('"content-encoding"');
    expect(gunzipSync(got.body).toString()).toBe('{"balance":"1"}');
  });

  it('and a body that is put to one without is noticed', async () => {
    proxy.answer = answering(200, { 'content-length': '0' });
    const got = await ask(proxy.port, 'GET /open/a');
    const headers = Object.entries(got.headers).flatMap(([name, value]) => [name, String(value)]);
    const wire: WireRequest = {
      method: 'GET',
      target: '/open/a',
      headers: ['Host', 'api.test'],
      body: Buffer.alloc(0),
      scheme: 'http',
    };
    expect(verdictOn({ status: 200, headers, body: Buffer.alloc(0) }, wire)).toEqual(good);
    expect(verdictOn({ status: 200, headers, body: Buffer.from('x') }, wire).ok).toBe(false);
  });

  it('bound to the proof of its request, and to no secret in it', async () => {
    proxy.answer = answering(200, {}, 'ok');
    const body = '{"a":1}';
    const proof = sign('bitget', proxy.key, { method: 'POST', target: '/orders', body });
    const got = await ask(proxy.port, 'POST /orders', Object.entries(proof).flat(), body);
    expect(got).toMatchObject({ status: 200, verdict: good });
    for (const name of ['access-key', 'access-sign', 'access-timestamp'])
      expect(got.headers['signature-input']).toContain(`"${name}";req`);
    expect(got.headers['signature-input']).not.toContain('passphrase');
    expect(got.headers['x-countersign-request-digest']).toBe(digestOf(body));
  });
});

describe('what an upstream says in our name is not passed on', () => {
  const { pem, privateKey } = ed25519Pair();

  /** Signed well by the upstream, with a key that says that it is ours. */
  function forged(): UpstreamHandler {
    return (incoming, response) => {
      const secret = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
      const key = createSigningKey({ keyId: signer.key.keyId, kind: 'ed25519', secret });
      const wire: WireRequest = {
        method: incoming.method ?? '',
        target: incoming.url ?? '',
        headers: ['Host', 'api.test'],
        body: Buffer.alloc(0),
        scheme: 'http',
      };
      const made = signResponse({ status: 200, headers: [], body: Buffer.from('ok') }, wire, key, {
        nowMs: Date.now(),
      });
      if (!made.ok) throw new Error(made.detail);
      response.writeHead(200, {
        ...made.headers,
        'X-Countersign-Unsigned': 'nothing',
        'X-Countersign-Request-Digest': digestOf('another'),
      });
      response.end('ok');
    };
  }

  it('where the answer is signed', async () => {
    expect(pem).not.toBe(signer.key.publicKey);
    proxy.answer = forged();
    const got = await ask(proxy.port, 'GET /open/a');
    expect(got).toMatchObject({ status: 200, verdict: good });
    expect(got.headers['x-countersign-unsigned']).toBeUndefined();
    expect(got.headers['x-countersign-request-digest']).toBe(digestOf(''));
  });

  it('nor where it is not', async () => {
    const answer = {
      'content-type': 'text/event-stream',
      signature: 's=:aGk=:',
      'signature-input': 's=();keyid="a"',
    };
    proxy.answer = answering(200, answer, 'data: 1\n\n');
    const got = await ask(proxy.port, 'GET /open/a');
    expect(got).toMatchObject({ status: 200, verdict: { code: 'unsigned' } });
    expect(got.headers['x-countersign-unsigned']).toBe('stream');
    expect(got.headers['signature-input']).toBeUndefined();
  });

  it('a digest that fits stays and is signed, one that does not leaves the answer without a signature', async () => {
    const sha512 = `sha-512=:${createHash('sha512').update('ok').digest('base64')}:`;
    proxy.answer = answering(200, { 'content-digest': sha512 }, 'ok');
    const fits = await ask(proxy.port, 'GET /open/a');
    expect([fits.verdict, fits.headers['content-digest']]).toEqual([good, sha512]);
    for (const digest of [digestOf('other'), [digestOf('ok'), digestOf('ok')], 'x=:aGk=:', 'nonsense(']) {
      proxy.answer = answering(200, { 'content-digest': digest }, 'ok');
      const got = await ask(proxy.port, 'GET /open/a');
      expect([got.status, got.verdict.ok, got.body.toString()]).toEqual([200, false, 'ok']);
      expect(got.headers['x-countersign-unsigned']).toBe('not-signable');
    }
  });
});

describe('an answer goes on without a signature', () => {
  it('as it comes, where it is a stream', async () => {
    let finish = () => {};
    proxy.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).flushHeaders();
      finish = () => response.end('data: 1\n\n');
    };
    const received = await asked('/open/a');
    expect(await received.until('text/event-stream')).toContain('X-Countersign-Unsigned: stream');
    finish();
    expect((await received.closed()).answers[0]?.body).toBe('data: 1\n\n');
  });

  it.each([
    ['says that it is', { 'content-length': String(MAX_HELD_BYTES + 1) }],
    ['does not say so', {}],
  ])('where it is too long, and %s', async (_, headers) => {
    const body = big(MAX_HELD_BYTES + 1);
    proxy.answer = answering(200, headers, body);
    const got = await ask(proxy.port, 'GET /open/a');
    expect(got.verdict).toMatchObject({ ok: false, code: 'unsigned' });
    expect(got.headers['x-countersign-unsigned']).toBe('too-long');
    expect(got.body.equals(body)).toBe(true);
  });

  it('where its end does not come in time', async () => {
    const hasty = await RunningProxy.start({ answerSigner: signer, heldMs: 20 });
    let finish = () => {};
    hasty.answer = (_request, response) => {
      response.write('first');
      finish = () => response.end('second');
    };
    const received = await asked('/open/a', hasty.port);
    expect(await received.until('first')).toContain('X-Countersign-Unsigned: too-slow');
    finish();
    expect((await received.closed()).answers[0]?.body).toBe('firstsecond');
    await hasty.close();
  });

  it('where the request has no address that can be signed', async () => {
    proxy.answer = answering(200, {}, 'ok');
    const answer = await request(proxy.port, 'GET /open/a', ['host', 'a!b']);
    expect(answer).toMatchObject({ status: 200, body: 'ok' });
    expect(answer.headers['x-countersign-unsigned']).toBe('not-signable');
  });

  it('where a handshake opens a WebSocket, and then the upstream cannot sign it either', async () => {
    proxy.upstream.once('upgrade', (_incoming, socket) => {
      socket.end(
        'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsignature: s=:aGk=:\r\nx-own: 1\r\n\r\n',
      );
    });
    const received = await asked('/open/a', proxy.port, ['connection', 'Upgrade', 'upgrade', 'websocket']);
    const { text } = await received.closed();
    expect(text).toContain('x-own: 1');
    expect(text.toLowerCase()).not.toContain('signature');
  });
});

describe('the answers of the proxy itself are signed', () => {
  it.each<[string, string, readonly string[], string, number]>([
    ['without a credential', 'GET /orders', [], '', 401],
    ['to no route', 'GET /nowhere', [], '', 401],
    ['with a body that is too long', 'POST /open/a', [], 'x'.repeat(1_001), 413],
    ['to HEAD', 'HEAD /orders', [], '', 401],
  ])('to a request %s', async (_, line, headers, body, status) => {
    const got = await ask(proxy.port, line, headers, body);
    expect([got.status, got.verdict]).toEqual([status, good]);
    expect(got.headers['signature-input']).toContain('"x-countersign-request-id"');
  });

  it('where the upstream is away', async () => {
    const alone = await RunningProxy.start({
      answerSigner: signer,
      upstream: new URL('http://127.0.0.1:1'),
    });
    expect(await ask(alone.port, 'GET /open/a')).toMatchObject({ status: 502, verdict: good });
    await alone.close();
  });

  it('to a handshake', async () => {
    const upgrade = ['Connection', 'Upgrade', 'Upgrade', 'websocket'];
    const got = await ask(proxy.port, 'GET /orders', upgrade);
    expect(got).toMatchObject({ status: 501, verdict: good });
  });
});

it('nothing is signed, held or dropped without a signer', async () => {
  const plain = await RunningProxy.start();
  plain.answer = answering(200, { signature: 's=:aGk=:', 'x-countersign-unsigned': 'mine' }, 'ok');
  const { headers } = await request(plain.port, 'GET /open/a');
  expect(headers).toMatchObject({ signature: 's=:aGk=:', 'x-countersign-unsigned': 'mine' });
  const refused = await request(plain.port, 'GET /orders');
  expect([refused.status, refused.headers.signature]).toEqual([401, undefined]);
  await plain.close();
});

describe('the answers of the service are signed', () => {
  let running: RunningApp;
  let port: number;
  beforeAll(async () => {
    running = await RunningApp.start({ answerSigner: signer, maxBodyBytes: 100 });
    port = await running.listen();
  });
  afterAll(() => running.close());

  it.each<[string, string, number, string?]>([
    ['of health', 'GET /livez', 200],
    ['to HEAD', 'HEAD /livez', 200],
    ['of the documentation', 'GET /docs/operations', 200],
    ['to nobody', 'GET /v1/keys', 401],
    ['where there is no route', 'GET /v1/nowhere?a=1', 404],
    ['to a path that cannot be read', 'GET /v1/keys/%ff', 400],
    ['to a body that is too long', 'POST /v1/verify', 413, 'x'.repeat(70_000)],
  ])('%s', async (_, line, status, body) => {
    const got = await ask(port, line, [], body);
    expect([got.status, got.verdict]).toEqual([status, good]);
  });

  it('to an operator, without a signature over the token', async () => {
    const token = ['Authorization', `Bearer ${running.operator.secret}`];
    const got = await ask(port, 'GET /v1/keys', token);
    expect([got.status, got.verdict]).toEqual([200, good]);
    expect(got.headers['signature-input']).not.toContain('authorization');
    expect((await ask(port, 'GET /v1/keys?limit=x', token)).verdict).toEqual(good);
    const json = ['Content-Type', 'application/json'];
    const asked = { request: { method: 'GET', target: '/', headers: {} } };
    const decided = await ask(port, 'POST /v1/verify', [...token, ...json], JSON.stringify(asked));
    expect([decided.status, decided.verdict]).toEqual([200, good]);
    expect(decided.headers['x-countersign-request-digest']).toBe(digestOf(JSON.stringify(asked)));
  });

  it('by none where there is no key, and the route says so', async () => {
    const other = await RunningApp.start();
    const { status, json, headers } = await other.get('/v1/answer-key');
    expect([status, json.code, json.detail]).toEqual([
      404,
      'not_found',
      expect.stringContaining('COUNTERSIGN_SIGN_ANSWERS'),
    ]);
    expect(headers.signature).toBeUndefined();
    await other.close();
  });
});

/** Sends a GET on a new connection, and collects what comes. */
async function asked(target: string, port = proxy.port, headers: readonly string[] = []) {
  const socket = await open(port);
  const received = collect(socket);
  socket.write(requestHead(`GET ${target}`, headers, 0));
  return received;
}
