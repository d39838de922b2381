import { createHash, createHmac, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  aCredential,
  aProof,
  aRequest,
  aSigningKey,
  ask,
  claimOf,
  denialOf,
  keyRow,
  NOW,
  PASSPHRASE,
  SECRET,
  signed,
} from '../../test/given.ts';
import { DENIAL_CODES, DENIALS, type Denial, denial } from '../denial.ts';
import type { WireRequest } from '../message.ts';
import { prehashBytes } from '../schemes/prehash.ts';
import { createSigningKey } from '../schemes/signer.ts';
import { type DialectDescription, describedDialect } from './described.ts';
import {
  ambiguitiesIn,
  PREHASH_WORDS,
  type PrehashPart,
  type PrehashWord,
  type TimestampUnit,
} from './described-prehash.ts';
import { okx } from './okx.ts';

const parts = (...texts: string[]): PrehashPart[] =>
  texts.map((text) =>
    (PREHASH_WORDS as readonly string[]).includes(text)
      ? { kind: 'word', word: text as PrehashWord }
      : { kind: 'text', text },
  );

/** Gate's form, which a dialect of this library could have too. */
const GATE: DialectDescription = {
  name: 'acme',
  headers: { key: 'KEY', signature: 'SIGN', timestamp: 'Timestamp' },
  timestampUnit: 'seconds',
  window: { pastMs: 60_000, futureMs: 60_000 },
  prehash: parts('method', '\n', 'path', '\n', 'query', '\n', 'body-sha512-hex', '\n', 'timestamp'),
  schemes: { hmac: { scheme: 'hmac-sha512', encoding: 'hex' } },
};
const gate = describedDialect(GATE);

/** All that a description may have, at once. */
const FULL: DialectDescription = {
  name: 'full',
  headers: { key: 'X-Key', signature: 'X-Sign', timestamp: 'X-Time', passphrase: 'X-Pass', nonce: 'X-Nonce' },
  timestampUnit: 'ISO 8601',
  window: { pastMs: 30_000, futureMs: 5_000 },
  prehash: [
    ...parts('timestamp', 'key', '\n', 'nonce', '\n', 'method', 'host', 'target', '\n'),
    { kind: 'header', name: 'content-type' },
    ...parts('\n', 'body'),
  ],
  schemes: { hmac: { scheme: 'hmac-sha384', encoding: 'base64url' } },
};
const full = describedDialect(FULL);

describe("a description of gate's form", () => {
  const body = '{"currency_pair":"BTC_USDT","text":"t-ü€😀"}';
  const request = aRequest({
    method: 'POST',
    target: '/api/v4/spot/orders?a=b%20c',
    body: Buffer.from(body),
  });
  const text = `POST\n/api/v4/spot/orders\na=b%20c\n${createHash('sha512').update(body).digest('hex')}\n1795500000`;
  const signature = createHmac('sha512', SECRET).update(text).digest('hex');

  it('signs and reads as its documentation says', () => {
    expect(gate.sign(request, aSigningKey(), { nowMs: NOW + 999, nonce: '' })).toEqual({
      target: request.target,
      headers: { KEY: 'key-1', SIGN: signature, Timestamp: '1795500000' },
      body: request.body,
    });
    const sent = { ...request, headers: ['KEY', 'key-1', 'SIGN', signature, 'Timestamp', '1795500000'] };
    expect(prehashBytes(claimOf(gate, sent).prehash).toString()).toBe(text);
    expect(ask(gate, sent, aCredential())).toMatchObject({ ok: true, matched: 'wire' });
  });

  it('signs an empty body by its hash', () => {
    const claim = claimOf(gate, signed(gate, aRequest({ target: '/a' })));
    const empty = createHash('sha512').digest('hex');
    expect(prehashBytes(claim.prehash).toString()).toBe(`GET\n/a\n\n${empty}\n1795500000`);
  });

  it('leaves nothing open but the host, and uses each signature once', () => {
    expect(gate).toMatchObject({ uncovered: ['host'], replay: { kind: 'signature' }, hasPassphrase: false });
    expect(gate.securityHeaders).toEqual(['key', 'sign', 'timestamp']);
  });
});

