import { connect } from 'node:net';
import { Problem } from '@countersign/contract';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { collect, exchange, open, type RawAnswer, request, requestHead } from './raw-http.ts';
import { aKey, RunningApp } from './running-app.ts';
import { eventually } from './service-process.ts';

let app: RunningApp;
let port: number;

beforeAll(async () => {
  app = await RunningApp.start({ maxBodyBytes: 10_000, requestTimeoutMs: 400 });
  port = await app.listen();
});
afterAll(() => app.close());

afterEach(async () => {
  expect((await request(port, 'GET /livez')).status).toBe(200);
  expect(app.log.filter((line) => /"level":(50|60)/.test(line))).toEqual([]);
});

function refusal(answer: RawAnswer | undefined): string {
  expect(answer?.headers['content-type']).toBe('application/problem+json');
  const problem = Problem.parse(JSON.parse(answer?.body ?? ''));
  expect(problem.status).toBe(answer?.status);
  expect(answer?.body).not.toMatch(/node_modules|\.js:\d/);
  return `${answer?.status} ${problem.code}`;
}

const bearer = () => ({ authorization: `Bearer ${app.operator.secret}`, 'content-type': 'application/json' });
const get = (headers: Record<string, string> = {}) =>
  request(port, 'GET /v1/keys', { ...bearer(), ...headers });

