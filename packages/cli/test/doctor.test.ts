import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fact, FactState, Section } from '../src/doctor/fact.ts';
import { type IssuedBot, issueBot, startProxied, writeEnv } from './bot.ts';
import { createAuthority, inDays, startTls } from './certificates.ts';
import { countersign, startOther } from './command.ts';
import { runHere } from './in-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-doctor-'));
let proxied: Awaited<ReturnType<typeof startProxied>>;
let bot: IssuedBot;
let operator: string;
beforeAll(async () => {
  proxied = await startProxied();
  bot = await issueBot(proxied.service, 'bot');
  operator = join(proxied.service.folder, 'data', 'operator.env');
}, 60_000);
afterAll(async () => {
  await proxied.stop();
  rmSync(folder, { recursive: true });
});

interface Page {
  readonly isGood: boolean;
  readonly facts: readonly Fact[];
}

/**
 * Runs `doctor --json`, and holds that it says nothing secret and ends with what it found. Within this process, unless it
 * matters what Node itself does with the command line and the environment.
 */
async function examined(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  isProcess = env.NODE_EXTRA_CA_CERTS !== undefined,
): Promise<Page> {
  const command = ['doctor', '--json', ...args];
  const { printed, noted, exitCode } = isProcess
    ? await apart(command, env)
    : await runHere(command, { env });
  for (const text of [bot.secret, bot.passphrase, proxied.service.token])
    expect(printed + noted).not.toContain(text);
  const page = JSON.parse(printed) as Page;
  expect([exitCode, page.isGood]).toEqual(page.isGood ? [0, true] : [1, false]);
  return page;
}

async function apart(command: readonly string[], env: Readonly<Record<string, string>>) {
  const { code, stdout, stderr } = await countersign(command, { env });
  return { printed: stdout, noted: stderr, exitCode: code };
}

const wrongIn = ({ facts }: Page) =>
  facts
    .filter(({ state }) => state === 'wrong')
    .map(({ section, name, text }) => `${section} ${name}: ${text}`);

function factIn({ facts }: Page, section: Section, name: string): readonly [FactState, string] | undefined {
  const found = facts.find((fact) => fact.section === section && fact.name === name);
  return found === undefined ? undefined : [found.state, found.text];
}

const usual = () => ['--env-file', bot.file, '--dialect', 'bitget', '--url', proxied.service.url];
const valuesOf = ({ id, secret, passphrase }: IssuedBot) => ({
  COUNTERSIGN_KEY_ID: id,
  COUNTERSIGN_SECRET: secret,
  COUNTERSIGN_PASSPHRASE: passphrase,
});

