import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Problem } from '@countersign/contract';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { exchange, request, requestHead } from './raw-http.ts';
import { RunningProxy } from './running-proxy.ts';
import { eventually } from './service-process.ts';

let proxy: RunningProxy;
let upstream: Server;
/** What the upstream does with a connection once a request came. */
let behave: (socket: Socket) => void;

beforeAll(async () => {
  upstream = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => behave(socket));
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const { port } = upstream.address() as AddressInfo;
  proxy = await RunningProxy.start({ upstream: new URL(`http://127.0.0.1:${port}`), upstreamSilenceMs: 300 });
});
afterAll(async () => {
  await proxy.close();
  upstream.close();
});
beforeEach(() => {
  proxy.faults.length = 0;
});

const AWAY: readonly (readonly [string, (socket: Socket) => void])[] = [
  ['hangs up', (socket) => socket.destroy()],
  ['resets the connection', (socket) => socket.resetAndDestroy()],
  ['never answers', () => {}],
  ['answers with what is no HTTP', (socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n')],
  ['answers with half a head', (socket) => socket.end('HTTP/1.1 200 OK\r\nx-a')],
  [
    'answers with two lengths',
    (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'),
  ],
  [
    'answers with a huge head',
    (socket) => socket.end(`HTTP/1.1 200 OK\r\nx: ${'a'.repeat(100_000)}\r\n\r\n`),
  ],
];

describe.each(AWAY)('an upstream that %s', (_what, how) => {
  beforeEach(() => {
    behave = how;
  });

  it('is upstream_unavailable to one who speaks no dialect', async () => {
    const answer = await request(proxy.port, 'GET /open/a');
    expect(answer.status).toBe(502);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(Problem.parse(JSON.parse(answer.body))).toMatchObject({
      code: 'upstream_unavailable',
      requestId: expect.stringMatching(/^req_/),
    });
    expect(proxy.faults).toHaveLength(1);
  });

  it('is the dialect\'s own "later" to a bot', async () => {
    const answer = await proxy.signed('POST /orders', { body: `{"at":${Math.random()}}` });
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      503,
      expect.objectContaining({ code: expect.stringMatching(/^\d+$/) }),
    ]);
    expect(answer.headers['retry-after']).toBe('1');
  });
});

describe.each([
  ['resets in the middle', (socket: Socket) => socket.resetAndDestroy()],
  ['hangs up in the middle', (socket: Socket) => socket.destroy()],
  ['falls silent in the middle', () => {}],
])('an upstream that %s of its answer', (_what, how) => {
  it.each([
    ['of a known length', 'content-length: 1000\r\n\r\nfirst'],
    ['in chunks', 'transfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n'],
  ])('%s has the client see that it is cut off', async (_form, text) => {
    behave = (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\n${text}`);
      setTimeout(() => how(socket), 20);
    };
    const { text: seen, isClosed } = await exchange(proxy.port, requestHead('GET /open/a', [], 0));
    expect(isClosed).toBe(true);
    expect(seen).toContain('first');
    expect(seen).not.toMatch(/\r\n0\r\n\r\n$/);
    await eventually(() => proxy.faults.length === 1, 'the operator is told');
    behave = (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    expect((await request(proxy.port, 'GET /open/a')).status).toBe(200);
  });
});

it('an upstream that is down is upstream_unavailable, until it is up', async () => {
  const { port } = upstream.address() as AddressInfo;
  await new Promise((resolve) => upstream.close(resolve));
  const answer = await request(proxy.port, 'GET /open/a');
  expect([answer.status, JSON.parse(answer.body).code]).toEqual([502, 'upstream_unavailable']);
  await new Promise<void>((resolve) => upstream.listen(port, '127.0.0.1', resolve));
  behave = (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
  expect((await request(proxy.port, 'GET /open/a')).body).toBe('ok');
});

it('informational answers are not taken for the answer', async () => {
  behave = (socket) =>
    socket.end(
      'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
    );
  expect(await request(proxy.port, 'GET /open/a')).toMatchObject({ status: 200, body: 'ok' });
});

it('an answer that is written one byte at a time is whole', async () => {
  behave = (socket) => {
    const text = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
    for (const [i, character] of [...text].entries()) setTimeout(() => socket.write(character), i);
  };
  expect(await request(proxy.port, 'GET /open/a')).toMatchObject({ status: 200, body: 'ok' });
});