describe('a described dialect', () => {
  it('is recognised by its key or its signature', () => {
    const recognised = (...headers: string[]) => full.recognises(aRequest({ headers }));
    expect(recognised('x-key', '')).toBe(true);
    expect(recognised('X-SIGN', 'a')).toBe(true);
    expect(recognised('X-Time', '1', 'X-Nonce', '1', 'X-Pass', '1')).toBe(false);
  });

  const request = aRequest({ headers: ['Host', 'api.example', 'Content-Type', 'text/plain'] });
  const good = signed(full, request);
  const without = (name: string) => good.headers.filter((_, i) => good.headers[i - (i % 2)] !== name);

  it.each([
    ['X-Key', 'key'],
    ['X-Sign', 'signature'],
    ['X-Time', 'timestamp'],
    ['X-Pass', 'passphrase'],
    ['X-Nonce', undefined],
  ])('needs %s, once', (name, part) => {
    const read = (headers: readonly string[]) => denialOf(full.read({ ...good, headers }));
    expect(read(without(name))).toMatchObject({ code: 'credential_missing', part });
    expect(read([...without(name), name, ''])).toMatchObject({ code: 'credential_missing', part });
    expect(read([...good.headers, name.toLowerCase(), 'x'])).toMatchObject({
      code: 'malformed_request',
      part,
    });
    if (name !== 'X-Sign')
      expect(read([...without(name), name, 'x'.repeat(513)])).toMatchObject({
        code: 'malformed_request',
        part,
      });
  });

  it.each<[TimestampUnit, string, string[]]>([
    ['ms', '1795500000000', ['1795500000.000', '', '01795500000000', '2026-11-24T06:00:00Z']],
    ['seconds', '1795500000', ['1795500000.5', '1795500000.', '01795500000', '+1795500000', '-1']],
    [
      'ISO 8601',
      '2026-11-24T06:00:00.000Z',
      ['1795500000', '2026-11-24 06:00:00Z', '2026-11-24T06:00:00+00:00'],
    ],
  ])('reads a timestamp in %s, and no other', (timestampUnit, written, others) => {
    const dialect = describedDialect({ ...FULL, timestampUnit });
    const sent = signed(dialect, request);
    expect(sent.headers[sent.headers.indexOf('X-Time') + 1]).toBe(written);
    expect(claimOf(dialect, sent).timestampMs).toBe(NOW);
    for (const text of others) {
      const headers = sent.headers.with(sent.headers.indexOf('X-Time') + 1, text);
      const code = text === '' ? 'credential_missing' : 'timestamp_invalid';
      expect(denialOf(dialect.read({ ...sent, headers })), text).toMatchObject({ code, part: 'timestamp' });
    }
  });

  it('has its window, both ends included', () => {
    const at = (ms: number) => ask(full, good, aCredential(), { nowMs: NOW + ms }).ok;
    expect([at(30_000), at(30_001), at(-5_000), at(-5_001)]).toEqual([true, false, true, false]);
  });

  it('compares the passphrase, and gives the nonce to be remembered', () => {
    expect(claimOf(full, good)).toMatchObject({ passphrase: PASSPHRASE, nonce: 'nonce-1' });
    expect(full).toMatchObject({ hasPassphrase: true, replay: { kind: 'nonce' } });
    const wrong = { ...good, headers: good.headers.with(good.headers.indexOf('X-Pass') + 1, 'Other') };
    expect(denialOf(ask(full, wrong, aCredential())).code).toBe('passphrase_mismatch');
  });

  it('covers the header that it names, and the host that the operator made public', () => {
    const refused = (headers: readonly string[]) =>
      denialOf(ask(full, { ...good, headers }, aCredential())).code;
    expect(refused(good.headers.with(3, 'application/json'))).toBe('signature_mismatch');
    expect(refused(good.headers.slice(0, 2).concat(good.headers.slice(4)))).toBe('signature_mismatch');
    expect(refused(good.headers.with(1, 'evil.example'))).toBe('signature_mismatch');
    expect(refused([...good.headers, 'Host', 'api.example'])).toBe('malformed_request');
    const context = { publicHost: 'api.example' };
    const behindProxy = { ...good, headers: good.headers.with(1, '10.0.0.7') };
    expect(ask(full, behindProxy, aCredential(), { context }).ok).toBe(true);
    expect(ask(full, good, aCredential(), { context: { publicHost: 'other.example' } }).ok).toBe(false);
  });

  it('signs with any kind of key that the description names', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const dialect = describedDialect({
      ...FULL,
      headers: { ...FULL.headers, passphrase: undefined },
      schemes: { p256: { scheme: 'ecdsa-p256-sha256', encoding: 'hex' } },
    });
    const secret = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    const key = createSigningKey({ keyId: 'key-1', kind: 'p256', secret });
    const credential = aCredential({ proofs: [aProof({ publicKey })], profile: { kind: 'p256' } });
    expect(ask(dialect, signed(dialect, request, key), credential).ok).toBe(true);
    expect(() => signed(dialect, request)).toThrow(TypeError);
  });

  it('does not sign what it would not read', () => {
    const json = describedDialect({ ...GATE, prehash: parts('timestamp', 'method', 'target', 'json-body') });
    expect(() => signed(json, aRequest({ body: Buffer.from('a=1') }))).toThrow(/begins with "{"/);
    expect(() => signed(json, aRequest({ target: '/?a[]=1' }))).toThrow(TypeError);
  });
});

