import { chmodSync, existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countersign } from './command.ts';
import { drawnFrom, pem, sealed } from './scan/drawn.ts';
import { createRepository, type Repository } from './scan/repository.ts';

const drawn = drawnFrom('scan.test');
const secret = () => sealed(`cs_live_${drawn.text(43)}`);
const DAY_MS = 86_400_000;
const dayIn = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);

interface Told {
  readonly findings: readonly {
    readonly rule: string;
    readonly path: string;
    readonly line: number;
    readonly column: number;
    readonly inside?: string;
    readonly commit?: string;
    readonly fingerprint: string;
    readonly level: string;
  }[];
  readonly allowed: readonly { readonly reason: string }[];
  readonly known: readonly unknown[];
  readonly skipped: readonly { readonly path: string; readonly why: string; readonly isFault: boolean }[];
}

let repository: Repository;

beforeEach(() => {
  repository = createRepository();
});
afterEach(() => repository.remove());

const scan = (...args: readonly string[]) => countersign(['scan', ...args], { cwd: repository.folder });

/** Scans, expects an exit code, and gives what was told as JSON. */
async function told(code: number, ...args: readonly string[]): Promise<Told> {
  const ended = await scan(...args, '--format', 'json');
  expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code, stderr: '' });
  return JSON.parse(ended.stdout);
}

