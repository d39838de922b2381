import { chmodSync, existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scanning } from './scan/scanning.ts';

const { repository, secret, scan } = scanning('scan-hook.test');

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
