import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { countersign } from './command.ts';
import { sealed } from './scan/drawn.ts';
import { createRepository } from './scan/repository.ts';
import { allowance, scanning, type Told } from './scan/scanning.ts';

const { repository, drawn, secret, scan, told } = scanning('scan.test');

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
