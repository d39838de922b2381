import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { RunningProxy } from './running-proxy.ts';

const MANIFEST = `
version: 1
permissions:
  stream: { risk: low }
  spot.trade: { risk: medium }
routes:
  - route: GET /ws/v1
    permission: stream
    webSocket: { login: kraken-futures, public: [{ /event: subscribe, /feed: ticker }] }
  - { route: GET /orders, permission: spot.trade }
`;
const BY = { actor: 'service' };

interface Key {
  readonly id: string;
  readonly secret: string;
}

let proxy: RunningProxy;
let key: Key;
const arrived: { account: unknown; message: string }[] = [];
const sockets: WebSocket[] = [];

beforeAll(async () => {
  proxy = await RunningProxy.start({ manifest: MANIFEST });
  const server = new WebSocketServer({ server: proxy.upstream, perMessageDeflate: false });
  server.on('connection', (socket, { headers }) => {
    socket.on('message', (data) => {
      arrived.push({ account: headers['x-countersign-account'], message: String(data) });
      socket.send('answered');
    });
  });
});
afterAll(() => proxy.close());
beforeEach(async () => {
  arrived.length = 0;
  key = await issue('acct_7');
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.terminate();
});

async function issue(accountId: string): Promise<Key> {
  const made = await proxy.engine.keys.issue(
    {
      accountId,
      label: '',
      environment: 'live',
      kind: 'hmac',
      // Its secret is then base64, as this dialect wants it.
      dialects: ['kraken-futures'],
      permissions: ['stream'],
    },
    BY,
  );
  if (!made.ok) throw new Error(made.detail);
  return { id: made.key.id, secret: made.secret?.expose() ?? '' };
}

async function open(): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/ws/v1`, { perMessageDeflate: false });
  sockets.push(socket);
  await once(socket, 'open');
  return socket;
}

async function ask(socket: WebSocket, message: object | Buffer): Promise<string> {
  const answered = once(socket, 'message');
  socket.send(Buffer.isBuffer(message) ? message : JSON.stringify(message));
  const [data] = await answered;
  return String(data);
}

const CHALLENGE = { event: 'challenge', api_key: 'whoever' };

async function challengeOf(socket: WebSocket): Promise<string> {
  return (JSON.parse(await ask(socket, CHALLENGE)) as { message: string }).message;
}

function subscription(challenge: string, { id, secret }: Key = key, feed = 'fills') {
  const hash = createHash('sha256').update(challenge).digest();
  const signed = createHmac('sha512', Buffer.from(secret, 'base64')).update(hash).digest('base64');
  return { event: 'subscribe', feed, api_key: id, original_challenge: challenge, signed_challenge: signed };
}

const errorIn = (answer: string) => (JSON.parse(answer) as { error?: string }).error;
const closed = async (socket: WebSocket) => {
  if (socket.readyState !== WebSocket.CLOSED) await once(socket, 'close');
};

describe('a challenge', () => {
  it('is one of its connection, and never that of another', async () => {
    const [one, other] = [await open(), await open()];
    const challenge = await challengeOf(one);
    expect(challenge).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(await challengeOf(one)).toBe(challenge);
    expect(await challengeOf(other)).not.toBe(challenge);
    expect(arrived).toEqual([]);
  });

  it('lets each message through that carries it signed, as the account of its key', async () => {
    const socket = await open();
    const challenge = await challengeOf(socket);
    const messages = ['fills', 'balances'].map((feed) => subscription(challenge, key, feed));
    for (const message of messages) expect(await ask(socket, message)).toBe('answered');
    const expected = messages.map((message) => ({ account: 'acct_7', message: JSON.stringify(message) }));
    expect(arrived).toEqual(expected);
  });

  it('opens the connection for no message without it', async () => {
    const socket = await open();
    expect(await ask(socket, subscription(await challengeOf(socket)))).toBe('answered');
    expect(errorIn(await ask(socket, { event: 'subscribe', feed: 'fills' }))).toBe('authenticationError');
    expect(await ask(socket, { event: 'subscribe', feed: 'ticker' })).toBe('answered');
    expect(arrived.map(({ account }) => account)).toEqual(['acct_7', undefined]);
  });

  it('that another connection was given is worth nothing', async () => {
    const stolen = subscription(await challengeOf(await open()));
    const socket = await open();
    await challengeOf(socket);
    expect(errorIn(await ask(socket, stolen))).toBe('nonceDuplicate');
    await closed(socket);
    expect(arrived).toEqual([]);
  });

  it('that nobody asked for is not known to anybody', async () => {
    const socket = await open();
    expect(errorIn(await ask(socket, subscription('undefined')))).toBe('nonceDuplicate');
    expect(arrived).toEqual([]);
  });

  it('signed with another key ends the connection', async () => {
    const socket = await open();
    const challenge = await challengeOf(socket);
    expect(await ask(socket, subscription(challenge))).toBe('answered');
    const another = await issue('acct_8');
    expect(errorIn(await ask(socket, subscription(challenge, another)))).toBe('authenticationError');
    await closed(socket);
    expect(arrived.map(({ account }) => account)).toEqual(['acct_7']);
  });

  it('is no more worth anything when the key is revoked', async () => {
    const socket = await open();
    expect(await ask(socket, subscription(await challengeOf(socket)))).toBe('answered');
    await proxy.engine.keys.revoke(key.id, 'test', BY);
    await vi.waitFor(() => expect(socket.readyState).toBe(WebSocket.CLOSED), { timeout: 5_000 });
  });

  it('is not handed out for ever, nor for a binary message', async () => {
    const socket = await open();
    expect(errorIn(await ask(socket, Buffer.from(JSON.stringify(CHALLENGE))))).toBe('authenticationError');
    for (let i = 0; i < 19; i++) await challengeOf(socket);
    socket.send(JSON.stringify(CHALLENGE));
    await closed(socket);
  });
});
