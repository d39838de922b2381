#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import closeWithGrace from 'close-with-grace';
import { pino } from 'pino';
import { loadConfig } from './config.ts';
import { type Service, startService } from './service.ts';

/** Faults that a person can mend: their message is all that is shown. */
const EXPLAINED = new Set(['ConfigError', 'StartError', 'StoreError', 'KeyringError']);

async function main(): Promise<void> {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  const config = loadConfig(process.env);
  const log = pino(
    {
      level: config.logLevel,
      redact: { paths: ['*.secret', '*.passphrase', '*.authorization', 'req.headers', '*.headers', '*.body'], censor: '[redacted]' },
    },
    pino.destination({ dest: 2, sync: true }),
  );
  const service = await startService(config, log, version);
  announce(service);
  closeWithGrace({ delay: 15_000, logger: false }, async ({ err, signal }) => {
    if (err !== undefined) log.fatal({ err }, 'the service stops after a fault');
    else log.info({ signal }, 'the service stops');
    await service.close();
  });
}

/** Says where things are, never what the secret is. */
function announce({ url, proxyUrl, operatorFile, dataDir }: Service): void {
  if (operatorFile !== undefined) console.log(`The first operator's credential is in ${operatorFile}`);
  console.log(`Data is in ${dataDir}`);
  if (proxyUrl !== undefined) console.log(`The reverse proxy is at ${proxyUrl}`);
  console.log(`Countersign is listening on ${url}`);
}

main().catch((error: unknown) => {
  const isExplained = error instanceof Error && EXPLAINED.has(error.name);
  console.error(isExplained ? error.message : error);
  process.exitCode = 1;
});
