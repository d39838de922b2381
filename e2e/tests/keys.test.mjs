import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startUpstream } from '../sandbox/upstream.mjs';
import { issueKeys } from '../stage/keys.mjs';
import { startService } from '../stage/service.mjs';
import { signRfc9421 } from '../stage/sign-rfc9421.mjs';
import { askForWebSocket } from '../stage/web-socket-handshake.mjs';

const PATH = '/stream/private';
const DEFINITION = {
  dialect: 'rfc9421',
  passphrase: false,
  read: 'stream.read',
  trade: 'stream.read',
  instrument: 'ANY',
};
let upstream;
let service;
beforeAll(async () => {
  upstream = await startUpstream(() => ({ status: 404, body: {} }));
  const manifest = fileURLToPath(new URL('../manifests/streams.yaml', import.meta.url));
  service = await startService({ upstream: upstream.url, manifest });
});
afterAll(async () => {
  await service?.stop();
  await upstream?.close();
});

async function statusFor(key) {
  const url = service.proxyUrl + PATH;
  const { status, socket } = await askForWebSocket(url, signRfc9421(key, { method: 'GET', url }));
  socket?.destroy();
  return status;
}

describe.each([
  ['hmac', {}],
  ['ed25519', { proof: () => ({ kind: 'ed25519' }) }],
])('keys of kind %s', (kind, more) => {
  let keys;
  beforeAll(async () => {
    keys = await issueKeys(service, { ...DEFINITION, ...more });
  });

  it('sign as their owners, and their stories hold', async () => {
    expect(keys.trader).toMatchObject({ kind, dialect: 'rfc9421', passphrase: undefined });
    expect(keys).not.toHaveProperty('wrongPassphrase');
    expect(await statusFor(keys.trader)).toBe(101);
    expect(await statusFor(keys.rotatedInGrace)).toBe(101);
    for (const name of ['rotated', 'wrongSecret', 'invented', 'revoked', 'disabled'])
      expect([name, await statusFor(keys[name])]).not.toEqual([name, 101]);
  });
});

it.each(['rsa', 'p256'])('a key of kind %s is issued with a pair of its own', async (kind) => {
  const more = { own: () => ({ kind, permissions: [], dialects: undefined }) };
  const { own } = await issueKeys(service, { ...DEFINITION, more });
  expect(own.kind).toBe(kind);
  expect(own.privateKey).toMatch(/^-----BEGIN PRIVATE KEY-----/);
});

it('a profile may bring its id and secret, leave a standard key out, and tell the client more', async () => {
  const more = {
    own: {
      id: 'made-elsewhere',
      secret: 'made-elsewhere-too',
      permissions: ['stream.read'],
      forClient: { a: 1 },
    },
    testing: undefined,
  };
  const keys = await issueKeys(service, {
    ...DEFINITION,
    more,
    wrong: ({ own }) => ({ wrong: { ...own, id: 'x' } }),
  });
  expect(keys.own).toMatchObject({ id: 'made-elsewhere', secret: 'made-elsewhere-too', a: 1 });
  expect(keys.wrong.id).toBe('x');
  expect(keys).not.toHaveProperty('testing');
  expect(await statusFor(keys.own)).toBe(101);
});
