import { randomBytes } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import {
  ADVICE,
  type ClientOptions,
  CountersignError,
  createClient,
  keyFromEnvFile,
  Secret,
  secretFromEnv,
  secretFromFile,
} from '@countersign/client';
import { DIALECTS, mintBearerToken, mintHmacSecret, mintId } from '@countersign/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { envText, newFolder, optionsFor, PASSPHRASE, removeFolders, SECRET } from './keys.ts';
import { type Loopback, startLoopback } from './loopback.ts';

const TAG_KEY = Buffer.alloc(32, 3);
const liveId = mintId('live', TAG_KEY, randomBytes);
const testId = mintId('test', TAG_KEY, randomBytes);
const liveSecret = mintHmacSecret('live', randomBytes);
const BASE = 'https://api.example';

let server: Loopback;
beforeAll(async () => {
  server = await startLoopback();
});
afterEach(() => {
  expect(server.received).toEqual([]);
});
afterAll(async () => {
  removeFolders();
  await server.close();
});

const options = (over: Partial<ClientOptions> = {}) =>
  ({ ...optionsFor('bitget', server.url), ...over }) as ClientOptions;
const client = (over: Partial<ClientOptions> = {}) => createClient(options(over));

function faultOf(act: () => unknown): CountersignError {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(CountersignError);
    return error as CountersignError;
  }
  throw new Error('nothing was thrown');
}

async function rejection(promise: Promise<unknown>): Promise<CountersignError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CountersignError);
  return error as CountersignError;
}

it('each code has one sentence of advice', () => {
  for (const [code, advice] of Object.entries(ADVICE)) {
    expect(advice, code).toMatch(/^[A-Z].{15,140}\.$/);
    expect(new CountersignError(code as keyof typeof ADVICE, 'x')).toMatchObject({ code, advice });
  }
});

describe('a key that cannot be right', () => {
  it.each<[string, Partial<ClientOptions>, string]>([
    ['the id in the place of the secret', { keyId: liveId, secret: liveId }, 'secret_invalid'],
    ['the secret in the place of the id', { keyId: liveSecret, secret: liveSecret }, 'key_id_invalid'],
    ['a token in the place of the id', { keyId: mintBearerToken(liveId, randomBytes) }, 'key_id_invalid'],
    ['a secret that was cut off', { secret: liveSecret.slice(0, -3) }, 'secret_invalid'],
    ['an id that was cut off', { keyId: liveId.slice(0, -3) }, 'key_id_invalid'],
    [
      'a secret with a letter wrong',
      { secret: `${liveSecret.slice(0, 12)}!${liveSecret.slice(13)}` },
      'secret_invalid',
    ],
    ['a test id with a live secret', { keyId: testId, secret: liveSecret }, 'secret_invalid'],
    ['a secret in quotes', { secret: `"${SECRET}"` }, 'secret_invalid'],
    ['a secret with a line end', { secret: `${SECRET}\n` }, 'secret_invalid'],
    ['a secret with a space', { secret: `${SECRET.slice(0, 8)} ${SECRET.slice(8)}` }, 'secret_invalid'],
    [
      'a token in the place of the secret',
      { secret: mintBearerToken(liveId, randomBytes) },
      'secret_invalid',
    ],
    ['a secret in the place of the token', { dialect: 'bearer', secret: liveSecret }, 'secret_invalid'],
    ['an empty secret', { secret: '' }, 'secret_invalid'],
    ['an endless secret', { secret: 'x'.repeat(300) }, 'secret_invalid'],
    [
      'a public key',
      { secret: '-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n' },
      'secret_invalid',
    ],
    ['half a private key', { secret: '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQ' }, 'secret_invalid'],
    [
      'a broken private key',
      { secret: '-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----\n' },
      'secret_invalid',
    ],
    ['no id', { keyId: '' }, 'key_id_invalid'],
    ['an id with a line end', { keyId: 'bg_1\r\nX-Injected: 1' }, 'key_id_invalid'],
    ['no passphrase', { passphrase: undefined }, 'passphrase_invalid'],
    ['a passphrase beyond ASCII', { passphrase: 'пароль-пароль' }, 'passphrase_invalid'],
    ['a passphrase with a line end', { passphrase: 'one\ntwo-three' }, 'passphrase_invalid'],
    ['a kind that the dialect has not', { kind: 'ed25519' }, 'secret_invalid'],
    ['no base64 where it must be', { dialect: 'kraken', secret: 'not base64!' }, 'secret_invalid'],
    ['a dialect that is none', { dialect: 'bitgit' }, 'options_invalid'],
    ['no secret at all', { secret: undefined } as unknown as Partial<ClientOptions>, 'options_invalid'],
    ['a key twice', { key: keyFromEnvFile('a.env') } as unknown as Partial<ClientOptions>, 'options_invalid'],
    [
      'a number for a passphrase',
      { passphrase: 123456 } as unknown as Partial<ClientOptions>,
      'options_invalid',
    ],
    ['null for a secret', { secret: null } as unknown as Partial<ClientOptions>, 'options_invalid'],
    [
      'bytes for a secret',
      { secret: Buffer.from(SECRET) } as unknown as Partial<ClientOptions>,
      'options_invalid',
    ],
    ['null for a dialect', { dialect: null } as unknown as Partial<ClientOptions>, 'options_invalid'],
    ['a timeout that is no number', { timeoutMs: Number.NaN }, 'options_invalid'],
    ['a timeout that no timer has', { timeoutMs: 2 ** 32 }, 'options_invalid'],
    [
      'a variable that is not set',
      { secret: secretFromEnv('COUNTERSIGN_TEST_NOT_SET') },
      'secret_unreadable',
    ],
    ['a file that is not there', { secret: secretFromFile('/nowhere/at/all') }, 'secret_unreadable'],
  ])('%s', (_, over, code) => {
    expect(faultOf(() => client(over)).code).toBe(code);
  });

  it.each([
    ['the path of a file', 'bot.env'],
    ['the source of a secret', secretFromEnv('PATH')],
  ])('%s where the key should be', (_, key) => {
    const wrong = { dialect: 'bitget', baseUrl: BASE, key } as unknown as ClientOptions;
    expect(faultOf(() => createClient(wrong)).code).toBe('options_invalid');
  });

  it('that is a number is not shown', () => {
    const error = faultOf(() => client({ secret: 987654321012 } as unknown as Partial<ClientOptions>));
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain('987654321012');
  });

  it('in a file that others can read', () => {
    const folder = newFolder();
    for (const mode of [0o640, 0o604, 0o660, 0o666]) {
      const path = join(folder, `bot-${mode}.env`);
      writeFileSync(path, envText(liveId, liveSecret, PASSPHRASE), { mode });
      // The process may have a mask of its own.
      chmodSync(path, mode);
      const error = faultOf(() =>
        createClient({ dialect: 'bitget', baseUrl: BASE, key: keyFromEnvFile(path) }),
      );
      expect(error).toMatchObject({ code: 'secret_exposed', advice: expect.stringContaining('chmod 600') });
      createClient({
        dialect: 'bitget',
        baseUrl: BASE,
        key: keyFromEnvFile(path, { dangerouslyAllowOthersToRead: true }),
      });
    }
  });
});

