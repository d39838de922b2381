import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiKey } from '../src/keys/api-key.ts';
import { countersign, endOf, type RunningService, startCommand, startRealService } from './command.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-run-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SECRET = 'cs_live_0123456789abcdefghij';
let files = 0;
function envFile(text: string, mode = 0o600): string {
  const path = join(folder, `${++files}.env`);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}
const BOT = `COUNTERSIGN_KEY_ID=ck_live_1\nCOUNTERSIGN_SECRET=${SECRET}\nOTHER='two words'\n`;
const node = (code: string) => ['--', process.execPath, '-e', code];
const PRINT = 'process.stdout.write(JSON.stringify([process.env.COUNTERSIGN_SECRET, process.env.OTHER]))';

describe('countersign run', () => {
  it('starts a program with the variables of a file', async () => {
    const { code, stdout } = await countersign(['run', '--env-file', envFile(BOT), ...node(PRINT)]);
    expect([code, JSON.parse(stdout)]).toEqual([0, [SECRET, 'two words']]);
  });

  it('gives it those alone that are named, though Node reads the file itself', async () => {
    const args = ['run', '--env-file', envFile(BOT), '--only', 'OTHER', ...node(PRINT)];
    expect(JSON.parse((await countersign(args)).stdout)).toEqual([null, 'two words']);
    const { code, stderr } = await countersign([
      'run',
      '--env-file',
      envFile(BOT),
      '--only',
      'X',
      ...node(PRINT),
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain('There is no X; there is COUNTERSIGN_KEY_ID, COUNTERSIGN_SECRET, OTHER');
    expect(stderr).not.toContain(SECRET);
  });

  it('takes what is left out from nowhere else', async () => {
    const args = ['run', '--env-file', envFile(BOT), '--only', 'OTHER', ...node(PRINT)];
    const { stdout } = await countersign(args, { env: { COUNTERSIGN_SECRET: 'of-an-operator' } });
    expect(JSON.parse(stdout)).toEqual([null, 'two words']);
  });

  it('says where the program belongs, when its options are taken for ours', async () => {
    const { code, stderr } = await countersign([
      'run',
      '--env-file',
      envFile(BOT),
      process.execPath,
      '-e',
      PRINT,
    ]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('behind --: countersign run')]);
  });

  it.each(['', '# nothing\n', 'no assignment\n'])(
    'starts nothing with a file that holds none: %j',
    async (text) => {
      const { code, stdout, stderr } = await countersign([
        'run',
        '--env-file',
        envFile(text),
        ...node(PRINT),
      ]);
      expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining('holds no NAME=value line')]);
    },
  );

  it('puts the file before what is in the environment already', async () => {
    const { stdout } = await countersign(['run', '--env-file', envFile(BOT), ...node(PRINT)], {
      env: { OTHER: 'from outside' },
    });
    expect(JSON.parse(stdout)[1]).toBe('two words');
  });

  it.each([0, 1, 2, 3, 42, 255])('ends with the code of the program: %s', async (exit) => {
    const { code } = await countersign(['run', '--env-file', envFile(BOT), ...node(`process.exit(${exit})`)]);
    expect(code).toBe(exit);
  });

  it('ends by the signal that ended the program', async () => {
    const child = startCommand([
      'run',
      '--env-file',
      envFile(BOT),
      ...node("process.kill(process.pid, 'SIGKILL')"),
    ]);
    const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve([code, signal])));
    expect(await ended).toEqual([null, 'SIGKILL']);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const)('forwards %s, and waits', async (signal) => {
    const program = `process.on('${signal}', () => setTimeout(() => { console.log('bye'); process.exit(7) }, 100));
      setInterval(() => {}, 1000); console.log('ready')`;
    const child = startCommand(['run', '--env-file', envFile(BOT), ...node(program)]);
    const ended = endOf(child);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    child.kill(signal);
    expect(await ended).toMatchObject({ code: 7, stdout: 'ready\nbye\n' });
  });

  it('passes standard input on, and options behind -- are those of the program', async () => {
    const echo = 'process.stdin.pipe(process.stdout); console.log(process.argv.slice(1).join())';
    const args = ['run', '--env-file', envFile(BOT), ...node(echo), '--', '--token', 'x', '--mask'];
    expect((await countersign(args, { input: 'typed' })).stdout).toBe('--token,x,--mask\ntyped');
  });

  it('says what a shell says when there is no such program, or it may not be run', async () => {
    const missing = await countersign(['run', '--env-file', envFile(BOT), '--', 'no-such-program']);
    expect([missing.code, missing.stderr]).toEqual([127, 'There is no program no-such-program.\n']);
    const plain = envFile('X=1\n');
    const { code, stderr } = await countersign(['run', '--env-file', plain, '--', plain]);
    expect([code, stderr]).toEqual([126, `${plain} may not be run.\n`]);
  });

  it('starts nothing with a file that others can read', async () => {
    const { code, stdout, stderr } = await countersign([
      'run',
      '--env-file',
      envFile(BOT, 0o644),
      ...node(PRINT),
    ]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('can be read by others. Run chmod 600');
  });

  it.each([[[]], [['--env-file', '/dev/null', '--keychain', 'x']], [['--env-file', '/dev/null', '--issue']]])(
    'wants one source: %j',
    async (sources) => {
      const { code, stderr } = await countersign(['run', ...sources, ...node(PRINT)]);
      expect([code, stderr]).toEqual([2, expect.stringContaining('one of --env-file FILE')]);
    },
  );

  it('takes them from the keychain, or says that there is none', async () => {
    const stored = await countersign(['env', 'store', 'countersign-test', '-'], { input: BOT });
    if (stored.code === 0) {
      const { stdout } = await countersign(['run', '--keychain', 'countersign-test', ...node(PRINT)]);
      expect(JSON.parse(stdout)).toEqual([SECRET, 'two words']);
      expect((await countersign(['env', 'forget', 'countersign-test'])).stdout).toBe('Forgotten.\n');
    } else
      expect(stored.stderr).toMatch(/There is no keychain to use here \(.+\)\. Keep the secret in a file/);
    const { code, stderr } = await countersign(['run', '--keychain', 'countersign-test', ...node(PRINT)]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/The keychain has no entry countersign-test|There is no keychain to use here/);
  });
});

