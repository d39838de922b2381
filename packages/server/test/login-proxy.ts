import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { RunningProxy } from './running-proxy.ts';

/** A route where clients log in inside the WebSocket, as Bitget's do, and two that say nothing of logins. */
export const MANIFEST = `
version: 1
permissions:
  stream: { risk: low }
  spot.trade: { risk: medium }
routes:
  - route: GET /v2/ws/private
    permission: stream
    webSocket:
      login: bitget
      public: [ping, { /op: subscribe, '/args/*/channel': [ticker] }]
  - { route: GET /unsaid, permission: stream }
  - { route: GET /signed, permission: stream }
`;
const PASSPHRASE = 'Passphrase1';
export const BY = { actor: 'service' };
export const TICKER = '{"op":"subscribe","args":[{"channel":"ticker"}]}';
export const ORDERS = '{"op":"subscribe","args":[{"channel":"orders"}]}';

export const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 5_000, interval: 10 });

interface Key {
  readonly id: string;
  readonly secret: string;
}

/** A connection that came to the upstream. */
export interface Arrived {
  readonly headers: IncomingMessage['headers'];
  readonly socket: WebSocket;
  readonly messages: string[];
}

export let proxy: RunningProxy;
/** A key with the permission of the route, of the test that runs now. */
export let key: Key;
/** What came to the upstream in it. */
export const arrived: Arrived[] = [];
const clients: Client[] = [];

/** Starts the proxy and its upstream for the tests of a file, with a new key for each. */
export function useLoginProxy(): void {
  beforeAll(async () => {
    proxy = await RunningProxy.start({ manifest: MANIFEST, loginTimeoutMs: 500 });
    const server = new WebSocketServer({ server: proxy.upstream, perMessageDeflate: false });
    server.on('connection', (socket, { headers, url }) => {
      if (url?.endsWith('?push')) socket.send('pushed');
      const messages: string[] = [];
      arrived.push({ headers, socket, messages });
      socket.on('message', (data, isBinary) => {
        messages.push(String(data));
        socket.send(isBinary ? data : `echo ${data}`, { binary: isBinary });
      });
    });
  });
  afterAll(() => proxy.close());
  beforeEach(async () => {
    arrived.length = 0;
    proxy.faults.length = 0;
    key = await issue();
  });
  afterEach(() => {
    for (const { socket } of clients.splice(0)) socket.terminate();
  });
}

export async function issue(more: object = {}, at = proxy): Promise<Key> {
  const made = await at.engine.keys.issue(
    {
      accountId: 'acct_7',
      label: '',
      environment: 'live',
      kind: 'hmac',
      permissions: ['stream'],
      passphrase: PASSPHRASE,
      ...more,
    },
    BY,
  );
  if (!made.ok) throw new Error(made.detail);
  return { id: made.key.id, secret: made.secret?.expose() ?? '' };
}

/** A client that keeps what it got, and how it ended. */
export class Client {
  readonly socket: WebSocket;
  readonly got: (string | Buffer)[] = [];
  closed: { code: number; reason: string } | undefined;

  constructor(target: string, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(`ws://127.0.0.1:${proxy.port}${target}`, {
      headers,
      perMessageDeflate: false,
    });
    this.socket.on('message', (data, isBinary) => this.got.push(isBinary ? (data as Buffer) : String(data)));
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
    this.socket.on('error', () => {});
    clients.push(this);
  }

  static async open(target = '/v2/ws/private', headers: Record<string, string> = {}): Promise<Client> {
    const client = new Client(target, headers);
    await once(client.socket, 'open');
    return client;
  }

  /** Sends a message, and waits for as many answers. */
  async ask(message: string | Buffer, answers = 1): Promise<(string | Buffer)[]> {
    const before = this.got.length;
    this.socket.send(message);
    await eventually(() => expect(this.got.length).toBeGreaterThanOrEqual(before + answers));
    return this.got.slice(before);
  }

  async end(): Promise<number> {
    await eventually(() => expect(this.closed).toBeDefined());
    return this.closed?.code ?? 0;
  }
}

/** The message that logs in. */
export function login(
  of: Key = key,
  over: { secret?: string; passphrase?: string; atMs?: number } = {},
): string {
  const timestamp = String(over.atMs ?? Date.now());
  const sign = createHmac('sha256', over.secret ?? of.secret)
    .update(`${timestamp}GET/user/verify`)
    .digest('base64');
  const args = [{ apiKey: of.id, passphrase: over.passphrase ?? PASSPHRASE, timestamp, sign }];
  return JSON.stringify({ op: 'login', args });
}
