import { createPrivateKey, createPublicKey } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiKey } from '../src/keys/api-key.ts';
import {
  countersign,
  endOf,
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
const file = (name: string) => join(service.folder, name);
const modeOf = (path: string) => statSync(path).mode & 0o777;
const newKey = (kind: string) => [
  'keys',
  'create',
  '--account',
  'acct_1',
  '--environment',
  'live',
  '--kind',
  kind,
  '--no-permission',
];

describe('--out', () => {
  it('writes JSON that only its owner can read, and keeps the secret off the terminal', async () => {
    const out = file('bot.json');
    const { code, stdout, stderr } = await run([...newKey('hmac'), '--out', out]);
    expect(code).toBe(0);
    expect(modeOf(out)).toBe(0o600);
    const written = JSON.parse(readFileSync(out, 'utf8'));
    expect(written).toMatchObject({ accountId: 'acct_1', secret: expect.stringMatching(/^cs_live_\w{49}$/) });
    expect(stdout + stderr).not.toContain(written.secret);
    expect(stdout).toContain(`The secret is in ${out}, and nowhere else.`);
  });

  it('writes NAME=value lines when the name ends in .env, with a generated passphrase', async () => {
    const out = file('bot.env');
    const { code, stdout } = await run([
      ...newKey('hmac'),
      '--dialect',
      'bitget',
      '--passphrase-generate',
      '--out',
      out,
      '--json',
    ]);
    expect(code).toBe(0);
    expect(modeOf(out)).toBe(0o600);
    const text = readFileSync(out, 'utf8');
    expect(text).toMatch(
      /^COUNTERSIGN_KEY_ID=ck_live_\w+\nCOUNTERSIGN_SECRET=cs_live_\w+\nCOUNTERSIGN_PASSPHRASE=\w{24}\n$/,
    );
    const key = JSON.parse(stdout);
    expect(key).toMatchObject({ id: parseEnv(text).COUNTERSIGN_KEY_ID, dialects: ['bitget'] });
    expect(key).not.toHaveProperty('secret');
  });

  it('quotes a passphrase as shells and env readers agree, and refuses one they do not agree about', async () => {
    const passphrase = file('passphrase');
    writeFileSync(passphrase, 'pa$$#`word"\n', { mode: 0o600 });
    const out = file('quoted.env');
    const args = [...newKey('hmac'), '--dialect', 'okx', '--passphrase-file', passphrase];
    expect((await run([...args, '--out', out])).code).toBe(0);
    expect(parseEnv(readFileSync(out, 'utf8')).COUNTERSIGN_PASSPHRASE).toBe('pa$$#`word"');

    writeFileSync(passphrase, "it'spassphrase");
    const refused = await run([...args, '--out', file('refused.env')]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('.json');
    expect(existsSync(file('refused.env'))).toBe(false);
  });

  it('never overwrites, and asks for nothing then', async () => {
    const out = file('taken.json');
    writeFileSync(out, 'mine');
    const before = await service.json<{ data: ApiKey[] }>(['keys', 'list', '--account', 'acct_1']);
    const { code, stderr } = await run([...newKey('hmac'), '--out', out]);
    expect(code).toBe(1);
    expect(stderr).toBe(`${out} exists already and is not overwritten: name another file.\n`);
    expect(readFileSync(out, 'utf8')).toBe('mine');
    expect(await service.json(['keys', 'list', '--account', 'acct_1'])).toEqual(before);
  });

  it('asks for nothing when the file cannot be made', async () => {
    const { code, stderr } = await run([...newKey('hmac'), '--out', file('no/such/folder.json')]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/folder\.json cannot be made: no such file or directory\n$/);
  });

  it('leaves no file behind when the service refuses', async () => {
    const out = file('refused.json');
    const { code } = await run([...newKey('hmac'), '--dialect', 'nobody-speaks', '--out', out]);
    expect(code).toBe(1);
    expect(existsSync(out)).toBe(false);
  });

  it('holds the secret of a rotation too', async () => {
    const { id } = await service.json<ApiKey>(newKey('bearer'));
    const out = file('rotated.env');
    expect((await run(['keys', 'rotate', id, '--out', out])).code).toBe(0);
    expect(parseEnv(readFileSync(out, 'utf8'))).toMatchObject({
      COUNTERSIGN_KEY_ID: id,
      COUNTERSIGN_SECRET: expect.stringMatching(/^cb_live_/),
    });
  });
});

describe('--generate', () => {
  it.each(['ed25519', 'p256', 'rsa'])(
    'makes a pair of kind %s and sends only its public half',
    async (kind) => {
      const out = file(`${kind}.pem`);
      const { code, stdout, stderr } = await run([...newKey(kind), '--generate', '--out', out]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(modeOf(out)).toBe(0o600);
      const pem = readFileSync(out, 'utf8');
      expect(createPrivateKey(pem).asymmetricKeyType).toBe(
        { ed25519: 'ed25519', p256: 'ec', rsa: 'rsa' }[kind],
      );
      expect(stdout).not.toContain('PRIVATE');
    },
  );

  it('sends the public key that belongs to the file', async () => {
    let body = '';
    const other = await startOther((request, response) => {
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => response.writeHead(400).end());
    });
    const out = file('kept.pem');
    const { code } = await countersign([...newKey('ed25519'), '--generate', '--out', out], {
      env: other.env,
    });
    await other.stop();
    expect(code).toBe(1);
    // Something that is not the service answered, so the key may exist: its private half is not thrown away.
    const publicKey = createPublicKey(readFileSync(out, 'utf8')).export({ type: 'spki', format: 'pem' });
    expect(JSON.parse(body).publicKey).toBe(publicKey);
    expect(body).not.toContain('PRIVATE');
  });

  it('throws the private key away when the service refuses', async () => {
    const out = file('refused.pem');
    const { code } = await run([...newKey('ed25519'), '--dialect', 'bitget', '--generate', '--out', out]);
    expect(code).toBe(1);
    expect(existsSync(out)).toBe(false);
  });

  it('rotates to a new pair', async () => {
    const { id } = await service.json<ApiKey>([...newKey('p256'), '--generate', '--out', file('first.pem')]);
    expect(
      await service.json(['keys', 'rotate', id, '--generate', '--out', file('second.pem')]),
    ).toMatchObject({
      secretVersions: [{ version: 2 }, { version: 1 }],
    });
    expect(createPrivateKey(readFileSync(file('second.pem'), 'utf8')).asymmetricKeyType).toBe('ec');
  });

  it.each([
    ['without a file', ['--generate']],
    ['beside a public key', ['--generate', '--out', 'a.pem', '--public-key-file', 'b.pem']],
    ['into an env file', ['--generate', '--out', 'a.env']],
  ])('is wrong %s', async (_what, args) => {
    expect(await run([...newKey('ed25519'), ...args])).toMatchObject({ code: 2, stdout: '' });
  });

  it('is wrong for a kind whose secret the service makes', async () => {
    const { code, stderr } = await run([...newKey('hmac'), '--generate', '--out', file('hmac.pem')]);
    expect(code).toBe(2);
    expect(stderr).toContain('kind hmac');
    expect(existsSync(file('hmac.pem'))).toBe(false);
  });
});

describe('--public-key-file', () => {
  it('sends a public key', async () => {
    await run([...newKey('ed25519'), '--generate', '--out', file('own.pem')]);
    const pem = createPublicKey(readFileSync(file('own.pem'), 'utf8')).export({
      type: 'spki',
      format: 'pem',
    });
    writeFileSync(file('own.pub'), pem);
    expect(await service.json([...newKey('ed25519'), '--public-key-file', file('own.pub')])).toMatchObject({
      kind: 'ed25519',
    });
  });

  it('never sends a private one', async () => {
    await run([...newKey('ed25519'), '--generate', '--out', file('mistake.pem')]);
    let calls = 0;
    const other = await startOther((_request, response) => {
      calls++;
      response.end();
    });
    const { code, stderr } = await countersign(
      [...newKey('ed25519'), '--public-key-file', file('mistake.pem')],
      { env: other.env },
    );
    await other.stop();
    expect({ code, calls }).toEqual({ code: 1, calls: 0 });
    expect(stderr).toContain('openssl pkey');
    expect(stderr).not.toContain('BEGIN');
  });
});

describe('a passphrase', () => {
  it('is read from standard input', async () => {
    const args = [...newKey('hmac'), '--dialect', 'bitget', '--passphrase-file', '-', '--json'];
    const { code, stdout } = await run(args, 'from a pipe\n');
    expect(code).toBe(1); // A space is not allowed: the service got the text, and said so.
    expect(stdout).toBe('');
    expect((await run(args, 'from-a-pipe\n')).code).toBe(0);
  });

  it('is shown when it was generated, for nobody else knows it', async () => {
    const { stdout } = await run([...newKey('hmac'), '--dialect', 'bitget', '--passphrase-generate']);
    expect(stdout).toMatch(/^passphrase {2}\w{24}$/m);
  });

  it('that was generated needs a place to go with --json', async () => {
    const { code, stderr } = await run([...newKey('hmac'), '--passphrase-generate', '--json']);
    expect(code).toBe(2);
    expect(stderr).toContain('--out');
  });

  it('cannot be asked for without a terminal', async () => {
    expect(await run([...newKey('hmac'), '--passphrase-prompt'])).toMatchObject({ code: 2 });
  });

  it('comes from one place', async () => {
    expect(await run([...newKey('hmac'), '--passphrase-prompt', '--passphrase-generate'])).toMatchObject({
      code: 2,
    });
  });

  it('is refused from a file that others can read, or an empty one', async () => {
    const open = file('open');
    writeFileSync(open, 'passphrase1', { mode: 0o644 });
    const { code, stderr } = await run([...newKey('hmac'), '--passphrase-file', open]);
    expect(code).toBe(1);
    expect(stderr).toContain(`chmod 600 ${open}`);
    expect((await run([...newKey('hmac'), '--passphrase-file', '-'], '\n')).stderr).toBe(
      'Standard input is empty.\n',
    );
  });
});

describe('a secret on the command line', () => {
  it.each(['--passphrase', '--secret', '--token', '--private-key'])(
    'is refused as %s, and not repeated',
    async (option) => {
      for (const args of [[option, 'hunter2hunter2'], [`${option}=hunter2hunter2`]]) {
        const { code, stdout, stderr } = await run([...newKey('hmac'), ...args]);
        expect(code).toBe(2);
        expect(stderr).toContain(`There is no option ${option}.`);
        expect(stderr).toContain('ps');
        expect(stdout + stderr).not.toContain('hunter2');
      }
    },
  );

  it('is refused where an id was meant', async () => {
    const { code, stderr } = await run(['keys', 'show', service.token]);
    expect(code).toBe(2);
    expect(stderr).not.toContain(service.token);
  });

  it('is not repeated with a misspelt option', async () => {
    const { stderr } = await run([...newKey('hmac'), "--pasphrase=hunter2'hunter2"]);
    expect(stderr).toContain('--pasphrase');
    expect(stderr).not.toContain('hunter2');
  });

  it.runIf(process.platform === 'linux')('never appears there when it came from a file', async () => {
    const passphrase = file('hidden');
    writeFileSync(passphrase, 'hunter2hunter2', { mode: 0o600 });
    let body = '';
    let commandLine = '';
    const other = await startOther((request, response) => {
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        commandLine = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8');
        response.writeHead(500, { 'content-type': 'text/html' }).end('<html>');
      });
    });
    const child = startCommand([...newKey('hmac'), '--passphrase-file', passphrase], { env: other.env });
    const { stdout, stderr } = await endOf(child);
    await other.stop();
    expect(body).toContain('hunter2hunter2');
    expect(commandLine).toContain('--passphrase-file');
    expect(commandLine).not.toContain('hunter2');
    expect(stdout + stderr).not.toContain('hunter2');
    expect(stdout + stderr).not.toContain(other.env.COUNTERSIGN_SECRET);
  });
});