describe('countersign scan', () => {
  it('ends with 0 where nothing is, and says how much it looked at', async () => {
    repository.write('a.ts', 'export const a = 1;\n');
    expect(await scan()).toEqual({
      code: 0,
      stdout: '',
      stderr: '1 files: 0 errors, 0 warnings, 0 notes; 0 allowed, 0 known.\n',
    });
  });

  it('tells place, rule and fingerprint, and never the secret', async () => {
    const value = secret();
    repository.write('src/a.ts', `// a bot\nconst s = '${value}';\n`);
    for (const format of ['text', 'json', 'sarif']) {
      const { code, stdout } = await scan('--format', format);
      expect(code).toBe(1);
      expect(stdout).toContain('src/a.ts');
      expect(stdout).toContain('countersign-secret');
      expect(stdout).not.toContain(value.slice(8, 20));
    }
    expect((await scan()).stdout).toMatch(
      /^src\/a\.ts:2:12: error countersign-secret: HMAC secret of Countersign\n {4}cs_live_… \(57 characters\) {2}f1-[0-9a-f]{32}\n$/,
    );
    expect((await scan('--dangerously-show-secrets')).stdout).toContain(value);
  });

  it('notes an id, which is public, and ends with 0', async () => {
    const id = sealed(`ck_live_${drawn.text(30)}`);
    repository.write('a.env', `ID=${id}\n`);
    expect((await told(0)).findings).toMatchObject([{ rule: 'countersign-id', level: 'note' }]);
  });

  it('leaves out what Git ignores, and looks at it when it is named', async () => {
    repository.write('.gitignore', '.env\n');
    repository.write('.env', `S=${secret()}\n`);
    repository.write('deep/b.env', `S=${secret()}\n`);
    expect((await told(1)).findings.map(({ path }) => path)).toEqual(['deep/b.env']);
    expect((await told(1, '.env')).findings.map(({ path }) => path)).toEqual(['.env']);
    expect((await told(1, 'deep')).findings.map(({ path }) => path)).toEqual(['deep/b.env']);
  });

  it('looks at every file where there is no repository', async () => {
    repository.write('a.env', `S=${secret()}\n`);
    repository.write('node_modules/x/a.js', `"${secret()}"\n`);
    repository.git('rev-parse', '--git-dir');
    const { findings, skipped } = await toldOutside();
    expect(findings.map(({ path }) => path)).toEqual(['a.env']);
    expect(skipped).toContainEqual({ path: 'node_modules/', why: 'is left out', isFault: false });
  });

  async function toldOutside(): Promise<Told> {
    const env = { GIT_CEILING_DIRECTORIES: join(repository.folder, '..'), GIT_DIR: '/nonexistent' };
    const args = ['scan', '--format', 'json'];
    const { code, stdout } = await countersign(args, { cwd: repository.folder, env });
    expect(code).toBe(1);
    return JSON.parse(stdout);
  }

  it('finds what is in UTF-16, behind a byte order mark, and what is certain in a binary file', async () => {
    const value = secret();
    repository.write('wide.env', Buffer.from(`\uFEFFS=${value}\r\n`, 'utf16le'));
    repository.write('other.env', Buffer.from(`\uFEFFS=${value}\r\n`, 'utf16le').swap16());
    repository.write('mark.env', `\uFEFFS=${value}\n`);
    repository.write(
      'data.bin',
      Buffer.concat([Buffer.from([0, 1, 2, 255]), Buffer.from(value), Buffer.from([0])]),
    );
    const { findings } = await told(1);
    expect(findings.map(({ path, line, column }) => [path, line, column])).toEqual([
      ['data.bin', 1, 5],
      ['mark.env', 1, 3],
      ['other.env', 1, 3],
      ['wide.env', 1, 3],
    ]);
  });

  it('says what it leaves out: links, what is too large, and repositories of their own', async () => {
    const outside = createRepository();
    outside.write('a.env', `S=${secret()}\n`);
    outside.commit('a');
    symlinkSync(join(outside.folder, 'a.env'), join(repository.folder, 'link.env'));
    repository.write('large.txt', Buffer.alloc(33_554_433, 'a'));
    repository.git('clone', '-q', outside.folder, 'inner');
    const { skipped, findings } = await told(0);
    outside.remove();
    expect(findings).toEqual([]);
    expect(skipped.map(({ path, why }) => `${path} ${why}`).sort()).toEqual([
      'inner is a repository of its own: scan it by itself',
      'large.txt is larger (32 MiB) than what is scanned (32 MiB)',
      'link.env is a link: it is not followed',
    ]);
  });

  it('does not leave out a file whose name is no UTF-8 without a word', async () => {
    const name = Buffer.concat([
      Buffer.from(`${repository.folder}/caf`),
      Buffer.from([0xe9]),
      Buffer.from('.env'),
    ]);
    writeFileSync(name, `S=${secret()}\n`);
    expect((await told(2)).skipped).toMatchObject([{ why: 'has a name that is not UTF-8: rename it' }]);
  });

  it('ends with 2 when there is nothing to scan, or a command line that is wrong', async () => {
    expect(await scan('nowhere')).toMatchObject({ code: 2, stdout: '' });
    expect(await scan('--staged', '--history')).toMatchObject({ code: 2, stdout: '' });
    expect(await scan('--bundle', 'nowhere')).toMatchObject({ code: 2, stdout: '' });
    expect(await scan('--baseline', 'nowhere')).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('--format sarif', () => {
  it('tells places as encoded references, and what is allowed as suppressed', async () => {
    repository.write('a b/%ü.env', `\nS=${secret()}\n`);
    repository.write('a.env', `S=${secret()}\n`);
    repository.write('.countersign-allow.yaml', allowance());
    symlinkSync('a.env', join(repository.folder, 'link'));
    const { code, stdout } = await scan('--format', 'sarif');
    expect(code).toBe(1);
    const log = JSON.parse(stdout);
    const [run] = log.runs;
    expect(log.version).toBe('2.1.0');
    expect(run.results).toHaveLength(2);
    const [open, allowed] = run.results;
    expect(open).toMatchObject({
      level: 'error',
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'a%20b/%25%C3%BC.env', uriBaseId: 'SCANROOT' },
            region: { startLine: 2, startColumn: 3, endLine: 2, endColumn: 60 },
          },
        },
      ],
    });
    expect(run.tool.driver.rules[open.ruleIndex].id).toBe(open.ruleId);
    expect(open.suppressions).toBeUndefined();
    expect(allowed.suppressions).toMatchObject([{ status: 'accepted', justification: 'made for a test' }]);
    expect(run.invocations[0]).toMatchObject({
      executionSuccessful: true,
      toolExecutionNotifications: [{ message: { text: 'Not scanned: link is a link: it is not followed' } }],
    });
  });
});

