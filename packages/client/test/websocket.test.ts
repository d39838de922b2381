import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createClient } from '@countersign/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { RunningProxy } from '../../server/test/running-proxy.ts';

const MANIFEST = `
version: 1
permissions:
  spot.trade: { risk: medium }
routes:
  - route: GET /v2/ws/private
    permission: spot.trade
    webSocket: { login: bybit, public: [ping] }
  - { route: GET /signed, permission: spot.trade }
`;

let proxy: RunningProxy;
const handshakes: IncomingMessage[] = [];
const sockets: WebSocket[] = [];

beforeAll(async () => {
  proxy = await RunningProxy.start({ manifest: MANIFEST });
  const server = new WebSocketServer({ server: proxy.upstream, perMessageDeflate: false });
  server.on('connection', (socket, request) => {
    handshakes.push(request);
    socket.on('message', (data) => socket.send(`echo ${data}`));
  });
});
afterAll(async () => {
  for (const socket of sockets) socket.terminate();
  await proxy.close();
});

const client = (dialect: string) =>
  createClient({
    dialect,
    baseUrl: `http://127.0.0.1:${proxy.port}`,
    keyId: proxy.key.id,
    secret: proxy.key.secret ?? '',
    passphrase: proxy.key.passphrase,
  });

async function open(url: string, headers: Record<string, string> = {}): Promise<WebSocket> {
  const socket = new WebSocket(url, { headers, perMessageDeflate: false });
  sockets.push(socket);
  await once(socket, 'open');
  return socket;
}

it('logs in by a message, and the upstream hears whose it is', async () => {
  const socket = await open(`ws://127.0.0.1:${proxy.port}/v2/ws/private`);
  socket.send(await client('bybit').login());
  const [answer] = (await once(socket, 'message')) as [Buffer];
  expect(JSON.parse(String(answer))).toMatchObject({ op: 'auth', success: true });
  socket.send('hello');
  expect(String(((await once(socket, 'message')) as [Buffer])[0])).toBe('echo hello');
  expect(handshakes.at(-1)?.headers['x-countersign-credential']).toBe(proxy.key.id);
});

it('opens a WebSocket whose handshake is signed, by a path or by its whole address', async () => {
  for (const target of ['/signed', `ws://127.0.0.1:${proxy.port}/signed?a=1`]) {
    const { url, headers } = await client('rfc9421').handshake(target);
    const socket = await open(url, { ...headers });
    expect(handshakes.at(-1)?.headers['x-countersign-credential']).toBe(proxy.key.id);
    socket.send('hello');
    expect(String(((await once(socket, 'message')) as [Buffer])[0])).toBe('echo hello');
  }
});

it('signs no handshake for another host', async () => {
  await expect(client('rfc9421').handshake('wss://evil.example/signed')).rejects.toMatchObject({
    code: 'origin_refused',
  });
});
