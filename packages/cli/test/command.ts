import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';

const CLI = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const SERVICE = fileURLToPath(new URL('../../server/dist/main.js', import.meta.url));
const BARE_ENV = { PATH: process.env.PATH ?? '' };

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What the command reads on standard input. */
  readonly input?: string;
}

/** Runs the built command in an environment with nothing of ours, and waits for its end. */
export function countersign(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return endOf(startCommand(args, options), options.input);
}

export function startCommand(
  args: readonly string[],
  { env = {}, cwd = tmpdir() }: RunOptions = {},
): ChildProcess {
  return spawn(process.execPath, [CLI, ...args], { env: { ...BARE_ENV, ...env }, cwd });
}

export function endOf(child: ChildProcess, input = ''): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // A command that does not read its input may be gone before it is written.
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

export interface RunningService {
  readonly url: string;
  /** Of the reverse proxy; empty where there is none. */
  readonly proxy: string;
  readonly folder: string;
  /** The environment of an operator's shell. */
  readonly env: Readonly<Record<string, string>>;
  readonly token: string;
  /** Runs a command as the operator, and gives its JSON. */
  json<T>(args: readonly string[]): Promise<T>;
  stop(): Promise<void>;
}

/** Starts a real service on a free port, with its data in a new folder. */
export async function startRealService(more: Readonly<Record<string, string>> = {}): Promise<RunningService> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-cli-'));
  const settings = {
    COUNTERSIGN_PORT: '0',
    COUNTERSIGN_DATA_DIR: join(folder, 'data'),
    COUNTERSIGN_LOG_LEVEL: 'error',
    COUNTERSIGN_SIGN_ANSWERS: 'true',
    ...more,
  };
  const child = spawn(process.execPath, [SERVICE], { env: { ...BARE_ENV, ...settings } });
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await listeningUrl(child);
  const env = parseEnv(readFileSync(join(folder, 'data', 'operator.env'), 'utf8')) as Record<string, string>;
  const ended = new Promise((resolve) => child.once('close', resolve));
  return {
    url: env.COUNTERSIGN_URL ?? '',
    proxy: /proxy is at (http:\S+)/.exec(said)?.[1] ?? '',
    folder,
    env,
    token: env.COUNTERSIGN_SECRET ?? '',
    async json(args) {
      const { code, stdout, stderr } = await countersign([...args, '--json'], { env });
      if (code !== 0) throw new Error(`countersign ${args.join(' ')} ended with ${code}: ${stderr}`);
      return JSON.parse(stdout);
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

/** Waits for the line that says where a service listens. */
export function listeningUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const onData = (chunk: Buffer) => {
      text += chunk.toString();
      const url = /listening on (http:\S+)/.exec(text)?.[1];
      if (url !== undefined) resolve(url);
    };
    child.stdout?.on('data', onData);
    child.stderr?.on('data', onData);
    child.once('close', (code) => reject(new Error(`the service ended with ${code}: ${text}`)));
  });
}

/** Starts a server that is not Countersign, and gives the environment that names it. */
export async function startOther(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    env: { COUNTERSIGN_URL: url, COUNTERSIGN_SECRET: 'cb_other_token' },
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
