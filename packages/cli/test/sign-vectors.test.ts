import {
  type Claim,
  type Denial,
  DIALECTS,
  type Dialect,
  hasChecksum,
  SCHEMES,
  visible,
} from '@countersign/core';
import { describe, expect, it } from 'vitest';
import {
  loginContextOf,
  requestOf,
  type Vector,
  type VectorCredential,
  type VectorRequest,
  vectorFilesOf,
} from '../../core/test/vectors.ts';
import { runHere } from './in-process.ts';

/** What `sign --json --show-prehash` prints. */
interface Printed {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly bodyBase64?: string;
  readonly message?: string;
  readonly prehash: { readonly text: string; readonly bytes: number };
}

const secretOf = ({ kind, secret, privateKeyPem, privateKey }: VectorCredential) =>
  (kind === 'hmac' ? secret : (privateKeyPem ?? privateKey)) ?? undefined;

/** The request that the vector's client signed. */
const requestIn = ({ sign, request }: Vector): VectorRequest =>
  (sign === false ? undefined : sign?.request) ?? request;

const hostOf = ({ headers }: VectorRequest) =>
  headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? 'api.example';

/** An address has one spelling, and no line breaks: other requests cannot be given by one. */
function hasAddress(vector: Vector): boolean {
  const request = requestIn(vector);
  const url = new URL(`https://${hostOf(request)}${request.target}`);
  return url.pathname + url.search === request.target && url.host === hostOf(request);
}

/** A command line and an environment hold texts; an operator's public host is no part of either, nor an id that nobody issued. */
function canBeGiven(vector: Vector, row: VectorCredential | undefined): boolean {
  if (vector.outcome !== 'ok' || (vector.matched ?? 'wire') !== 'wire' || vector.sign === false) return false;
  if (row === undefined || secretOf(row) === undefined) return false;
  if (vector.context?.environment !== undefined || (row.id.startsWith('ck_') && !hasChecksum(row.id)))
    return false;
  if (vector.message !== undefined) return true;
  const isOfPublicHost = ![undefined, hostOf(vector.request)].includes(vector.context?.publicHost);
  const isPrintable = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(row.passphrase ?? 'none');
  return hasAddress(vector) && !isOfPublicHost && isPrintable && requestIn(vector).bodyHex === undefined;
}

const FILES = DIALECTS.flatMap((dialect) =>
  vectorFilesOf(dialect.name).map(({ file, vectors }) => ({
    file,
    dialect,
    credentials: vectors.credentials,
    cases: vectors.cases.filter((vector) => canBeGiven(vector, vectors.credentials[vector.credential])),
  })),
).filter(({ cases }) => cases.length > 0);

it('has cases of every dialect that signs', () => {
  const covered = new Set(FILES.map(({ dialect }) => dialect.name));
  expect(DIALECTS.map(({ name }) => name).filter((name) => !covered.has(name))).toEqual(['bearer']);
});

describe.each(FILES)('$file', ({ dialect, credentials, cases }) => {
  it.each(cases)('sign prints it: $name', async (vector) => {
    const row = credentials[vector.credential] as VectorCredential;
    const { printed, noted, exitCode } = await runHere(commandFor(dialect, vector, row), {
      env: {
        COUNTERSIGN_KEY_ID: row.id,
        COUNTERSIGN_SECRET: secretOf(row),
        COUNTERSIGN_PASSPHRASE: row.passphrase ?? undefined,
      },
    });
    expect([exitCode, noted]).toEqual([0, '']);
    const made = JSON.parse(printed) as Printed;
    if (vector.prehash !== undefined)
      expect(made.prehash.text).toBe(visible(Buffer.from(vector.prehash, 'utf8')));
    if (vector.prehashHex !== undefined)
      expect(made.prehash.text).toBe(visible(Buffer.from(vector.prehashHex, 'hex')));
    const [claim, expected] = [claimIn(dialect, vector, made), claimOf(dialect, vector)];
    expect(claim.keyId).toBe(expected.keyId);
    const scheme = SCHEMES[dialect.schemes[row.kind]?.scheme ?? 'token'];
    // The others put chance into every signature.
    if (scheme.kind !== 'p256' && !('saltLength' in scheme)) expect(claim.signature).toBe(expected.signature);
  });
});

function commandFor(dialect: Dialect, vector: Vector, row: VectorCredential): string[] {
  const claim = claimOf(dialect, vector);
  const how = vector.sign === false ? undefined : vector.sign;
  const nowMs = how?.nowMs ?? claim.timestampMs ?? vector.nowMs;
  const options = ['--dialect', dialect.name, '--kind', row.kind, '--json', '--show-prehash'];
  options.push('--timestamp', String(Math.trunc(nowMs)), `--nonce=${how?.nonce ?? claim.nonce ?? ''}`);
  const request = requestIn(vector);
  if (vector.message !== undefined)
    return ['sign', '--login', `wss://${vector.context?.publicHost ?? hostOf(request)}/ws/v2`, ...options];
  const given = request.headers.filter(
    ([name]) =>
      !dialect.securityHeaders.includes(name.toLowerCase()) && !/^(?:host|content-length)$/i.test(name),
  );
  const headers = given.flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const url = `${request.scheme ?? 'https'}://${hostOf(request)}${request.target}`;
  return ['sign', request.method, url, ...headers, `--data=${request.body ?? ''}`, ...options];
}

function claimOf(dialect: Dialect, vector: Vector): Claim {
  return whole(
    vector.message === undefined
      ? dialect.read(requestOf(vector.request), vector.context ?? {})
      : dialect.webSocket?.read(vector.message, loginContextOf(vector)),
  );
}

function claimIn(dialect: Dialect, vector: Vector, made: Printed): Claim {
  if (made.message !== undefined) return whole(dialect.webSocket?.read(made.message, loginContextOf(vector)));
  const { host, pathname, search, protocol } = new URL(made.url);
  return whole(
    dialect.read(
      {
        method: made.method,
        target: pathname + search,
        headers: ['Host', host, ...Object.entries(made.headers).flat()],
        body: made.body === undefined ? Buffer.from(made.bodyBase64 ?? '', 'base64') : Buffer.from(made.body),
        scheme: protocol === 'http:' ? 'http' : 'https',
      },
      vector.context ?? {},
    ),
  );
}

function whole(claim: Claim | Denial | undefined): Claim {
  if (!claim?.ok) throw new Error(`it cannot be read: ${claim?.detail}`);
  return claim;
}
