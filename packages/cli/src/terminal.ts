import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import pc from 'picocolors';
import { CommandError } from './command-error.ts';

/** Where a command speaks to people and to other programs. */
export interface Terminal {
  /** Whether somebody can be asked. */
  readonly isInteractive: boolean;
  readonly colors: ReturnType<typeof pc.createColors>;
  /** Writes what was asked for. */
  print(text: string): void;
  /** Writes bytes as they are; where a person looks, without what could drive the terminal. */
  printBytes(bytes: Uint8Array): void;
  /** Writes one line of JSON, for machines. */
  printJson(value: unknown): void;
  /** Writes what is said beside the result: progress, advice, faults. */
  note(text: string): void;
  /** Shows one line that the next one takes the place of. Absent where nobody looks. */
  readonly status?: ((text: string) => void) | undefined;
  ask(question: string): Promise<string>;
  /** Asks without showing what is typed. */
  askHidden(question: string): Promise<string>;
}

const CLEAR_LINE = '\r\u001b[K';

/** The terminal of this process. Colors only where a person looks, and never with NO_COLOR. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  let hasStatus = false;
  const status = (text: string) => {
    if (hasStatus || text !== '') stderr.write(CLEAR_LINE + text.slice(0, (stderr.columns || 80) - 1));
    hasStatus = text !== '';
  };
  const hasColors = stdout.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  return {
    isInteractive: stdin.isTTY === true && stderr.isTTY === true,
    colors: pc.createColors(hasColors),
    print: (text) => {
      stdout.write(`${text}\n`);
    },
    printBytes: (bytes) => {
      stdout.write(stdout.isTTY ? forPeople(bytes) : bytes);
    },
    printJson: (value) => {
      stdout.write(`${JSON.stringify(value)}\n`);
    },
    note: (text) => {
      stderr.write(`${hasStatus ? CLEAR_LINE : ''}${text}\n`);
      hasStatus = false;
    },
    ...(stderr.isTTY === true && env.TERM !== 'dumb' ? { status } : {}),
    ask: (question) => answerTo(question, stderr),
    askHidden: async (question) => {
      const hidden = new Writable({ write: (_chunk, _encoding, done) => done() });
      // The question comes once typing is no longer shown, not before.
      const answer = answerTo('', hidden, () => stderr.write(question));
      return answer.finally(() => stderr.write('\n'));
    },
  };
}

async function answerTo(
  question: string,
  output: NodeJS.WritableStream,
  onReady = () => {},
): Promise<string> {
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('close', () => reject(new CommandError('Nothing was answered.')));
      lines.question(question).then(resolve, reject);
      onReady();
    });
  } finally {
    lines.close();
  }
}

function forPeople(bytes: Uint8Array): string {
  const text = plainLines(Buffer.from(bytes).toString('utf8'));
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

/** Does what {@link plain} does, and leaves line ends and tabs as they are. */
export function plainLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => line.split('\t').map(plain).join('\t'))
    .join('\n');
}

/** Takes control characters out of a text that came from elsewhere, so that it cannot drive the terminal. */
export function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '\u{fffd}');
}
