import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { collect, exchange, open, request, requestHead } from './raw-http.ts';
import { RunningProxy } from './running-proxy.ts';
import { eventually } from './service-process.ts';
import { sign } from './signing.ts';

let proxy: RunningProxy;

beforeAll(async () => {
  proxy = await RunningProxy.start();
});
afterAll(() => proxy.close());
beforeEach(() => {
  proxy.answer = (_request, response) => void response.end('done');
  proxy.received.length = 0;
  proxy.faults.length = 0;
});

const signatureFor = (method: string, target: string, body: string | Buffer = '') =>
  Object.entries(sign('bitget', proxy.key, { method, target, body })).flat();

describe('what goes to the upstream', () => {
  it.each([
    '/open/a?b=c&b=%20d',
    '/open/a?',
    '/open/%C3%BC',
    '/open/a,c@d:e!$()*',
    '/open/a?x={}|[]<>^`\\',
    '/open/a?a=1%26b=2&c=+',
  ])('is the target %s byte for byte', async (target) => {
    expect((await request(proxy.port, `GET ${target}`)).status).toBe(200);
    expect(proxy.last.target).toBe(target);
  });

  it('is the body byte for byte, whatever it holds', async () => {
    const body = Buffer.from(Array.from({ length: 65_536 }, (_, i) => (i * 7) % 256));
    expect((await proxy.signed('POST /orders', { body })).status).toBe(200);
    expect(proxy.last.body.equals(body)).toBe(true);
    expect(proxy.last.headers['content-length']).toBe('65536');
  });

  it('is a chunked body, whole', async () => {
    const body = '{"size":"1"}';
    const headers = [...signatureFor('POST', '/orders', body), 'transfer-encoding', 'chunked'];
    const chunks = [...body].map((character) => `1;ext=1\r\n${character}\r\n`);
    const { answers } = await exchange(proxy.port, [
      requestHead('POST /orders', headers, 0),
      ...chunks,
      '0\r\nx-trailer: a\r\n\r\n',
    ]);
    expect(answers[0]?.status).toBe(200);
    expect(proxy.last.body.toString()).toBe(body);
    expect(proxy.last.headers).toMatchObject({ 'content-length': String(body.length) });
    expect(proxy.last.headers).not.toHaveProperty('transfer-encoding');
    expect(proxy.last.headers).not.toHaveProperty('x-trailer');
  });

  it('is a body that came after 100-continue', async () => {
    const body = '{"size":"1"}';
    const headers = [
      ...signatureFor('POST', '/orders', body),
      'expect',
      '100-continue',
      'content-length',
      String(body.length),
    ];
    const socket = await open(proxy.port);
    const received = collect(socket);
    socket.write(requestHead('POST /orders', headers, 0));
    await received.until('100 Continue');
    socket.write(body);
    const { answers } = await received.closed();
    expect(answers.map(({ status }) => status)).toEqual([100, 200]);
    expect(proxy.last.body.toString()).toBe(body);
    expect(proxy.last.headers).not.toHaveProperty('expect');
  });

  it('is nothing at all for an empty POST, and its length says so', async () => {
    expect((await proxy.signed('POST /orders')).status).toBe(200);
    expect([proxy.last.body.length, proxy.last.headers['content-length']]).toEqual([0, '0']);
  });

  it('is a DELETE with a body', async () => {
    expect((await proxy.signed('DELETE /orders', { body: '{"id":1}' })).status).toBe(200);
    expect(proxy.last.body.toString()).toBe('{"id":1}');
  });

  it('is nothing of a body over the limit', async () => {
    const body = 'x'.repeat(100_001);
    const declared = await proxy.signed('POST /orders', { body });
    expect(declared.status).toBe(413);
    const chunk = `186a1\r\n${body}\r\n`;
    const headers = [...signatureFor('POST', '/orders', body), 'transfer-encoding', 'chunked'];
    const { answers } = await exchange(proxy.port, [
      requestHead('POST /orders', headers, 0),
      chunk,
      '0\r\n\r\n',
    ]);
    expect(answers[0]?.status).toBe(413);
    const open = await request(proxy.port, 'POST /open/a', [], body);
    expect([open.status, JSON.parse(open.body).code]).toEqual([413, 'body_too_large']);
    expect(proxy.received).toEqual([]);
  });

  it('is nothing of a body of megabytes, and its refusal is read still', async () => {
    const body = Buffer.alloc(8_000_000);
    const send = () => fetch(`http://127.0.0.1:${proxy.port}/open/a`, { method: 'POST', body });
    for (let i = 0; i < 5; i++) expect((await send()).status).toBe(413);
    expect(proxy.received).toEqual([]);
  });

  it('is a body of exactly the limit', async () => {
    expect((await proxy.signed('POST /orders', { body: 'x'.repeat(100_000) })).status).toBe(200);
  });
});

