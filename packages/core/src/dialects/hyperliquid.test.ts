import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aRequest, claimOf, denialOf, NOW, signed } from '../../test/given.ts';
import { addressOfPrivateKey } from '../schemes/secp256k1.ts';
import { createSigningKey } from '../schemes/signer.ts';
import type { WebSocketLogin } from './dialect.ts';
import { hyperliquid, MAX_BYTES } from './hyperliquid.ts';

const privateKey = '0x'.padEnd(66, '7');
const address = addressOfPrivateKey(Buffer.from(privateKey.slice(2), 'hex'));
const key = createSigningKey({ keyId: address, kind: 'secp256k1', secret: privateKey });
const context = { nowMs: NOW, nonce: String(NOW) };
const posts = hyperliquid.webSocket as WebSocketLogin;

const requestWith = (body: string) =>
  aRequest({ method: 'POST', target: '/exchange', body: Buffer.from(body) });
const signedWith = (body: string, more = {}) =>
  signed(hyperliquid, requestWith(body), key, { ...context, ...more });
const textOf = ({ body }: { body: Uint8Array }) => Buffer.from(body).toString('utf8');

describe('a request', () => {
  it('is recognised by its path and its body, whatever its headers', () => {
    const request = requestWith('{ "nonce":1, "action":{}}');
    expect(hyperliquid.recognises(request)).toBe(true);
    expect(hyperliquid.recognises({ ...request, method: 'GET' })).toBe(false);
    expect(hyperliquid.recognises({ ...request, target: '/exchange/' })).toBe(false);
    expect(hyperliquid.recognises(requestWith('{"type":"meta"}'))).toBe(false);
    expect(hyperliquid.recognises(requestWith(''))).toBe(false);
  });

  it.each([
    '{"action":{"type":"noop"}}',
    '{"action":{"type":"noop"},"vaultAddress":"0x1719884eb866cb12b2287399b15f7db5e7d775ea","expiresAfter":9}',
    '{"action":{"type":"noop"},"nonce":5,"signature":"to be replaced"}',
  ])('is signed with what it holds, %s, and read', (body) => {
    const request = signedWith(body);
    expect(claimOf(hyperliquid, request).keyId).toBe(address);
    expect(claimOf(hyperliquid, request, { environment: 'test' }).keyId).not.toBe(address);
    expect(
      claimOf(hyperliquid, signedWith(body, { environment: 'test' }), { environment: 'test' }).keyId,
    ).toBe(address);
    const { signature, nonce, ...rest } = JSON.parse(textOf(request)) as Record<string, unknown>;
    const { signature: _, nonce: given = NOW, ...wanted } = JSON.parse(body) as Record<string, unknown>;
    expect([rest, nonce]).toEqual([wanted, given]);
    expect(signature).toEqual({ r: expect.any(String), s: expect.any(String), v: expect.any(Number) });
  });

  it.each([
    '{"action":{"type":"x","n":1.5}}',
    '{"action":"x"}',
    '{"action":{"type":"noop"},"user":1}',
    '{"action":{"type":"noop"},"nonce":"1"}',
    '[]',
  ])('is not signed where it could not be read: %s', (body) => {
    expect(() => signedWith(body)).toThrow(TypeError);
  });

  it('is not signed with a key of another kind', () => {
    const other = createSigningKey({ keyId: 'k', kind: 'hmac', secret: 'throwaway-secret' });
    expect(() => hyperliquid.sign(requestWith('{"action":{"type":"noop"}}'), other, context)).toThrow(
      TypeError,
    );
  });

  it('has at most so many bytes', () => {
    const ofSize = (size: number) => `{"action":{"type":"${'a'.repeat(size - 22)}"}}`;
    const read = (size: number) => hyperliquid.read(requestWith(ofSize(size)));
    expect(Buffer.from(ofSize(100))).toHaveLength(100);
    expect(denialOf(read(MAX_BYTES)).code).toBe('credential_missing');
    expect(denialOf(read(MAX_BYTES + 1)).code).toBe('body_too_large');
  });

  it('has one reading for each way to write it: spaces and the order of names say nothing', () => {
    const text = textOf(signedWith('{"action":{"type":"noop"},"expiresAfter":null}'));
    const [head, action] = [claimOf(hyperliquid, requestWith(text)), '"action":{"type":"noop"},'];
    const others = [
      text.replaceAll(/[,:]/g, '$& \n\t'),
      text.replace(action, '').replace(/}$/, `,${action.slice(0, -1)}}`),
      text.replace('"type"', '"\\u0074ype"'),
      text.replace(',"expiresAfter":null', ''),
    ];
    for (const other of others) {
      expect(other).not.toBe(text);
      expect(claimOf(hyperliquid, requestWith(other))).toEqual(head);
    }
  });

  it('never makes reading throw', () => {
    const text = textOf(signedWith('{"action":{"type":"noop","a":[1,{"b":null}]}}'));
    const cut = fc.tuple(fc.nat(text.length), fc.nat(20), fc.string({ unit: 'binary', maxLength: 5 }));
    fc.assert(
      fc.property(fc.oneof(fc.json(), cut), (given) => {
        const body =
          typeof given === 'string'
            ? given
            : text.slice(0, given[0]) + given[2] + text.slice(given[0] + given[1]);
        const claim = hyperliquid.read(requestWith(body));
        expect(claim.ok || claim.code).toBeTruthy();
        const message = `{"method":"post","id":1,"request":{"type":"action","payload":${body}}}`;
        posts.recognises(message);
        expect(posts.read(message, { handshake: aRequest() })).toBeDefined();
      }),
    );
  });
});

