import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IssuedBot, issueBot, startProxied, writeEnv } from './bot.ts';
import { type Authority, createAuthority, inDays, startTls } from './certificates.ts';
import { countersign, startOther } from './command.ts';
import { runHere } from './in-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-request-'));
let proxied: Awaited<ReturnType<typeof startProxied>>;
let bot: IssuedBot;
beforeAll(async () => {
  proxied = await startProxied();
  bot = await issueBot(proxied.service, 'bot');
}, 60_000);
afterAll(async () => {
  await proxied.stop();
  rmSync(folder, { recursive: true });
});

const ORDER = '{"symbol":"BTCUSDT","side":"buy","orderType":"market","size":"10"}';
const order = (body = ORDER) => [
  'POST',
  `${proxied.service.proxy}/api/v2/spot/trade/place-order`,
  '-d',
  body,
];
const signed = (file = bot.file) => ['--dialect', 'bitget', '--env-file', file];
const valuesOf = ({ id, secret, passphrase }: IssuedBot) => ({
  COUNTERSIGN_KEY_ID: id,
  COUNTERSIGN_SECRET: secret,
  COUNTERSIGN_PASSPHRASE: passphrase,
});

/** Runs `request`, and holds that nothing of the key is in what it says. */
async function request(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const ended = await countersign(['request', ...args], { env });
  for (const text of [bot.secret, bot.passphrase]) expect(ended.stdout + ended.stderr).not.toContain(text);
  return ended;
}

describe('countersign request, through the proxy', () => {
  it('prints the body of the answer', async () => {
    const { code, stdout, stderr } = await request([...order(), ...signed()]);
    expect([code, stdout, stderr]).toEqual([0, '{"hello":"acct_42"}', '']);
  });

  it('prints status and headers too, and takes the key from the environment', async () => {
    const args = [...order(), '--dialect', 'bitget', '-i', '-H', 'X-Trace: 1'];
    const { code, stdout } = await request(args, valuesOf(bot));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^HTTP 200 OK\n(?:[\w-]+: .*\n)+\n\{"hello":"acct_42"\}$/);
  });

  it('sends a body from a file as it is, with its line end', async () => {
    const file = join(folder, 'order.json');
    writeFileSync(file, `${ORDER}\n`);
    expect((await request([...order(`@${file}`), ...signed()])).code).toBe(0);
    expect((await request([...order(`@${file}.no`), ...signed()])).stderr).toContain('there is no such file');
  });

  it('writes the body to a new file, for its owner alone, and sends nothing where there is one', async () => {
    const file = join(folder, 'answer.json');
    const { code, stdout } = await request([...order(), ...signed(), '-o', file]);
    expect([code, stdout, readFileSync(file, 'utf8')]).toEqual([0, '', '{"hello":"acct_42"}']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const before = proxied.seen.length;
    expect((await request([...order(), ...signed(), '-o', file])).stderr).toContain('exists already');
    expect(proxied.seen).toHaveLength(before);
  });

  it('ends with 1 for an answer of another status, and prints it', async () => {
    const url = `${proxied.service.proxy}/api/v2/spot/account/assets?status=404`;
    const { code, stdout, stderr } = await request(['GET', url, ...signed()]);
    expect([code, stdout, stderr]).toEqual([
      1,
      '{"hello":"acct_42"}',
      'The server answered 404 Not Found.\n',
    ]);
  });

  it('prints a refusal, names what it is, and says what to do', async () => {
    const other = writeEnv(join(folder, 'other.env'), {
      ...valuesOf(bot),
      COUNTERSIGN_SECRET: 'another-secret-of-somebody',
    });
    const { code, stdout, stderr } = await request([...order(), ...signed(other)]);
    expect([code, JSON.parse(stdout).code]).toEqual([1, '40009']);
    expect(stderr).toBe(
      // Bitget says the same of both.
      'refused: The service refused the request: signature_mismatch or algorithm_not_allowed.\n' +
        '  Give the secret that belongs to this key id; if it was rotated, the new one.\n' +
        '  More: docs/errors/signature_mismatch.md, docs/errors/algorithm_not_allowed.md\n',
    );
  });

  it('tells what the key may not do', async () => {
    const url = `${proxied.service.proxy}/api/v2/spot/wallet/withdrawal`;
    const { code, stderr } = await request(['POST', url, '-d', '{}', ...signed()]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/permission_denied|route_unknown/);
  });

  it('says of a management call what the service says, with its page', async () => {
    const token = { COUNTERSIGN_SECRET: proxied.service.token };
    const url = `${proxied.service.url}/v1/keys`;
    const listed = await request(['GET', url, '--dialect', 'bearer'], token);
    expect([listed.code, JSON.parse(listed.stdout).data.length]).toEqual([0, 2]);
    const { code, stderr } = await request(['POST', url, '-d', '{}', '--dialect', 'bearer'], token);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^invalid_body: .*\n {2}More: docs\/errors\/invalid_body.md\n$/);
  });

  it.each([-3_600_000, 3_600_000])('says so when the clock is %i ms off', async (offMs) => {
    const { noted, exitCode } = await runHere(['request', ...order(), ...signed()], {
      nowMs: Date.now() + offMs,
    });
    expect(exitCode).toBe(1);
    expect(noted).toMatch(/^clock_off: This machine's clock is 3\d\d\d s (?:behind|ahead of) the server's/);
    expect(noted).toContain('Set the clock of this machine');
  });

  it('makes up for a clock that is a minute off, and says so', async () => {
    const { printed, noted, exitCode } = await runHere(['request', ...order(), ...signed()], {
      nowMs: Date.now() - 60_000,
    });
    expect([exitCode, printed]).toEqual([0, '{"hello":"acct_42"}']);
    expect(noted).toContain('The timestamp was refused.');
  });
});