describe('what comes back', () => {
  it.each([204, 304])('is a %d without a body', async (status) => {
    proxy.answer = (_request, response) => void response.writeHead(status, { etag: '"a"' }).end();
    const answer = await proxy.signed('GET /orders');
    expect([answer.status, answer.body, answer.headers.etag]).toEqual([status, '', '"a"']);
  });

  it('is the answer to a HEAD: the length, and no body', async () => {
    proxy.answer = (_request, response) => void response.writeHead(200, { 'content-length': '1234' }).end();
    const { answers, text } = await exchange(proxy.port, requestHead('HEAD /open/a', [], 0));
    expect(answers[0]).toMatchObject({ status: 200, headers: { 'content-length': '1234' } });
    expect(text.endsWith('\r\n\r\n')).toBe(true);
    expect(proxy.last.method).toBe('HEAD');
  });

  it.each([201, 301, 404, 418, 500, 503])('is a %d of the upstream, untouched', async (status) => {
    proxy.answer = (_request, response) =>
      void response.writeHead(status, { 'content-type': 'text/x' }).end('theirs');
    expect(await proxy.signed('GET /orders')).toMatchObject({
      status,
      body: 'theirs',
      headers: { 'content-type': 'text/x' },
    });
  });

  it('is large, and byte for byte', async () => {
    const big = Buffer.alloc(3_000_000, 'abcdefg');
    proxy.answer = (_request, response) => void response.end(big);
    expect((await proxy.signed('GET /orders')).body).toBe(big.toString());
  });

  it('begins before the upstream has ended', async () => {
    let finish = () => {};
    proxy.answer = (_request, response) => {
      response.writeHead(200);
      response.write('first');
      finish = () => response.end('second');
    };
    const socket = await open(proxy.port);
    const received = collect(socket);
    socket.write(requestHead('GET /open/a', [], 0));
    const text = await received.until('first');
    expect(text).not.toContain('second');
    finish();
    expect((await received.closed()).answers[0]?.body).toBe('firstsecond');
  });

  it('begins with its headers where the upstream has nothing more to say yet', async () => {
    let finish = () => {};
    proxy.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      finish = () => response.end('data: 1\n\n');
    };
    const socket = await open(proxy.port);
    const received = collect(socket);
    socket.write(requestHead('GET /open/a', [], 0));
    await received.until('text/event-stream');
    finish();
    expect((await received.closed()).answers[0]?.body).toBe('data: 1\n\n');
  });
});

describe('clients that go away', () => {
  it('end the request to the upstream', async () => {
    let closed = false;
    proxy.answer = (incoming, response) => {
      response.write('first');
      incoming.socket.on('close', () => {
        closed = true;
      });
    };
    const socket = await open(proxy.port);
    const received = collect(socket);
    socket.write(requestHead('GET /open/a', [], 0));
    await received.until('first');
    socket.destroy();
    await eventually(() => closed, 'the upstream is let go');
    expect(proxy.faults).toEqual([]);
  });

  it('before the answer began end it too', async () => {
    let closed = false;
    proxy.answer = (incoming) => {
      incoming.socket.on('close', () => {
        closed = true;
      });
    };
    const socket = await open(proxy.port);
    socket.write(requestHead('GET /open/a', [], 0));
    await eventually(() => proxy.received.length === 1, 'it came to the upstream');
    socket.resetAndDestroy();
    await eventually(() => closed, 'the upstream is let go');
    expect(proxy.faults).toEqual([]);
  });

  it('in the middle of their body send nothing to the upstream', async () => {
    const socket = await open(proxy.port);
    socket.write(requestHead('POST /open/a', ['content-length', '10'], 0));
    socket.write('12345');
    socket.end();
    expect((await collect(socket).closed()).isClosed).toBe(true);
    expect((await request(proxy.port, 'GET /open/b')).status).toBe(200);
    expect(proxy.received.map(({ target }) => target)).toEqual(['/open/b']);
    expect(proxy.faults).toEqual([]);
  });

  it('on one connection are served one after the other', async () => {
    const head = (name: string, connection: string) =>
      requestHead(`GET /open/${name}`, ['connection', connection], 0);
    const { answers } = await exchange(
      proxy.port,
      head('a', 'keep-alive') + head('b', 'keep-alive') + head('c', 'close'),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(proxy.received.map(({ target }) => target)).toEqual(['/open/a', '/open/b', '/open/c']);
  });
});