describe('an address that signed requests do not go to', () => {
  it.each([
    'http://api.example',
    'http://127.0.0.1.evil.example',
    'http://localhost.evil.example',
    'http://[::2]',
  ])('%s: not https, and not this machine', (baseUrl) => {
    expect(faultOf(() => client({ baseUrl })).code).toBe('plaintext_refused');
    client({ baseUrl, dangerouslyAllowPlaintext: true });
  });

  it.each([
    'http://127.0.0.1:1',
    'http://127.9.9.9',
    'http://localhost:3000',
    'http://[::1]:1',
    'https://api.example',
  ])('%s is one they go to', (baseUrl) => {
    client({ baseUrl });
  });

  it.each([
    '',
    'api.example',
    'ftp://api.example',
    'https://user:pw@api.example',
    'https://api.example/?a=1',
  ])('%s is no baseUrl', (baseUrl) => {
    expect(faultOf(() => client({ baseUrl })).code).toBe('options_invalid');
  });

  it.each(['https://other.example/orders', 'http://127.0.0.1:1/', 'https://api.example@evil.example/'])(
    '%s is of another origin',
    async (url) => {
      expect((await rejection(client().fetch(url))).code).toBe('origin_refused');
      expect((await rejection(client().fetch(new URL(url)))).code).toBe('origin_refused');
      expect((await rejection(client().sign({ url }))).code).toBe('origin_refused');
      if (!url.includes('@'))
        expect((await rejection(client().fetch(new Request(url)))).code).toBe('origin_refused');
    },
  );

  it.each(['//evil.example/', '/\\evil.example/', '\\\\evil.example', 'orders', ''])(
    '%j is no address below baseUrl',
    async (url) => {
      expect((await rejection(client().fetch(url))).code).toBe('request_invalid');
    },
  );

  it('has a path that stands before the relative ones', async () => {
    const one = client({ baseUrl: `${BASE}/api/v4/` });
    expect((await one.sign({ url: '/orders?a=1' })).url).toBe(`${BASE}/api/v4/orders?a=1`);
    expect((await one.sign({ url: `${BASE}/other` })).url).toBe(`${BASE}/other`);
  });
});

