import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aCredential, aProof, aRequest, ask, claimOf, denialOf, NOW, signed } from '../../test/given.ts';
import { denial } from '../denial.ts';
import { searchMistake } from '../explain/search.ts';
import type { WireRequest } from '../message.ts';
import { createSigningKey } from '../schemes/signer.ts';
import { bearer } from './bearer.ts';
import { coinbaseCdp } from './coinbase-cdp.ts';
import type { SigningKey, WebSocketLogin } from './dialect.ts';
import { DIALECTS } from './registry.ts';
import { rfc9421 } from './rfc9421.ts';
import { sigv4 } from './sigv4.ts';

const login = coinbaseCdp.webSocket as WebSocketLogin;
const secret = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();
const key = createSigningKey({ keyId: 'key-1', kind: 'p256', secret });
const credential = aCredential({
  proofs: [aProof({ publicKey: createPublicKey(createPrivateKey(secret)) })],
  profile: { kind: 'p256' },
});
const request = aRequest({ headers: ['Host', 'api.example.com'] });
const good = signed(coinbaseCdp, request, key);
const token = tokenOf(good);

function tokenOf({ headers }: WireRequest): string {
  return (headers.at(-1) as string).slice('Bearer '.length);
}

function withToken(text: string): WireRequest {
  return { ...request, headers: [...request.headers, 'Authorization', `Bearer ${text}`] };
}

function encoded(...parts: object[]): string {
  return parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
}

describe('which dialect a request speaks', () => {
  const spoken = (spoke: WireRequest) => DIALECTS.find((dialect) => dialect.recognises(spoke))?.name;

  it('is told by the issuer, where it is a bearer token', () => {
    expect(spoken(good)).toBe('coinbase-cdp');
    expect(spoken(withToken(`${encoded({ alg: 'none' }, { iss: 'coinbase-cloud' })}.`))).toBe('coinbase-cdp');
    expect(bearer.recognises(good)).toBe(true);
    for (const other of [
      'cb_live_opaque',
      'a.b.c',
      token.slice(1),
      `${token}.x`,
      `${encoded({ alg: 'RS256', kid: '1' }, { iss: 'https://login.example.com/', sub: 'x' })}.c2ln`,
      `${encoded({ alg: 'ES256' }, { iss: ['cdp'] })}.c2ln`,
      `${encoded({ alg: 'ES256' }, {})}.c2ln`,
    ])
      expect(spoken(withToken(other)), other).toBe('bearer');
  });

  it('is not asked of other headers', () => {
    const inOther = ['Signature-Input', token, 'X-Token', `Bearer ${token}`];
    expect(coinbaseCdp.recognises({ ...request, headers: inOther })).toBe(false);
    expect(rfc9421.recognises(good) || sigv4.recognises(good)).toBe(false);
  });

  it('is this one, too, where Authorization occurs twice', () => {
    const twice = { ...good, headers: [...good.headers, 'authorization', 'Bearer x'] };
    expect(spoken(twice)).toBe('coinbase-cdp');
    expect(denialOf(coinbaseCdp.read(twice)).code).toBe('malformed_request');
  });
});

describe('the host', () => {
  const context = { publicHost: 'api.example.com' };
  const behindProxy = { ...good, headers: good.headers.with(1, '10.0.0.7:8421') };

  it('is the published one, whatever Host says', () => {
    expect(ask(coinbaseCdp, behindProxy, credential, { context }).ok).toBe(true);
    expect(denialOf(ask(coinbaseCdp, behindProxy, credential)).code).toBe('signature_mismatch');
    const other = { context: { publicHost: 'other.example.com' } };
    expect(denialOf(ask(coinbaseCdp, good, credential, other)).code).toBe('signature_mismatch');
  });

  it('is the published one in what we sign', () => {
    const made = signed(coinbaseCdp, behindProxy, key, { nowMs: NOW, nonce: 'n', ...context });
    const own = { ...request, headers: [...request.headers, ...made.headers.slice(-2)] };
    expect(ask(coinbaseCdp, own, credential).ok).toBe(true);
  });

  it('must be known where we sign', () => {
    const nowhere = { ...request, headers: [] };
    expect(() => signed(coinbaseCdp, nowhere, key)).toThrow(TypeError);
  });
});