describe('--staged', () => {
  it('looks at the index, whatever the working tree says', async () => {
    repository.write('a.env', 'S=none\n');
    repository.commit('a');
    repository.write('a.env', `S=${secret()}\n`);
    repository.write('b.env', 'S=none\n');
    repository.git('add', '-A');
    repository.write('a.env', 'S=none\n');
    repository.write('b.env', `S=${secret()}\n`);
    expect((await told(1, '--staged')).findings.map(({ path }) => path)).toEqual(['a.env']);
  });

  it('looks at everything, wherever it is run, and whatever Git is told to leave out', async () => {
    repository.write('a/a.txt', 'nothing\n');
    repository.write('b.env', `S=${secret()}\n`);
    repository.git('add', '-A');
    repository.git('config', 'diff.relative', 'true');
    const { findings } = await told(1, '--staged', 'a');
    expect(findings.map(({ path }) => path)).toEqual(['b.env']);
  });

  it('looks at the first commit, at renamed files and at odd names', async () => {
    repository.write('ein name\twith "quotes" ü.env', `S=${secret()}\n`);
    repository.git('add', '-A');
    const [finding] = (await told(1, '--staged')).findings;
    expect(finding?.path).toBe('ein name\twith "quotes" ü.env');
    repository.commit('a');
    expect((await told(0, '--staged')).findings).toEqual([]);
    repository.git('mv', 'ein name\twith "quotes" ü.env', 'b.env');
    expect((await told(1, '--staged')).findings.map(({ path }) => path)).toEqual(['b.env']);
  });

  it('takes allowances from the index only', async () => {
    repository.write('a.env', `S=${secret()}\n`);
    repository.git('add', '-A');
    const [finding] = (await told(1, '--staged')).findings;
    repository.write('.countersign-allow.yaml', allowance({ fingerprint: finding?.fingerprint ?? '' }));
    await told(1, '--staged');
    repository.git('add', '-A');
    expect((await told(0, '--staged')).allowed).toMatchObject([{ reason: 'made for a test' }]);
  });
});

describe('--history', () => {
  it('finds what was taken out since, on any branch, in a tag and in a message', async () => {
    const value = secret();
    repository.write('a.env', `S=${value}\n`);
    repository.write('copy/a.env', `S=${value}\n`);
    repository.commit('with');
    const commit = repository.git('rev-parse', 'HEAD').trim();
    repository.git('rm', '-rq', 'a.env', 'copy');
    repository.git('commit', '-q', '--allow-empty', '-m', 'without');
    repository.git('checkout', '-q', '-b', 'side');
    repository.write('b.env', `S=${secret()}\n`);
    repository.commit('side');
    repository.git('checkout', '-q', 'main');
    repository.git('commit', '-q', '--allow-empty', '-m', `the key is ${secret()}`);
    repository.git('tag', '-a', 'v1', '-m', `and ${secret()}`);
    await told(0);
    const { findings } = await told(1, '--history');
    expect(findings.map(({ path }) => path)).toEqual([
      '(message of the commit)',
      '(message of the tag)',
      // The same content has two paths, and is told once.
      'a.env',
      'b.env',
    ]);
    expect(findings[2]?.commit).toBe(commit);
  });

  it('says that a shallow clone has no more', async () => {
    repository.write('a.env', 'S=none\n');
    repository.commit('a');
    repository.git('commit', '-q', '--allow-empty', '-m', 'b');
    repository.git('clone', '-q', '--depth', '1', `file://${repository.folder}`, 'inner');
    const { skipped } = await told(0, 'inner', '--history');
    expect(skipped).toMatchObject([{ why: 'is a shallow clone: history before it is not here' }]);
  });

  it('ends with 2 outside of a repository', async () => {
    const env = { GIT_DIR: '/nonexistent' };
    expect(await countersign(['scan', '--history'], { cwd: repository.folder, env })).toMatchObject({
      code: 2,
    });
  });
});

