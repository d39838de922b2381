import { readFileSync } from 'node:fs';
import { ENVIRONMENTS, type Environment, type Network, parseNetwork } from '@countersign/core';
import { z } from 'zod';

/** What the service is told from outside. Frozen; everything after this takes plain typed options. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly manifest: string | undefined;
  readonly keyring: string;
  readonly keyringKeys: string | undefined;
  readonly trustedProxies: readonly Network[];
  readonly upstream: URL | undefined;
  /** Whose keys the reverse proxy lets through. */
  readonly environment: Environment;
  readonly proxyPort: number;
  readonly tls: TlsFiles | undefined;
  readonly logLevel: LogLevel;
  readonly maxBodyBytes: number;
  readonly claimSafeMethods: boolean;
  /** Where customers believe the API to be: host, and port unless it is the scheme's default. */
  readonly publicHost: string | undefined;
  /** Whether answers are signed, those of the reverse proxy too. */
  readonly signAnswers: boolean;
  /** The private key for it, as PEM. Absent: the one in the data folder. */
  readonly answerKey: string | undefined;
  readonly dangerouslyAllowPlaintext: boolean;
}

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const PREFIX = 'COUNTERSIGN_';
/** Names that belong to clients of the service, and may be set where it runs. */
const CLIENT_NAMES = new Set(['URL', 'KEY_ID', 'SECRET', 'PASSPHRASE']);
const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1', '[::1]']);

const port = (fallback: number) =>
  z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port from 0 to 65535')
    .transform(Number)
    .refine((value) => value <= 65_535, 'must be a port from 0 to 65535')
    .default(fallback);

const bool = z.enum(['true', 'false'], 'must be true or false').default('false');

const Settings = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: port(8420),
  DATA_DIR: z.string().min(1).default('data'),
  MANIFEST: z.string().min(1).optional(),
  KEYRING: z
    .string()
    .regex(/^(file|env|file:.+)$/, 'must be "file", "file:PATH" or "env"')
    .default('file'),
  KEYRING_KEYS: z.string().optional(),
  TRUSTED_PROXIES: z.string().default(''),
  UPSTREAM: z.string().optional(),
  PROXY_PORT: port(8421),
  ENVIRONMENT: z.enum(ENVIRONMENTS, 'must be live or test').default('live'),
  TLS_CERT: z.string().min(1).optional(),
  TLS_KEY: z.string().min(1).optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
  MAX_BODY_BYTES: z
    .string()
    .regex(/^[1-9]\d{0,8}$/, 'must be a number of bytes up to 999,999,999')
    .transform(Number)
    .default(1_048_576),
  CLAIM_SAFE_METHODS: bool,
  PUBLIC_HOST: z
    .string()
    .toLowerCase()
    .regex(
      /^(?:[a-z0-9](?:[a-z0-9.-]{0,253}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/,
      'must be a host name, like api.example.com, with a port unless it is 443',
    )
    .optional(),
  SIGN_ANSWERS: bool,
  ANSWER_KEY: z.string().optional(),
  DANGEROUSLY_ALLOW_PLAINTEXT: bool,
});

