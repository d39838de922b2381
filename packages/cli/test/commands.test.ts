import { createHmac, createPublicKey } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  countersign,
  endOf,
  listeningUrl,
  type RunningService,
  startCommand,
  startOther,
  startRealService,
} from './command.ts';

let service: RunningService;

beforeAll(async () => {
  service = await startRealService();
});
afterAll(() => service.stop());

const run = (args: readonly string[], input?: string) =>
  countersign(args, { env: service.env, ...(input === undefined ? {} : { input }) });

describe('countersign', () => {
  it('prints the version of its package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    expect(await run(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each([
    [['--help']],
    [['keys', '--help']],
    [['keys', 'import', '--help']],
    [['manifest', 'check', '--help']],
  ])('helps with %j', async (args) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: countersign /);
  });

  it('documents its exit codes', async () => {
    expect((await run(['--help'])).stdout).toContain(
      'Exit codes: 0 done; 1 refused or failed; 2 the command line is wrong.',
    );
  });

  it.each([
    [['kyes'], "unknown command 'kyes'", 'Did you mean keys?'],
    [['keys', 'revok'], "unknown command 'revok'", 'Did you mean revoke?'],
    [['keys', 'list', '--acount', 'a'], "unknown option '--acount'", 'Did you mean --account?'],
    [['keys', 'show'], "missing required argument 'id'", ''],
    [['keys', 'show', 'a', 'b'], 'too many arguments', ''],
  ])('suggests what was meant by %j', async (args, fault, suggestion) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(fault);
    expect(stderr).toContain(suggestion);
  });

  it('shows its help, as a fault of usage, when no command is named', async () => {
    expect(await run(['keys'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('Usage:'),
    });
  });

  it('ends well when its reader has seen enough', async () => {
    const child = startCommand(['keys', '--help']);
    child.stdout?.destroy();
    expect(await endOf(child)).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('serve', () => {
  it('runs the service until it is told to stop', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-serve-'));
    const child = startCommand(['serve'], { env: { COUNTERSIGN_PORT: '0' }, cwd: folder });
    const url = await listeningUrl(child);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    // The credential that it just made is found in the folder where it runs.
    expect(await countersign(['keys', 'list'], { cwd: folder })).toMatchObject({ code: 0 });
    const ended = endOf(child);
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
    rmSync(folder, { recursive: true });
  });

  it('lists what is wrong with the configuration', async () => {
    const env = { COUNTERSIGN_PORT: 'high', COUNTERSIGN_HOTS: '127.0.0.1' };
    const { code, stderr } = await countersign(['serve'], { env });
    expect(code).toBe(1);
    expect(stderr).toContain('COUNTERSIGN_PORT: must be a port');
    expect(stderr).toContain('COUNTERSIGN_HOTS: there is no such setting');
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe('manifest check', () => {
  const good = [
    'version: 1',
    'permissions:',
    '  spot.trade: { risk: critical }',
    '  spot.read: { risk: low }',
    'routes:',
    '  - { route: POST /orders, permission: spot.trade }',
    '  - { route: GET /orders/:id, permission: spot.read }',
    '  - { route: GET /time, public: true }',
    '',
  ].join('\n');

  it('sums up a good one, without any service', async () => {
    const { code, stdout, stderr } = await countersign(['manifest', 'check', '-'], { input: good });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^PERMISSION +RISK +ROUTES\nspot\.trade +critical +1\nspot\.read +low +1\n/);
    expect(stdout).toContain('3 routes, 1 of them public. Dialects: all. No faults.');
    const json = JSON.parse(
      (await countersign(['manifest', 'check', '-', '--json'], { input: good })).stdout,
    );
    expect(json).toMatchObject({
      ok: true,
      dialects: null,
      routes: [{ method: 'POST', path: '/orders', weight: 1 }, {}, {}],
    });
  });

  it('names each fault with its file, line and column', async () => {
    const file = join(service.folder, 'manifest.yaml');
    writeFileSync(
      file,
      good.replace('risk: low', 'risk: none').replace('permission: spot.trade', 'permission: spot.trad'),
    );
    const { code, stdout } = await countersign(['manifest', 'check', file]);
    expect(code).toBe(1);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(new RegExp(`^${file}:4:\\d+: "risk" must be one of`));
    expect(lines[1]).toMatch(new RegExp(`^${file}:6:\\d+: there is no permission "spot.trad"`));
    const json = await countersign(['manifest', 'check', file, '--json']);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, faults: [{ line: 4 }, { line: 6 }] });
  });

  it('reports what is not YAML, and a file that is not there', async () => {
    const broken = await countersign(['manifest', 'check', '-'], { input: 'version: [1\n' });
    expect(broken).toMatchObject({ code: 1, stdout: expect.stringMatching(/^-:\d+:\d+: /), stderr: '' });
    const absent = await countersign(['manifest', 'check', '/nowhere.yaml']);
    expect(absent).toMatchObject({
      code: 1,
      stderr: '/nowhere.yaml cannot be read: no such file or directory\n',
    });
  });
});

describe('answer-key', () => {
  it('shows the public key of the service, and writes it to a new file', async () => {
    const out = join(service.folder, 'answers.pem');
    const { code, stdout } = await run(['answer-key', 'show', '--out', out]);
    expect(code).toBe(0);
    const { keyId, algorithm, publicKey } = await service.json<Record<string, string>>([
      'answer-key',
      'show',
    ]);
    expect(stdout).toContain(keyId);
    expect(algorithm).toBe('ed25519');
    expect(readFileSync(out, 'utf8')).toBe(publicKey);
    expect(createPublicKey(publicKey ?? '').asymmetricKeyType).toBe('ed25519');
    const again = await run(['answer-key', 'show', '--out', out]);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('is not overwritten')]);
  });

  it('leaves no file where the service has no answer key', async () => {
    const other = await startOther((_request, response) => {
      response.writeHead(404, { 'content-type': 'application/problem+json' });
      response.end(
        JSON.stringify({ type: 'x', title: 'x', status: 404, detail: 'not here', code: 'not_found' }),
      );
    });
    const out = join(service.folder, 'none.pem');
    const { code } = await countersign(['answer-key', 'show', '--out', out], { env: other.env });
    expect([code, existsSync(out)]).toEqual([1, false]);
    await other.stop();
  });

  it('makes a key for its owner alone, and prints its public half only', async () => {
    const out = join(service.folder, 'next.pem');
    const { code, stdout, stderr } = await countersign(['answer-key', 'make', '--out', out, '--json']);
    expect([code, stderr]).toEqual([0, '']);
    const pem = readFileSync(out, 'utf8');
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect(stdout).not.toContain(pem.split('\n')[1]);
    const { publicKey } = JSON.parse(stdout);
    expect(createPublicKey(pem).equals(createPublicKey(publicKey))).toBe(true);
  });
});

describe('keyring', () => {
  it('shows the current key, and rotates it until everything is wrapped anew', async () => {
    const before = await service.json<{ currentKekId: string }>(['keyring', 'show']);
    const { code, stdout, stderr } = await run(['keyring', 'rotate', '--wait']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^current key +kek-\d{8}-\w+\nre-wrapping +is not under way\nwrapped anew +[1-9]\d* since/,
    );
    expect(stderr).toMatch(/^Wrapped anew under kek-/);
    const after = await service.json<{ currentKekId: string; isRunning: boolean }>(['keyring', 'show']);
    expect(after.isRunning).toBe(false);
    expect(after.currentKekId).not.toBe(before.currentKekId);
    expect(stdout).toContain(after.currentKekId);
  });

  it('asks until the service has finished, and prints one answer', async () => {
    const states = [
      { currentKekId: 'kek-2', isRunning: true, rewrapped: 10, fault: null },
      { currentKekId: 'kek-2', isRunning: true, rewrapped: 15, fault: null },
      { currentKekId: 'kek-2', isRunning: false, rewrapped: 17, fault: null },
    ];
    const other = await startOther((_request, response) => response.end(JSON.stringify(states.shift())));
    const { stdout, stderr } = await countersign(['keyring', 'rotate', '--wait', '--json'], {
      env: other.env,
    });
    await other.stop();
    expect(JSON.parse(stdout)).toEqual({
      currentKekId: 'kek-2',
      isRunning: false,
      rewrapped: 17,
      fault: null,
    });
    expect(stderr).toBe('Wrapped anew under kek-2: 0\nWrapped anew under kek-2: 5\n');
  });

  it('fails when re-wrapping was stopped, and says by what', async () => {
    const states = [
      { currentKekId: 'kek-2', isRunning: true, rewrapped: 10, fault: null },
      { currentKekId: 'kek-2', isRunning: false, rewrapped: 10, fault: 'the device went away' },
    ];
    const other = await startOther((_request, response) => response.end(JSON.stringify(states.shift())));
    const { code, stderr } = await countersign(['keyring', 'rotate', '--wait', '--json'], { env: other.env });
    await other.stop();
    expect(code).toBe(1);
    expect(stderr).toContain('the device went away');
  });
});

describe('audit list', () => {
  it('finds entries by account, key and type, and goes on where it ended', async () => {
    const args = [
      'keys',
      'create',
      '--account',
      'acct_log',
      '--environment',
      'test',
      '--kind',
      'bearer',
      '--no-permission',
    ];
    const { id } = await service.json<{ id: string }>(args);
    await run(['keys', 'edit', id, '--label', 'new']);
    const reason = `ticket 7: ${'seen in a paste, '.repeat(5)}says the customer`;
    await run(['keys', 'disable', id, '--reason', reason]);
    const { stdout } = await run(['audit', 'list', '--credential', id]);
    const rows = stdout.trimEnd().split('\n');
    expect(rows[0]).toMatch(/^INDEX +AT +TYPE +WHAT +KEY$/);
    expect(rows[1]).toMatch(/ key\.issued .*ck_test_/);
    expect(rows[2]).toMatch(/ key\.edited +label /);
    expect(rows[3]).toContain(` ${reason} `);

    type Entries = { data: { index: number; type: string }[]; nextCursor: string | null };
    const first = await service.json<Entries>(['audit', 'list', '--account', 'acct_log', '--limit', '1']);
    expect(first).toMatchObject({
      data: [{ type: 'key.issued', credentialId: id }],
      nextCursor: expect.any(String),
    });
    const rest = await service.json<Entries>([
      'audit',
      'list',
      '--account',
      'acct_log',
      '--after',
      first.nextCursor ?? '',
    ]);
    expect(rest.data.map(({ type }) => type)).toEqual(['key.edited', 'key.disabled']);
    const decisions = await service.json<Entries>(['audit', 'list', '--type', 'decision', '--limit', '2']);
    expect(decisions.data.map(({ type }) => type)).toEqual(['decision', 'decision']);
    const latest = await service.json<Entries>([
      'audit',
      'list',
      '--account',
      'acct_log',
      '--latest',
      '--limit',
      '2',
    ]);
    expect(latest.data.map(({ type }) => type)).toEqual(['key.edited', 'key.disabled']);
    expect(latest.nextCursor).toBeNull();
  });

  it('passes a fault of the query on', async () => {
    const { code, stderr } = await run(['audit', 'list', '--limit', '0']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^invalid_query: /);
  });
});

describe('verify', () => {
  const secret = 'an-hmac-secret-of-another-system';
  const passphrase = 'passphrase1';

  function signedRequest(target: string): string {
    const timestamp = String(Date.now());
    const signature = createHmac('sha256', secret).update(`${timestamp}GET${target}`).digest('base64');
    const headers = {
      'ACCESS-KEY': 'bg_verify',
      'ACCESS-SIGN': signature,
      'ACCESS-TIMESTAMP': timestamp,
      'ACCESS-PASSPHRASE': passphrase,
    };
    return JSON.stringify({ dialect: 'bitget', request: { method: 'GET', target, headers } });
  }

  it('shows what was decided, and ends with 1 when it is denied', async () => {
    const lines = join(service.folder, 'verify.jsonl');
    const body = {
      id: 'bg_verify',
      accountId: 'acct_v',
      environment: 'live',
      kind: 'hmac',
      permissions: [],
      secret,
      passphrase,
    };
    writeFileSync(lines, JSON.stringify(body), { mode: 0o600 });
    expect((await run(['keys', 'import', '--from', lines])).code).toBe(0);

    const allowed = await run(['verify', '-'], signedRequest('/api/v2/spot/account/assets'));
    expect(allowed).toMatchObject({ code: 0, stderr: '' });
    expect(allowed.stdout).toMatch(/^decision +allowed\nkey +bg_verify\naccount +acct_v\n/);

    const file = join(service.folder, 'request.json');
    writeFileSync(file, signedRequest('/api/v2/a').replace('/api/v2/a', '/api/v2/b'));
    const denied = await run(['verify', file]);
    expect(denied.code).toBe(1);
    expect(denied.stdout).toMatch(/^decision +denied\ncode +signature_mismatch \(401\)\n/);
    const json = await run(['verify', file, '--json']);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({ allowed: false, code: 'signature_mismatch' });
  });

  it('explains what the client did wrong', async () => {
    const target = '/api/v2/spot/account/assets';
    const right = await run(['explain', '-'], signedRequest(target));
    expect(right).toMatchObject({ code: 0, stderr: '' });
    expect(right.stdout).toMatch(/^result +nothing is wrong\n/);
    expect(right.stdout).toContain(`GET${target}`);

    const file = join(service.folder, 'wrong.json');
    writeFileSync(file, signedRequest(`${target}?`).replace(`${target}?`, target));
    const signed = join(service.folder, 'signed.txt');
    const { request } = JSON.parse(signedRequest(target)) as { request: { headers: Record<string, string> } };
    writeFileSync(signed, `${request.headers['ACCESS-TIMESTAMP']}GET${target}?`);
    const wrong = await run(['explain', file, '--prehash', signed]);
    expect(wrong.code).toBe(1);
    expect(wrong.stdout).toMatch(
      /^result +signature_mismatch\ndetail .*\nmistake +query_mark_extra\nadvice +Leave /,
    );
    expect(wrong.stdout).toContain('another text, from byte');
    expect(wrong.stdout).not.toContain(secret);
    const json = await run(['explain', file, '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ code: 'signature_mismatch', matched: null });
  });

  it.each(['verify', 'explain'])('does not repeat a text that is not JSON: %s', async (command) => {
    const { code, stderr } = await run([command, '-'], '{"signature": s3cr3t}');
    expect(code).toBe(1);
    expect(stderr).toBe('- is not JSON.\n');
  });
});