describe('--mask', () => {
  const masked = async (program: string, text = BOT) => {
    const args = ['run', '--env-file', envFile(text), '--mask', ...node(program)];
    const { code, stdout, stderr } = await countersign(args);
    expect(code).toBe(0);
    return { stdout, stderr };
  };

  it('keeps values out of both outputs, in the forms that programs print them in', async () => {
    const program = `const s = process.env.COUNTERSIGN_SECRET; const o = process.env.OTHER;
      console.log(s); console.error('error: ' + s);
      console.log(JSON.stringify({ s, o }), encodeURIComponent(o), Buffer.from(s).toString('base64'), s + s);
      console.log(process.env.COUNTERSIGN_KEY_ID)`;
    const { stdout, stderr } = await masked(program);
    expect(stdout).toBe(
      '[masked COUNTERSIGN_SECRET]\n' +
        '{"s":"[masked COUNTERSIGN_SECRET]","o":"[masked OTHER]"} [masked OTHER] [masked COUNTERSIGN_SECRET] ' +
        '[masked COUNTERSIGN_SECRET][masked COUNTERSIGN_SECRET]\nck_live_1\n',
    );
    expect(stderr).toBe('error: [masked COUNTERSIGN_SECRET]\n');
  });

  it('keeps it out where it comes in pieces, and loses nothing of the rest', async () => {
    const program = `(async () => {
      const all = 'ü ' + process.env.COUNTERSIGN_SECRET + ' end cs_live_01';
      for (const byte of Buffer.from(all)) {
        process.stdout.write(Buffer.from([byte]));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })()`;
    expect((await masked(program)).stdout).toBe('ü [masked COUNTERSIGN_SECRET] end cs_live_01');
  });

  it('keeps a private key out, line by line', async () => {
    const lines = [
      '-----BEGIN PRIVATE KEY-----',
      'MC4CAQAwBQYDK2VwBCIEIJ1hsZ3e',
      '-----END PRIVATE KEY-----',
    ];
    const text = `PEM="${lines.join('\n')}"\n`;
    const program = "for (const line of process.env.PEM.split('\\n')) console.log('> ' + line)";
    expect((await masked(program, text)).stdout).toBe(
      '> -----BEGIN PRIVATE KEY-----\n> [masked PEM]\n> -----END PRIVATE KEY-----\n',
    );
  });

  it('shows addresses and ids, but no URL with a password or token in it', async () => {
    const text =
      'API_URL=https://api.test:8443\nDATABASE_URL=postgres://u:p@db/x\nHOOK_URL=https://h.test/T0/B0\n';
    const program =
      'const { API_URL, DATABASE_URL, HOOK_URL } = process.env; console.log(API_URL, DATABASE_URL, HOOK_URL)';
    expect((await masked(program, text)).stdout).toBe(
      'https://api.test:8443 [masked DATABASE_URL] [masked HOOK_URL]\n',
    );
  });

  it('loses nothing of a program that is ended by a signal', async () => {
    const program = "process.stdout.write('x'.repeat(1_000_000), () => process.kill(process.pid, 'SIGTERM'))";
    const child = startCommand(['run', '--env-file', envFile(BOT), '--mask', ...node(program)]);
    const { code, stdout } = await endOf(child);
    expect([code, stdout.length]).toEqual([null, 1_000_000]);
  });

  it('says which value is too short', async () => {
    const { stderr } = await masked('0', 'PIN=1234\n');
    expect(stderr).toBe('PIN is too short to be masked: it would be found in innocent words.\n');
  });
});

