import { createHash, randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { createVerifier, httpbis } from 'http-message-signatures';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startUpstream } from '../sandbox/upstream.mjs';
import { inTurn, signedHeaders } from '../stage/library-side.mjs';
import { send } from '../stage/send.mjs';
import { startService } from '../stage/service.mjs';

/*
 * What the service and the reverse proxy sign, verified by `http-message-signatures`, which shares no code with
 * Countersign. It looks at the signature, and its caller at the digest.
 */

const FACES = [
  ['the reverse proxy', ({ proxyUrl }) => proxyUrl, '/v1/orders/17', 200],
  ['the reverse proxy, that refuses', ({ proxyUrl }) => proxyUrl, '/v1/nowhere', 404],
  ['the service', ({ url }) => url, '/v1/keys?limit=2', 200],
  ['the service, that refuses', ({ url }) => url, '/v1/audit/entries', 403],
];

let upstream;
let service;
let keys;
let answerKey;

beforeAll(async () => {
  upstream = await startUpstream(({ method, target }) => ({ body: { method, target, note: '🚀' } }));
  const manifest = fileURLToPath(new URL('../manifests/interop.yaml', import.meta.url));
  service = await startService({ upstream: upstream.url, manifest, settings: { SIGN_ANSWERS: 'true' } });
  answerKey = await service.call('GET', '/v1/answer-key');
  keys = {
    customer: await issue('acct_interop', ['orders.read']),
    operator: await issue('operator', ['keys.read']),
  };
});
afterAll(async () => {
  await service?.stop();
  await upstream?.close();
});

async function issue(accountId, permissions) {
  const { id, secret } = await service.call('POST', '/v1/keys', {
    accountId,
    label: 'interop',
    environment: 'live',
    kind: 'hmac',
    dialects: ['rfc9421'],
    permissions,
  });
  return { kind: 'hmac', id, secret };
}

/** Sends a signed GET, and gives it and its answer in the form of the library. */
async function exchange(base, target, key) {
  const host = new URL(base).host;
  const unsigned = { method: 'GET', target, headers: ['Host', host], body: Buffer.alloc(0), scheme: 'http' };
  const proof = signedHeaders('rfc9421', unsigned, key, randomUUID());
  const headers = { Host: host, ...proof };
  const { status, rawHeaders, body } = await send(base, { ...unsigned, headers: inTurn(headers) });
  const fields = {};
  for (let i = 0; i < rawHeaders.length; i += 2) fields[rawHeaders[i]] = rawHeaders[i + 1];
  return {
    request: { method: 'GET', url: base + target, headers },
    answer: { status, headers: fields },
    body,
  };
}

async function takes(answer, request) {
  const { keyId, algorithm, publicKey } = answerKey;
  const keyLookup = async ({ keyid }) =>
    keyid === keyId
      ? { id: keyId, algs: [algorithm], verify: createVerifier(publicKey, algorithm) }
      : undefined;
  try {
    const config = { keyLookup, requiredFields: ['@status', 'content-digest', 'content-type'] };
    return Boolean(await httpbis.verifyMessage(config, answer, request));
  } catch {
    return false;
  }
}

describe.each(FACES)('http-message-signatures takes an answer of %s', (_, baseOf, target, status) => {
  it('and none that was changed, or belongs to another request', async () => {
    const base = baseOf(service);
    const key = base === service.url ? keys.operator : keys.customer;
    const { request, answer, body } = await exchange(base, target, key);
    expect(answer.status).toBe(status);
    expect(await takes(answer, request)).toBe(true);
    const digest = createHash('sha256').update(body).digest('base64');
    expect(answer.headers['Content-Digest'] ?? answer.headers['content-digest']).toBe(`sha-256=:${digest}:`);
    expect(await takes({ ...answer, status: answer.status + 1 }, request)).toBe(false);
    const renamed = Object.fromEntries(
      Object.entries(answer.headers).map(([name, value]) => [
        name,
        name.toLowerCase() === 'content-type' ? 'text/plain' : value,
      ]),
    );
    expect(await takes({ ...answer, headers: renamed }, request)).toBe(false);
    const other = await exchange(base, target, key);
    expect(await takes(other.answer, other.request)).toBe(true);
    expect(await takes(answer, other.request)).toBe(false);
  });
});
