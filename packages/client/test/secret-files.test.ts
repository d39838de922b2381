import { randomBytes } from 'node:crypto';
import { appendFileSync, chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CountersignError,
  createClient,
  type KeySource,
  keyFromEnvFile,
  secretFromEnv,
  secretFromFile,
} from '@countersign/client';
import { mintHmacSecret, mintId } from '@countersign/core';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { envText, newFolder, PASSPHRASE, removeFolders, replaceFile, SECRET } from './keys.ts';
import { json, startLoopback } from './loopback.ts';

const BASE = 'https://api.example';
const id = mintId('live', Buffer.alloc(32, 1), randomBytes);
const secrets = Array.from({ length: 3 }, () => mintHmacSecret('live', randomBytes));
const [first = '', second = ''] = secrets;

let path: string;
beforeEach(() => {
  path = join(newFolder(), 'bot.env');
});
afterAll(removeFolders);

const secretIn = (source: KeySource) => source.current().secret.expose();
const settled = () => new Promise((resolve) => setTimeout(resolve, 80));

function faultOf(act: () => unknown): CountersignError {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(CountersignError);
    return error as CountersignError;
  }
  throw new Error('nothing was thrown');
}

describe('an env file', () => {
  it('is read as the command line writes it, with comments, quotes and other names', () => {
    const lines = [
      '# a bot',
      '',
      `export COUNTERSIGN_KEY_ID="${id}"`,
      `COUNTERSIGN_SECRET='${first}'`,
      `COUNTERSIGN_PASSPHRASE=${PASSPHRASE}`,
      'OTHER=$HOME # kept as it is',
      '',
    ];
    replaceFile(path, lines.join('\n'));
    const { keyId, secret, passphrase } = keyFromEnvFile(path).current();
    expect([keyId, secret.expose(), passphrase?.expose()]).toEqual([id, first, PASSPHRASE]);
  });

  it('holds a private key in one line', async () => {
    const pem =
      '-----BEGIN PRIVATE KEY-----\\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\\n-----END PRIVATE KEY-----\\n';
    replaceFile(path, `COUNTERSIGN_KEY_ID=${id}\nCOUNTERSIGN_SECRET="${pem}"\n`);
    const client = createClient({ dialect: 'rfc9421', baseUrl: BASE, key: keyFromEnvFile(path) });
    expect((await client.sign({ url: '/' })).headers['Signature-Input']).toContain(id);
  });

  it.each([
    ['without its last line end', `COUNTERSIGN_SECRET=${first}`],
    ['without a secret', `COUNTERSIGN_KEY_ID=${id}\n`],
    ['with a line that is none', `COUNTERSIGN_SECRET=${first}\nhello\n`],
    ['with a name twice', `COUNTERSIGN_SECRET=${first}\nCOUNTERSIGN_SECRET=${second}\n`],
    ['with a quote that does not end', `COUNTERSIGN_SECRET='${first}\n`],
    ['with a quote too many', `COUNTERSIGN_SECRET='${first}'x'\n`],
    ['that is empty', ''],
    ['that is huge', `COUNTERSIGN_SECRET=${first}\n${'#'.repeat(70_000)}\n`],
  ])('%s is refused', (_, content) => {
    replaceFile(path, content);
    expect(faultOf(() => keyFromEnvFile(path).current()).code).toBe('secret_unreadable');
  });

  it('is no folder', () => {
    mkdirSync(path, { mode: 0o700 });
    expect(faultOf(() => keyFromEnvFile(path).current()).code).toBe('secret_unreadable');
  });
});