describe('what is no HTTP', () => {
  it.each([
    ['a TLS handshake', Buffer.from('16030100f5010000f10303', 'hex')],
    ['zeros', Buffer.alloc(4096)],
    ['SSH', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a method that there is not', 'FETCH /livez HTTP/1.1\r\nhost: a\r\n\r\n'],
    ['a request line without a target', 'GET\r\n\r\n'],
    ['a version that there is not', 'GET /livez HTTP/9.9\r\nhost: a\r\n\r\n'],
    ['no host', 'GET /livez HTTP/1.1\r\n\r\n'],
    ['a space before the colon', 'GET /livez HTTP/1.1\r\nhost : a\r\n\r\n'],
    ['a header without a name', 'GET /livez HTTP/1.1\r\nhost: a\r\n: b\r\n\r\n'],
    ['a NUL in a header', 'GET /livez HTTP/1.1\r\nhost: a\r\nx: a\0b\r\n\r\n'],
    ['a bare CR in a header', 'GET /livez HTTP/1.1\r\nhost: a\r\nx: a\rb: c\r\n\r\n'],
    ['raw UTF-8 in the target', 'GET /ü HTTP/1.1\r\nhost: a\r\n\r\n'],
    ['a negative length', 'POST /v1/keys HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n'],
    ['a length that is no number', 'POST /v1/keys HTTP/1.1\r\nhost: a\r\ncontent-length: 1e3\r\n\r\n'],
    ['two lengths', 'POST /v1/keys HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
    [
      'a length beside chunks',
      'POST /v1/keys HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'a chunk without its size',
      'POST /v1/keys HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
    ],
  ])('%s is answered with malformed_request, and the connection ends', async (_what, bytes) => {
    const { answers, isClosed } = await exchange(port, bytes);
    expect(isClosed).toBe(true);
    expect(answers).toHaveLength(1);
    expect(answers[0]?.status).toBe(400);
    // Node itself answers a missing Host, before there is anything to ask us about.
    if (answers[0]?.body !== '') expect(refusal(answers[0])).toBe('400 malformed_request');
  });

  it('after a request under way, does not stand in for its answer', async () => {
    const head = requestHead(
      'POST /v1/keys',
      [...Object.entries(bearer()).flat(), 'connection', 'keep-alive'],
      0,
    );
    const body = JSON.stringify(aKey());
    const { answers } = await exchange(
      port,
      `${head.slice(0, -2)}content-length: ${body.length}\r\n\r\n${body}garbage\r\n\r\n`,
    );
    expect(answers.map(({ status }) => status)).not.toContain(400);
  });
});

describe('targets', () => {
  it.each([
    ['an incomplete percent-encoding', '/v1/keys/%', '400 malformed_request'],
    ['a percent-encoding that is none', '/v1/keys/%zz', '400 malformed_request'],
    ['bytes that are not UTF-8', '/v1/keys/%ff', '400 malformed_request'],
    ['an absolute form', 'http://api.test/v1/keys', '400 malformed_request'],
    ['dot segments', '/v1/../v1/keys', '404 not_found'],
    ['encoded dot segments', '/docs/errors/%2e%2e%2f%2e%2e%2fpackage', '404 not_found'],
    ['a NUL', '/v1/keys/%00', '404 not_found'],
    ['a long id', `/v1/keys/${'a'.repeat(500)}`, '404 not_found'],
    ['encoded line breaks', '/v1/keys/a%0d%0ax-injected:%20yes', '404 not_found'],
  ])('with %s are refused', async (_what, target, expected) => {
    const answer = await request(port, `GET ${target}`, bearer());
    expect(refusal(answer)).toBe(expected);
    expect(answer.headers).not.toHaveProperty('x-injected');
  });

  it('with bytes that are not UTF-8 in a query are invalid_query, or taken literally', async () => {
    expect(refusal(await request(port, 'GET /v1/keys?accountId=%ff%fe', bearer()))).toMatch(
      /^400 (invalid_query|malformed_request)$/,
    );
    expect(refusal(await request(port, 'GET /v1/keys?accountId=%', bearer()))).toMatch(
      /^400 (invalid_query|malformed_request)$/,
    );
  });

  it('* is not_found or malformed_request', async () => {
    expect(refusal(await request(port, 'OPTIONS *', bearer()))).toMatch(
      /^(404 not_found|400 malformed_request)$/,
    );
  });

  it('of CONNECT end the connection', async () => {
    const { isClosed, answers } = await exchange(
      port,
      'CONNECT evil.test:443 HTTP/1.1\r\nhost: evil.test\r\n\r\n',
    );
    expect([isClosed, answers]).toEqual([true, []]);
  });
});

describe('headers', () => {
  it('over 16 KiB are headers_too_large', async () => {
    expect(refusal(await get({ 'x-long': 'a'.repeat(20_000) }))).toBe('431 headers_too_large');
    const many = Array.from({ length: 3000 }, (_, i) => `x-${i}: ${i}`).join('\r\n');
    const { answers } = await exchange(port, `GET /livez HTTP/1.1\r\nhost: a\r\n${many}\r\n\r\n`);
    expect(refusal(answers[0])).toBe('431 headers_too_large');
  });

  it('of 10 MB end the connection', async () => {
    const { isClosed } = await exchange(port, [
      'GET /livez HTTP/1.1\r\nhost: a\r\nx: ',
      Buffer.alloc(10_000_000, 'a'),
    ]);
    expect(isClosed).toBe(true);
  });

  it('that occur twice and carry the credential are malformed_request', async () => {
    const { authorization } = bearer();
    const twice = ['authorization', authorization, 'Authorization', authorization];
    expect(refusal(await request(port, 'GET /v1/keys', twice))).toBe('400 malformed_request');
  });

  it('with bytes beyond ASCII do no harm', async () => {
    const { answers } = await exchange(
      port,
      Buffer.from(
        'GET /v1/keys HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: Bearer \xff\xfe\r\n\r\n',
        'latin1',
      ),
    );
    expect(refusal(answers[0])).toBe('400 malformed_request');
  });

  it('cannot be written through ours', async () => {
    const answer = await get({ 'idempotency-key': 'a', 'x-request-id': 'mine' });
    expect(answer.headers['x-request-id']).toMatch(/^req_/);
  });

  it.each([
    ['Expect', '100-continue, and more'],
    ['Upgrade', 'h2c'],
    ['Transfer-Encoding', 'gzip'],
  ])('%s: %s is no reason to hang', async (name, value) => {
    const { isClosed } = await exchange(port, requestHead('GET /livez', [name, value], 0));
    expect(isClosed).toBe(true);
  });
});

describe('bodies', () => {
  const post = (headers: string[], ...parts: (string | Buffer)[]) =>
    exchange(port, [
      requestHead('POST /v1/keys', [...Object.entries(bearer()).flat(), ...headers], 0),
      ...parts,
    ]);

  it('that are announced over the limit are body_too_large', async () => {
    const { answers } = await post(['content-length', '99999999'], 'x'.repeat(1000));
    expect(refusal(answers[0])).toBe('413 body_too_large');
  });

  it('that grow over the limit are body_too_large', async () => {
    const chunk = `2710\r\n${'x'.repeat(10_000)}\r\n`;
    const { answers } = await post(['transfer-encoding', 'chunked'], ...Array(30).fill(chunk));
    expect(refusal(answers[0])).toBe('413 body_too_large');
  });

  it('over the limit that go on for megabytes have their refusal read still', async () => {
    const body = Buffer.alloc(8_000_000);
    const send = () => fetch(`http://127.0.0.1:${port}/v1/keys`, { method: 'POST', headers: bearer(), body });
    for (let i = 0; i < 5; i++) expect((await send()).status).toBe(413);
  });

  it('that were refused and never end are not answered twice', async () => {
    const { answers } = await post(['content-length', '99999999', 'connection', 'keep-alive'], 'x');
    expect(answers.map(({ status }) => status)).toEqual([413]);
  });

  it('in chunks are read like others', async () => {
    const text = JSON.stringify(aKey());
    const chunks = [...text].map((character) => `1\r\n${character}\r\n`).join('');
    const { answers } = await post(['transfer-encoding', 'chunked'], `${chunks}0\r\n\r\n`);
    expect(answers[0]?.status).toBe(201);
  });

  it('that never end are ended by the service, and said so', async () => {
    for (const parts of [
      ['content-length', '100'],
      ['transfer-encoding', 'chunked'],
    ]) {
      const { answers, isClosed } = await post(parts, parts[1] === '100' ? '{"acc' : '5\r\n{"acc\r\n');
      expect(isClosed).toBe(true);
      expect(refusal(answers[0])).toBe('400 malformed_request');
      expect(answers[0]?.body).toContain('in time');
    }
  });

  it('that the client gives up on change nothing', async () => {
    const before = (await app.get('/v1/keys?limit=200')).json.data.length;
    const text = JSON.stringify(aKey());
    const socket = await open(port);
    socket.write(
      requestHead(
        'POST /v1/keys',
        [...Object.entries(bearer()).flat(), 'content-length', String(text.length)],
        0,
      ),
    );
    socket.write(text.slice(0, -1));
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.resetAndDestroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await app.get('/v1/keys?limit=200')).json.data.length).toBe(before);
  });
});

