import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DIALECTS } from '@countersign/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IssuedBot, issueBot, startProxied, writeEnv } from './bot.ts';
import { countersign } from './command.ts';
import { runHere } from './in-process.ts';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'countersign-sign-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Base64 too, so that it is good for every dialect with HMAC keys. */
const SECRET = 'c2VjcmV0IHRoYXQgc2hvdWxkIG5ldmVyIGJlIHNlZW4h';
const BOT = {
  COUNTERSIGN_KEY_ID: 'bot-1',
  COUNTERSIGN_SECRET: SECRET,
  COUNTERSIGN_PASSPHRASE: 'Words of "mine"',
};
const URL_OF_ORDERS = 'https://api.exchange.example/api/v2/orders?symbol=BTC%20USDT';

describe('countersign sign', () => {
  it('prints what to send, and what was signed, without the passphrase', async () => {
    const args = ['sign', 'POST', URL_OF_ORDERS, '-d', '{"a":\t1}', '--dialect', 'bitget', '--show-prehash'];
    const { printed } = await runHere([...args, '--timestamp', '2023-11-14T22:13:20Z'], { env: BOT });
    expect(printed).toMatch(/^POST https:\/\/api\.exchange\.example\/api\/v2\/orders\?symbol=BTC%20USDT\n/);
    expect(printed).toContain('\nACCESS-PASSPHRASE: $COUNTERSIGN_PASSPHRASE\n');
    expect(printed).toContain('\nACCESS-TIMESTAMP: 1700000000000\n');
    expect(printed).toContain(
      'signed (57 bytes):\n1700000000000POST/api/v2/orders?symbol=BTC%20USDT{"a":\\t1}',
    );
  });

  it('prints the passphrase where that is asked for', async () => {
    const args = ['sign', 'GET', URL_OF_ORDERS, '--dialect', 'okx', '--with-passphrase', '--json'];
    const { printed } = await runHere(args, { env: BOT });
    expect(JSON.parse(printed).headers['OK-ACCESS-PASSPHRASE']).toBe('Words of "mine"');
  });

  it('changes the address where the dialect does, and the body', async () => {
    const binance = await runHere(['sign', 'GET', 'https://a.example/x?b=1', '--dialect', 'binance'], {
      env: BOT,
    });
    expect(binance.printed).toMatch(
      /^GET https:\/\/a\.example\/x\?b=1&timestamp=\d+&signature=[0-9a-f]{64}\n/,
    );
    const kraken = await runHere(
      ['sign', 'POST', 'https://a.example/0/private/Balance', '--dialect', 'kraken'],
      {
        env: BOT,
      },
    );
    expect(kraken.printed).toMatch(/\n\nnonce=\d+\n$/);
  });

  it('signs the handshake of a WebSocket', async () => {
    const args = ['sign', 'GET', 'wss://a.example/v1/stream', '--dialect', 'rfc9421', '--json'];
    const made = JSON.parse((await runHere(args, { env: BOT })).printed);
    expect([made.url, Object.keys(made.headers).sort()]).toEqual([
      'wss://a.example/v1/stream',
      ['Signature', 'Signature-Input'],
    ]);
  });

  it.each(['ed25519', 'rsa', 'p256'] as const)(
    'takes a private key of the kind %s from a file',
    async (kind) => {
      const { privateKey } =
        kind === 'ed25519'
          ? generateKeyPairSync('ed25519')
          : kind === 'rsa'
            ? generateKeyPairSync('rsa', { modulusLength: 2048 })
            : generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const file = join(folder, `${kind}.pem`);
      const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
      writeFileSync(file, pem, { mode: 0o600 });
      const args = [
        'sign',
        'GET',
        URL_OF_ORDERS,
        '--dialect',
        'rfc9421',
        '--key-file',
        file,
        '--key-id',
        'bot-1',
      ];
      const { printed, exitCode } = await runHere(args);
      expect(exitCode).toBe(0);
      expect(printed).toContain('keyid="bot-1"');
      expect(printed).not.toContain(pem.split('\n')[1]);
    },
  );

  it('does not take a private key that others can read', async () => {
    const file = join(folder, 'open.pem');
    writeFileSync(file, 'x', { mode: 0o644 });
    const args = [
      'sign',
      'GET',
      URL_OF_ORDERS,
      '--dialect',
      'rfc9421',
      '--key-file',
      file,
      '--key-id',
      'bot-1',
    ];
    const { noted, exitCode } = await runHere(args);
    expect([exitCode, noted.split(':')[0]]).toEqual([1, 'secret_exposed']);
  });

  it('takes an encrypted env file', async () => {
    const clear = writeEnv(join(folder, 'clear.env'), { ...BOT, COUNTERSIGN_PASSPHRASE: 'Passphrase1' });
    writeFileSync(join(folder, 'pass'), 'six random words\n', { mode: 0o600 });
    const sealed = ['--out', join(folder, 'sealed'), '--passphrase-file', join(folder, 'pass')];
    await runHere(['env', 'encrypt', clear, ...sealed]);
    const from = ['--env-file', join(folder, 'sealed'), '--passphrase-file', join(folder, 'pass')];
    const { printed } = await runHere(['sign', 'GET', URL_OF_ORDERS, '--dialect', 'okx', ...from]);
    expect(printed).toContain('OK-ACCESS-KEY: bot-1\n');
  });

  it('is offline', async () => {
    const heard: unknown[] = [];
    const server = createServer((socket) => heard.push(socket.destroy()));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const { code } = await countersign(['sign', 'GET', `http://127.0.0.1:${port}/x`, '--dialect', 'okx'], {
      env: BOT,
    });
    await new Promise((resolve) => server.close(resolve));
    expect([code, heard]).toEqual([0, []]);
  });

  it('names the dialects where it is given another one', async () => {
    const { code, stderr } = await countersign(['sign', 'GET', URL_OF_ORDERS, '--dialect', 'ftx']);
    expect(code).toBe(2);
    for (const { name } of DIALECTS) expect(stderr).toContain(name);
  });

  it.each([
    ['a URL that is not whole', ['GET', '/api/v2/orders', '--dialect', 'okx']],
    ['no URL', ['GET', '--dialect', 'okx']],
    ['a header that is none', ['GET', URL_OF_ORDERS, '--dialect', 'okx', '-H', 'no colon']],
    ['a login with a URL', ['GET', URL_OF_ORDERS, '--dialect', 'okx', '--login']],
    ['a token, which would be printed', ['GET', URL_OF_ORDERS, '--dialect', 'bearer']],
    ['a time that is none', ['GET', URL_OF_ORDERS, '--dialect', 'okx', '--timestamp', 'now']],
    ['a login whose host is signed, without one', ['--login', '--dialect', 'htx']],
  ])('does not take %s', async (_name, args) => {
    const { code, stdout } = await countersign(['sign', ...args], { env: BOT });
    expect([code, stdout]).toEqual([2, '']);
  });

  it.each([
    ['a header of the proof', ['-H', 'OK-ACCESS-SIGN: x'], 'request_invalid'],
    ['another Host', ['-H', 'Host: other.example'], 'request_invalid'],
    ['the kind of another dialect', ['--kind', 'ed25519'], 'secret_invalid'],
  ])('refuses %s', async (_name, args, code) => {
    const { noted, exitCode } = await runHere(['sign', 'GET', URL_OF_ORDERS, '--dialect', 'okx', ...args], {
      env: BOT,
    });
    expect([exitCode, noted.split(':')[0]]).toEqual([1, code]);
  });
});

