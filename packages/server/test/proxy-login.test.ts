import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { RunningProxy } from './running-proxy.ts';

const MANIFEST = `
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
const BY = { actor: 'service' };
const TICKER = '{"op":"subscribe","args":[{"channel":"ticker"}]}';
const ORDERS = '{"op":"subscribe","args":[{"channel":"orders"}]}';

const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 5_000, interval: 10 });

interface Key {
  readonly id: string;
  readonly secret: string;
}

/** A connection that came to the upstream. */
interface Arrived {
  readonly headers: IncomingMessage['headers'];
  readonly socket: WebSocket;
  readonly messages: string[];
}

let proxy: RunningProxy;
let key: Key;
const arrived: Arrived[] = [];
const clients: Client[] = [];

beforeAll(async () => {
  proxy = await RunningProxy.start({ manifest: MANIFEST, loginTimeoutMs: 500, maxBodyBytes: 100_000 });
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

async function issue(more: object = {}, at = proxy): Promise<Key> {
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
class Client {
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

function login(of: Key = key, over: { secret?: string; passphrase?: string; atMs?: number } = {}): string {
  const timestamp = String(over.atMs ?? Date.now());
  const sign = createHmac('sha256', over.secret ?? of.secret)
    .update(`${timestamp}GET/user/verify`)
    .digest('base64');
  const args = [{ apiKey: of.id, passphrase: over.passphrase ?? PASSPHRASE, timestamp, sign }];
  return JSON.stringify({ op: 'login', args });
}

const codeIn = (message: string | Buffer | undefined) => String(JSON.parse(String(message)).code);

describe('a login inside a WebSocket', () => {
  it('opens the connection, and the upstream hears whose it is', async () => {
    const client = await Client.open();
    const [answer] = await client.ask(login());
    expect(JSON.parse(String(answer))).toMatchObject({ event: 'login', code: 0 });
    expect(await client.ask(ORDERS)).toEqual([`echo ${ORDERS}`]);
    expect(arrived).toHaveLength(1);
    expect(arrived[0]?.messages).toEqual([ORDERS]);
    expect(arrived[0]?.headers).toMatchObject({
      'x-countersign-account': 'acct_7',
      'x-countersign-credential': key.id,
      'x-countersign-permission': 'stream',
      'x-countersign-environment': 'live',
    });
  });

  it('cannot be forged in the handshake', async () => {
    const client = await Client.open('/v2/ws/private', {
      'X-Countersign-Account': 'acct_victim',
      X_Countersign_Account: 'acct_victim',
    });
    await client.ask('ping');
    const nobody = arrived[0]?.headers ?? {};
    expect(Object.keys(nobody).filter((name) => /countersign.account/i.test(name))).toEqual([]);
    await client.ask(login());
    await eventually(() => expect(arrived[1]?.headers['x-countersign-account']).toBe('acct_7'));
  });

  it('is answered before the upstream pushes anything', async () => {
    const client = await Client.open('/v2/ws/private?push');
    const [answer, pushed] = await client.ask(login(), 2);
    expect([codeIn(answer), pushed]).toEqual(['0', 'pushed']);
  });

  it('may come twice, and may be the same from the same address', async () => {
    const message = login();
    const one = await Client.open();
    const other = await Client.open();
    for (const client of [one, other, one]) expect(codeIn((await client.ask(message))[0])).toBe('0');
    await eventually(() => expect(arrived).toHaveLength(2));
  });

  it('as another key is refused, and ends the connection', async () => {
    const client = await Client.open();
    await client.ask(login());
    await client.ask(login(await issue({ accountId: 'acct_8' })));
    expect(await client.end()).toBe(1008);
  });

  it.each([
    ['30015', 'a wrong secret', () => login(key, { secret: 'wrong' })],
    ['30012', 'a wrong passphrase', () => login(key, { passphrase: 'Passphrase2' })],
    ['30011', 'an unknown key', () => login({ ...key, id: 'nobody' })],
    ['30014', 'an old timestamp', () => login(key, { atMs: Date.now() - 60_000 })],
  ])('is refused with %s for %s, and the connection ends', async (code, _, message) => {
    const client = await Client.open();
    expect(codeIn((await client.ask(message()))[0])).toBe(code);
    expect(await client.end()).toBe(1008);
    expect(arrived).toHaveLength(0);
  });

  it('needs the permission of the route', async () => {
    const client = await Client.open();
    const [answer] = await client.ask(login(await issue({ permissions: ['spot.trade'] })));
    expect(JSON.parse(String(answer)).event).toBe('error');
    expect(await client.end()).toBe(1008);
  });

  it('is a decision that is logged', async () => {
    const client = await Client.open();
    await client.ask(login());
    await eventually(async () => {
      const entries = await proxy.engine.store.readLog({ after: 0, limit: 1000, credentialId: key.id });
      const decisions = entries
        .map(({ bytes }) => JSON.parse(bytes))
        .filter(({ type }) => type === 'decision');
      expect(decisions).toMatchObject([
        { data: { allowed: true, dialect: 'bitget', path: '/v2/ws/private' } },
      ]);
    });
    await eventually(() => expect(arrived).toHaveLength(1));
  });
});

describe('before a login', () => {
  it('public messages pass, as nobody', async () => {
    const client = await Client.open();
    expect(await client.ask('ping')).toEqual(['echo ping']);
    expect(await client.ask(TICKER)).toEqual([`echo ${TICKER}`]);
    expect(arrived).toHaveLength(1);
    expect(Object.keys(arrived[0]?.headers ?? {}).filter((name) => /account|credential/.test(name))).toEqual(
      [],
    );
  });

  it.each([
    ORDERS,
    '{"op":"subscribe","args":[{"channel":"ticker"},{"channel":"orders"}]}',
    '{"op":"subscribe","args":[{"channel":"ticker"}],"op":"trade"}',
    'pong',
    '{"op":"login","args":[]}',
    '',
  ])('no other message passes: %s', async (message) => {
    const client = await Client.open();
    const [answer] = await client.ask(message);
    expect(JSON.parse(String(answer)).event).toBe('error');
    expect(arrived).toHaveLength(0);
  });

  it('no binary message passes, and after it every one does', async () => {
    const client = await Client.open();
    expect(codeIn((await client.ask(Buffer.from('ping')))[0])).toBe('30004');
    await client.ask(login());
    expect(await client.ask(Buffer.from([0, 255]))).toEqual([Buffer.from([0, 255])]);
  });

  it('no long message is looked at', async () => {
    const client = await Client.open();
    client.socket.send(`{"op":"subscribe","args":[{"channel":"ticker"}],"more":"${'x'.repeat(65_536)}"}`);
    expect(await client.end()).toBe(1009);
    expect(arrived).toHaveLength(0);
  });

  it('a connection that ends while the upstream is still asked is no fault', async () => {
    let isAsked = false;
    const silent = createServer().on('upgrade', (_request, socket) => {
      isAsked = true;
      socket.on('end', () => socket.end()).resume();
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const upstream = new URL(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    const stopping = await RunningProxy.start({ manifest: MANIFEST, upstream });
    const socket = new WebSocket(`ws://127.0.0.1:${stopping.port}/v2/ws/private`);
    await once(socket, 'open');
    socket.send('ping');
    await eventually(() => expect(isAsked).toBe(true));
    await stopping.close();
    await new Promise((resolve) => silent.close(resolve));
    expect(stopping.faults).toEqual([]);
  });

  it.each(['constructor', '__proto__'])('a header may be called %s', async (name) => {
    const client = await Client.open('/v2/ws/private', Object.fromEntries([[name, 'x']]));
    expect(await client.ask('ping')).toEqual(['echo ping']);
    expect(proxy.faults).toEqual([]);
  });

  it('the connection is ended that sends nothing', async () => {
    const client = await Client.open();
    expect(await client.end()).toBe(1008);
  });

  it('one that has sent a public message stays', async () => {
    const client = await Client.open();
    await client.ask('ping');
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(await client.ask('ping')).toEqual(['echo ping']);
  });

  it('one that asks for private things again and again is ended', async () => {
    const client = await Client.open();
    for (let i = 0; i <= 21; i++) client.socket.send(ORDERS);
    expect(await client.end()).toBe(1008);
    expect(client.got).toHaveLength(21);
  });

  it('an address may have 200 connections without one, and more after one', async () => {
    // Without the deadline of the others: all of them have to be open at once.
    const patient = await RunningProxy.start({ manifest: MANIFEST });
    const connect = () => new WebSocket(`ws://127.0.0.1:${patient.port}/v2/ws/private`);
    const many = Array.from({ length: 200 }, connect);
    await Promise.all(many.map((socket) => once(socket, 'open')));
    const [, response] = (await once(connect(), 'unexpected-response')) as [unknown, IncomingMessage];
    expect(response.statusCode).toBe(429);
    const [first] = many as [WebSocket];
    first.send(login(await issue({}, patient)));
    await once(first, 'message');
    await once(connect(), 'open');
    await patient.close();
  });
});