describe('--bundle', () => {
  it('looks into ignored files, packed ones, maps and the sources in them', async () => {
    const value = secret();
    const map = {
      version: 3,
      sources: ['src/app.ts'],
      sourcesContent: [`// one\nconst s = '${value}';\n`],
      mappings: '',
    };
    repository.write('.gitignore', 'dist\n');
    repository.write('dist/app.js', `console.log(1)\n//# sourceMappingURL=app.js.map\n`);
    repository.write('dist/app.js.map', JSON.stringify(map));
    repository.write(
      'dist/index.js.map',
      JSON.stringify({ version: 3, sections: [{ offset: { line: 0, column: 0 }, map }] }),
    );
    repository.write('dist/a.js.gz', gzipSync(`let s="${value}"`));
    repository.write('dist/a.js.br', brotliCompressSync(`let s="${value}"`));
    repository.write('dist/bad.js.gz', 'no gzip');
    const { findings, skipped } = await told(1, '--bundle', 'dist');
    expect(findings.map(({ path, inside }) => [path, inside])).toEqual([
      ['dist/a.js.br', undefined],
      ['dist/a.js.gz', undefined],
      ['dist/app.js.map', 'src/app.ts:2'],
      ['dist/index.js.map', 'src/app.ts:2'],
    ]);
    expect(skipped).toMatchObject([{ path: 'dist/bad.js.gz', isFault: true }]);
  });

  it('reads an inline map of many megabytes', async () => {
    const map = {
      version: 3,
      sources: ['a.ts'],
      sourcesContent: [`${'// \n'.repeat(2 ** 21)}s = '${secret()}'`],
    };
    const data = Buffer.from(JSON.stringify(map)).toString('base64');
    repository.write(
      'dist/app.js',
      `console.log(1)\n//# sourceMappingURL=data:application/json;base64,${data}\n`,
    );
    const { findings } = await told(1, '--bundle', 'dist');
    expect(findings.map(({ inside }) => inside)).toEqual(['a.ts:2097153']);
  });

  it('reads a broken map as the text that it is', async () => {
    repository.write('dist/app.js.map', `{"version":3,"sourcesContent":["const s = \\"${secret()}\\"`);
    expect((await told(1, '--bundle', 'dist')).findings).toHaveLength(1);
  });
});

function allowance(change: Readonly<Record<string, string>> = {}): string {
  const entry = {
    rule: 'countersign-secret',
    path: 'a.env',
    fingerprint: 'any',
    reason: 'made for a test',
    expires: dayIn(30),
    ...change,
  };
  return `- ${Object.entries(entry)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join('\n  ')}\n`;
}

