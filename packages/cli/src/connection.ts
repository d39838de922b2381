import { existsSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { CommandError, UsageError } from './command-error.ts';
import { readPrivateFile } from './private-file.ts';

export const DEFAULT_ENV_FILE = './data/operator.env';
export const DEFAULT_URL = 'http://127.0.0.1:8420';

/** Where the service is, and the bearer token to call it with. */
export interface Connection {
  /** Without a slash at its end. */
  readonly url: string;
  readonly token: string;
  /** Where the token came from, to be named when it is refused. */
  readonly tokenSource: string;
}

export interface ConnectionFlags {
  readonly url?: string;
  readonly envFile?: string;
}

/**
 * Finds out where to connect and with what: `--url`, then a named `--env-file`, then the environment, then
 * `./data/operator.env`.
 *
 * @throws {@link CommandError} when there is no token, or when it would travel where others can read it
 */
export async function findConnection(
  flags: ConnectionFlags,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Connection> {
  const named = flags.envFile === undefined ? {} : await readEnvFile(flags.envFile);
  const hasToken = Boolean(named.COUNTERSIGN_SECRET || env.COUNTERSIGN_SECRET);
  const usesDefault = flags.envFile === undefined && !hasToken && existsSync(DEFAULT_ENV_FILE);
  const fallback = usesDefault ? await readEnvFile(DEFAULT_ENV_FILE) : {};
  const sources = [
    { values: named, from: flags.envFile ?? '' },
    { values: env, from: 'the environment' },
    { values: fallback, from: DEFAULT_ENV_FILE },
  ];
  const withToken = sources.find(({ values }) => values.COUNTERSIGN_SECRET);
  if (withToken === undefined) {
    throw new CommandError(
      `There is no operator credential. Set COUNTERSIGN_SECRET (and COUNTERSIGN_URL), or use --env-file FILE. ` +
        `The service writes one to operator.env in its data folder when it first starts (${DEFAULT_ENV_FILE} here).`,
    );
  }
  const token = withToken.values.COUNTERSIGN_SECRET as string;
  checkToken(token, withToken.from);
  const urls = [flags.url, ...sources.map(({ values }) => values.COUNTERSIGN_URL), DEFAULT_URL];
  return { url: checkedUrl(urls.find(Boolean) as string), token, tokenSource: withToken.from };
}

/**
 * Node 20 reads any `--env-file` itself before this runs, and ends when there is no such file. What it put into the
 * environment is not used: the file is read again here, with a look at who else can read it.
 */
async function readEnvFile(path: string): Promise<Record<string, string | undefined>> {
  return parseEnv(await readPrivateFile(path)) as Record<string, string | undefined>;
}

/** Says nothing of the token's content: neither does `fetch`, which never gets to see a bad one. */
function checkToken(token: string, source: string): void {
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new CommandError(
      `COUNTERSIGN_SECRET from ${source} has a character that no token has (a space or a line end?).`,
    );
  }
  if (/^cs_(live|test)_/.test(token)) {
    throw new CommandError(
      `COUNTERSIGN_SECRET from ${source} is a secret for signing. This command calls with a bearer token (cb_…): ` +
        'make one with: countersign keys create --account operator --kind bearer --environment live --permission keys.read',
    );
  }
}

function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new UsageError(
      'The URL of the service must look like https://keys.example.com or http://127.0.0.1:8420.',
    );
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new UsageError('The URL of the service must hold no user, password, query or fragment.');
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new CommandError(
      `The operator token is not sent to ${url.origin} in plain text. Use https://, or a tunnel: ` +
        `ssh -L 8420:127.0.0.1:${url.port || '80'} ${url.hostname}, and then --url ${DEFAULT_URL}`,
    );
  }
  return (url.origin + url.pathname).replace(/\/+$/, '');
}

/** `URL` has normalised the name: short, octal and hexadecimal forms of an address are gone. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
