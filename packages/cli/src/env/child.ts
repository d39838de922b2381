import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { CommandError } from '../command-error.ts';
import { createMasker } from './masker.ts';

const FORWARDED: readonly NodeJS.Signals[] = [
  'SIGTERM',
  'SIGHUP',
  'SIGUSR1',
  'SIGUSR2',
  'SIGINT',
  'SIGQUIT',
  'SIGWINCH',
];
/** What a terminal sends to every process before it: the program has it already. */
const FROM_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGWINCH'];
/** What shells end with when a program does not exist, or may not be run (POSIX 2.8.2). */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

/** How a program ended: with a code, or by a signal. */
export type Ending = { readonly code: number } | { readonly signal: NodeJS.Signals };

export interface ChildOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Secrets to keep out of what the program prints; absent: it writes to our terminal itself. */
  readonly masked?: ReadonlyMap<string, string> | undefined;
}

/**
 * Runs a program to its end. It has our standard input, and gets the signals that we get.
 *
 * @throws {@link CommandError} when it cannot be started, with the exit code that a shell would give
 */
export async function runChild(
  [file = '', ...args]: readonly string[],
  options: ChildOptions,
): Promise<Ending> {
  const { env, masked } = options;
  const output = masked === undefined ? 'inherit' : 'pipe';
  const child = spawn(file, args, { env: { ...env }, stdio: ['inherit', output, output] });
  const shown =
    masked === undefined
      ? []
      : [
          maskedInto(process.stdout, child.stdout as Readable, masked),
          maskedInto(process.stderr, child.stderr as Readable, masked),
        ];
  const listeners = FORWARDED.map((signal) => {
    const forward = () => {
      if (!(process.stdin.isTTY && FROM_TERMINAL.includes(signal))) child.kill(signal);
    };
    process.on(signal, forward);
    return () => process.off(signal, forward);
  });
  try {
    const ending = await new Promise<Ending>((resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) => reject(notStarted(file, error)));
      // Not `exit`: what it printed last may still be on its way.
      child.once('close', (code, signal) => resolve(signal === null ? { code: code ?? 1 } : { signal }));
    });
    // We may end by a signal now, and what has not left us by then is lost.
    await Promise.all(shown);
    return ending;
  } finally {
    for (const remove of listeners) remove();
  }
}

/** Passes what a program prints on, masked. Resolves when all of it has left this process. */
async function maskedInto(
  output: NodeJS.WriteStream,
  from: Readable,
  secrets: ReadonlyMap<string, string>,
): Promise<void> {
  const masker = from.pipe(createMasker(secrets));
  masker.pipe(output, { end: false });
  await finished(masker);
  await new Promise((resolve) => output.write('', resolve));
}

function notStarted(file: string, { code, message }: NodeJS.ErrnoException): CommandError {
  if (code === 'ENOENT') return new CommandError(`There is no program ${file}.`, NOT_FOUND);
  if (code === 'EACCES') return new CommandError(`${file} may not be run.`, NOT_EXECUTABLE);
  return new CommandError(`${file} cannot be started: ${message}`, NOT_EXECUTABLE);
}

/** Ends this process as the program ended: with its code, or by the same signal. */
export function endLike(ending: Ending): void {
  if ('code' in ending) {
    process.exitCode = ending.code;
    return;
  }
  // For the case that the signal is one that does not end us: what a shell reports.
  process.exitCode = 128 + constants.signals[ending.signal];
  process.kill(process.pid, ending.signal);
}