describe('allowances', () => {
  beforeEach(() => repository.write('a.env', `S=${secret()}\n`));

  it.each([
    ['any secret of the rule in the file', {}],
    ['a folder and all below', { path: '**' }],
    ['a name in any folder', { path: '**/a.env' }],
    ['until today', { expires: dayIn(0) }],
  ])('let pass: %s', async (_, change) => {
    repository.write('.countersign-allow.yaml', allowance(change));
    expect((await told(0)).allowed).toMatchObject([{ reason: 'made for a test' }]);
  });

  it.each([
    ['another rule', { rule: 'private-key' }],
    ['another path', { path: 'b.env' }],
    ['a star within another folder', { path: 'deep/*' }],
    ['another fingerprint', { fingerprint: `f1-${'0'.repeat(32)}` }],
  ])('do not reach: %s', async (_, change) => {
    repository.write('.countersign-allow.yaml', allowance(change));
    expect(await scan()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Allowed, but not found'),
    });
  });

  it.each([
    ['it expired on', { expires: dayIn(-1) }],
    ['must be within 366 days', { expires: dayIn(400) }],
    ['must be a day', { expires: '2027-02-30' }],
    ['"reason" must be given', { reason: ' ' }],
    ['there is no rule', { rule: 'all' }],
    ['"fingerprint" must be', { fingerprint: 'f1-12' }],
    ['there is no "note"', { note: 'x' }],
  ])('are a fault: %s', async (fault, change) => {
    repository.write('.countersign-allow.yaml', allowance(change));
    expect(await scan()).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(fault) });
  });

  it.each(['a: 1\n', '- 1\n', '[', '- &a [*a]\n', '- rule: x\n  rule: y\n'])(
    'are a fault: %j',
    async (text) => {
      repository.write('.countersign-allow.yaml', text);
      expect(await scan()).toMatchObject({ code: 2, stdout: '' });
    },
  );

  it('are in no link: who sent it could have the file that it leads to told', async () => {
    const elsewhere = createRepository();
    elsewhere.write('a.yaml', 'hunter2: [of somebody: else\n');
    symlinkSync(join(elsewhere.folder, 'a.yaml'), join(repository.folder, '.countersign-allow.yaml'));
    const ended = await scan();
    elsewhere.remove();
    expect(ended).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('no regular file') });
    expect(ended.stderr).not.toContain('hunter2');
  });

  it('are no comment in the code', async () => {
    repository.write(
      'a.env',
      `# secretlint-disable\nS=${secret()} # gitleaks:allow secretlint-disable-line\n`,
    );
    await told(1);
  });
});

describe('--baseline', () => {
  it('knows what was written, and holds no secret', async () => {
    const value = secret();
    repository.write('a.env', `S=${value}\nBITGET_PASSPHRASE=Gulp4horses\n`);
    expect(await scan('--write-baseline', 'base.json')).toMatchObject({ code: 0 });
    const text = readFileSync(join(repository.folder, 'base.json'), 'utf8');
    expect(text).not.toContain(value.slice(8, 20));
    expect(text).not.toContain('horses');
    expect((await told(0, '--baseline', 'base.json')).known).toHaveLength(2);
    repository.write('a.env', `\n\nS=${value}\nBITGET_PASSPHRASE=Gulp4horsez\n`);
    expect((await told(1, '--baseline', 'base.json')).findings).toMatchObject([
      { rule: 'exchange-passphrase' },
    ]);
  });

  it.each(['', '[]', '{"version":2,"findings":[]}', '{"version":1,"findings":[{}]}'])(
    'refuses %j',
    async (text) => {
      repository.write('base.json', text);
      expect(await scan('--baseline', 'base.json')).toMatchObject({ code: 2, stdout: '' });
    },
  );
});

