import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aCredential, aRequest, ask, NOW, signed } from '../../test/given.ts';
import { cryptocom } from './cryptocom.ts';
import { signedTextOf } from './cryptocom-parameters.ts';
import type { WebSocketLogin } from './dialect.ts';

const login = cryptocom.webSocket as WebSocketLogin;
const handshake = aRequest();
const target = '/exchange/v1/private/create-order';

const name = fc.stringMatching(/^[a-z]{1,6}(_[a-z]{1,6})?$/);
const word = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,8}[A-Za-z0-9.]$/);
const scalar = fc.oneof(
  word,
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
);
const object = fc.dictionary(name, fc.oneof(scalar, fc.array(word, { maxLength: 1 })), { minKeys: 1 });
const params = fc.dictionary(
  name,
  fc.oneof(scalar, fc.constant(null), object, fc.array(object, { maxLength: 3 })),
);

/** The algorithm of the documentation, on what was parsed. */
function documented(value: unknown): string {
  if (Array.isArray(value)) return value.map(documented).join('');
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, member]) => key + documented(member)).join('');
}

/** Some of these have a name twice once they are cut off, and some are deep. */
const anyJson = fc.oneof(
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.string({ unit: 'binary' }),
  fc.tuple(params, fc.nat(40)).map(([value, cut]) => JSON.stringify(value).slice(0, -cut)),
);

describe('cryptocom', () => {
  it('signs the parameters as the documentation says', () => {
    fc.assert(
      fc.property(params, fc.constantFrom(undefined, 1, '\t'), (value, space) => {
        const text = JSON.stringify(value, null, space);
        // -0 is 0 to JSON.stringify, and so it is here.
        expect(signedTextOf(text)).toEqual({ text: documented(JSON.parse(text)) });
      }),
    );
  });

  it('verifies what it signs, and no other parameters that differ in a digit', () => {
    fc.assert(
      fc.property(params, fc.integer({ min: 0, max: 9 }), (value, digit) => {
        const text = JSON.stringify({ ...value, quantity: `1.${digit}` });
        const request = signed(cryptocom, aRequest({ method: 'POST', target, body: Buffer.from(text) }));
        const asked = (body: string) =>
          ask(cryptocom, { ...request, body: Buffer.from(body) }, aCredential(), { nowMs: NOW }).ok;
        const body = Buffer.from(request.body).toString();
        expect(asked(body)).toBe(true);
        expect(asked(body.replace(`"quantity":"1.${digit}"`, `"quantity":"1.${(digit + 1) % 10}"`))).toBe(
          false,
        );
      }),
    );
  });

  it('never throws, on any body or message', () => {
    const members = ['id', 'method', 'params', 'api_key', 'sig', 'nonce'];
    const body = fc
      .dictionary(fc.constantFrom(...members), fc.jsonValue())
      .map((value) => JSON.stringify(value));
    const good = (text: string) =>
      `{"id":1,"method":"private/a","params":${text},"api_key":"k","sig":"s","nonce":${NOW}}`;
    fc.assert(
      fc.property(fc.oneof(anyJson, body, anyJson.map(good)), (text) => {
        const request = aRequest({ method: 'POST', target, body: Buffer.from(text) });
        expect(typeof cryptocom.recognises(request)).toBe('boolean');
        expect(typeof cryptocom.read(request).ok).toBe('boolean');
        expect(typeof login.recognises(text)).toBe('boolean');
        expect(typeof login.read(text, { handshake }).ok).toBe('boolean');
      }),
    );
  });
});