describe('the command line of curl', () => {
  let proxied: Awaited<ReturnType<typeof startProxied>>;
  let bot: IssuedBot;
  beforeAll(async () => {
    proxied = await startProxied();
    bot = await issueBot(proxied.service, 'curl');
  }, 60_000);
  afterAll(() => proxied.stop());

  it.each([
    '{"symbol":"BTCUSDT","side":"buy","orderType":"market","size":"10"}',
    '{"symbol":"BTCUSDT","side":"buy","orderType":"market","size":"10","note":"it\'s $HOME `id` \\\\ !! ü\u{1f600}"}',
    '{"symbol":"BTCUSDT","side":"buy",\n "orderType":"market","size":"10"}\n',
  ])('sends what was signed: %j', async (body) => {
    const url = `${proxied.service.proxy}/api/v2/spot/trade/place-order?x=[1-3]&y={a,b}&z='q'`;
    const args = [
      'sign',
      'POST',
      url,
      `--data=${body}`,
      '--dialect',
      'bitget',
      '--env-file',
      bot.file,
      '--curl',
    ];
    const { stdout, stderr } = await countersign([...args, '--show-prehash']);
    expect(stderr).toContain('signed (');
    expect(stdout).not.toContain(bot.passphrase);
    const sent = await run('sh', ['-c', `set -f\n${stdout.replace('| curl', '| curl -sS')}`], {
      env: { PATH: process.env.PATH, COUNTERSIGN_PASSPHRASE: bot.passphrase },
    });
    expect(sent.stdout).toBe('{"hello":"acct_42"}');
  });

  it('is not written for a body that no command line can hold', async () => {
    const file = join(folder, 'bytes');
    writeFileSync(file, Buffer.from([0x7b, 0xff, 0x00]));
    const args = ['sign', 'POST', URL_OF_ORDERS, '-d', `@${file}`, '--dialect', 'okx'];
    const { noted, exitCode } = await runHere([...args, '--curl'], { env: BOT });
    expect(exitCode).toBe(1);
    expect(noted).toMatch(/^request_invalid: .*use countersign request/);
    const { printed } = await runHere([...args, '--json'], { env: BOT });
    expect(JSON.parse(printed).bodyBase64).toBe('e/8A');
  });

  it.each([
    ['a body that curl would take for the name of a file', '@/etc/passwd', "--data-raw '@/etc/passwd'"],
    ['an empty one', '', "--data-raw ''"],
  ])('holds %s', async (_name, text, expected) => {
    const file = join(folder, 'at');
    writeFileSync(file, text);
    const args = ['sign', 'POST', URL_OF_ORDERS, '-d', `@${file}`, '--dialect', 'gate', '--curl'];
    expect((await runHere(args, { env: BOT })).printed).toContain(expected);
  });
});

