import { mkdirSync, readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { dialectTable, type Manifest } from '@countersign/core';
import { createEngine, parseManifest } from '@countersign/engine';
import type { FastifyBaseLogger } from 'fastify';
import { openKeyring, openStore } from './adapters.ts';
import { buildApp } from './app.ts';
import type { Config } from './config.ts';
import { createDrain } from './drain.ts';
import { makeFirstOperator } from './first-operator.ts';
import { createMetrics } from './metrics.ts';
import { createProxy, type ReverseProxy } from './proxy/proxy.ts';
import { openAnswerKey, readAnswerKey } from './signed-answers/answer-key.ts';
import { type AnswerSigner, createAnswerSigner } from './signed-answers/answer-signer.ts';
import { StartError } from './start-error.ts';
import { readTls, reloadTls } from './tls.ts';

export interface Service {
  /** Where the API listens, as a URL. */
  readonly url: string;
  /** Where the reverse proxy listens. */
  readonly proxyUrl: string | undefined;
  /** The id of the key that answers are signed with, if they are. */
  readonly answerKeyId: string | undefined;
  /** Where the first operator's credential was written, if one was made now. */
  readonly operatorFile: string | undefined;
  readonly dataDir: string;
  /** Stops being ready, finishes what is in flight, writes the log, closes the store. */
  close(): Promise<void>;
}

/**
 * Starts the whole service.
 *
 * @throws {@link StartError}, and `StoreError` or `KeyringError` of the engine, whose messages are for operators
 */
export async function startService(
  config: Config,
  log: FastifyBaseLogger,
  version: string,
): Promise<Service> {
  const manifest = config.manifest === undefined ? undefined : readManifest(config.manifest);
  const tls = config.tls === undefined ? undefined : loadTls(config.tls);
  makeDataDir(config.dataDir);
  const store = await openStore(config);
  const stops: (() => Promise<void> | void)[] = [() => store.close()];
  const stop = async () => {
    for (const step of stops.splice(0).reverse()) await step();
  };
  try {
    const keyring = openKeyring(config, (await store.countCredentials()) === 0);
    const metrics = createMetrics();
    const onError = (error: unknown) => log.error({ err: error }, 'a fault inside the service');
    const engine = createEngine({
      store,
      keyring,
      manifest,
      maxBodyBytes: config.maxBodyBytes,
      claimSafeMethods: config.claimSafeMethods,
      publicHost: config.publicHost,
      onDecision: metrics.countDecision,
      onError,
    });
    const answerSigner = config.signAnswers ? openAnswerSigner(config, manifest) : undefined;
    await engine.start();
    stops.push(() => engine.close());
    metrics.watch(engine);
    const { maxBodyBytes, trustedProxies } = config;
    const app = buildApp({
      engine,
      keyring,
      metrics,
      log,
      version,
      maxBodyBytes,
      trustedProxies,
      tls,
      answerSigner,
    });
    const drain = createDrain(app.server);
    let proxy: ReverseProxy | undefined;
    // Both at once: while one of them finishes what is in flight, the other takes nothing new.
    stops.push(() => Promise.all([drain(() => app.close()), proxy?.close()]).then(() => {}));
    await app.ready();
    await listen(app.server, config.port, config.host);
    const url = urlOf(app.server, config);

    if (config.upstream !== undefined) {
      proxy = createProxy({
        verifier: engine,
        manifest,
        environment: config.environment,
        upstream: config.upstream,
        maxBodyBytes,
        trustedProxies,
        tls,
        onError,
        answerSigner,
        releaseUsage: engine.releaseUsage,
      });
      await listen(proxy.server, config.proxyPort, config.host);
    }
    if (config.tls !== undefined) {
      const servers = [app.server, ...(proxy === undefined ? [] : [proxy.server])] as never[];
      stops.push(
        reloadTls(config.tls, servers, (error) => {
          if (error === undefined) log.info('the TLS certificate was loaded anew');
          else log.error({ err: error }, 'the new TLS certificate cannot be used, the old one stays');
        }),
      );
    }
    const operatorFile = join(config.dataDir, 'operator.env');
    const isFirst = await makeFirstOperator(engine, operatorFile, reachable(url));
    return {
      url,
      proxyUrl: proxy === undefined ? undefined : urlOf(proxy.server, config),
      answerKeyId: answerSigner?.key.keyId,
      operatorFile: isFirst ? operatorFile : undefined,
      dataDir: config.dataDir,
      close: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function openAnswerSigner({ answerKey, dataDir }: Config, manifest: Manifest | undefined): AnswerSigner {
  const key =
    answerKey === undefined
      ? openAnswerKey(join(dataDir, 'answer-key.pem'))
      : readAnswerKey(answerKey, 'COUNTERSIGN_ANSWER_KEY');
  return createAnswerSigner(key, dialectTable(manifest?.ownDialects));
}

function readManifest(path: string): Manifest {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new StartError(`The manifest cannot be read: ${(error as Error).message}`);
  }
  const parsed = parseManifest(text);
  if (parsed.ok) return parsed.manifest;
  const faults = parsed.faults.map(({ line, column, message }) => `  ${path}:${line}:${column}: ${message}`);
  throw new StartError(`The manifest has ${faults.length} fault(s):\n${faults.join('\n')}`);
}

function loadTls(files: NonNullable<Config['tls']>) {
  try {
    return readTls(files);
  } catch (error) {
    throw new StartError(
      `The TLS files cannot be used (${files.cert}, ${files.key}): ${(error as Error).message}`,
    );
  }
}

function makeDataDir(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StartError(`The data folder cannot be made: ${(error as Error).message}`);
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE'
          ? `Port ${port} of ${host} is in use: is the service running already? Another port: COUNTERSIGN_PORT, COUNTERSIGN_PROXY_PORT`
          : `The service cannot listen on ${host}:${port}: ${error.message}`;
      reject(new StartError(why));
    });
    server.listen(port, host, () => resolve());
  });
}

/** Every address is one to listen on, and none to connect to. */
function reachable(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}

function urlOf(server: Server, { host, tls }: Config): string {
  const { port } = server.address() as AddressInfo;
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `${tls === undefined ? 'http' : 'https'}://${name}:${port}`;
}
