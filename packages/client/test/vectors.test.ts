import { readdirSync, readFileSync } from 'node:fs';
import { type ClientOptions, createClient, type SignedCall } from '@countersign/client';
import {
  type Claim,
  createSigningKey,
  type Denial,
  DIALECTS,
  type Dialect,
  dialectNamed,
  hasChecksum,
  hasIdForm,
  prehashBytes,
  SCHEMES,
} from '@countersign/core';
import { describe, expect, it } from 'vitest';
import {
  loginContextOf,
  requestOf,
  type Vector,
  type VectorCredential,
  type VectorFile,
  type VectorRequest,
} from '../../core/test/vectors.ts';

const FOLDER = new URL('../../../vectors/', import.meta.url);
const FILES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file) => ({ file, vectors: JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as VectorFile }))
  .flatMap(({ file, vectors }) => {
    const dialect = dialectNamed(vectors.dialect);
    return dialect === undefined ? [] : [{ file, dialect, vectors }];
  });

/** An address cannot hold these: what is sent is another spelling, and that is what must be signed. */
const hasOtherSpelling = ({ target, headers }: VectorRequest) => {
  const host = headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? 'host';
  const url = new URL(`https://${host}${target}`);
  return url.pathname + url.search !== target || url.host !== host;
};

/** The cases that a client of ours can make. */
const ours = ({ credentials, cases }: VectorFile) =>
  cases.filter(
    (vector) =>
      vector.outcome === 'ok' &&
      (vector.matched ?? 'wire') === 'wire' &&
      vector.sign !== false &&
      secretOf(credentials[vector.credential]) !== undefined &&
      !isCutOff(credentials[vector.credential]?.id ?? ''),
  );
/** An id that looks like one of ours and was invented for the vectors: the client refuses it. */
const isCutOff = (id: string) => hasIdForm(id) && !hasChecksum(id);
const SIGNED = FILES.filter(({ vectors }) => ours(vectors).length > 0);

it('each dialect that signs has cases, and each with a login has one of those', () => {
  for (const { name, webSocket, schemes } of DIALECTS) {
    if (schemes.bearer !== undefined && Object.keys(schemes).length === 1) continue;
    const made = SIGNED.filter(({ dialect }) => dialect.name === name).flatMap(({ vectors }) =>
      ours(vectors),
    );
    expect(made, name).not.toHaveLength(0);
    if (webSocket !== undefined)
      expect(
        made.filter(({ message }) => message !== undefined),
        name,
      ).not.toHaveLength(0);
  }
});

describe.each(SIGNED)('$file', ({ dialect, vectors }) => {
  const { credentials } = vectors;
  it.each(ours(vectors))('the client makes it: $name', async (vector) => {
    const row = credentials[vector.credential] as VectorCredential;
    const claim = readVector(dialect, vector);
    const { client, unsigned } = setUp(dialect, vector, row, claim);
    const asks = dialect.webSocket?.challenge !== undefined;
    const challenge = asks && vector.sign !== false ? vector.sign?.nonce : undefined;
    const made =
      vector.message === undefined
        ? readSigned(dialect, vector, await client.sign(unsigned))
        : readLogin(dialect, vector, await client.login(challenge === undefined ? {} : { challenge }));
    if (!made.ok) throw new Error(made.detail);
    expect(made.keyId).toBe(claim.keyId);
    if (vector.message === undefined && hasOtherSpelling(requestOfCase(vector))) {
      expect(made.signature).toBe(signedBy(dialect, row, made));
      return;
    }
    expect(prehashBytes(made.prehash).toString('latin1')).toBe(
      prehashBytes(claim.prehash).toString('latin1'),
    );
    // The others put chance into every signature.
    const scheme = SCHEMES[dialect.schemes[row.kind]?.scheme ?? 'token'];
    if (scheme.kind !== 'p256' && !('saltLength' in scheme)) expect(made.signature).toBe(claim.signature);
    // Old keys of KuCoin send it as it is; ours sign it.
    if (made.passphraseIsSigned === claim.passphraseIsSigned) expect(made.passphrase).toBe(claim.passphrase);
  });
});