describe('a key that cannot be used', () => {
  const faults: [string, (values: Record<string, string>) => Record<string, string>, string][] = [
    [
      'an id for the secret',
      (v) => ({ ...v, COUNTERSIGN_SECRET: v.COUNTERSIGN_KEY_ID ?? '' }),
      'secret_invalid',
    ],
    [
      'a secret for the id',
      (v) => ({ ...v, COUNTERSIGN_KEY_ID: v.COUNTERSIGN_SECRET ?? '' }),
      'key_id_invalid',
    ],
    [
      'one cut off',
      (v) => ({ ...v, COUNTERSIGN_SECRET: v.COUNTERSIGN_SECRET?.slice(0, -1) ?? '' }),
      'secret_invalid',
    ],
    ['none', (v) => ({ COUNTERSIGN_KEY_ID: v.COUNTERSIGN_KEY_ID ?? '' }), 'secret_unreadable'],
    ['no passphrase', ({ COUNTERSIGN_PASSPHRASE: _, ...v }) => v, 'passphrase_invalid'],
    ["an operator's token", (v) => ({ ...v, COUNTERSIGN_SECRET: proxied.service.token }), 'secret_invalid'],
  ];

  it.each(faults)('%s: a code, advice, and nothing is sent', async (name, change, code) => {
    const before = proxied.seen.length;
    const file = writeEnv(join(folder, `${name.replaceAll(' ', '-')}.env`), change(valuesOf(bot)));
    const ended = await request([...order(), ...signed(file)]);
    expect([ended.code, ended.stdout]).toEqual([1, '']);
    expect(ended.stderr).toMatch(new RegExp(`^${code}: .+\n  .+\\.\n$`));
    expect(ended.stderr).not.toContain(proxied.service.token);
    expect(proxied.seen).toHaveLength(before);
  });

  it('is one that others can read', async () => {
    const file = writeEnv(join(folder, 'open.env'), valuesOf(bot), 0o644);
    const { code, stderr } = await request([...order(), ...signed(file)]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^secret_exposed: .*can be read by others.*\n {2}Run chmod 600/);
  });

  it('is a secret for signing, where a token would be sent as it is', async () => {
    const { code, stderr } = await request(
      ['GET', proxied.service.url, '--dialect', 'bearer'],
      valuesOf(bot),
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/^secret_invalid: A secret for signing .* would be sent as it is/);
  });

  it('is in the request itself', async () => {
    const body = join(folder, 'body.json');
    writeFileSync(body, JSON.stringify({ secret: bot.passphrase }));
    const ended = await request([...order(`@${body}`), ...signed()]);
    expect(ended.stderr).toMatch(/^request_invalid: The request itself holds the secret/);
    const url = `${proxied.service.proxy}/x?p=${bot.passphrase}`;
    expect((await request(['GET', url, ...signed()])).stderr).toMatch(/^secret_in_url: /);
  });
});