describe('a file that changes', () => {
  it('is taken at once when another one takes its place', () => {
    replaceFile(path, envText(id, first));
    const source = keyFromEnvFile(path);
    for (const secret of [first, ...secrets, first]) {
      replaceFile(path, envText(id, secret));
      expect(secretIn(source)).toBe(secret);
    }
  });

  it('is taken through a link that is turned, as container platforms do it', () => {
    const folder = newFolder();
    for (const [name, secret] of [
      ['one', first],
      ['two', second],
    ] as const) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'bot.env'), envText(id, secret), { mode: 0o600 });
    }
    const link = join(folder, 'data');
    symlinkSync(join(folder, 'one'), link);
    const source = keyFromEnvFile(join(link, 'bot.env'));
    expect(secretIn(source)).toBe(first);
    rmSync(link);
    symlinkSync(join(folder, 'two'), link);
    expect(secretIn(source)).toBe(second);
  });

  it('is not taken half, however it is cut', async () => {
    replaceFile(path, envText(id, first, PASSPHRASE));
    const source = keyFromEnvFile(path);
    expect(secretIn(source)).toBe(first);
    const next = envText(id, second, PASSPHRASE);
    for (const length of [
      0,
      10,
      60,
      90,
      next.indexOf(second) + 20,
      next.indexOf('COUNTERSIGN_PASS'),
      next.length - 1,
    ]) {
      writeFileSync(path, next.slice(0, length));
      expect(secretIn(source)).toBe(first);
    }
    appendFileSync(path, next.slice(-1));
    expect(secretIn(source)).toBe(first);
    await settled();
    expect(secretIn(source)).toBe(second);
    expect(source.fault()).toBeUndefined();
  });

  it('is not taken when it was cut off for good, by its checksum', async () => {
    replaceFile(path, envText(id, first));
    const source = keyFromEnvFile(path);
    secretIn(source);
    writeFileSync(path, `COUNTERSIGN_KEY_ID=${id}\nCOUNTERSIGN_SECRET=${second.slice(0, -4)}\n`);
    secretIn(source);
    await settled();
    expect(secretIn(source)).toBe(first);
    expect(source.fault()?.code).toBe('secret_invalid');
  });

  it.each([
    ['away', () => rmSync(path), 'secret_unreadable'],
    ['readable for others', () => chmodSync(path, 0o644), 'secret_exposed'],
    ['of another one, whose secret is an id', () => replaceFile(path, envText(id, id)), 'secret_invalid'],
  ])('keeps its old secret while it is %s, and says so', async (_, change, code) => {
    replaceFile(path, envText(id, first));
    const source = keyFromEnvFile(path);
    expect(secretIn(source)).toBe(first);
    change();
    secretIn(source);
    await settled();
    expect(secretIn(source)).toBe(first);
    expect(source.fault()?.code).toBe(code);
  });

  it('that cannot be used says so once the old secret is refused, and not before', async () => {
    const server = await startLoopback();
    replaceFile(path, envText(id, first, PASSPHRASE));
    const client = createClient({ dialect: 'bitget', baseUrl: server.url, key: keyFromEnvFile(path) });
    expect((await client.fetch('/a')).status).toBe(200);
    replaceFile(path, envText(id, second)); // Without its passphrase.
    expect((await client.fetch('/a')).status).toBe(200);
    server.answer = json({ code: '40009', msg: 'sign signature error' }, 400);
    await expect(client.fetch('/a')).rejects.toMatchObject({ code: 'passphrase_invalid' });
    await server.close();
  });
});

it('is looked for once for all: while the new secret is not there, nothing more is signed with the old one', async () => {
  const server = await startLoopback();
  replaceFile(path, envText(id, first, PASSPHRASE));
  const client = createClient({ dialect: 'bitget', baseUrl: server.url, key: keyFromEnvFile(path) });
  expect((await client.fetch('/a')).status).toBe(200);
  let refused = 0;
  let isRotated = true;
  server.answer = (request, response, count) => {
    if (isRotated) refused++;
    json(isRotated ? { code: '40009', msg: 'sign signature error', data: null } : {}, isRotated ? 400 : 200)(
      request,
      response,
      count,
    );
  };
  const answers = [client.fetch('/a')];
  while (refused === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (let i = 0; i < 20; i++) answers.push(client.fetch('/a', { method: 'POST', body: `{"n":${i}}` }));
  await new Promise((resolve) => setTimeout(resolve, 100));
  isRotated = false;
  replaceFile(path, envText(id, second, PASSPHRASE));
  for (const { status } of await Promise.all(answers)) expect(status).toBe(200);
  expect(refused).toBe(1);
  await server.close();
});

describe('a file that holds one text', () => {
  it('loses its line end, and nothing else', () => {
    for (const [content, text] of [
      [`${SECRET}\n`, SECRET],
      [`${SECRET}\r\n`, SECRET],
      [SECRET, SECRET],
    ] as const) {
      replaceFile(path, content);
      expect(secretFromFile(path).current().expose()).toBe(text);
    }
  });

  it('may be one of several that make up a key', async () => {
    replaceFile(path, `${first}\n`);
    process.env.CLIENT_TEST_PASSPHRASE = PASSPHRASE;
    const client = createClient({
      dialect: 'okx',
      baseUrl: BASE,
      keyId: id,
      secret: secretFromFile(path),
      passphrase: secretFromEnv('CLIENT_TEST_PASSPHRASE'),
    });
    const before = await client.sign({ url: '/' });
    expect(before.headers['OK-ACCESS-PASSPHRASE']).toBe(PASSPHRASE);
    delete process.env.CLIENT_TEST_PASSPHRASE;
    await expect(client.sign({ url: '/' })).rejects.toMatchObject({ code: 'secret_unreadable' });
  });

  it('is no half PEM', () => {
    replaceFile(path, '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTm\n');
    expect(faultOf(() => secretFromFile(path).current()).code).toBe('secret_invalid');
  });
});
