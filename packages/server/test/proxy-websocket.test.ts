import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { collect, exchange, open, request, requestHead } from './raw-http.ts';
import { RunningProxy } from './running-proxy.ts';
import { eventually } from './service-process.ts';
import { sign } from './signing.ts';

const MANIFEST = `
version: 1
permissions:
  stream: { risk: low }
  spot.trade: { risk: medium }
routes:
  - { route: "GET /ws", permission: stream }
  - { route: "GET /public", public: true }
  - { route: "POST /public-post", public: true }
  - { route: "GET /open/*", public: true }
`;
const HANDSHAKE = [
  'connection',
  'Upgrade',
  'upgrade',
  'websocket',
  'sec-websocket-key',
  'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version',
  '13',
];
const ACCEPT =
  'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: abc\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\r\n';

let proxy: RunningProxy;
let key: { id: string; secret: string | undefined; passphrase: string };
/** Handshakes that came to the upstream, and their sockets. */
const opened: { url: string; method: string; headers: Record<string, unknown>; socket: Duplex }[] = [];

beforeAll(async () => {
  proxy = await RunningProxy.start({ manifest: MANIFEST });
  const made = await proxy.engine.keys.issue(
    {
      accountId: 'acct_7',
      label: '',
      environment: 'live',
      kind: 'hmac',
      dialects: ['bitget', 'rfc9421'],
      permissions: ['stream'],
      passphrase: 'Passphrase1',
    },
    { actor: 'service' },
  );
  if (!made.ok) throw new Error(made.detail);
  key = { id: made.key.id, secret: made.secret?.expose(), passphrase: 'Passphrase1' };
  proxy.upstream.on('upgrade', (incoming, socket: Duplex, head) => {
    opened.push({
      url: incoming.url ?? '',
      method: incoming.method ?? '',
      headers: incoming.headers,
      socket,
    });
    socket.on('error', () => {});
    if (incoming.url?.startsWith('/open/no'))
      return socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
    socket.write(ACCEPT);
    if (head.length > 0) socket.write(head);
    socket.pipe(socket);
  });
});
afterAll(() => proxy.close());
beforeEach(() => {
  opened.length = 0;
  proxy.faults.length = 0;
});

async function connect(target: string, headers: readonly string[] = [], first = '') {
  const socket = await open(proxy.port);
  const received = collect(socket);
  socket.write(requestHead(`GET ${target}`, [...HANDSHAKE, ...headers], 0) + first);
  return { socket, received };
}

const signature = (dialect: string, target: string) =>
  Object.entries(sign(dialect, key, { method: 'GET', target, headers: ['host', 'api.test'] })).flat();

describe('a WebSocket', () => {
  it('whose handshake is signed is passed on, and echoes', async () => {
    const { socket, received } = await connect('/ws?a=1', signature('rfc9421', '/ws?a=1'));
    const head = await received.until('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 101 /);
    expect(head).toContain('sec-websocket-accept: abc');
    expect(head.match(/set-cookie/g)).toHaveLength(2);
    socket.write(Buffer.from([0x81, 0x85, 1, 2, 3, 4]));
    await received.until('\x81\x85\x01\x02\x03\x04');
    socket.write('again');
    await received.until('again');
    expect(opened[0]).toMatchObject({
      url: '/ws?a=1',
      headers: { 'x-countersign-account': 'acct_7', 'sec-websocket-key': HANDSHAKE[5] },
    });
    expect(opened[0]?.headers).not.toHaveProperty('signature');
    socket.end();
    expect((await received.closed()).isClosed).toBe(true);
  });

  it('is passed on with what was sent before the answer', async () => {
    const { received, socket } = await connect('/public', [], 'early');
    await received.until('early');
    socket.destroy();
  });

  it('on a public route needs no credential, and names none', async () => {
    const { received, socket } = await connect('/public', [
      'x-countersign-account',
      'spoofed',
      '__proto__',
      'a',
    ]);
    await received.until('101 ');
    expect(opened[0]?.headers).not.toHaveProperty('x-countersign-account');
    socket.destroy();
  });

  it('ends when the upstream ends it, and when the client does', async () => {
    const first = await connect('/public');
    await first.received.until('101 ');
    opened[0]?.socket.end();
    expect((await first.received.closed()).isClosed).toBe(true);
    const second = await connect('/public');
    await second.received.until('101 ');
    second.socket.resetAndDestroy();
    await eventually(() => opened[1]?.socket.destroyed === true, 'the upstream is let go');
    expect(proxy.faults).toEqual([]);
  });

  it('is ended when the proxy closes', async () => {
    const other = await RunningProxy.start({ manifest: MANIFEST });
    other.upstream.on('upgrade', (_request, socket: Duplex) => {
      socket.on('error', () => {});
      socket.write(ACCEPT);
      socket.pipe(socket);
    });
    const socket = await open(other.port);
    const received = collect(socket);
    socket.write(requestHead('GET /public', HANDSHAKE, 0));
    await received.until('101 ');
    await other.close();
    expect((await received.closed()).isClosed).toBe(true);
  });
});

describe('a handshake is refused', () => {
  const refusal = async (target: string, headers: readonly string[] = []) => {
    const { answers, isClosed } = await (await connect(target, headers)).received.closed();
    expect(isClosed).toBe(true);
    expect(opened).toEqual([]);
    const [answer] = answers;
    return `${answer?.status} ${JSON.parse(answer?.body ?? '{}').code}`;
  };

  it('without a credential, with websocket_login_unsupported', async () => {
    expect(await refusal('/ws')).toBe('501 websocket_login_unsupported');
  });

  it('with a signature that does not match, with signature_mismatch', async () => {
    expect(await refusal('/ws?b=2', signature('rfc9421', '/ws?a=1'))).toBe('401 signature_mismatch');
  });

  it('a second time, with replayed', async () => {
    const headers = signature('rfc9421', '/ws');
    const { received, socket } = await connect('/ws', headers);
    await received.until('101 ');
    socket.destroy();
    opened.length = 0;
    expect(await refusal('/ws', headers)).toBe('401 replayed');
  });

  it('for another target than the one that was signed for', async () => {
    expect(await refusal('/nowhere', signature('rfc9421', '/nowhere'))).toBe('404 route_unknown');
  });

  it('in the error format of its dialect', async () => {
    const { answers } = await (
      await connect('/ws', [
        'ACCESS-KEY',
        'nobody',
        'ACCESS-SIGN',
        'x',
        'ACCESS-TIMESTAMP',
        '1',
        'ACCESS-PASSPHRASE',
        'p',
      ])
    ).received.closed();
    expect(JSON.parse(answers[0]?.body ?? '')).toMatchObject({ code: expect.stringMatching(/^\d+$/) });
  });

  it.each([
    ['to another protocol', 'GET /public', ['connection', 'upgrade', 'upgrade', 'h2c']],
    ['of a POST, which would go on as a GET', 'POST /public-post', HANDSHAKE],
  ])('%s, with malformed_request', async (_what, line, headers) => {
    const { answers } = await exchange(proxy.port, requestHead(line, headers, 0));
    expect([answers[0]?.status, JSON.parse(answers[0]?.body ?? '{}').code]).toEqual([
      400,
      'malformed_request',
    ]);
    expect(opened).toEqual([]);
  });

  it('by the upstream, with upstream_unavailable', async () => {
    const { answers } = await (await connect('/open/no')).received.closed();
    expect([answers[0]?.status, JSON.parse(answers[0]?.body ?? '{}').code]).toEqual([
      502,
      'upstream_unavailable',
    ]);
    expect((await request(proxy.port, 'GET /open/a')).status).toBe(200);
  });
});