describe('a server that is none', () => {
  const answers: [string, (response: ServerResponse) => void, RegExp][] = [
    [
      'answers HTML',
      (response) => void response.setHeader('content-type', 'text/html').end('<h1>hello</h1>'),
      /^answer_unexpected: The answer is a page of HTML/,
    ],
    ['closes early', (response) => void response.socket?.destroy(), /^connection_lost: /],
    [
      'closes in the middle',
      (response) => {
        response.setHeader('content-length', '100').write('{"half');
        setTimeout(() => response.socket?.destroy(), 20);
      },
      /^connection_lost: /,
    ],
    ['never answers', () => {}, /^timeout: There was no whole answer within 1500 ms/],
    [
      'says something else than HTTP',
      (response) => void response.socket?.end('SSH-2.0-OpenSSH_9.2\r\n'),
      /^answer_unexpected: /,
    ],
  ];

  it.each(answers)('%s', async (_name, answer, expected) => {
    const other = await startOther((_request, response) => answer(response));
    const { code, stderr } = await request(['GET', `${other.url}/x`, ...signed(), '--timeout', '1.5']);
    await other.stop();
    expect(code).toBe(1);
    expect(stderr).toMatch(expected);
    expect(stderr).toMatch(/\n {2}[A-Z].*\.\n$/);
  });

  it.each(['GET', 'POST', 'DELETE'])('points %s to another host: it hears nothing', async (method) => {
    const heard: unknown[] = [];
    const elsewhere = await startOther((incoming, response) => {
      heard.push(incoming.headers);
      response.end('{}');
    });
    const other = await startOther((_request, response) => {
      response.writeHead(307, { location: `${elsewhere.url}/x` }).end();
    });
    const { code, stderr } = await request([method, `${other.url}/x`, ...signed()]);
    await Promise.all([other.stop(), elsewhere.stop()]);
    expect([code, heard]).toEqual([1, []]);
    expect(stderr).toMatch(/^redirected: /);
  });

  it('says back what it was told: the passphrase is taken out of it', async () => {
    const other = await startOther((incoming, response) => {
      response.setHeader('x-echo', String(incoming.headers['access-passphrase']));
      response.end(JSON.stringify(incoming.headers));
    });
    const { code, stdout } = await request(['GET', `${other.url}/x`, ...signed(), '-i']);
    await other.stop();
    expect(code).toBe(0);
    expect(stdout.match(/\[masked COUNTERSIGN_PASSPHRASE\]/g)).toHaveLength(2);
  });

  it('says a token back in its refusal: it is not repeated', async () => {
    const { token } = proxied.service;
    const other = await startOther((incoming, response) => {
      const detail = `No: ${incoming.headers.authorization}`;
      response.writeHead(404, `Not ${token}`, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ code: 'not_found', detail, status: 404 }));
    });
    const args = ['GET', `${other.url}/x`, '--dialect', 'bearer', '-i'];
    const { code, stdout, stderr } = await request(args, { COUNTERSIGN_SECRET: token });
    await other.stop();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^not_found: No: Bearer \[masked COUNTERSIGN_SECRET\]\n/);
    expect(stdout + stderr).not.toContain(token);
  });

  it('is not sent anything in plain text, unless it is this machine', async () => {
    const { code, stderr } = await request(['GET', 'http://api.exchange.example/x', ...signed()]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^plaintext_refused: The address is not https/);
  });
});

describe('TLS', () => {
  let authority: Authority;
  beforeAll(() => {
    authority = createAuthority(folder);
  });
  const good = () => ({ names: 'DNS:localhost', from: inDays(-1), until: inDays(20) });

  it.each([
    ['good', good, true, 0, /^$/],
    ['of an unknown authority', good, false, 1, /^tls_failed: .*UNABLE_TO_/],
    [
      'for another name',
      () => ({ ...good(), names: 'DNS:other.example' }),
      true,
      1,
      /^tls_failed: .*ALTNAME/,
    ],
    [
      'that has ended',
      () => ({ ...good(), until: inDays(-0.5) }),
      true,
      1,
      /^tls_failed: .*CERT_HAS_EXPIRED/,
    ],
  ])('a certificate %s', async (_name, options, isKnown, exit, expected) => {
    const server = await startTls(authority.issue(options()));
    const env: Record<string, string> = isKnown ? { NODE_EXTRA_CA_CERTS: authority.file } : {};
    const { code, stderr } = await request(['GET', `${server.url}/x`, ...signed()], env);
    await server.stop();
    expect([code, server.requests()]).toEqual([exit, exit === 0 ? 1 : 0]);
    expect(stderr).toMatch(expected);
  });
});