describe('countersign env', () => {
  it('encrypts a file, runs with it, and decrypts it again', async () => {
    const path = envFile(BOT);
    const out = join(folder, 'bot.env.enc');
    const passphraseFile = envFile('correct horse battery\n');
    const flags = ['--passphrase-file', passphraseFile];
    const made = await countersign(['env', 'encrypt', path, '--out', out, ...flags]);
    expect(made.code).toBe(0);
    const text = readFileSync(out, 'utf8');
    expect(text.startsWith('# countersign env, encrypted: version 1\n')).toBe(true);
    expect(text).not.toContain('=');
    chmodSync(out, 0o644); // It may be read by others: that is what it is for.
    const ran = await countersign(['run', '--env-file', out, ...flags, ...node(PRINT)]);
    expect(JSON.parse(ran.stdout)).toEqual([SECRET, 'two words']);
    const clear = join(folder, 'clear.env');
    expect((await countersign(['env', 'decrypt', out, '--out', clear, ...flags])).code).toBe(0);
    expect(readFileSync(clear, 'utf8')).toBe(BOT);

    const wrong = envFile('wrong\n');
    const refused = await countersign(['run', '--env-file', out, '--passphrase-file', wrong, ...node(PRINT)]);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      'The passphrase is not the right one, or the file was changed.\n',
    ]);
    const changed = envFile(text.replace(/[^\n](?=.{9}\n$)/, (one) => (one === 'A' ? 'B' : 'A')));
    expect((await countersign(['run', '--env-file', changed, ...flags, ...node(PRINT)])).code).toBe(1);
    const cut = envFile(text.slice(0, 60));
    expect((await countersign(['run', '--env-file', cut, ...flags, ...node(PRINT)])).stderr).toContain(
      'cut short',
    );
    const asked = await countersign(['run', '--env-file', out, ...node(PRINT)]);
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining('--passphrase-file')]);
  }, 60_000);

  it('checks a file, and never repeats a value', async () => {
    const text = [
      '# a comment',
      'COUNTERSIGN_SECRET=ck_live_abcdef',
      'API_KEY_ID=cs_live_abcdef',
      'VITE_API_SECRET=verysecretvalue',
      'EMPTY=',
      'BINANCE_SECRET=your-secret-here',
      'not an assignment',
      'EMPTY=again',
      'PEM="-----BEGIN',
      'MIIB=',
      '-----END"',
      'GOOD=fine',
      '',
    ].join('\n');
    const path = envFile(text, 0o640);
    const { code, stdout } = await countersign(['env', 'check', path]);
    expect(code).toBe(1);
    expect(stdout.split('\n').map((line) => line.replace(path, 'F'))).toEqual([
      expect.stringContaining('F: can be read by others'),
      'F:2: COUNTERSIGN_SECRET is the id of a key (ck_…), not its secret (cs_… or cb_…)',
      'F:3: API_KEY_ID is a secret, not the id of a key (ck_…)',
      expect.stringContaining('F:4: VITE_API_SECRET would be put into the code'),
      'F:6: BINANCE_SECRET is a placeholder',
      'F:7: is no NAME=value: it is left out',
      'F:8: EMPTY is in line 5 already: the last one counts',
      '',
    ]);
    expect(stdout).not.toMatch(/verysecret|abcdef/);
    const fine = await countersign(['env', 'check', envFile(BOT)]);
    expect([fine.code, fine.stdout]).toEqual([0, expect.stringContaining('3 variables, no faults')]);
  });
});