describe('a message', () => {
  const message = posts.sign(key, context);
  const answer = (of: string) =>
    posts.refuse({ ok: false, code: 'replayed', detail: '' }, of, { nowMs: NOW, requestId: 'r' });

  it('that carries a proof, or claims to be an action, is recognised', () => {
    expect(posts.recognises(message)).toBe(true);
    expect(posts.recognises(message.replace('"action"', '"info"'))).toBe(true);
    expect(posts.recognises('{"method":"post","id":1,"request":{"type":"action"}}')).toBe(true);
    for (const other of ['', 'ping', '[]', '{"method":"subscribe","subscription":{"type":"l2Book"}}'])
      expect(posts.recognises(other)).toBe(false);
  });

  it('has the same reading as a request with its payload', () => {
    const { request } = JSON.parse(message) as { request: { payload: object } };
    const claim = posts.read(message, { handshake: aRequest() });
    expect(claim).toEqual(claimOf(hyperliquid, requestWith(JSON.stringify(request.payload))));
  });

  it('is answered by the upstream, and opens no connection', () => {
    expect(posts.accept(message, { nowMs: NOW, requestId: 'r' })).toBeUndefined();
    expect(posts.opensConnection(message)).toBe(false);
  });

  it('that is refused is answered with its id, if it has one', () => {
    const said = {
      type: 'action',
      payload: { status: 'err', response: expect.stringContaining('Invalid nonce') },
    };
    expect(JSON.parse(answer(message))).toEqual({ channel: 'post', data: { id: 1, response: said } });
    expect(JSON.parse(answer('{"id":[1]}'))).toMatchObject({ data: { id: null } });
    expect(JSON.parse(answer('ping'))).toMatchObject({ data: { id: null } });
  });

  it('of more than 65,536 characters is refused', () => {
    const long = message.replace('"noop"', `"${'a'.repeat(65_536)}"`);
    expect(denialOf(posts.read(long, { handshake: aRequest() })).code).toBe('body_too_large');
  });
});

describe('a refusal', () => {
  it('names the permission that the key lacks', () => {
    const refusal = { ok: false, code: 'permission_denied', detail: '', permission: 'act' } as const;
    expect(hyperliquid.refuse(refusal, { nowMs: NOW, requestId: 'r' }).body).toContain(
      'Permission denied: act',
    );
  });
});