it('signs with no key of another kind', () => {
  const hmac: SigningKey = createSigningKey({ keyId: 'k', kind: 'hmac', secret: 's' });
  expect(() => signed(coinbaseCdp, request, hmac)).toThrow(TypeError);
  expect(() => login.sign(hmac, { nowMs: NOW, nonce: 'n' })).toThrow(TypeError);
});

describe('what is remembered of a token', () => {
  /** Order of the group of P-256 (FIPS 186-4, D.1.2.3). */
  const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

  it('is the same for the second signature that anybody can make of an ECDSA signature', () => {
    const at = token.lastIndexOf('.') + 1;
    const bytes = Buffer.from(token.slice(at), 'base64url');
    const s = BigInt(`0x${bytes.toString('hex', 32)}`);
    bytes.write((ORDER - s).toString(16).padStart(64, '0'), 32, 'hex');
    const second = withToken(token.slice(0, at) + bytes.toString('base64url'));
    // It is as good as the first, and must not be used beside it.
    expect(ask(coinbaseCdp, second, credential).ok).toBe(true);
    expect(claimOf(coinbaseCdp, second).signature).not.toBe(claimOf(coinbaseCdp, good).signature);
    expect(claimOf(coinbaseCdp, second).nonce).toBe(claimOf(coinbaseCdp, good).nonce);
  });

  it('is another for each token, also where clients take the same nonce', () => {
    const others = [0, 1, 2].map(() => claimOf(coinbaseCdp, signed(coinbaseCdp, request, key)).nonce);
    expect(new Set(others).size).toBe(3);
  });
});

describe('explaining', () => {
  const text = token.slice(0, token.lastIndexOf('.'));
  const signature = token.slice(text.length + 1);
  const live = credential.proofs;
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const found = (wrong: string, siblings: typeof live = []) => {
    const given = withToken(`${text}.${wrong}`);
    expect(denialOf(ask(coinbaseCdp, given, credential)).code).toBe('signature_mismatch');
    const claim = claimOf(coinbaseCdp, given);
    const use = coinbaseCdp.schemes.p256 as NonNullable<typeof coinbaseCdp.schemes.p256>;
    const attempt = { dialect: coinbaseCdp, request: given, context: {}, claim, use };
    const others = siblings.map((proof) => ({ keyId: 'key-2', proof }));
    return searchMistake(attempt, { live, retired: [], siblings: others })?.name;
  };

  it('finds a signature in DER, in hex, and of another key of the account', () => {
    const der = sign('sha256', Buffer.from(text), createPrivateKey(secret));
    expect(found(der.toString('base64url'))).toBe('ecdsa_der');
    expect(found(Buffer.from(signature, 'base64url').toString('hex'))).toBe('signature_encoding');
    const key2 = { key: other.privateKey, dsaEncoding: 'ieee-p1363' as const };
    const second = sign('sha256', Buffer.from(text), key2).toString('base64url');
    expect(found(second, [aProof({ publicKey: other.publicKey })])).toBe('secret_of_another_key');
    expect(found(second)).toBeUndefined();
  });

  it('has nothing to search where the token is for another request: the refusal says so', () => {
    const elsewhere = { ...good, method: 'POST', target: '/other' };
    expect(denialOf(coinbaseCdp.read(elsewhere)).detail).toBe(
      'The token is for "GET api.example.com/api/v2/account", and this is "POST api.example.com/other".',
    );
  });
});

it('shows what nobody has signed in printable characters, and cut', () => {
  const uri = `GET evil.example/\n\u001b[31m"${'x'.repeat(300)}`;
  const head = { alg: 'ES256', kid: 'k' };
  const nbf = NOW / 1000;
  const forged = encoded(head, { iss: 'cdp', sub: 'k', nbf, exp: nbf + 1, uri });
  const { detail } = denialOf(coinbaseCdp.read(withToken(`${forged}.c2ln`)));
  expect(detail).toMatch(/^[\x20-\x7e]{1,500}$/);
  expect(detail).toContain('GET evil.example/??[31m');
});

