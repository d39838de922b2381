import { mkdtempSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { callOverHttp, type HttpCall, NOT_CONNECTED } from '../src/http-call.ts';
import { type Authority, createAuthority, inDays, startTls } from './certificates.ts';
import { countersign, startOther } from './command.ts';

const GET: HttpCall = { method: 'GET', headers: {}, body: undefined, connectMs: 10_000, timeoutMs: 60_000 };

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function serverOf(listener: RequestListener): Promise<string> {
  const other = await startOther(listener);
  stops.push(other.stop);
  return other.url;
}

/** A server of TCP that does one thing with each connection. */
async function startTcp(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => {}));
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

describe('a call over HTTP', () => {
  it('sends method, headers and body, and says how long the body is', async () => {
    const url = await serverOf(async (request, response) => {
      const { method, url: target, headers } = request;
      let body = '';
      for await (const chunk of request) body += chunk;
      const { 'content-length': length, 'x-name': name, 'transfer-encoding': coding } = headers;
      response.end(JSON.stringify({ method, target, length, name, coding, body }));
    });
    const { text } = await callOverHttp(`${url}/v1/keys?a=b`, {
      ...GET,
      method: 'PUT',
      headers: { 'x-name': 'value' },
      body: '{"é":1}',
    });
    expect(JSON.parse(text)).toEqual({
      method: 'PUT',
      target: '/v1/keys?a=b',
      length: '8',
      name: 'value',
      body: '{"é":1}',
    });
  });

  it('reads an answer to its end, with a character that comes in two pieces', async () => {
    const url = await serverOf((_request, response) => {
      response.writeHead(201, { 'retry-after': '7' }).write(Buffer.from([0x22, 0xc3]));
      setTimeout(() => response.end(Buffer.from([0xa9, 0x22])), 20);
    });
    const { status, headers, text } = await callOverHttp(url, GET);
    expect({ status, text, retryAfter: headers['retry-after'] }).toEqual({
      status: 201,
      text: '"é"',
      retryAfter: '7',
    });
  });

  it('follows no redirect', async () => {
    const asked: (string | undefined)[] = [];
    const url = await serverOf((request, response) => {
      asked.push(request.url);
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    expect((await callOverHttp(`${url}/here`, GET)).status).toBe(302);
    expect(asked).toEqual(['/here']);
  });

  it('fails where an answer is cut off', async () => {
    const url = await serverOf((_request, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('half');
      setTimeout(() => response.destroy(), 20);
    });
    await expect(callOverHttp(url, GET)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it.each([
    ['nothing', ''],
    ['a change to another protocol', 'HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
    ['a promise of an answer', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ])('fails where there is %s before the end', async (_what, said) => {
    const port = await startTcp((socket) => socket.once('data', () => socket.end(said)));
    await expect(callOverHttp(`http://127.0.0.1:${port}`, GET)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it.each([
    ['begins', () => {}],
    ['goes on', (_request, response) => response.writeHead(200).write('half')],
  ] as [string, RequestListener][])(
    'ends when the time is over before an answer %s',
    async (_what, listener) => {
      const url = await serverOf(listener);
      await expect(callOverHttp(url, { ...GET, timeoutMs: 100 })).rejects.toMatchObject({
        name: 'TimeoutError',
      });
    },
  );

  it('ends when there is no connection in time', async () => {
    const port = await startTcp(() => {});
    await expect(callOverHttp(`https://127.0.0.1:${port}`, { ...GET, connectMs: 100 })).rejects.toMatchObject(
      { code: NOT_CONNECTED },
    );
  });

  it('gives an answer its time once there is a connection', async () => {
    const url = await serverOf((_request, response) => setTimeout(() => response.end('late'), 300));
    expect((await callOverHttp(url, { ...GET, connectMs: 100 })).text).toBe('late');
  });
});

describe('a service behind TLS', () => {
  let folder: string;
  let authority: Authority;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'countersign-tls-'));
    authority = createAuthority(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const listAt = (url: string, more: Readonly<Record<string, string>> = {}) =>
    countersign(['keys', 'list'], {
      env: { COUNTERSIGN_URL: url, COUNTERSIGN_SECRET: 'cb_other_token', ...more },
    });

  it.each([
    ['of an authority that is named', 'DNS:localhost', 30, true, 'does not understand'],
    ['of an unknown authority', 'DNS:localhost', 30, false, 'its certificate is from an unknown authority'],
    ['for another name', 'DNS:other.example', 30, true, 'its certificate is for another name'],
    ['that has expired', 'DNS:localhost', -1, true, 'its certificate has expired'],
  ])('with a certificate %s', async (_what, names, days, isNamed, said) => {
    const server = await startTls(authority.issue({ names, from: inDays(-5), until: inDays(days) }));
    stops.push(server.stop);
    const { code, stderr } = await listAt(server.url, isNamed ? { NODE_EXTRA_CA_CERTS: authority.file } : {});
    expect(code).toBe(1);
    expect(stderr).toContain(said);
    expect(server.requests()).toBe(said === 'does not understand' ? 1 : 0);
  });

  it('that does not speak it', async () => {
    const url = await serverOf((_request, response) => response.end('{}'));
    const { code, stderr } = await listAt(url.replace('http:', 'https:'));
    expect(code).toBe(1);
    expect(stderr).toContain('it does not speak TLS, or none that is known here (is it http://?)');
  });
});
