import { chmodSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { CommandError, EXIT } from '../command-error.ts';
import { gitOutput } from './sources/git.ts';
import { rootOf } from './sources/root.ts';

const MARK = '# Written by: countersign scan install-hook';
/** What a hook of somebody else takes in to do the same. */
export const HOOK_LINE = 'countersign scan --staged || exit 1';

const HOOK = `#!/bin/sh
${MARK}
# Refuses a commit whose staged files hold a secret. It is written anew by that command: put nothing of your own here.
top=$(git rev-parse --show-toplevel) || exit 1
if [ -x "$top/node_modules/.bin/countersign" ]; then
  exec "$top/node_modules/.bin/countersign" scan --staged
fi
if command -v countersign > /dev/null 2>&1; then
  exec countersign scan --staged
fi
echo "countersign is not installed, so that the staged files were not scanned. The commit is refused." >&2
exit 1
`;

/**
 * Writes the pre-commit hook where Git looks for it (also under `core.hooksPath`), and gives its path. A hook that is
 * not ours is not touched.
 *
 * @throws {@link CommandError} with what to do instead
 */
export async function installHook(cwd: string): Promise<string> {
  const { isRepository, top } = await rootOf(cwd);
  if (!isRepository) throw new CommandError(`${cwd} is in no Git repository with files.`, EXIT.usage);
  // Git runs hooks at the top: that is where a relative `core.hooksPath` begins.
  const answer = await gitOutput(top, ['rev-parse', '--git-path', 'hooks']);
  const folder = resolve(top, answer.toString().replace(/\r?\n$/, ''));
  const path = join(folder, 'pre-commit');
  const present = contentAt(path);
  if (present !== undefined && !present.split('\n', 2).includes(MARK)) {
    throw new CommandError(
      `${relative(cwd, path) || path} is a hook of somebody else, and is not overwritten. Add this line to it:\n  ${HOOK_LINE}`,
      EXIT.usage,
    );
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, HOOK);
  chmodSync(path, 0o755);
  return path;
}

/** A link counts as somebody else's, wherever it leads. */
function contentAt(path: string): string | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  return stat.isFile() ? readFileSync(path, 'utf8') : '';
}
