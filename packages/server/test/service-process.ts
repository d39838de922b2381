import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** Settings without their prefix `COUNTERSIGN_`. */
export type Settings = Readonly<Record<string, string>>;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The service as a process of its own, as an operator runs it. */
export class ServiceProcess {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcessWithoutNullStreams;
  #stdout = '';
  #stderr = '';

  constructor(settings: Settings) {
    const env = Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [`COUNTERSIGN_${name}`, value]),
    );
    this.#child = spawn(process.execPath, [MAIN], {
      env: { PATH: process.env.PATH, COUNTERSIGN_PORT: '0', COUNTERSIGN_PROXY_PORT: '0', ...env },
    });
    this.#child.stdout.on('data', (chunk: Buffer) => {
      this.#stdout += chunk.toString();
    });
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
    this.ended = new Promise((resolve) =>
      this.#child.on('close', (code, signal) => resolve({ code, signal })),
    );
    running.add(this);
    void this.ended.then(() => running.delete(this));
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get output(): string {
    return this.#stdout + this.#stderr;
  }

  /** Waits until the service listens; rejects with what it printed when it ends before. */
  async ready(): Promise<this> {
    let hasEnded = false;
    void this.ended.then(() => {
      hasEnded = true;
    });
    await eventually(() => hasEnded || this.#stdout.includes('listening on'), 'the service listens');
    if (hasEnded) throw new Error(`the service did not start: ${this.output}`);
    return this;
  }

  get url(): string {
    return /listening on (\S+)/.exec(this.#stdout)?.[1] ?? '';
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get proxyPort(): number {
    return Number(new URL(/reverse proxy is at (\S+)/.exec(this.#stdout)?.[1] ?? '').port);
  }

  signal(name: NodeJS.Signals): Promise<Ended> {
    this.#child.kill(name);
    return this.ended;
  }
}

const running = new Set<ServiceProcess>();
const folders: string[] = [];

/** Starts the service and waits until it listens. */
export function startProcess(settings: Settings): Promise<ServiceProcess> {
  return new ServiceProcess(settings).ready();
}

/** Starts the service where it should refuse to, and waits for its end. */
export async function failToStart(settings: Settings): Promise<Ended & { output: string }> {
  const service = new ServiceProcess(settings);
  return { ...(await service.ended), output: service.output };
}

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-process-'));
  folders.push(folder);
  return folder;
}

/** Ends what a test left running, and removes its folders. */
export async function cleanUp(): Promise<void> {
  await Promise.all([...running].map((service) => service.signal('SIGKILL')));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Reads the first operator's file. */
export function operatorOf(folder: string): { url: string; id: string; secret: string } {
  const values = new Map(
    readFileSync(join(folder, 'operator.env'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split('=') as [string, string]),
  );
  return {
    url: values.get('COUNTERSIGN_URL') ?? '',
    id: values.get('COUNTERSIGN_KEY_ID') ?? '',
    secret: values.get('COUNTERSIGN_SECRET') ?? '',
  };
}

/** Calls the management API over HTTP with a bearer token. */
export async function api(
  url: string,
  token: string | undefined,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  const answer = await fetch(url + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  const json: any = text.startsWith('{') ? JSON.parse(text) : undefined;
  return { status: answer.status, headers: answer.headers, text, json };
}

/** Waits until something holds, however long the machine takes, up to 20 seconds. */
export async function eventually(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