describe('countersign doctor', () => {
  it('finds nothing wrong where nothing is, and asks the service about the key', async () => {
    const page = await examined([...usual(), '--operator-env-file', operator]);
    expect(wrongIn(page)).toEqual([]);
    expect(factIn(page, 'versions', 'service')).toEqual(['good', '0.1.0']);
    expect(factIn(page, 'files', '--env-file')).toEqual([
      'good',
      'can be read by its owner alone (mode 0600)',
    ]);
    expect(factIn(page, 'key', 'status')).toEqual(['good', 'active']);
    expect(factIn(page, 'key', 'expires')).toEqual(['good', 'never']);
    expect(factIn(page, 'address', 'allowed')).toEqual(['good', 'from any address']);
  });

  it('is one page, with what to do below what is wrong', async () => {
    const { code, stdout } = await countersign(['doctor', ...usual()], {
      env: { COUNTERSIGN_SECRET: bot.id },
    });
    expect(code).toBe(1);
    expect(stdout.split('\n').length).toBeLessThan(50);
    expect(stdout).toMatch(/^versions\n {2}ok +node +\d+\.\d+/);
    expect(stdout).toMatch(/WRONG +COUNTERSIGN_SECRET +.*is the id of a key.*\n +→ Take it anew/);
    expect(stdout).toMatch(/\? +status +status and expiry cannot be known without --operator-env-file/);
    expect(stdout).toMatch(/\n1 fact wrong\. 2 facts could not be found out\.\n$/);
  });

  it('says of everything that cannot be found out that it cannot', async () => {
    const page = await examined([]);
    expect(page.facts.filter(({ state }) => state === 'unknown').map(({ section }) => section)).toEqual([
      ...['versions', 'clock', 'TLS', 'key', 'key', 'address'],
    ]);
  });

  it('names the variables that are set, and no others: Node has read the file too', async () => {
    const page = await examined(['--env-file', bot.file], { COUNTERSIGN_URL: proxied.service.url }, true);
    expect(factIn(page, 'environment', 'set')).toEqual(['good', 'COUNTERSIGN_URL']);
    const own = await examined(['--dialect', 'bitget'], valuesOf(bot));
    expect(factIn(own, 'environment', 'set')?.[1]).toBe(
      'COUNTERSIGN_KEY_ID, COUNTERSIGN_PASSPHRASE, COUNTERSIGN_SECRET',
    );
    expect(factIn(own, 'key', 'secret')).toEqual(['good', 'is whole, and fits bitget']);
  });

  it.each([
    ['id for the secret', { COUNTERSIGN_SECRET: 'ck_live_0' }, 'is the id of a key'],
    ['a placeholder', { COUNTERSIGN_SECRET: '<your secret>' }, 'is a placeholder'],
    ['a line end', { COUNTERSIGN_SECRET: 'abcdefghijklmnop\n' }, 'begins or ends with a space or a line end'],
    ['cut off', { COUNTERSIGN_SECRET: 'cs_live_abcdefghijklmnop' }, 'is not whole'],
    ['nothing', { COUNTERSIGN_SECRET: '' }, 'is empty'],
    [
      'no check of certificates',
      { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
      'turns the check of certificates off',
    ],
    ['a file that is not there', { NODE_EXTRA_CA_CERTS: '/no/such/ca.pem' }, 'is not there'],
  ])('finds in the environment: %s', async (_name, env, text) => {
    const faults = wrongIn(await examined([], env)).filter((fault) => fault.startsWith('environment'));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(text);
  });

  it('finds id and secret of two environments', async () => {
    const test = await issueBot(proxied.service, 'test', ['--environment', 'test']);
    const env = { ...valuesOf(bot), COUNTERSIGN_KEY_ID: test.id };
    expect(wrongIn(await examined([], env)).join()).toContain(
      'of the environment live, and COUNTERSIGN_KEY_ID of test',
    );
  });
});

describe('files', () => {
  const openFile = () => writeEnv(join(folder, 'open.env'), valuesOf(bot), 0o640);

  it('are for their owner alone', async () => {
    const page = await examined(['--env-file', openFile()], {}, true);
    expect(wrongIn(page)[0]).toBe('files --env-file: can be read by others (mode 0640)');
    expect(factIn(page, 'key', 'secret')?.[1]).toMatch(/^secret_exposed: /);
    expect(factIn(page, 'environment', 'set')?.[1]).toBe('no COUNTERSIGN_ variable');
  });

  it('lie in a folder that nobody else can write to', async () => {
    mkdirSync(join(folder, 'wide'));
    chmodSync(join(folder, 'wide'), 0o777);
    const file = writeEnv(join(folder, 'wide', 'bot.env'), valuesOf(bot));
    expect(wrongIn(await examined(['--env-file', file]))).toEqual([
      'files --env-file: others can put another file in its place',
    ]);
  });

  it('grow old', async () => {
    const file = writeEnv(join(folder, 'old.env'), valuesOf(bot));
    utimesSync(file, new Date(), new Date(Date.now() - 400 * 86_400_000));
    const { facts } = await examined(['--env-file', file]);
    expect(facts).toContainEqual(
      expect.objectContaining({ state: 'notice', text: 'was last changed 400 days ago' }),
    );
  });

  it('have lines that are wrong, which are named and not shown', async () => {
    const file = join(folder, 'lines.env');
    writeFileSync(file, `${readFileSync(bot.file, 'utf8')}${bot.secret}\n`, { mode: 0o600 });
    const faults = wrongIn(await examined(['--env-file', file]));
    expect(faults).toEqual(['files --env-file: line 4: is no NAME=value: it is left out']);
  });

  it('are not there, and the path is not repeated', async () => {
    const { printed } = await runHere(['doctor', '--json', '--key-file', 'a secret in the wrong place']);
    expect(printed).toContain('there is no such file');
    expect(wrongIn(JSON.parse(printed) as Page)[0]).toBe('files --key-file: there is no such file');
    expect(printed).not.toContain('wrong place');
  });
});

describe('the key', () => {
  const asked = async (key: IssuedBot, dialect = 'bitget') =>
    examined(['--env-file', key.file, '--dialect', dialect, '--operator-env-file', operator]);

  it.each(['disable', 'quarantine', 'revoke'])('is %sd', async (verb) => {
    const key = await issueBot(proxied.service, verb);
    const yes = verb === 'revoke' ? ['--yes'] : [];
    await countersign(['keys', verb, key.id, '--reason', 'test', ...yes], { env: proxied.service.env });
    const [state, text] = factIn(await asked(key), 'key', 'status') ?? [];
    expect([state, text?.slice(0, 6)]).toEqual(['wrong', `${verb}d`.slice(0, 6)]);
  });

  it('ends soon, or never', async () => {
    const key = await issueBot(proxied.service, 'ending', ['--expires', '3d']);
    expect(factIn(await asked(key), 'key', 'expires')).toEqual([
      'notice',
      expect.stringMatching(/, in 2 days$/),
    ]);
  });

  it('may not speak the dialect', async () => {
    expect(factIn(await asked(bot, 'okx'), 'key', 'dialect')?.[1]).toBe(
      'the key may speak bitget, and not okx',
    );
  });

  it('has a secret that is about to retire', async () => {
    const key = await issueBot(proxied.service, 'rotated');
    const out = join(folder, 'rotated.env');
    await countersign(['keys', 'rotate', key.id, '--grace', '1h', '--out', out], {
      env: proxied.service.env,
    });
    expect(factIn(await asked(key), 'key', 'secret')).toBeDefined();
    const { facts } = await asked(key);
    expect(facts.some(({ text }) => /version 1 is taken until/.test(text))).toBe(true);
  });

  it('is none of this service', async () => {
    const file = writeEnv(join(folder, 'foreign.env'), {
      ...valuesOf(bot),
      COUNTERSIGN_KEY_ID: 'bg_foreign',
    });
    const page = await examined(['--env-file', file, '--operator-env-file', operator]);
    expect(wrongIn(page)[0]).toMatch(/^key status: not_found: /);
  });

  it('is looked up with the token that stands in the place of the secret', async () => {
    const page = await examined(['--key-id', bot.id], proxied.service.env);
    expect(factIn(page, 'key', 'secret')?.[0]).toBe('notice');
    expect(factIn(page, 'key', 'status')).toEqual(['good', 'active']);
  });

  it('is not looked up where the bot talks to: no token goes there', async () => {
    const heard: unknown[] = [];
    const other = await startOther((request, response) => {
      heard.push(request.headers.authorization);
      response.end('{}');
    });
    await examined(['--key-id', bot.id, '--url', other.url], proxied.service.env);
    await other.stop();
    expect(heard.length).toBeGreaterThan(1);
    expect(new Set(heard)).toEqual(new Set([undefined]));
  });

  it.each([
    ['203.0.113.0/24', 'wrong', /alone, and the service sees this machine as 127\.0\.0\.1$/],
    ['127.0.0.0/8', 'good', /and the service sees this machine as 127\.0\.0\.1$/],
  ])('may be used from %s: %s', async (network, state, text) => {
    const key = await issueBot(proxied.service, `from-${state}`, ['--allow-ip', network]);
    const fact = factIn(await asked(key), 'address', 'allowed');
    expect(fact).toEqual([state, expect.stringMatching(text)]);
  });
});

describe('a probe', () => {
  const probe = (key: IssuedBot, path = '/api/v2/spot/account/assets') => [
    ...['--env-file', key.file, '--dialect', 'bitget'],
    ...['--probe', 'GET', `${proxied.service.proxy}${path}`],
  ];

  it('is sent once, and tells that the key and the address are taken', async () => {
    const before = proxied.seen.length;
    const page = await examined(probe(bot));
    expect(proxied.seen.slice(before)).toEqual(['GET /api/v2/spot/account/assets']);
    expect(factIn(page, 'key', 'probe')).toEqual(['good', 'a signed request was taken (200)']);
    expect(factIn(page, 'address', 'allowed')?.[0]).toBe('good');
  });

  it('tells that the address is not', async () => {
    const key = await issueBot(proxied.service, 'elsewhere', ['--allow-ip', '203.0.113.7']);
    const page = await examined(probe(key));
    expect(factIn(page, 'key', 'probe')).toEqual(['wrong', expect.stringContaining('ip_not_allowed')]);
    expect(factIn(page, 'address', 'allowed')?.[0]).not.toBe('good');
  });

  it('tells nothing where the answer is neither', async () => {
    const page = await examined(probe(bot, '/api/v2/spot/account/assets?status=404'));
    expect(factIn(page, 'key', 'probe')?.[0]).toBe('unknown');
  });

  it.each([
    [['--probe', 'DELETE', 'https://a.example/x', '--dialect', 'okx'], 'GET or HEAD'],
    [['--probe', 'GET', '--dialect', 'okx'], 'a method and a URL'],
    [['--probe', 'GET', 'https://a.example/x'], '--dialect'],
  ])('does no harm: %j', async (args, text) => {
    const { exitCode, noted } = await runHere(['doctor', ...args]);
    expect(exitCode).toBe(2);
    expect(noted).toContain(text);
  });
});

describe('the server', () => {
  it.each([
    ['good', { names: 'DNS:localhost', from: inDays(-1), until: inDays(40.5) }, true, []],
    [
      'of an unknown authority',
      { names: 'DNS:localhost', from: inDays(-1), until: inDays(40.5) },
      false,
      ['chain'],
    ],
    [
      'for another name',
      { names: 'DNS:other.example', from: inDays(-1), until: inDays(40.5) },
      true,
      ['host name'],
    ],
    [
      'that has ended',
      { names: 'DNS:localhost', from: inDays(-9), until: inDays(-2) },
      true,
      ['chain', 'end'],
    ],
  ])('has a certificate %s', async (_name, options, isKnown, wrong) => {
    const authority = createAuthority(mkdtempSync(join(folder, 'ca-')));
    const server = await startTls(authority.issue(options));
    const env: Record<string, string> = isKnown ? { NODE_EXTRA_CA_CERTS: authority.file } : {};
    const page = await examined(['--url', server.url], env);
    await server.stop();
    const faults = page.facts.filter(({ section, state }) => section === 'TLS' && state === 'wrong');
    expect(faults.map(({ name }) => name)).toEqual(wrong);
    expect(factIn(page, 'TLS', 'protocol')).toEqual(['good', 'TLSv1.3']);
    if (wrong.length === 0)
      expect(factIn(page, 'TLS', 'end')).toEqual(['good', 'the certificate ends in 40 days']);
  });

  it('has a certificate that ends soon', async () => {
    const authority = createAuthority(mkdtempSync(join(folder, 'ca-')));
    const server = await startTls(
      authority.issue({ names: 'DNS:localhost', from: inDays(-1), until: inDays(3.5) }),
    );
    const page = await examined(['--url', server.url], { NODE_EXTRA_CA_CERTS: authority.file });
    await server.stop();
    expect(factIn(page, 'TLS', 'end')).toEqual(['notice', 'the certificate ends in 3 days']);
  });

  it('does not speak TLS, or nothing is there', async () => {
    const https = proxied.service.url.replace('http:', 'https:');
    expect(
      wrongIn(await examined(['--url', https])).some((fault) => fault.startsWith('TLS connection')),
    ).toBe(true);
    const nothing = wrongIn(await examined(['--url', 'https://127.0.0.1:9']));
    expect(nothing).toContain('TLS connection: there is none with TLS (ECONNREFUSED)');
  });

  it('has another clock', async () => {
    const other = await startOther((_request, response) => {
      response.setHeader('date', new Date(Date.now() + 3_600_000).toUTCString()).end('<html>');
    });
    const page = await examined(['--url', other.url, '--dialect', 'okx']);
    await other.stop();
    expect(factIn(page, 'clock', 'this machine')).toEqual([
      'wrong',
      expect.stringMatching(/^3\d\d\d\.\d s behind/),
    ]);
    expect(factIn(page, 'clock', 'window')?.[0]).toBe('wrong');
    expect(factIn(page, 'versions', 'service')?.[0]).toBe('unknown');
  });
});