describe('a secret in an address', () => {
  const spellings = (text: string) => [
    text,
    encodeURIComponent(text),
    [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  ];
  it.each([...spellings(SECRET), ...spellings(PASSPHRASE)])('as %s is refused', async (text) => {
    for (const url of [
      `/orders?secret=${text}`,
      `/${text}/orders`,
      `/orders?a=1&b=x${text}y`,
      `/orders#${text}`,
    ]) {
      expect((await rejection(client().fetch(url))).code).toBe('secret_in_url');
      expect((await rejection(client().sign({ url }))).code).toBe('secret_in_url');
    }
  });

  it('is refused in a passphrase with a space too', async () => {
    const one = client({ passphrase: 'two words here' });
    expect((await rejection(one.fetch('/orders?p=two+words+here'))).code).toBe('secret_in_url');
  });

  it('is refused in a handshake', async () => {
    const one = createClient({ ...optionsFor('rfc9421', server.url) });
    expect((await rejection(one.handshake(`/ws?token=${SECRET}`))).code).toBe('secret_in_url');
  });
});

describe('a challenge that a server wants signed', () => {
  it.each([
    'symbol=x&side=buy1795500000000/api/v3/sendorder',
    '',
    'short',
    'x'.repeat(200),
    'with space',
    undefined,
  ])('is not signed when it is %j', async (challenge) => {
    const one = createClient(optionsFor('kraken-futures', server.url));
    expect((await rejection(one.login({ challenge }))).code).toBe('request_invalid');
  });

  it('is not signed by a dialect that has none', async () => {
    const challenge = '226aee50-88fc-4618-a42a-34f7709570b2';
    const one = createClient(optionsFor('bybit', server.url));
    expect((await rejection(one.login({ challenge }))).code).toBe('request_invalid');
    expect(await createClient(optionsFor('kraken-futures', server.url)).login({ challenge })).toContain(
      challenge,
    );
  });
});

describe('a request that cannot be signed', () => {
  it.each(['host', 'connection', 'transfer-encoding', 'expect', 'access-sign', 'ACCESS-KEY'])(
    'because it sets %s itself',
    async (name) => {
      expect((await rejection(client().sign({ url: '/', headers: { [name]: 'x' } }))).code).toBe(
        'request_invalid',
      );
    },
  );

  it('because of its method, headers or body', async () => {
    const one = client();
    const spent = new Request(`${server.url}/`, { method: 'POST', body: 'x' });
    await spent.text();
    const bad: Promise<unknown>[] = [
      one.fetch('/', { method: 'G T' }),
      one.fetch('/', { method: 'CONNECT' }),
      one.fetch('/', { headers: { 'x-a': 'a\nb' } }),
      one.fetch('/', { headers: { 'x a': 'b' } }),
      one.fetch('/', { method: 'GET', body: 'x' }),
      one.fetch(spent),
      one.fetch('/', { method: 'POST', body: { size: '1' } as unknown as string }),
      one.fetch('/', { method: 'POST', body: [1, 2] as unknown as string }),
      one.sign({ method: 'POST', url: '/', body: { size: '1' } as unknown as string }),
      one.sign({ url: '/', headers: { 'x-a': 'a\nb' } }),
      one.sign({ url: '/', method: 'PROPFIND_' }),
    ];
    for (const promise of bad) expect((await rejection(promise)).code).toBe('request_invalid');
  });

  it('because the dialect has no such requests', async () => {
    const one = createClient({ ...optionsFor('bybit', server.url) });
    const error = await rejection(one.fetch('/orders?a=1', { method: 'POST', body: '{}' }));
    expect(error).toMatchObject({
      code: 'request_invalid',
      message: expect.stringContaining('has no query'),
    });
  });

  it.each(DIALECTS.map(({ name, webSocket }) => ({ name, hasLogin: webSocket !== undefined })))(
    'as the other kind of WebSocket: $name',
    async ({ name, hasLogin }) => {
      const one = createClient({ ...optionsFor(name, server.url), nonce: String });
      const wrong = hasLogin ? one.handshake('/ws') : one.login();
      expect((await rejection(wrong)).code).toBe('request_invalid');
    },
  );
});

it.each([
  { window: {}, document: {} },
  { WorkerGlobalScope: class {}, importScripts() {} },
])('is refused in a browser that has %o', (scope) => {
  const global = globalThis as Record<string, unknown>;
  Object.assign(global, scope);
  try {
    expect(faultOf(() => client()).code).toBe('browser_refused');
  } finally {
    for (const name of Object.keys(scope)) delete global[name];
  }
});

it('a client shows nothing of what it holds', () => {
  const parts = [client(), new Secret(SECRET)];
  const shown = parts
    .map((part) => inspect(part, { showHidden: true, depth: 10 }) + JSON.stringify(part))
    .join('\n');
  expect(shown).not.toContain(SECRET);
  expect(shown).not.toContain(PASSPHRASE);
});