describe('an open connection', () => {
  const opened = async () => {
    const client = await Client.open();
    await client.ask('ping');
    await client.ask(login());
    return client;
  };

  it.each([
    ['revoked', () => proxy.engine.keys.revoke(key.id, 'test', BY)],
    ['disabled', () => proxy.engine.keys.changeStanding(key.id, 'disable', 'test', BY)],
    ['quarantined', () => proxy.engine.keys.changeStanding(key.id, 'quarantine', 'test', BY)],
    ['rotated', () => proxy.engine.keys.rotate(key.id, 60, BY)],
  ])('ends when its key is %s, on both sides', async (_, change) => {
    const client = await opened();
    await change();
    expect(await client.end()).toBe(1008);
    await eventually(() => expect(arrived.map(({ socket }) => socket.readyState)).toEqual([3, 3]));
  });

  it('ends when its account or its environment is frozen, and opens anew when that is taken back', async () => {
    const { accounts } = proxy.engine;
    const { accountId } = (await proxy.engine.keys.get(key.id)) ?? { accountId: '' };
    const first = await opened();
    await accounts.freeze(accountId, 'odd', BY);
    expect(await first.end()).toBe(1008);
    await accounts.unfreeze(accountId, 'explained', BY);
    const second = await opened();
    await accounts.freezeEnvironment('test', 'a leak', BY);
    expect(await second.ask(ORDERS)).toEqual([`echo ${ORDERS}`]);
    await accounts.freezeEnvironment('live', 'a leak', BY);
    expect(await second.end()).toBe(1008);
    await accounts.unfreezeEnvironment(undefined, 'mended', BY);
    expect(await (await opened()).ask(ORDERS)).toEqual([`echo ${ORDERS}`]);
  });

  it('ends when its key expires', async () => {
    key = await issue({ expiresAt: Date.now() + 400 });
    expect(await (await opened()).end()).toBe(1008);
  });

  it('stays when another key is changed', async () => {
    const client = await opened();
    await proxy.engine.keys.revoke((await issue()).id, 'test', BY);
    expect(await client.ask(ORDERS)).toEqual([`echo ${ORDERS}`]);
  });

  it('ends with the code and reason of the upstream', async () => {
    const client = await opened();
    arrived[1]?.socket.close(4001, 'see you');
    expect(await client.end()).toBe(4001);
    expect(client.closed?.reason).toBe('see you');
  });

  it('ends at the upstream when the client goes', async () => {
    const client = await opened();
    client.socket.close(1000);
    await eventually(() => expect(arrived.map(({ socket }) => socket.readyState)).toEqual([3, 3]));
  });

  it('ends when a message is over the limit', async () => {
    const client = await opened();
    client.socket.send('x'.repeat(100_001));
    expect(await client.end()).toBe(1009);
  });

  it('passes everything on in its order, with a slow reader too', async () => {
    const client = await opened();
    const before = client.got.length;
    client.socket.pause();
    const messages = Array.from({ length: 400 }, (_, i) => `${i} ${'x'.repeat(20_000)}`);
    for (const message of messages) client.socket.send(message);
    await new Promise((resolve) => setTimeout(resolve, 200));
    client.socket.resume();
    await eventually(() => expect(client.got).toHaveLength(before + messages.length));
    expect(client.got.slice(before)).toEqual(messages.map((message) => `echo ${message}`));
  });
});

