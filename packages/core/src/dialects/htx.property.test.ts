import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aCredential, aRequest, ask, NOW, signed } from '../../test/given.ts';
import type { WebSocketLogin } from './dialect.ts';
import { htx } from './htx.ts';

const login = htx.webSocket as WebSocketLogin;
const headers = ['Host', 'api.example.com'];
const name = fc.stringMatching(/^[a-z][A-Za-z0-9_.-]{0,8}$/);
const value = fc.string({ unit: 'grapheme', maxLength: 8 });
const pairs = fc.dictionary(name, value).map((object) => Object.entries(object));
const write = (entries: readonly (readonly string[])[]) =>
  entries.map(([key, text]) => `${key}=${encodeURIComponent(text as string)}`).join('&');
const targetOf = (entries: readonly (readonly string[])[]) =>
  entries.length === 0 ? '/v1/a' : `/v1/a?${write(entries)}`;
const asked = (target: string) => ask(htx, aRequest({ target, headers }), aCredential(), { nowMs: NOW });

describe('htx', () => {
  it('verifies what it signs, in any order of the query', () => {
    fc.assert(
      fc.property(pairs, fc.nat(), (entries, by) => {
        const { target } = signed(htx, aRequest({ target: targetOf(entries), headers }));
        expect(asked(target)).toMatchObject({ ok: true, matched: 'wire' });
        const [path, query] = target.split('?') as [string, string];
        const fields = query.split('&');
        const turned = [...fields.slice(by % fields.length), ...fields.slice(0, by % fields.length)];
        expect(asked(`${path}?${turned.join('&')}`)).toMatchObject({ ok: true });
      }),
    );
  });

  it('lets no query through that says something else', () => {
    fc.assert(
      fc.property(pairs, name, value, (entries, key, text) => {
        const { target } = signed(htx, aRequest({ target: targetOf(entries), headers }));
        expect(asked(`${target}&${write([[key, text]])}`).ok).toBe(false);
        const [first] = entries;
        if (first === undefined || first[1] === text) return;
        expect(asked(target.replace(write([first]), write([[first[0], text]]))).ok).toBe(false);
      }),
    );
  });

  it('never throws, on any query or message', () => {
    const proof = 'AccessKeyId=k&SignatureMethod=HmacSHA256&SignatureVersion=2&Signature=s&Timestamp=';
    const params = fc.dictionary(
      fc.constantFrom('accessKey', 'timestamp', 'signature'),
      fc.jsonValue({ maxDepth: 1 }),
    );
    const message = fc.oneof(
      fc.string(),
      params.map((given) => JSON.stringify({ action: 'req', ch: 'auth', params: given })),
      params.map((given) => JSON.stringify({ op: 'auth', ...given })),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), message, (text, given) => {
        for (const target of [text, `/a?${text}`, `/a?${proof}${text}`]) {
          const request = aRequest({ target, headers });
          expect(typeof htx.recognises(request)).toBe('boolean');
          expect(typeof htx.read(request).ok).toBe('boolean');
        }
        expect(typeof login.recognises(given)).toBe('boolean');
        expect(typeof login.read(given, { handshake: aRequest({ headers }) }).ok).toBe('boolean');
      }),
    );
  });
});
