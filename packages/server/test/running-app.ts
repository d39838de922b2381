import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CredentialKind, OPERATOR_ACCOUNT, parseNetwork } from '@countersign/core';
import {
  createEngine,
  createEnvKeyring,
  createMemoryStore,
  type Engine,
  type FailureBudgetOptions,
  type Keyring,
  OPERATOR_PERMISSIONS,
  openFileKeyring,
  parseManifest,
  type Store,
} from '@countersign/engine';
import { createSqliteStore } from '@countersign/engine/sqlite';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { pino } from 'pino';
import { buildApp } from '../src/app.ts';
import { createMetrics } from '../src/metrics.ts';
import type { AnswerSigner } from '../src/signed-answers/answer-signer.ts';

export interface AppOptions {
  readonly manifest?: string;
  /** Absent: a store in memory. */
  readonly store?: Store;
  readonly keyring?: Keyring;
  readonly maxBodyBytes?: number;
  readonly trustedProxies?: readonly string[];
  readonly requestTimeoutMs?: number;
  readonly failureBudget?: FailureBudgetOptions;
  readonly clock?: () => number;
  readonly answerSigner?: AnswerSigner;
  /** Asked before each answer that the engine gives: may stand in for the engine. */
  readonly wrap?: (engine: Engine) => Engine;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any;
}

export interface CallOptions {
  readonly token?: string | undefined;
  readonly headers?: Record<string, string>;
  readonly ip?: string;
}

export interface Operator {
  readonly id: string;
  readonly secret: string;
}

export const ALL_PERMISSIONS: readonly string[] = [...OPERATOR_PERMISSIONS.keys()];
export const KEK = `kek-1:${Buffer.alloc(32, 7).toString('base64')}`;

export class RunningApp {
  readonly #closers: (() => Promise<void> | void)[] = [];

  readonly app: FastifyInstance;
  readonly engine: Engine;
  readonly operator: Operator;
  readonly log: readonly string[];

  private constructor(app: FastifyInstance, engine: Engine, operator: Operator, log: readonly string[]) {
    this.app = app;
    this.engine = engine;
    this.operator = operator;
    this.log = log;
  }

  static async start(options: AppOptions = {}): Promise<RunningApp> {
    const store = options.store ?? createMemoryStore();
    const keyring = options.keyring ?? createEnvKeyring(KEK);
    const log: string[] = [];
    const logger = pino({}, { write: (line: string) => void log.push(line) });
    const parsed = options.manifest === undefined ? undefined : parseManifest(options.manifest);
    if (parsed !== undefined && !parsed.ok) throw new Error(JSON.stringify(parsed.faults));
    const metrics = createMetrics();
    const own = createEngine({
      store,
      keyring,
      manifest: parsed?.manifest,
      maxBodyBytes: options.maxBodyBytes,
      failureBudget: options.failureBudget,
      clock: options.clock,
      onDecision: metrics.countDecision,
      onError: (error) => logger.error({ err: error }, 'a fault inside the service'),
    });
    await own.start();
    metrics.watch(own);
    const engine = options.wrap?.(own) ?? own;
    const app = buildApp({
      engine,
      keyring,
      metrics,
      log: logger,
      version: '0.0.0-test',
      maxBodyBytes: options.maxBodyBytes ?? 1_048_576,
      trustedProxies: (options.trustedProxies ?? []).map(
        (text) => parseNetwork(text) as NonNullable<ReturnType<typeof parseNetwork>>,
      ),
      tls: undefined,
      requestTimeoutMs: options.requestTimeoutMs,
      answerSigner: options.answerSigner,
      clock: options.clock,
    });
    await app.ready();
    const running = new RunningApp(app, engine, await makeOperator(own, ALL_PERMISSIONS), log);
    running.#closers.push(
      () => app.close(),
      () => own.close(),
    );
    return running;
  }

  /** Listens on a free port of 127.0.0.1. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.app.server.listen(0, '127.0.0.1', resolve));
    return (this.app.server.address() as AddressInfo).port;
  }

  operatorWith(...permissions: string[]): Promise<Operator> {
    return makeOperator(this.engine, permissions);
  }

  /** Calls a route as the operator with all permissions, or as `token`; null body: none. */
  async call(method: string, url: string, body?: unknown, options: CallOptions = {}): Promise<Answer> {
    const token = 'token' in options ? options.token : this.operator.secret;
    const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
    const payload = body === undefined ? undefined : isRaw ? body : JSON.stringify(body);
    const answer = await this.app.inject({
      method: method as 'GET',
      url,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(payload === undefined ? {} : { payload }),
      ...(options.ip === undefined ? {} : { remoteAddress: options.ip }),
    } as InjectOptions);
    return {
      status: answer.statusCode,
      headers: answer.headers,
      text: answer.payload,
      json: jsonOf(answer.payload),
    };
  }

  get = (url: string, options?: CallOptions) => this.call('GET', url, undefined, options);
  post = (url: string, body?: unknown, options?: CallOptions) => this.call('POST', url, body, options);
  patch = (url: string, body: unknown, revision: number | string | undefined, options: CallOptions = {}) =>
    this.call('PATCH', url, body, {
      ...options,
      headers: { ...(revision === undefined ? {} : { 'if-match': String(revision) }), ...options.headers },
    });

  /** Issues a customer's key and answers with it. */
  async newKey(over: Record<string, unknown> = {}): Promise<Answer['json']> {
    const made = await this.post('/v1/keys', { ...aKey(), ...over });
    if (made.status !== 201) throw new Error(made.text);
    return made.json;
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0)) await close();
  }
}

export function aKey(): Record<string, unknown> {
  return {
    accountId: 'acct_42',
    label: 'grid bot',
    environment: 'live',
    kind: 'hmac',
    passphrase: 'Passphrase1',
    permissions: ['spot.trade'],
  };
}

export async function makeOperator(
  engine: Engine,
  permissions: readonly string[],
  over: { kind?: CredentialKind; publicKey?: string; passphrase?: string } = {},
): Promise<Operator> {
  const made = await engine.keys.issue(
    { accountId: OPERATOR_ACCOUNT, label: 'test', environment: 'live', kind: 'bearer', permissions, ...over },
    { actor: 'service' },
  );
  if (!made.ok) throw new Error(made.detail);
  return { id: made.key.id, secret: made.secret?.expose() ?? '' };
}

/** A folder with a SQLite store and a keyring, as the service has them. */
export class DataFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'countersign-server-'));

  store(): Promise<Store> {
    return createSqliteStore({ path: join(this.path, 'countersign.db') });
  }

  keyring() {
    return openFileKeyring(join(this.path, 'keyring.json'), Date.now);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export function freshName(): string {
  return randomBytes(8).toString('hex');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
