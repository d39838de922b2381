import { constants, createHmac, generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { aProof, claimOf, keyRow, NOW, PASSPHRASE } from '../../test/given.ts';
import type { Proof } from '../credential/credential.ts';
import { bitget } from '../dialects/bitget.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { rfc9421 } from '../dialects/rfc9421.ts';
import type { WireRequest } from '../message.ts';
import { MISTAKES } from './mistakes.ts';
import { type Candidates, searchMistake } from './search.ts';

const SECRET = 'dGhyb3dhd2F5LXNlY3JldC0x';
const TS = String(NOW);
const ORDER = '{"symbol":"BTCUSDT","note":"Zürich/1","amount":"1"}';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** What a client sends, and what it signed instead of it. */
interface Committed {
  readonly sent?: { method?: string; target?: string; body?: string };
  /** The text that it signed, made from what it should have signed. */
  readonly signs?: (right: string) => string | Buffer;
  readonly secret?: string | Buffer;
  readonly hash?: string;
  readonly encode?: (digest: Buffer) => string;
  readonly candidates?: Partial<Candidates>;
  readonly keyId?: string;
}

const GET = { method: 'GET', target: '/api/v2/spot/orders?symbol=BTCUSDT&limit=20', body: '' };
const POST = { method: 'POST', target: '/api/v2/spot/orders', body: ORDER };
const json = JSON.parse(ORDER) as Record<string, string>;
const python = '{"symbol": "BTCUSDT", "note": "Z\\u00fcrich/1", "amount": "1"}';

/** Each mistake, committed. */
const COMMITTED: Record<string, readonly Committed[]> = {
  timestamp_unit: [
    { signs: (right) => right.replace(TS, String(NOW / 1000)) },
    { signs: (right) => right.replace(TS, '2026-11-24T06:00:00.000Z') },
    { signs: (right) => right.replace(TS, `${TS}000`) },
  ],
  timestamp_not_signed: [{ signs: (right) => right.replace(TS, '') }],
  query_mark_missing: [{ sent: GET, signs: (right) => right.replace('?', '') }],
  query_mark_extra: [{ sent: POST, signs: (right) => right.replace('/orders', '/orders?') }],
  query_not_signed: [{ sent: GET, signs: (right) => right.replace(/\?.*/, '') }],
  query_decoded: [
    { sent: { ...GET, target: '/a?x=1%262&y=2' }, signs: (right) => right.replace('%26', '&') },
    { sent: { ...POST, target: '/a?x=1+2' }, signs: (right) => right.replace('+', ' ') },
  ],
  query_encoded: [
    { sent: { ...POST, target: '/a?x=1:2' }, signs: (right) => right.replace('1:2', '1%3A2') },
    { sent: { ...GET, target: '/a?x=it%27s(1)%26' }, signs: (right) => right.replace('(1)', '%281%29') },
  ],
  query_sorted: [{ sent: GET, signs: (right) => right.replace(/\?.*/, '?limit=20&symbol=BTCUSDT') }],
  method_lower_case: [{ sent: POST, signs: (right) => right.replace('POST', 'post') }],
  method_differs: [{ sent: { ...POST, method: 'PUT' }, signs: (right) => right.replace('PUT', 'POST') }],
  path_without_prefix: [
    { sent: GET, signs: (right) => right.replace('/api/v2', '') },
    { sent: POST, signs: (right) => right.replace('/api', '') },
  ],
  path_slash: [
    { sent: POST, signs: (right) => right.replace('/orders', '/orders/') },
    { sent: GET, signs: (right) => right.replace('GET/', 'GET') },
  ],
  host_signed: [
    { sent: GET, signs: (right) => right.replace('GET', 'GEThttps://api.example.com') },
    { sent: POST, signs: (right) => right.replace('POST', 'POSTapi.example.com') },
  ],
  body_empty_object: [
    { sent: { ...POST, body: '' }, signs: (right) => `${right}{}` },
    { sent: { ...POST, body: '{}' }, signs: (right) => right.slice(0, -2) },
  ],
  body_not_signed: [{ sent: POST, signs: (right) => right.replace(ORDER, '') }],
  body_spaces: [
    { sent: POST, signs: (right) => right.replace(ORDER, JSON.stringify(json, null, 2)) },
    {
      sent: { ...POST, body: '{"a": [1, 2]}' },
      signs: (right) => right.replace('{"a": [1, 2]}', '{"a":[1,2]}'),
    },
  ],
  body_key_order: [
    {
      sent: POST,
      signs: (right) => right.replace(ORDER, '{"amount":"1","note":"Zürich/1","symbol":"BTCUSDT"}'),
    },
  ],
  body_unicode_escapes: [
    { sent: POST, signs: (right) => right.replace(ORDER, python) },
    { sent: POST, signs: (right) => right.replace(ORDER, ORDER.replace('ü', '\\u00fc').replace('/', '\\/')) },
  ],
  body_line_end: [
    { sent: POST, signs: (right) => `${right}\n` },
    { sent: { ...POST, body: `${ORDER}\r\n` }, signs: (right) => right.trimEnd() },
  ],
  body_encoding: [{ sent: POST, signs: (right) => Buffer.from(right, 'latin1') }],
  signature_encoding: [
    { encode: (digest) => digest.toString('hex') },
    { encode: (digest) => digest.toString('hex').toUpperCase() },
    { encode: (digest) => digest.toString('base64url') },
    { encode: (digest) => encodeURIComponent(digest.toString('base64')) },
  ],
  secret_with_spaces: [{ secret: `${SECRET}\n` }, { secret: `${SECRET}\r\n` }, { secret: ` ${SECRET}` }],
  secret_quoted: [{ secret: `"${SECRET}"` }, { secret: `'${SECRET}'` }],
  secret_decoding: [
    { secret: Buffer.from(SECRET, 'base64') },
    { secret: Buffer.from(SECRET).toString('base64') },
  ],
  secret_retired: [
    { secret: 'the-secret-before', candidates: { retired: [aProof({ key: keyRow('the-secret-before') })] } },
  ],
  secret_of_another_key: [
    {
      secret: 'the-other-secret',
      candidates: { siblings: [{ keyId: 'key-2', proof: aProof({ key: keyRow('the-other-secret') }) }] },
      keyId: 'key-2',
    },
  ],
  hash_algorithm: [{ hash: 'sha512' }, { hash: 'sha1' }],
};

/** A request of a bot whose developer made a mistake. */
function bitgetRequest({
  sent = GET,
  signs,
  secret = SECRET,
  hash = 'sha256',
  encode,
}: Committed): WireRequest {
  const { method = 'GET', target = '/', body = '' } = sent;
  const right = TS + method + target + body;
  const digest = createHmac(hash, secret)
    .update(signs?.(right) ?? right)
    .digest();
  const signature = encode?.(digest) ?? digest.toString('base64');
  const headers = ['Host', 'api.example.com', 'ACCESS-KEY', 'key-1', 'ACCESS-SIGN', signature];
  headers.push('ACCESS-TIMESTAMP', TS, 'ACCESS-PASSPHRASE', PASSPHRASE);
  return { method, target, headers, body: Buffer.from(body) };
}

const live = [aProof({ key: keyRow(SECRET) })];

function found(
  dialect: Dialect,
  request: WireRequest,
  proofs: readonly Proof[],
  more: Partial<Candidates> = {},
) {
  const claim = claimOf(dialect, request);
  const kind = proofs[0]?.publicKey?.asymmetricKeyType;
  const use = dialect.schemes[kind === 'rsa' ? 'rsa' : kind === 'ec' ? 'p256' : 'hmac'];
  if (use === undefined) throw new Error('no scheme');
  return searchMistake(
    { dialect, request, context: {}, claim, use },
    { live: proofs, retired: [], siblings: [], ...more },
  );
}

const REACHED = new Set(['rsa_padding', 'ecdsa_der', 'host_differs']);

it('each mistake has a name of its own, one sentence of advice, and a test that commits it', () => {
  const names = MISTAKES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect([...Object.keys(COMMITTED), ...REACHED].sort()).toEqual([...names].sort());
  for (const { advice } of MISTAKES) expect(advice).toMatch(/^[A-Z][^\n]*\.$/);
});

describe.each(Object.entries(COMMITTED))('%s', (name, all) => {
  it.each(all.map((committed, i) => ({ i, committed })))('is found, way $i', ({ committed }) => {
    const mistake = found(bitget, bitgetRequest(committed), live, committed.candidates);
    expect(mistake?.name).toBe(name);
    expect(mistake?.keyId).toBe(committed.keyId);
  });
});

describe('with other keys than HMAC', () => {
  const text = TS + POST.method + POST.target + POST.body;
  const asBitget = (signature: Buffer): WireRequest => {
    const request = bitgetRequest({ sent: POST });
    return { ...request, headers: request.headers.with(5, signature.toString('base64')) };
  };
  const proofOf = (publicKey: KeyObject) => [aProof({ publicKey, key: keyRow('', PASSPHRASE) })];

  it.each([
    { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32, hash: 'sha256' },
    { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 20, hash: 'sha512' },
    { padding: constants.RSA_PKCS1_PADDING, hash: 'sha512' },
  ])('rsa_padding is found: $padding, $hash', ({ hash, ...options }) => {
    const signature = signBytes(hash, Buffer.from(text), { key: rsa.privateKey, ...options });
    expect(found(bitget, asBitget(signature), proofOf(rsa.publicKey))?.name).toBe('rsa_padding');
  });

  it('a mistake in the text is found with RSA too', () => {
    const signature = signBytes('sha256', Buffer.from(text.replace('POST', 'post')), rsa.privateKey);
    expect(found(bitget, asBitget(signature), proofOf(rsa.publicKey))?.name).toBe('method_lower_case');
  });

  const params = `("@method" "@authority" "@path");created=${NOW / 1000};nonce="n";keyid="key-1"`;
  const messageOf = (host: string) =>
    `"@method": GET\n"@authority": ${host}\n"@path": /x\n"@signature-params": ${params}`;
  const asRfc9421 = (signature: Buffer): WireRequest => ({
    method: 'GET',
    target: '/x',
    headers: [
      ...['Host', 'api.example.com:8443', 'Signature-Input', `sig1=${params}`],
      ...['Signature', `sig1=:${signature.toString('base64')}:`],
    ],
    body: Buffer.alloc(0),
  });

  it('ecdsa_der is found', () => {
    const signature = signBytes('sha256', Buffer.from(messageOf('api.example.com:8443')), p256.privateKey);
    expect(found(rfc9421, asRfc9421(signature), proofOf(p256.publicKey))?.name).toBe('ecdsa_der');
  });

  it.each(['api.example.com', 'www.api.example.com'])('host_differs is found: %s', (host) => {
    const signature = createHmac('sha256', SECRET).update(messageOf(host)).digest();
    expect(found(rfc9421, asRfc9421(signature), live)?.name).toBe('host_differs');
  });
});

describe('nothing is found', () => {
  it('for a signature under a secret that nobody knows', () => {
    expect(found(bitget, bitgetRequest({ secret: 'nobody knows this' }), live)).toBeUndefined();
  });

  it.each(['', 'x', '=', 'A'.repeat(5000), '\u{1f600}', '%', '%zz', '0x'])(
    'for the signature %j',
    (signature) => {
      const request = bitgetRequest({});
      const headers = request.headers.with(5, signature);
      const claim = { ...claimOf(bitget, bitgetRequest({})), signature };
      const use = bitget.schemes.hmac;
      if (use === undefined) throw new Error('no scheme');
      const attempt = { dialect: bitget, request: { ...request, headers }, context: {}, claim, use };
      expect(searchMistake(attempt, { live, retired: [], siblings: [] })).toBeUndefined();
    },
  );

  it('for a body that is too long to try', () => {
    const body = 'x'.repeat(256 * 1024 + 1);
    const committed = { sent: { ...POST, body }, signs: (right: string) => right.replace('POST', 'post') };
    expect(found(bitget, bitgetRequest(committed), live)).toBeUndefined();
    const shorter = { ...committed, sent: { ...POST, body: body.slice(1) } };
    expect(found(bitget, bitgetRequest(shorter), live)?.name).toBe('method_lower_case');
  });
});