describe('refusals', () => {
  const refused = describedDialect({
    ...GATE,
    refusal: {
      status: 400,
      codes: { signature_mismatch: 40009, rate_limited: 'SLOW', credential_unknown: 1 },
      body: {
        code: '{code}',
        msg: '{code}: {message}',
        at: '{timestamp}',
        of: ['{requestId}', 'at {timestamp}', 7, null],
      },
    },
  });
  const context = { nowMs: NOW, requestId: 'req-1' };
  const answer = (refusal: Denial, dialect = refused) => dialect.refuse(refusal, context);

  it('fill the template in, and tell no detail', () => {
    const { status, headers, body } = answer(denial('signature_mismatch', 'A detail.'));
    expect(status).toBe(400);
    expect(headers).toEqual({ 'content-type': 'application/json' });
    expect(body).toBe(
      `{"code":40009,"msg":"40009: ${DENIALS.signature_mismatch.title}","at":${NOW},"of":["req-1","at ${NOW}",7,null]}`,
    );
    expect(JSON.parse(answer(denial('malformed_request', '')).body)).toMatchObject({
      code: 'malformed_request',
    });
    expect(answer(denial('rate_limited', '', { retryAfterSeconds: 7 })).headers['retry-after']).toBe('7');
  });

  it.each(DENIAL_CODES)('say of a revoked key what they say of an unknown one, and answer %s', (code) => {
    expect(answer(denial('credential_revoked', 'a'))).toEqual(answer(denial('credential_unknown', 'b')));
    expect(() => JSON.parse(answer(denial(code, '')).body)).not.toThrow();
  });

  it('are problem details without a template, with the status of the denial', () => {
    const { status, headers } = answer(denial('signature_mismatch', ''), gate);
    expect(status).toBe(401);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(headers['www-authenticate']).toBe('acme realm="countersign"');
    const withStatus = describedDialect({ ...GATE, refusal: { codes: {}, body: { code: '{code}' } } });
    expect(answer(denial('rate_limited', ''), withStatus).status).toBe(429);
  });
});

