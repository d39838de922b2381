import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A real Git repository in a new folder. */
export interface Repository {
  readonly folder: string;
  git(...args: readonly string[]): string;
  write(path: string, content: string | Buffer): void;
  commit(message: string): void;
  remove(): void;
}

/** Where npm puts commands of its packages, and so this one's: a repository of somebody else's has none of it. */
const OURS = /node_modules\/\.bin$/;

const ENV = {
  PATH: (process.env.PATH ?? '')
    .split(':')
    .filter((folder) => !OURS.test(folder))
    .join(':'),
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'somebody',
  GIT_AUTHOR_EMAIL: 'somebody@example.com',
  GIT_COMMITTER_NAME: 'somebody',
  GIT_COMMITTER_EMAIL: 'somebody@example.com',
};

export function createRepository(): Repository {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-scan-'));
  const git = (...args: readonly string[]) =>
    execFileSync('git', args, { cwd: folder, env: ENV, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  git('init', '-q', '-b', 'main');
  return {
    folder,
    git,
    write(path, content) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    },
    commit(message) {
      git('add', '-A');
      git('commit', '-qm', message);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