it('names no error where it cannot answer: ccxt would take it for the fault of the request', () => {
  const context = { nowMs: NOW, requestId: 'req_1' };
  expect(JSON.parse(coinbaseCdp.refuse(denial('unavailable', ''), context).body)).not.toHaveProperty('error');
});

describe('messages', () => {
  const handshake = aRequest({ target: '/', headers: ['Host', 'ws.example.com'] });
  const message = login.sign(key, { nowMs: NOW, nonce: 'n' });

  it('that ask for something are read-only, and open no connection', () => {
    expect(login.read(message, { handshake })).toMatchObject({ ok: true, isReadOnly: true });
    expect(login.opensConnection(message)).toBe(false);
    expect(login.accept(message, { nowMs: NOW, requestId: '' })).toBeUndefined();
  });

  it('are recognised by a jwt, however it is spelt', () => {
    expect(login.recognises(message)).toBe(true);
    expect(login.recognises('{"\\u006awt":1}')).toBe(true);
    for (const none of ['{"type":"subscribe","channel":"jwt"}', '{"a":{"jwt":"x"}}', '["jwt"]', 'jwt', ''])
      expect(login.recognises(none), none).toBe(false);
  });

  it('may not be longer than 65,536 characters', () => {
    const long = `{"x":"${'y'.repeat(65_536)}",${message.slice(1)}`;
    expect(denialOf(login.read(long, { handshake })).code).toBe('malformed_request');
  });

  it.each([
    ['signature_mismatch', 'authentication failure'],
    ['timestamp_out_of_window', 'authentication failure'],
    ['permission_denied', 'Missing required scopes'],
    ['rate_limited', 'rate limit exceeded'],
  ] as const)('are refused for %s with "%s"', (code, text) => {
    const answer = login.refuse(denial(code, ''), message, { nowMs: NOW, requestId: '' });
    expect(JSON.parse(answer)).toEqual({ type: 'error', message: text });
  });
});

describe('never throws, and lets nothing pass', () => {
  const json = fc.json({ maxDepth: 2 });
  const part = fc.oneof(json, fc.string({ unit: 'binary' })).map((text) => Buffer.from(text));
  const someToken = fc
    .array(fc.oneof(part, fc.uint8Array({ maxLength: 40 })), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.map((bytes) => Buffer.from(bytes).toString('base64url')).join('.'));
  const member = fc.oneof(
    json,
    fc.constantFrom('"cdp"', '"key-1"', '"ES256"', '1795500000', '["x"]', '1e999'),
  );
  const object = fc
    .uniqueArray(fc.constantFrom('alg', 'kid', 'iss', 'sub', 'nbf', 'exp', 'uri', 'uris', 'aud', '__proto__'))
    .chain((names) =>
      fc
        .tuple(...names.map(() => member))
        .map((values) => `{${names.map((name, i) => `"${name}":${values[i]}`).join(',')}}`),
    );
  const likely = fc
    .tuple(object, object)
    .map((texts) => `${texts.map((text) => Buffer.from(text).toString('base64url')).join('.')}.c2ln`);

  it('on any token, in a request or in a message', () => {
    fc.assert(
      fc.property(fc.oneof(someToken, likely, fc.string({ unit: 'binary' })), (text) => {
        const given = withToken(text);
        coinbaseCdp.recognises(given);
        expect(ask(coinbaseCdp, given, credential).ok).toBe(false);
        const message = JSON.stringify({ type: 'subscribe', jwt: text });
        expect(login.recognises(message)).toBe(true);
        const claim = login.read(message, { handshake: request });
        if (claim.ok) expect(claim.signature).toBe('c2ln');
      }),
      { numRuns: 500 },
    );
  });

  it('on any message', () => {
    fc.assert(
      fc.property(fc.oneof(json, fc.string({ unit: 'binary' })), (text) => {
        login.recognises(text);
        expect(login.read(text, { handshake: request }).ok).toBe(false);
      }),
    );
  });

  it('on a token with a character changed', () => {
    for (let at = 0; at < token.length; at++) {
      const other = token[at] === 'A' ? 'B' : 'A';
      const given = withToken(token.slice(0, at) + other + token.slice(at + 1));
      expect(ask(coinbaseCdp, given, credential).ok, `character ${at}`).toBe(false);
    }
  });
});