it('hardly any case is one that an address cannot hold', () => {
  const all = FILES.flatMap(({ vectors }) => vectors.cases).filter(
    ({ outcome, message }) => outcome === 'ok' && message === undefined,
  );
  expect(all.filter(({ request }) => hasOtherSpelling(request)).length / all.length).toBeLessThan(0.06);
});

/** The signature over what was sent, made apart from the client. */
function signedBy(dialect: Dialect, row: VectorCredential, { prehash, derivation }: Claim): string {
  const use = dialect.schemes[row.kind];
  if (use === undefined) throw new Error('no scheme');
  const key = createSigningKey({ keyId: row.id, kind: row.kind, secret: secretOf(row) as string });
  return key.sign(use, prehash, derivation);
}

function secretOf(row: VectorCredential | undefined): string | undefined {
  if (row === undefined) return undefined;
  return (row.kind === 'hmac' ? row.secret : (row.privateKeyPem ?? row.privateKey)) ?? undefined;
}

function requestOfCase({ sign, request }: Vector): VectorRequest {
  return (sign === false ? undefined : sign?.request) ?? request;
}

/** A client at the time and with the nonce of the vector, and the request without its proof. */
function setUp(dialect: Dialect, vector: Vector, row: VectorCredential, claim: Claim) {
  const how = vector.sign === false ? undefined : vector.sign;
  const nowMs = how?.nowMs ?? claim.timestampMs ?? vector.nowMs;
  const nonce = how?.nonce ?? claim.nonce ?? '';
  const wire = requestOf(requestOfCase(vector));
  const host = headersOf(wire.headers, 'host')[0] ?? vector.context?.publicHost ?? 'api.example';
  const options: ClientOptions = {
    dialect: dialect.name,
    keyId: row.id,
    secret: secretOf(row) as string,
    passphrase: row.passphrase ?? undefined,
    kind: row.kind,
    environment: vector.context?.environment,
    publicHost: vector.context?.publicHost,
    baseUrl: `${wire.scheme ?? 'https'}://${host}`,
    dangerouslyAllowPlaintext: true,
    clock: () => nowMs,
    nonce: () => nonce,
  };
  const headers = wire.headers.flatMap((name, i) =>
    i % 2 === 0 ? [[name, wire.headers[i + 1] as string] as [string, string]] : [],
  );
  const isGiven = ([name]: [string, string]) =>
    !dialect.securityHeaders.includes(name.toLowerCase()) && !/^(?:host|content-length)$/i.test(name);
  return {
    client: createClient(options),
    unsigned: { method: wire.method, url: wire.target, headers: headers.filter(isGiven), body: wire.body },
  };
}

function headersOf(flat: readonly string[], name: string): string[] {
  return flat.filter((_, i) => i % 2 === 1 && flat[i - 1]?.toLowerCase() === name);
}

function readVector(dialect: Dialect, vector: Vector): Claim {
  const claim =
    vector.message === undefined
      ? dialect.read(requestOf(vector.request), vector.context ?? {})
      : dialect.webSocket?.read(vector.message, loginContextOf(vector));
  if (!claim?.ok) throw new Error('the vector cannot be read');
  return claim;
}

function readSigned(
  dialect: Dialect,
  vector: Vector,
  { method, url, headers, body }: SignedCall,
): Claim | Denial {
  const { host, pathname, search, protocol } = new URL(url);
  const flat = ['Host', host, ...Object.entries(headers).flat()];
  const scheme = protocol === 'http:' ? 'http' : 'https';
  return dialect.read(
    { method, target: pathname + search, headers: flat, body, scheme },
    vector.context ?? {},
  );
}

function readLogin(dialect: Dialect, vector: Vector, message: string): Claim | Denial {
  if (dialect.webSocket === undefined) throw new Error('no WebSocket login');
  return dialect.webSocket.read(message, loginContextOf(vector));
}