/** A configuration that cannot be used. `faults` lists everything that is wrong, one line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(
      `The configuration has ${faults.length} fault(s):\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
    );
    this.faults = faults;
  }
}

/**
 * Reads the configuration from environment variables `COUNTERSIGN_…`, each also as `…_FILE` with a path to read
 * it from. An unknown name of ours is a fault: it is a typing error, and would be ignored where it matters.
 *
 * @throws {@link ConfigError} with all faults at once
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const faults: string[] = [];
  const values = readNames(env, faults);
  const parsed = Settings.safeParse(values);
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues)
      faults.push(`${PREFIX}${path.join('.')}: ${message}`);
    throw new ConfigError(faults);
  }
  const value = parsed.data;
  const trustedProxies = networks(value.TRUSTED_PROXIES, faults);
  const upstream = upstreamOf(value.UPSTREAM, faults);
  if ((value.TLS_CERT === undefined) !== (value.TLS_KEY === undefined)) {
    faults.push(`${PREFIX}TLS_CERT and ${PREFIX}TLS_KEY: both or none`);
  }
  if ((value.KEYRING === 'env') !== (value.KEYRING_KEYS !== undefined)) {
    faults.push(`${PREFIX}KEYRING_KEYS: is needed with ${PREFIX}KEYRING=env, and only there`);
  }
  if (value.ANSWER_KEY !== undefined && value.SIGN_ANSWERS !== 'true') {
    faults.push(`${PREFIX}ANSWER_KEY: is of use with ${PREFIX}SIGN_ANSWERS=true, and only there`);
  }
  const tls =
    value.TLS_CERT === undefined || value.TLS_KEY === undefined
      ? undefined
      : { cert: value.TLS_CERT, key: value.TLS_KEY };
  const dangerouslyAllowPlaintext = value.DANGEROUSLY_ALLOW_PLAINTEXT === 'true';
  if (tls === undefined && !LOOPBACK.has(value.HOST) && !dangerouslyAllowPlaintext) {
    faults.push(
      `${PREFIX}HOST: ${value.HOST} is not loopback, so it needs ${PREFIX}TLS_CERT and ${PREFIX}TLS_KEY ` +
        `(or ${PREFIX}DANGEROUSLY_ALLOW_PLAINTEXT=true)`,
    );
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return Object.freeze({
    host: value.HOST,
    port: value.PORT,
    dataDir: value.DATA_DIR,
    manifest: value.MANIFEST,
    keyring: value.KEYRING,
    keyringKeys: value.KEYRING_KEYS,
    trustedProxies,
    upstream,
    environment: value.ENVIRONMENT,
    proxyPort: value.PROXY_PORT,
    tls,
    logLevel: value.LOG_LEVEL,
    maxBodyBytes: value.MAX_BODY_BYTES,
    claimSafeMethods: value.CLAIM_SAFE_METHODS === 'true',
    publicHost: value.PUBLIC_HOST,
    signAnswers: value.SIGN_ANSWERS === 'true',
    answerKey: value.ANSWER_KEY,
    dangerouslyAllowPlaintext,
  });
}

function readNames(
  env: Readonly<Record<string, string | undefined>>,
  faults: string[],
): Record<string, string> {
  const known = Object.keys(Settings.shape);
  const values: Record<string, string> = {};
  for (const [fullName, value] of Object.entries(env)) {
    if (!fullName.startsWith(PREFIX) || value === undefined || value === '') continue;
    const name = fullName.slice(PREFIX.length);
    if (known.includes(name)) {
      if (env[`${fullName}_FILE`]) faults.push(`${fullName}: is set, and ${fullName}_FILE too`);
      values[name] = value;
    } else if (name.endsWith('_FILE') && known.includes(name.slice(0, -5))) {
      const text = readText(fullName, value, faults);
      if (text !== undefined) values[name.slice(0, -5)] = text;
    } else if (!CLIENT_NAMES.has(name)) {
      faults.push(`${fullName}: there is no such setting${similar(name, known)}`);
    }
  }
  return values;
}

function readText(name: string, path: string, faults: string[]): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    faults.push(`${name}: ${(error as Error).message}`);
    return undefined;
  }
}

/** Names those settings that a typing error could have meant. */
function similar(name: string, known: readonly string[]): string {
  const words = name.split('_').filter((word) => word.length > 2);
  const near = known.filter((other) => words.some((word) => other.includes(word) || word.includes(other)));
  return near.length === 0 ? '' : ` (is it ${near.map((other) => PREFIX + other).join(' or ')}?)`;
}

function networks(text: string, faults: string[]): Network[] {
  const found: Network[] = [];
  for (const part of text.split(/[\s,]+/).filter((part) => part !== '')) {
    const network = parseNetwork(part);
    if (network === undefined)
      faults.push(`${PREFIX}TRUSTED_PROXIES: ${part} is no address and no CIDR block`);
    else found.push(network);
  }
  return found;
}

function upstreamOf(text: string | undefined, faults: string[]): URL | undefined {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isOrigin = url?.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  if (url !== undefined && isOrigin && ['http:', 'https:'].includes(url.protocol)) return url;
  faults.push(`${PREFIX}UPSTREAM: must be an origin like http://127.0.0.1:3000, without a path`);
  return undefined;
}
