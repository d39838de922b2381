import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import closeWithGrace from 'close-with-grace';
import { pino } from 'pino';
import { loadConfig } from './config.ts';
import { type Service, startService } from './service.ts';

/** Faults that a person can mend: their message is all that is shown. */
const EXPLAINED = new Set(['ConfigError', 'StartError', 'StoreError', 'KeyringError']);

/**
 * Runs the service as a program does: reads the configuration from `env`, says on standard output where things
 * are, logs to standard error, and stops in order at SIGTERM. A fault is shown and sets the exit code: it does
 * not reject.
 */
export async function runService(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  // Whatever is written here is for the owner alone: database, keyring, credentials.
  process.umask(0o077);
  try {
    await start(env);
  } catch (error) {
    const isExplained = error instanceof Error && EXPLAINED.has(error.name);
    process.stderr.write(`${isExplained ? error.message : inspect(error)}\n`);
    process.exitCode = 1;
  }
}

async function start(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const config = loadConfig(env);
  const log = pino(
    {
      level: config.logLevel,
      redact: {
        paths: ['*.secret', '*.passphrase', '*.authorization', 'req.headers', '*.headers', '*.body'],
        censor: '[redacted]',
      },
    },
    pino.destination({ dest: 2, sync: true }),
  );
  const service = await startService(config, log, version);
  // Before it is said to be ready: whoever waits for that may ask it to stop at once.
  closeWithGrace({ delay: 15_000, logger: false }, async ({ err, signal }) => {
    if (err !== undefined) log.fatal({ err }, 'the service stops after a fault');
    else log.info({ signal }, 'the service stops');
    await service.close();
  });
  announce(service);
}

/** Says where things are, never what the secret is. */
function announce({ url, proxyUrl, answerKeyId, operatorFile, dataDir }: Service): void {
  const lines = [
    ...(operatorFile === undefined ? [] : [`The first operator's credential is in ${operatorFile}`]),
    `Data is in ${dataDir}`,
    ...(answerKeyId === undefined ? [] : [`Answers are signed with the key ${answerKeyId}`]),
    ...(proxyUrl === undefined ? [] : [`The reverse proxy is at ${proxyUrl}`]),
    `Countersign is listening on ${url}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