describe('scan install-hook', () => {
  /** What the hook finds as `countersign`. */
  const withCommand = () => {
    repository.write(
      'node_modules/.bin/countersign',
      `#!/bin/sh\nexec "${process.execPath}" "${CLI}" "$@"\n`,
    );
    repository.write('.gitignore', 'node_modules\n');
    execMode('node_modules/.bin/countersign');
  };
  const CLI = new URL('../dist/main.js', import.meta.url).pathname;
  const execMode = (path: string) => chmodSync(join(repository.folder, path), 0o755);

  it('writes a hook that refuses a commit with a secret, and lets others pass', async () => {
    withCommand();
    expect(await scan('install-hook')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('pre-commit'),
    });
    repository.write('a.env', 'S=none\n');
    repository.commit('passes');
    repository.write('a.env', `S=${secret()}\n`);
    expect(() => repository.commit('does not')).toThrow(/countersign-secret/);
    expect(repository.git('log', '--format=%s')).toBe('passes\n');
  });

  it('refuses a commit when the command is not there', async () => {
    await scan('install-hook');
    repository.write('a.env', 'S=none\n');
    expect(() => repository.commit('a')).toThrow(/countersign is not installed/);
  });

  it('writes to core.hooksPath, and anew over its own', async () => {
    repository.git('config', 'core.hooksPath', '.hooks');
    expect(await scan('install-hook')).toMatchObject({ code: 0 });
    expect(await scan('install-hook')).toMatchObject({ code: 0 });
    const hook = join(repository.folder, '.hooks/pre-commit');
    expect(statSync(hook).mode & 0o777).toBe(0o755);
    expect(existsSync(join(repository.folder, '.git/hooks/pre-commit'))).toBe(false);
  });

  it('does not touch the hook of somebody else, nor follow a link', async () => {
    const hook = join(repository.folder, '.git/hooks/pre-commit');
    repository.write('.git/hooks/pre-commit', '#!/bin/sh\nexit 0\n');
    const refused = await scan('install-hook');
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('countersign scan --staged || exit 1'),
    });
    expect(readFileSync(hook, 'utf8')).toBe('#!/bin/sh\nexit 0\n');
    repository.git('config', 'core.hooksPath', '.hooks');
    writeFileSync(join(repository.folder, 'target'), 'mine');
    repository.write('.hooks/x', '');
    symlinkSync('../target', join(repository.folder, '.hooks/pre-commit'));
    expect(await scan('install-hook')).toMatchObject({ code: 2 });
    expect(readFileSync(join(repository.folder, 'target'), 'utf8')).toBe('mine');
  });
});

describe('a text that was made to be slow', () => {
  const K = 200_000;
  it.each([
    ['names', 'secret'.repeat(K)],
    ['names and binding', 'secret='.repeat(K)],
    ['quotes', `secret${'"'.repeat(K)}`],
    ['spaces', `secret =${' '.repeat(K)}`],
    ['backslashes', `secret="${'\\'.repeat(K)}`],
    ['escapes', '\\u0041'.repeat(K)],
    ['pluses', `"a" + `.repeat(K)],
    ['beginnings of keys', '-----BEGIN PRIVATE KEY-----\\n'.repeat(K / 20)],
    ['base64', `LS0tLS1CRUdJT${'A'.repeat(K)}`.repeat(4)],
    ['ids', `ck_live_${'a'.repeat(36)}`.repeat(K / 20)],
    ['templates', '${"'.repeat(K)],
    ['short names', 'secret:a,'.repeat(K)],
    ['prefixes', 'VITE_'.repeat(K)],
    ['keys as JSON', '"kty":"EC","d":"'.repeat(K / 4)],
    ['data URLs', 'sourceMappingURL=data:application/json;base64,eyJ9'.repeat(K / 20)],
  ])('ends: %s', async (_, text) => {
    repository.write('slow.js', text);
    const { code } = await scan();
    expect([0, 1]).toContain(code);
  });

  it('lists no more findings of a file than can be read, and says so', async () => {
    repository.write('many.env', Array.from({ length: 700 }, () => `S=${secret()}`).join('\n'));
    const { findings, skipped } = await told(1);
    expect(findings).toHaveLength(500);
    // Of the others nobody knows whether they are in the baseline.
    const baseline = join(repository.folder, 'baseline.json');
    expect(await scan('--write-baseline', baseline)).toMatchObject({ code: 2 });
    expect(await scan('--baseline', baseline)).toMatchObject({ code: 2 });
    expect(skipped).toMatchObject([
      { path: 'many.env', why: 'has more findings than are listed for one file', isFault: true },
    ]);
  });
});