describe('properties', () => {
  const name = fc.constantFrom('\n', ' ', '|', '/', '.');
  const word = fc.constantFrom(...PREHASH_WORDS);
  const description: fc.Arbitrary<DialectDescription> = fc
    .record({
      pairs: fc.array(fc.tuple(word, name), { minLength: 1, maxLength: 8 }),
      timestampUnit: fc.constantFrom<TimestampUnit>('ms', 'seconds', 'ISO 8601'),
      hash: fc.constantFrom('hmac-sha256' as const, 'hmac-sha384' as const, 'hmac-sha512' as const),
      encoding: fc.constantFrom('hex' as const, 'base64' as const, 'base64url' as const),
      hasNonce: fc.boolean(),
      hasPassphrase: fc.boolean(),
    })
    .map(({ pairs, timestampUnit, hash, encoding, hasNonce, hasPassphrase }) => ({
      ...FULL,
      headers: {
        ...FULL.headers,
        nonce: hasNonce ? 'X-Nonce' : undefined,
        passphrase: hasPassphrase ? 'X-Pass' : undefined,
      },
      timestampUnit,
      prehash: parts(
        'timestamp',
        '\n',
        ...(hasNonce ? ['nonce', '\n'] : []),
        ...pairs.flat().filter((part) => hasNonce || part !== 'nonce'),
      ),
      schemes: { hmac: { scheme: hash, encoding } },
    }));
  const character = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));
  const request = fc
    .record({
      method: fc.constantFrom('GET', 'POST', 'DELETE'),
      path: fc.string({ unit: character }).map((path) => `/${path.replaceAll(/["#%?{[]/g, '')}`),
      query: fc.string({ unit: character }).map((query) => query.replaceAll(/["#%{[]/g, '')),
      body: fc.oneof(
        fc.constant(''),
        fc.json().map((json) => `{"a":${json}}`),
      ),
    })
    .map(
      ({ method, path, query, body }): WireRequest =>
        aRequest({
          method,
          target: query === '' ? path : `${path}?${query}`,
          headers: ['Host', 'api.example:8443'],
          body: Buffer.from(body),
        }),
    );

  it('what is signed is verified, and no longer when one byte of what is covered is another', () => {
    let accepted = 0;
    fc.assert(
      fc.property(description, request, fc.nat(), (given, plain, at) => {
        if (ambiguitiesIn(given.prehash, given.timestampUnit).length > 0) return;
        accepted++;
        const dialect = describedDialect(given);
        const wire = signed(dialect, plain);
        expect(ask(dialect, wire, aCredential())).toMatchObject({ ok: true, matched: 'wire' });
        expect(
          ask(dialect, wire, aCredential({ proofs: [aProof({ key: keyRow('another secret') })] })).ok,
        ).toBe(false);
        if (!dialect.uncovered.includes('method'))
          expect(ask(dialect, { ...wire, method: 'PUT' }, aCredential()).ok).toBe(false);
        if (!dialect.uncovered.includes('path'))
          expect(ask(dialect, { ...wire, target: `/x${wire.target}` }, aCredential()).ok).toBe(false);
        if (!dialect.uncovered.includes('body') && wire.body.length > 0) {
          const body = Buffer.from(wire.body);
          body[at % body.length] = (body[at % body.length] as number) ^ 1;
          expect(ask(dialect, { ...wire, body }, aCredential()).ok).toBe(false);
        }
      }),
      { numRuns: 600 },
    );
    expect(accepted).toBeGreaterThan(60);
  });

  it('reading never throws, on any headers and bytes', () => {
    const value = fc.oneof(fc.string(), fc.constantFrom('1795500000000', '2026-11-24T06:00:00Z', '1'));
    const headers = fc
      .array(
        fc.tuple(
          fc.oneof(
            fc.constantFrom('X-Key', 'x-sign', 'X-Time', 'X-PASS', 'X-Nonce', 'Host', 'content-type'),
            fc.string(),
          ),
          value,
        ),
        { maxLength: 10 },
      )
      .map((pairs) => pairs.flat());
    fc.assert(
      fc.property(
        description,
        headers,
        fc.string(),
        fc.string(),
        fc.uint8Array(),
        (given, raw, method, target, body) => {
          const dialect = describedDialect(given);
          const wire = { method, target, headers: raw, body };
          expect(typeof dialect.recognises(wire)).toBe('boolean');
          expect(typeof dialect.read(wire).ok).toBe('boolean');
        },
      ),
      { numRuns: 500 },
    );
  });
});

it("has the prehash of okx when it describes okx's form with a body that is JSON", () => {
  const same = describedDialect({
    ...FULL,
    headers: {
      key: 'OK-ACCESS-KEY',
      signature: 'OK-ACCESS-SIGN',
      timestamp: 'OK-ACCESS-TIMESTAMP',
      passphrase: 'OK-ACCESS-PASSPHRASE',
    },
    prehash: parts('timestamp', 'method', 'target', 'json-body'),
    schemes: okx.schemes,
  });
  for (const over of [{}, { method: 'POST', target: '/a', body: Buffer.from('{"ü":[1]}') }]) {
    const wire = signed(okx, aRequest(over));
    expect(prehashBytes(claimOf(same, wire).prehash)).toEqual(prehashBytes(claimOf(okx, wire).prehash));
    expect(ask(same, wire, aCredential()).ok).toBe(true);
    expect(signed(same, aRequest(over))).toEqual(wire);
  }
});
