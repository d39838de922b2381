import { generateKeyPairSync } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startUpstream } from '../sandbox/upstream.mjs';
import { startService } from '../stage/service.mjs';
import { signBitget } from '../stage/sign-bitget.mjs';
import { signRfc9421 } from '../stage/sign-rfc9421.mjs';
import { askForWebSocket, echo } from '../stage/web-socket-handshake.mjs';

const FRAMES = Buffer.from([0x81, 0x85, 1, 2, 3, 4, ...Buffer.from('hello'), ...Buffer.alloc(70_000, 0xfe)]);
let upstream;
let service;
const keys = {};

beforeAll(async () => {
  upstream = await startUpstream(() => ({ status: 404, body: {} }));
  const manifest = fileURLToPath(new URL('../manifests/streams.yaml', import.meta.url));
  service = await startService({ upstream: upstream.url, manifest });
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  keys.ed25519 = { ...(await issue({ kind: 'ed25519', publicKey: pem })), privateKey };
  keys.hmac = await issue({ kind: 'hmac', dialects: ['rfc9421'] });
  keys.bearer = await issue({ kind: 'bearer' });
  keys.bitget = {
    ...(await issue({ kind: 'hmac', passphrase: 'sandbox-Pass-1' })),
    passphrase: 'sandbox-Pass-1',
  };
  keys.other = await issue({ kind: 'bearer', permissions: [] });
});
afterAll(async () => {
  await service?.stop();
  await upstream?.close();
});

function issue(more) {
  const key = { accountId: 'acct_streams', environment: 'live', permissions: ['stream.read'], ...more };
  return service.call('POST', '/v1/keys', key);
}

const urlOf = (path) => service.proxyUrl + path;

describe('a handshake that is signed', () => {
  it.each([
    [
      'rfc9421 with Ed25519',
      () => signRfc9421(keys.ed25519, { method: 'GET', url: urlOf('/stream/private?since=1') }),
    ],
    [
      'rfc9421 with HMAC',
      () => signRfc9421(keys.hmac, { method: 'GET', url: urlOf('/stream/private?since=1') }),
    ],
    ['bearer', () => ({ authorization: `Bearer ${keys.bearer.secret}` })],
  ])('opens the WebSocket: %s', async (_, headers) => {
    const opened = await askForWebSocket(urlOf('/stream/private?since=1'), {
      'X-Countersign-Account': 'acct_victim',
      ...headers(),
    });
    expect(opened.status).toBe(101);
    expect(opened.headers['sec-websocket-accept']).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    expect((await echo(opened.socket, FRAMES)).equals(FRAMES)).toBe(true);
    opened.socket.destroy();
    const { target, headers: arrived } = upstream.upgrades.at(-1);
    expect(target).toBe('/stream/private?since=1');
    expect(arrived['x-countersign-account']).toBe('acct_streams');
    expect(Object.keys(arrived)).not.toEqual(expect.arrayContaining(['authorization']));
    expect(Object.keys(arrived).filter((name) => name.startsWith('signature'))).toEqual([]);
  });

  it('opens it once', async () => {
    const headers = signRfc9421(keys.ed25519, { method: 'GET', url: urlOf('/stream/private') });
    const first = await askForWebSocket(urlOf('/stream/private'), headers);
    first.socket.destroy();
    const second = await askForWebSocket(urlOf('/stream/private'), headers);
    expect({ status: second.status, code: JSON.parse(second.body).code }).toEqual({
      status: 401,
      code: 'replayed',
    });
  });

  it('opens it in a dialect whose clients would rather log in inside', async () => {
    const { headers } = signBitget(keys.bitget, { method: 'GET', target: '/stream/private' });
    const byName = Object.fromEntries(
      headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1]]] : [])),
    );
    const opened = await askForWebSocket(urlOf('/stream/private'), byName);
    expect(opened.status).toBe(101);
    opened.socket.destroy();
  });

  it('does not open another path', async () => {
    const headers = signRfc9421(keys.ed25519, { method: 'GET', url: urlOf('/stream/private') });
    const { status, body } = await askForWebSocket(urlOf('/stream/private?all=1'), headers);
    expect({ status, code: JSON.parse(body).code }).toEqual({ status: 401, code: 'signature_mismatch' });
  });

  it('does not open it without the permission', async () => {
    const { status, body } = await askForWebSocket(urlOf('/stream/private'), {
      authorization: `Bearer ${keys.other.secret}`,
    });
    expect({ status, code: JSON.parse(body).code }).toEqual({ status: 403, code: 'permission_denied' });
  });
});

describe('a handshake that is not signed', () => {
  it('opens a public stream, which names no account', async () => {
    const opened = await askForWebSocket(urlOf('/stream/public'), { 'X-Countersign-Account': 'acct_victim' });
    expect(opened.status).toBe(101);
    expect((await echo(opened.socket, FRAMES)).equals(FRAMES)).toBe(true);
    opened.socket.destroy();
    expect(upstream.upgrades.at(-1).headers['x-countersign-account']).toBeUndefined();
  });

  it('is told that a login inside the WebSocket is not supported, and what to do', async () => {
    const { length: before } = upstream.upgrades;
    const { status, headers, body } = await askForWebSocket(urlOf('/stream/private'));
    expect(status).toBe(501);
    expect(headers['content-type']).toBe('application/problem+json');
    const { code, detail } = JSON.parse(body);
    expect(code).toBe('websocket_login_unsupported');
    expect(detail).toMatch(
      /no credential.*log in inside this WebSocket \(webSocket: \{ login: … \} on its route\)/,
    );
    expect(upstream.upgrades).toHaveLength(before);
  });
});

describe('when the exchange goes away', () => {
  it('an open WebSocket is closed', async () => {
    const opened = await askForWebSocket(urlOf('/stream/public'));
    await upstream.close();
    await new Promise((resolve) => opened.socket.on('close', resolve).resume());
  });

  it('a handshake is refused, and does not hang', async () => {
    const { status, body } = await askForWebSocket(urlOf('/stream/public'));
    expect({ status, code: JSON.parse(body).code }).toEqual({ status: 502, code: 'upstream_unavailable' });
  });
});
