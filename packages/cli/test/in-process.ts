import pc from 'picocolors';
import { CommandError } from '../src/command-error.ts';
import type { Context } from '../src/context.ts';
import { buildProgram } from '../src/program.ts';

export interface Said {
  /** What went to standard output. */
  readonly printed: string;
  /** What went to standard error, with the message of a failure. */
  readonly noted: string;
  readonly exitCode: number;
}

export interface HereOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly nowMs?: number;
}

/** Runs a command within this process: for tests that run many. */
export async function runHere(args: readonly string[], { env = {}, nowMs }: HereOptions = {}): Promise<Said> {
  const printed: string[] = [];
  const noted: string[] = [];
  const none = async () => '';
  const context: Context = {
    env,
    clock: nowMs === undefined ? Date.now : () => nowMs,
    terminal: {
      isInteractive: false,
      colors: pc.createColors(false),
      print: (text) => printed.push(`${text}\n`),
      printBytes: (bytes) => printed.push(Buffer.from(bytes).toString('latin1')),
      printJson: (value) => printed.push(`${JSON.stringify(value)}\n`),
      note: (text) => noted.push(`${text}\n`),
      ask: none,
      askHidden: none,
    },
  };
  const program = await buildProgram(context, args);
  process.exitCode = 0;
  let exitCode = 0;
  try {
    await program.parseAsync(args, { from: 'user' });
    exitCode = Number(process.exitCode);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    noted.push(`${error.message}\n`);
    exitCode = error.exitCode;
  } finally {
    process.exitCode = 0;
  }
  return { printed: printed.join(''), noted: noted.join(''), exitCode };
}