describe('slow clients', () => {
  it('that never send a whole head are cut off', async () => {
    const { answers, isClosed } = await exchange(port, 'GET /livez HTTP/1.1\r\nhost: a\r\n');
    expect(isClosed).toBe(true);
    expect(refusal(answers[0])).toBe('400 malformed_request');
  });

  it('keep nobody waiting, and are served when they come to an end', async () => {
    const sockets = await Promise.all(Array.from({ length: 50 }, () => open(port)));
    const text = 'GET /livez HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';
    const received = sockets.map(collect);
    for (const socket of sockets) socket.write(text.slice(0, 10));
    expect((await get()).status).toBe(200);
    for (const socket of sockets) socket.write(text.slice(10));
    const ends = await Promise.all(received.map((one) => one.closed()));
    expect(ends.map(({ answers }) => answers[0]?.status)).toEqual(Array(50).fill(200));
  });

  it('that connect and say nothing keep nobody waiting', async () => {
    const idle = await Promise.all(Array.from({ length: 100 }, () => open(port)));
    expect((await get()).status).toBe(200);
    for (const socket of idle) socket.destroy();
  });
});

it('a client that never closes its side is not waited for', async () => {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const received = collect(socket);
  socket.write('garbage\r\n\r\n');
  await received.until('malformed_request');
  await eventually(async () => (await connections()) === 0, 'its connection is gone');
  socket.destroy();
});

function connections(): Promise<number> {
  return new Promise((resolve) => app.app.server.getConnections((_error, count) => resolve(count)));
}