describe('with a running service', () => {
  let service: RunningService;
  beforeAll(async () => {
    service = await startRealService();
  });
  afterAll(() => service.stop());
  const create = ['--account', 'acct_1', '--environment', 'live', '--no-permission'];

  it('issues a key for one run, and revokes it afterwards', async () => {
    const args = [
      'run',
      '--issue',
      ...create,
      '--kind',
      'bearer',
      ...node(PRINT.replace('OTHER', 'COUNTERSIGN_KEY_ID')),
    ];
    const { code, stdout } = await countersign(args, { env: service.env });
    expect(code).toBe(0);
    const [secret, id] = JSON.parse(stdout);
    expect(secret).toMatch(/^cb_live_/);
    expect(secret).not.toBe(service.token);
    const key = await service.json<ApiKey>(['keys', 'show', id]);
    expect(key).toMatchObject({ status: 'revoked', label: 'countersign run' });
    expect(Date.parse(key.expiresAt ?? '') - Date.parse(key.createdAt)).toBeLessThanOrEqual(
      86_400_000 + 5_000,
    );
  });

  it('revokes it when the program fails too, and when we are asked to stop', async () => {
    const program = 'console.log(process.env.COUNTERSIGN_KEY_ID); setInterval(() => {}, 1000)';
    const child = startCommand(['run', '--issue', ...create, '--kind', 'hmac', ...node(program)], {
      env: service.env,
    });
    const ended = new Promise((resolve) => child.once('close', (_code, signal) => resolve(signal)));
    const id = String(await new Promise((resolve) => child.stdout?.once('data', resolve))).trim();
    child.kill('SIGTERM');
    expect(await ended).toBe('SIGTERM');
    expect(await service.json<ApiKey>(['keys', 'show', id])).toMatchObject({ status: 'revoked' });
  });

  it.each([
    [
      'bot.yaml',
      (text: string) =>
        expect(text).toMatch(
          /^apiVersion: v1\nkind: Secret\n[\s\S]*name: countersign-grid-bot\n[\s\S]*COUNTERSIGN_SECRET: "cs_live_\w+"\n$/,
        ),
    ],
    [
      'bot.conf',
      (text: string) =>
        expect(text).toMatch(/^COUNTERSIGN_KEY_ID="ck_live_\w+"\nCOUNTERSIGN_SECRET="cs_live_\w+"\n$/),
    ],
  ])('writes a new secret as %s', async (name, check) => {
    const out = join(service.folder, name);
    const args = ['keys', 'create', ...create, '--kind', 'hmac', '--label', 'Grid bot!', '--out', out];
    expect((await countersign(args, { env: service.env })).code).toBe(0);
    check(readFileSync(out, 'utf8'));
  });

  it('replaces the secret of a key in its file, and leaves the rest of it', async () => {
    const out = join(service.folder, 'rotated.env');
    await countersign(['keys', 'create', ...create, '--kind', 'hmac', '--out', out], { env: service.env });
    const before = readFileSync(out, 'utf8');
    writeFileSync(out, `# mine\nOTHER=1\n${before}`);
    const id = /KEY_ID=(\w+)/.exec(before)?.[1] ?? '';
    const rotate = (path: string) =>
      countersign(['keys', 'rotate', id, '--out', path, '--replace'], { env: service.env });
    expect((await rotate(out)).code).toBe(0);
    const after = readFileSync(out, 'utf8');
    expect(after).toMatch(
      new RegExp(`^# mine\nOTHER=1\nCOUNTERSIGN_KEY_ID=${id}\nCOUNTERSIGN_SECRET=cs_live_\\w+\n$`),
    );
    expect(after).not.toContain(before.split('\n')[1]);
    const other = join(service.folder, 'other.env');
    writeFileSync(other, 'COUNTERSIGN_KEY_ID=ck_live_other\n', { mode: 0o600 });
    const refused = await rotate(other);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      `${other} does not hold the key ${id}, and is not replaced.\n`,
    ]);
  });
});
