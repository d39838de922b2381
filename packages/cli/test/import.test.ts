import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countersign, type RunningService, startRealService } from './command.ts';

let service: RunningService;

beforeAll(async () => {
  service = await startRealService();
});
afterAll(() => service.stop());

const run = (args: readonly string[], input?: string) =>
  countersign(['keys', 'import', ...args], { env: service.env, ...(input === undefined ? {} : { input }) });

const SECRET = 'the-secret-of-another-system';

function line(id: string, more: object = {}): string {
  return JSON.stringify({
    id,
    accountId: 'acct_7',
    environment: 'live',
    kind: 'hmac',
    permissions: [],
    secret: `${SECRET}-${id}`,
    ...more,
  });
}

function privateFile(name: string, text: string, mode = 0o600): string {
  const path = join(service.folder, name);
  writeFileSync(path, text, { mode });
  return path;
}

describe('keys import, one key', () => {
  const flags = [
    '--account',
    'acct_7',
    '--environment',
    'live',
    '--kind',
    'hmac',
    '--permission',
    'spot.read',
  ];

  it('takes a key over by options, and again without harm', async () => {
    const args = ['--id', 'one-1', ...flags, '--secret-file', privateFile('one', `${SECRET}\n`)];
    const first = await run([...args, '--json']);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(first.stdout)).toMatchObject({ id: 'one-1', permissions: ['spot.read'] });
    expect(first.stdout).not.toContain(SECRET);
    const second = await run([...args, '--json']);
    expect(second).toEqual({ code: 0, stdout: first.stdout, stderr: 'one-1 is there already.\n' });
  });

  it('reads the secret from standard input', async () => {
    expect(await run(['--id', 'one-2', ...flags, '--secret-file', '-'], SECRET)).toMatchObject({ code: 0 });
  });

  it('names what is missing', async () => {
    expect((await run(flags)).stderr).toContain('--id');
    const { code, stderr } = await run(['--id', 'one-3', ...flags]);
    expect(code).toBe(1);
    expect(stderr).toContain('/secret must have 16 to');
    expect(stderr).toContain('(--secret-file FILE)');
  });
});

describe('keys import --from', () => {
  it('reports each line, sums up, and can be run again', async () => {
    const text = [
      line('many-1'),
      '',
      line('many-2'),
      'not json',
      line('many-3', { secret: 'short' }),
      '[]',
      line('many-4'),
    ].join('\n');
    const from = privateFile('many.jsonl', text);
    const first = await run(['--from', from]);
    expect(first.code).toBe(1);
    expect(first.stdout).toBe('Imported 3, already there 0, failed 3.\n');
    expect(first.stderr).toContain(`${from}:4: invalid_line: is not a JSON object\n`);
    expect(first.stderr).toMatch(/many\.jsonl:5: invalid_body: \/secret must have 16 to/);
    expect(first.stderr).toContain(`${from}:6: invalid_line`);
    expect(first.stderr).not.toContain(SECRET);
    expect(first.stderr).not.toContain('short');
    const second = await run(['--from', from, '--json']);
    expect(second.code).toBe(1);
    expect(JSON.parse(second.stdout)).toMatchObject({
      imported: 0,
      alreadyThere: 3,
      failed: [
        { line: 4, code: 'invalid_line' },
        { line: 5, code: 'invalid_body' },
        { line: 6, code: 'invalid_line' },
      ],
    });
  });

  it('takes a line whose secret is another for another key', async () => {
    expect((await run(['--from', '-'], line('secret-1'))).code).toBe(0);
    const { code, stderr } = await run(['--from', '-'], line('secret-1', { secret: `${SECRET}-new` }));
    expect(code).toBe(1);
    expect(stderr).toBe(
      '-:1: id_taken: There is a key of that id already, with another secret, passphrase or public key.\n',
    );
  });

  it('counts a key that is there as there, although its line reads otherwise now', async () => {
    expect((await run(['--from', '-'], line('other-1'))).stdout).toBe(
      'Imported 1, already there 0, failed 0.\n',
    );
    const again = await run(['--from', '-'], line('other-1', { label: 'renamed' }));
    expect(again).toEqual({ code: 0, stdout: 'Imported 0, already there 1, failed 0.\n', stderr: '' });
  });

  it('does not take the key of another account for the same one', async () => {
    await run(['--from', '-'], line('other-2'));
    const { code, stderr } = await run(['--from', '-'], line('other-2', { accountId: 'acct_8' }));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^-:1: id_taken:/);
  });

  it('does not take a bearer token that another key has for its own', async () => {
    const bearer = { kind: 'bearer', secret: 'a-bearer-token-of-another-system' };
    await run(['--from', '-'], line('bearer-1', bearer));
    const { code, stderr } = await run(['--from', '-'], line('bearer-2', bearer));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^-:1: id_taken:/);
  });

  it('stops when the caller is refused, and says how far it came', async () => {
    const env = { ...service.env, COUNTERSIGN_SECRET: 'cb_wrong' };
    const { code, stderr } = await countersign(['keys', 'import', '--from', '-'], {
      env,
      input: `${line('c')}\n${line('d')}\n`,
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^credential_unknown: /);
    expect(stderr).toContain('Imported 0, already there 0, failed 0 before that.');
  });

  it('reads no file that others can read, and goes with no option for one key', async () => {
    const open = privateFile('open.jsonl', line('e'), 0o644);
    expect((await run(['--from', open])).stderr).toContain(`chmod 600 ${open}`);
    expect(await run(['--from', open, '--account', 'acct_7'])).toMatchObject({ code: 2 });
  });
});
