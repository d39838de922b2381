import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aCredential, aRequest, aSigningKey, ask, NOW, signed } from '../../test/given.ts';
import type { Dialect, WebSocketLogin } from './dialect.ts';
import { dialectNamed } from './registry.ts';

const credential = aCredential();
const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 });
const name = fc.stringMatching(/^[a-z]{1,5}[A-Z]?$/).filter((value) => value !== 'timestamp');
const parameters = fc
  .array(fc.tuple(name, text), { maxLength: 5 })
  .map((pairs) => pairs.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join('&'));
const requests = fc.tuple(parameters, fc.boolean()).map(([query, inForm]) => {
  if (inForm && query !== '') return aRequest({ method: 'POST', target: '/order', body: Buffer.from(query) });
  return aRequest({ target: query === '' ? '/order' : `/order?${query}` });
});
const dialects = fc.constantFrom('binance', 'mexc').map((dialect) => dialectNamed(dialect) as Dialect);

describe('requests with signed parameters', () => {
  it('are let through as they were signed', () => {
    fc.assert(
      fc.property(dialects, requests, (dialect, request) => {
        expect(ask(dialect, signed(dialect, request), credential)).toMatchObject({
          ok: true,
          matched: 'wire',
        });
      }),
    );
  });

  it('are refused with any bit of their parameters changed', () => {
    fc.assert(
      fc.property(dialects, requests, fc.nat(), fc.nat(7), (dialect, request, at, bit) => {
        const wire = signed(dialect, request);
        const inForm = wire.body.length > 0;
        const start = inForm ? 0 : wire.target.indexOf('?') + 1;
        const bytes = inForm ? Buffer.from(wire.body) : Buffer.from(wire.target, 'latin1');
        const index = start + (at % (bytes.length - start));
        bytes[index] = (bytes[index] as number) ^ (1 << bit);
        const forged = inForm ? { ...wire, body: bytes } : { ...wire, target: bytes.toString('latin1') };
        const decision = ask(dialect, forged, credential);
        // A hex digit in the other case is the same digit, and a `%` may spell the same character.
        const same = decision.ok && decoded(forged, inForm) === decoded(wire, inForm);
        expect(decision.ok && !same).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('are refused with a part of them moved from the query to the body', () => {
    fc.assert(
      fc.property(dialects, parameters, fc.nat(), (dialect, query, at) => {
        const { target, ...rest } = signed(dialect, aRequest({ method: 'POST', target: `/order?${query}` }));
        const cut = '/order?'.length + 1 + (at % (target.length - '/order?'.length - 1));
        const moved = { ...rest, target: target.slice(0, cut), body: Buffer.from(target.slice(cut)) };
        const decision = ask(dialect, moved, credential);
        // The signature alone may stand in the other one: it is no part of what is signed.
        const isSignatureAlone = target.slice(cut).startsWith('&signature=');
        expect(decision.ok).toBe(isSignatureAlone);
      }),
    );
  });

  it('are read without throwing, whatever their bytes', () => {
    const headers = fc.array(
      fc.tuple(
        fc.constantFrom('X-MBX-APIKEY', 'X-MEXC-APIKEY', 'ApiKey', 'Request-Time', 'Signature'),
        fc.string(),
      ),
    );
    const noise = fc.array(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('&', '=', 'signature=', 'timestamp=1', '%', '?', '{'),
      ),
    );
    fc.assert(
      fc.property(dialects, headers, noise, fc.uint8Array(), (dialect, pairs, target, body) => {
        const request = aRequest({
          method: 'POST',
          target: `/?${target.join('')}`,
          headers: pairs.flat(),
          body,
        });
        expect(() => dialect.read(request)).not.toThrow();
        expect(typeof dialect.recognises(request)).toBe('boolean');
      }),
    );
  });
});

it('messages are read without throwing, whatever their text', () => {
  const json = fc.letrec((tie) => ({
    value: fc.oneof(fc.jsonValue(), tie('object')),
    object: fc.dictionary(
      fc.constantFrom('method', 'params', 'param', 'apiKey', 'signature', 'timestamp', 'reqTime', 'id', 'x'),
      fc.oneof(tie('value'), fc.constantFrom('login', 'session.logon', NOW, String(NOW))),
    ),
  })).object;
  const messages = fc.oneof(
    fc.string({ unit: 'binary' }),
    json.map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(dialects, messages, (dialect, message) => {
      const login = dialect.webSocket as WebSocketLogin;
      const context = { nowMs: NOW, requestId: 'req-1', handshake: aRequest() };
      const claim = login.read(message, context);
      expect(typeof login.recognises(message)).toBe('boolean');
      expect(typeof login.opensConnection(message)).toBe('boolean');
      login.accept(message, context);
      if (!claim.ok) expect(() => JSON.parse(login.refuse(claim, message, context))).not.toThrow();
      else expect(() => claim.alternatives?.()).not.toThrow();
    }),
  );
});

it('a message that we sign, we verify', () => {
  for (const dialect of ['binance', 'mexc']) {
    const login = dialectNamed(dialect)?.webSocket as WebSocketLogin;
    const message = login.sign(aSigningKey(), { nowMs: NOW, nonce: '1' });
    const claim = login.read(message, { handshake: aRequest() });
    expect(claim).toMatchObject({ ok: true, keyId: 'key-1', timestampMs: NOW });
    expect(login.recognises(message)).toBe(true);
  }
});

/** The parameters as any parser reads them, and the signature in small letters. */
function decoded({ target, body }: { target: string; body: Uint8Array }, inForm: boolean): string {
  const text = inForm ? Buffer.from(body).toString('latin1') : target.slice(target.indexOf('?') + 1);
  const pairs = [...new URLSearchParams(`&${text}`)];
  return JSON.stringify(
    pairs.map(([key, value]) => (key === 'signature' ? value.toLowerCase() : [key, value])),
  );
}