describe('rules', () => {
  const hex = drawn.hex(64);
  const long = drawn.text(48);
  const d = drawn.bytes(32).toString('base64url');
  it.each([
    ['a.php', `<?php $c = ['binance' => ['apiSecret' => '${drawn.text(64)}']];`, 'exchange-secret'],
    ['a.xml', `<a><apiSecret>${long}</apiSecret></a>`, 'exchange-secret'],
    ['a.py', `get("API_SECRET", "${long}")`, 'exchange-secret'],
    ['a.go', `const secretKey string = "${long}"`, 'exchange-secret'],
    ['a.py', `API_SECRET = b"${long}"`, 'exchange-secret'],
    ['a.cs', `const string ApiSecret = @"${long}";`, 'exchange-secret'],
    ['a.ts', `const bitgetApiSecret =\n  '${hex}';`, 'exchange-secret'],
    ['a.ts', `const apiSecret: string = "${long}";`, 'exchange-secret'],
    ['a.js', `c["apiSecret"]="${long}"`, 'exchange-secret'],
    ['a.js', `fetch("https://x/y?api_secret=${long}&b=1")`, 'exchange-secret'],
    ['a.json', JSON.stringify({ body: JSON.stringify({ apiSecret: long }) }), 'exchange-secret'],
    ['a.html', `<input name="api_secret" value="${long}">`, 'exchange-secret'],
    ['a.sh', `bot --api-secret ${long}`, 'exchange-secret'],
    ['a.md', `Set \`BITGET_SECRET=${hex}\` first.`, 'exchange-secret'],
    ['a.json', JSON.stringify({ kty: 'OKP', crv: 'Ed25519', d }), 'private-key'],
    ['a.env', `VITE_API_SECRET=\${API_SECRET}`, 'front-end-secret'],
    ['a.ts', 'const u = import.meta.env.VITE_BITGET_SECRET;', 'front-end-secret'],
    ['a.ts', "define: { 'process.env.REACT_APP_SECRET': JSON.stringify(process.env.A) }", 'front-end-secret'],
    [
      'a.php',
      `{"secret":"cs\\/live\\/${sealed(`cs/live/${drawn.text(46)}`).slice(8)}"}`,
      'countersign-secret',
    ],
    [
      'a.json',
      `{"sourcesContent":[],"mappings":"${sealed(`cs/test/${drawn.text(46)}`)}"}`,
      'countersign-secret',
    ],
    ['a.json', `{"sourcesContent":["${secret()}"],"sourcesContent":["x"]}`, 'countersign-secret'],
  ])('find in %s: %s', async (path, text, rule) => {
    repository.write(path, `${text}\n`);
    expect((await told(1)).findings.map((finding) => finding.rule)).toEqual([rule]);
  });

  it.each([
    ['a.ts', 'const secretKey = someNameOfAnotherSecret12;'],
    ['a.txt', 'bybit: wsKey: WsAPIWsKeyTopicMap'],
    ['a.ts', `const okx = { requestId: '${drawn.uuid()}', secretName: '${drawn.uuid()}' };`],
    ['a.yaml', `annotations:\n  checksum/secret: ${drawn.hex(64)}`],
    ['a.ts', "const s = client['privatePostV5PositionTradingStop'];"],
    ['a.env', 'BITGET_PASSPHRASE=my-passphrase-1'],
  ])('find nothing in %s: %s', async (path, text) => {
    repository.write(path, `${text}\n`);
    expect((await told(0)).findings).toEqual([]);
  });
});

describe('private keys', () => {
  it('are told from what only looks like one', async () => {
    const body = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), drawn.bytes(32)]);
    repository.write('a.pem', pem('PRIVATE KEY', body));
    repository.write('b.pem', pem('PRIVATE KEY', drawn.bytes(48)));
    repository.write('c.pem', pem('PUBLIC KEY', body));
    repository.write('crlf.pem', pem('PRIVATE KEY', body).replaceAll('\n', '\r\n'));
    repository.write(
      'joined.java',
      pem('PRIVATE KEY', body)
        .trimEnd()
        .split('\n')
        .map((line) => `"${line}\\n"`)
        .join(' +\n  '),
    );
    expect((await told(1)).findings.map(({ path }) => path)).toEqual(['a.pem', 'crlf.pem', 'joined.java']);
  });
});
