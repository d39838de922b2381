import { execFile, spawn } from 'node:child_process';
import { CommandError, EXIT } from '../../command-error.ts';

/** Nothing that a repository's own configuration names is run, nothing is locked, and nothing is fetched. */
const SAFE = ['-c', 'core.fsmonitor=false', '-c', 'core.quotePath=false', '-c', 'protocol.allow=never'];
const ENV = { GIT_OPTIONAL_LOCKS: '0', GIT_NO_LAZY_FETCH: '1', GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' };
const MOST_OUTPUT = 1_073_741_824;

export interface GitAnswer {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs Git in a folder. Only where Git cannot be started at all does it throw. */
export function runGit(cwd: string, args: readonly string[], input = ''): Promise<GitAnswer> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      'git',
      [...SAFE, ...args],
      { cwd, env: { ...process.env, ...ENV }, encoding: 'buffer', maxBuffer: MOST_OUTPUT },
      (error, stdout, stderr) => {
        const { code } = (error ?? {}) as { code?: number | string };
        if (typeof code === 'string') {
          reject(
            new CommandError(
              `Git cannot be run: ${code === 'ENOENT' ? 'it is not installed' : code}.`,
              EXIT.usage,
            ),
          );
        } else resolve({ code: error === null ? 0 : (code ?? 1), stdout, stderr: stderr.toString().trim() });
      },
    );
    // Git may have ended before all of it is read.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

/** Runs Git, and takes any failure for the end of the scan. */
export async function gitOutput(cwd: string, args: readonly string[], input = ''): Promise<Buffer> {
  const { code, stdout, stderr } = await runGit(cwd, args, input);
  if (code !== 0)
    throw new CommandError(`git ${args[0]} failed: ${stderr || `it ended with ${code}`}`, EXIT.usage);
  return stdout;
}

/** Starts Git to be spoken with over its streams. */
export function startGit(cwd: string, args: readonly string[]) {
  return spawn('git', [...SAFE, ...args], {
    cwd,
    env: { ...process.env, ...ENV },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}