describe('a slow side', () => {
  const connected = async () => {
    const client = await Client.open();
    await client.ask('ping');
    await client.ask(login());
    await eventually(() => expect(arrived).toHaveLength(2));
    return { client, nobody: arrived[0] as Arrived, somebody: arrived[1] as Arrived };
  };

  it('is waited for: an upstream that does not read is not sent for, without end', async () => {
    const { client, somebody } = await connected();
    const message = 'x'.repeat(100_000);
    const count = 600;
    let sent = 0;
    somebody.socket.pause();
    const sending = (async () => {
      for (; sent < count; sent++) await new Promise((resolve) => client.socket.send(message, resolve));
    })();
    let before = -1;
    while (sent < count && sent !== before) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    expect(sent).toBeLessThan(count);
    somebody.socket.resume();
    await sending;
    await eventually(() => expect(somebody.messages).toHaveLength(count));
  }, 30_000);

  it('holds up both upstreams, and later neither', async () => {
    const { client, nobody, somebody } = await connected();
    client.socket.pause();
    for (let i = 0; i < 100; i++) nobody.socket.send('n'.repeat(100_000));
    somebody.socket.send('s'.repeat(3_000_000));
    await new Promise((resolve) => setTimeout(resolve, 300));
    client.socket.resume();
    const first = () => client.got.map((message) => String(message)[0]);
    await eventually(() => expect(first().filter((letter) => letter === 'n')).toHaveLength(100));
    await eventually(() => expect(first()).toContain('s'));
  });
});

it('a WebSocket without a credential, on a route that says nothing of logins, is refused', async () => {
  const client = new Client('/unsaid');
  const [, response] = (await once(client.socket, 'unexpected-response')) as [unknown, IncomingMessage];
  expect(response.statusCode).toBe(501);
});

it('an upstream that does not answer ends the connection with "try again later"', async () => {
  const away = await RunningProxy.start({ manifest: MANIFEST, upstream: new URL('http://127.0.0.1:9') });
  const socket = new WebSocket(`ws://127.0.0.1:${away.port}/v2/ws/private`);
  await once(socket, 'open');
  socket.send('ping');
  const [code] = (await once(socket, 'close')) as [number];
  expect(code).toBe(1013);
  await away.close();
});