/** Those that sign only a part of the path, or read it. */
const PATHS: Readonly<Record<string, string>> = {
  'kraken-futures': '/derivatives/api/v3/sendorder',
  cryptocom: '/exchange/v1/private/create-order',
};

/** Those whose login signs what the server gave. */
const CHALLENGES: Readonly<Record<string, readonly string[]>> = {
  'kraken-futures': ['--nonce', '226aee50-88fc-4618-a42a-34f7709570b2'],
};

describe('what is printed', () => {
  const base64 = fc
    .uint8Array({ minLength: 24, maxLength: 48 })
    .map((bytes) => Buffer.from(bytes).toString('base64'));
  const passphrase = fc
    .string({ unit: 'grapheme-ascii', minLength: 6, maxLength: 20 })
    // So that none is a word of the output by chance.
    .map((text) => `~${text}~`);
  const signing = DIALECTS.filter(({ schemes }) => schemes.hmac !== undefined);
  const logins = signing.filter(({ webSocket }) => webSocket !== undefined);

  it.each(signing.map(({ name }) => name))(
    'never holds the secret or the passphrase: %s',
    async (dialect) => {
      const hasLogin = logins.some(({ name }) => name === dialect);
      const forms = [
        ['--json'],
        ['--curl'],
        [],
        ['--show-prehash'],
        ...(hasLogin ? [['--login', 'wss://a.example', ...(CHALLENGES[dialect] ?? [])]] : []),
      ];
      await fc.assert(
        fc.asyncProperty(base64, passphrase, fc.constantFrom(...forms), async (secret, phrase, form) => {
          const env = {
            COUNTERSIGN_KEY_ID: 'bot-1',
            COUNTERSIGN_SECRET: secret,
            COUNTERSIGN_PASSPHRASE: phrase,
          };
          const url = `https://a.example${PATHS[dialect] ?? '/x'}`;
          const target =
            form[0] === '--login' ? [] : ['POST', url, '-d', '{"id":1,"method":"m","params":{}}'];
          const { printed, noted, exitCode } = await runHere(
            ['sign', ...target, '--dialect', dialect, ...form],
            { env },
          );
          expect(exitCode, noted).toBe(0);
          for (const text of [secret, phrase, JSON.stringify(phrase).slice(1, -1)]) {
            expect(printed.includes(text)).toBe(false);
            expect(noted.includes(text)).toBe(false);
          }
        }),
        { numRuns: 25 },
      );
    },
  );
});
