import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseNetwork } from '@countersign/core';
import {
  createEngine,
  createEnvKeyring,
  createMemoryStore,
  type Engine,
  parseManifest,
} from '@countersign/engine';
import { createProxy, type ProxyOptions, type ReverseProxy } from '../src/proxy/proxy.ts';
import type { AnswerSigner } from '../src/signed-answers/answer-signer.ts';
import { type RawAnswer, request } from './raw-http.ts';
import { KEK } from './running-app.ts';
import { type BotKey, sign } from './signing.ts';

/** A request as it came to the upstream. */
export interface Received {
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export type UpstreamHandler = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

export interface RunningProxyOptions {
  readonly manifest?: string;
  readonly maxBodyBytes?: number;
  readonly trustedProxies?: readonly string[];
  readonly upstreamSilenceMs?: number;
  readonly requestTimeoutMs?: number;
  readonly loginTimeoutMs?: number;
  readonly answerSigner?: AnswerSigner | undefined;
  readonly heldMs?: number;
  readonly lingerMs?: number;
  /** Stands in for the upstream's address. */
  readonly upstream?: URL;
}

export const OPEN_MANIFEST = `
version: 1
permissions:
  spot.trade: { risk: medium }
routes:
  - { route: "GET /open/*", public: true }
  - { route: "HEAD /open/*", public: true }
  - { route: "POST /open/*", public: true }
  - { route: "GET /orders", permission: spot.trade }
  - { route: "POST /orders", permission: spot.trade }
  - { route: "DELETE /orders", permission: spot.trade }
`;

/** The reverse proxy before an upstream that remembers what came to it. */
export class RunningProxy {
  readonly received: Received[] = [];
  readonly faults: unknown[] = [];
  /** Answers instead of the upstream's plain 200. */
  answer: UpstreamHandler = (_request, response) => {
    response.end('done');
  };

  readonly engine: Engine;
  readonly upstream: Server;
  readonly key: BotKey;
  #proxy: ReverseProxy | undefined;

  private constructor(engine: Engine, upstream: Server, key: BotKey) {
    this.engine = engine;
    this.upstream = upstream;
    this.key = key;
  }

  static async start(options: RunningProxyOptions = {}): Promise<RunningProxy> {
    const parsed = parseManifest(options.manifest ?? OPEN_MANIFEST);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
    const { maxBodyBytes = 100_000 } = options;
    const engine = createEngine({
      store: createMemoryStore(),
      keyring: createEnvKeyring(KEK),
      manifest: parsed.manifest,
      maxBodyBytes,
      failureBudget: { failures: 10_000, windowSeconds: 1 },
    });
    await engine.start();
    const made = await engine.keys.issue(
      {
        accountId: 'acct_42',
        label: '',
        environment: 'live',
        kind: 'hmac',
        dialects: ['bitget', 'okx', 'bybit', 'rfc9421'],
        permissions: ['spot.trade'],
        passphrase: 'Passphrase1',
      },
      { actor: 'service' },
    );
    if (!made.ok) throw new Error(made.detail);
    const upstream = createServer();
    const key = { id: made.key.id, secret: made.secret?.expose(), passphrase: 'Passphrase1' };
    const running = new RunningProxy(engine, upstream, key);
    upstream.on('request', (incoming, response) => running.#receive(incoming, response));
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const { port } = upstream.address() as AddressInfo;
    running.#proxy = createProxy({
      verifier: engine,
      manifest: parsed.manifest,
      environment: 'live',
      upstream: options.upstream ?? new URL(`http://127.0.0.1:${port}`),
      maxBodyBytes,
      trustedProxies: (options.trustedProxies ?? []).map((text) =>
        parseNetwork(text),
      ) as ProxyOptions['trustedProxies'],
      tls: undefined,
      onError: (error) => running.faults.push(error),
      upstreamSilenceMs: options.upstreamSilenceMs,
      requestTimeoutMs: options.requestTimeoutMs,
      loginTimeoutMs: options.loginTimeoutMs,
      answerSigner: options.answerSigner,
      heldMs: options.heldMs,
      lingerMs: options.lingerMs,
      releaseUsage: engine.releaseUsage,
    });
    await new Promise<void>((resolve) => running.#proxy?.server.listen(0, '127.0.0.1', resolve));
    return running;
  }

  #receive(incoming: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      const { method = '', url = '', rawHeaders, headers } = incoming;
      this.received.push({ method, target: url, rawHeaders, headers, body });
      this.answer(incoming, response, body);
    });
  }

  get port(): number {
    if (this.#proxy === undefined) throw new Error('the proxy is not started');
    return (this.#proxy.server.address() as AddressInfo).port;
  }

  get last(): Received {
    const last = this.received.at(-1);
    if (last === undefined) throw new Error('nothing came to the upstream');
    return last;
  }

  /** A signed request, whose answer is waited for. */
  signed(
    line: string,
    options: { headers?: readonly string[]; body?: string | Buffer; dialect?: string } = {},
  ): Promise<RawAnswer> {
    const [method = '', target = ''] = line.split(' ');
    const { headers = [], body = '', dialect = 'bitget' } = options;
    const signature = sign(dialect, this.key, {
      method,
      target,
      body,
      headers: ['host', 'api.test', ...headers],
    });
    return request(this.port, line, [...headers, ...Object.entries(signature).flat()], body);
  }

  async close(): Promise<void> {
    await this.#proxy?.close();
    this.upstream.closeAllConnections();
    await new Promise((resolve) => this.upstream.close(resolve));
    await this.engine.close();
  }
}
