import { addressOfPrivateKey, createSigningKey, dialectNamed, type WireRequest } from '@countersign/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, benchOn, done, keyInput, refusalOf, SERVICE, said } from './engine-setup.ts';
import { T0 } from './records.ts';
import { STORES } from './store-adapters.ts';

/** A key that a customer makes: nobody else sees more of it than its address. */
function agent(digit: string) {
  const secret = '0x'.padEnd(66, digit);
  const address = addressOfPrivateKey(Buffer.from(secret.slice(2), 'hex'));
  return { address, key: createSigningKey({ keyId: address, kind: 'secp256k1', secret }) };
}

const FIRST = agent('1');
const SECOND = agent('2');
const NONE = { method: 'POST', target: '/exchange', headers: [], ip: '192.0.2.7' };
const ASK = { permission: 'trade' };
const withAddress = (publicKey: string) =>
  keyInput({ kind: 'secp256k1', passphrase: undefined, dialects: ['hyperliquid'], publicKey });

for (const adapter of STORES) {
  describe(`a key that is known by its address, over ${adapter.name}`, () => {
    let bench: Bench;
    let nonce = T0;
    beforeEach(async () => {
      bench = await benchOn(adapter);
    });
    afterEach(() => bench.close());
    const keys = () => bench.engine.keys;
    const action = ({ key }: typeof FIRST): WireRequest => {
      const body = Buffer.from('{"action":{"type":"noop"}}');
      const { body: signed } = dialectNamed('hyperliquid')?.sign({ ...NONE, body }, key, {
        nowMs: T0,
        nonce: String(++nonce),
      }) ?? { body };
      return { ...NONE, body: signed };
    };
    const word = async (of: typeof FIRST) => said(await bench.engine.verify(action(of), ASK));
    const issue = async (publicKey: string) => done(await keys().issue(withAddress(publicKey), SERVICE));

    it('is found by what its signatures recover, also after a restart', async () => {
      const { key, secret } = await issue(FIRST.address.toUpperCase().replace('0X', '0x'));
      expect(secret).toBeUndefined();
      expect(await bench.engine.verify(action(FIRST), ASK)).toMatchObject({
        allowed: true,
        credential: { id: key.id },
        dialect: 'hyperliquid',
      });
      expect(await word(SECOND)).toBe('credential_unknown');
      await bench.restart();
      expect(await word(FIRST)).toBe('allowed');
    });

    it('may have its address as its id, where it comes from elsewhere', async () => {
      const input = { ...withAddress(FIRST.address), id: FIRST.address };
      done(await keys().importKey(input, SERVICE));
      expect(await bench.engine.verify(action(FIRST), ASK)).toMatchObject({
        credential: { id: FIRST.address },
      });
      const other = { ...withAddress(SECOND.address), id: 'their-name' };
      done(await keys().importKey(other, SERVICE));
      expect(await bench.engine.verify(action(SECOND), ASK)).toMatchObject({
        credential: { id: 'their-name' },
      });
    });

    it('shares its address with no other key, not even when it is revoked', async () => {
      const { key } = await issue(FIRST.address);
      expect(refusalOf(await keys().issue(withAddress(FIRST.address), SERVICE))).toBe('id_taken');
      done(await keys().revoke(key.id, 'test', SERVICE));
      expect(await word(FIRST)).toBe('credential_revoked');
      expect(refusalOf(await keys().issue(withAddress(FIRST.address), SERVICE))).toBe('id_taken');
    });

    it('has two addresses in the grace of a rotation, and may go back to the first', async () => {
      const { key } = await issue(FIRST.address);
      done(await keys().rotate(key.id, 10, SERVICE, SECOND.address));
      expect([await word(FIRST), await word(SECOND)]).toEqual(['allowed', 'allowed']);
      bench.nowMs = T0 + 10_000;
      expect([await word(FIRST), await word(SECOND)]).toEqual(['signature_mismatch', 'allowed']);
      done(await keys().rotate(key.id, 0, SERVICE, FIRST.address));
      expect([await word(FIRST), await word(SECOND)]).toEqual(['allowed', 'signature_mismatch']);
      const other = await issue(agent('3').address);
      expect(refusalOf(await keys().rotate(other.key.id, 0, SERVICE, FIRST.address))).toBe('id_taken');
      expect(await word(agent('3'))).toBe('allowed');
    });

    it('is the only kind that takes another name when it is issued', async () => {
      const bearer = () => keys().issue(keyInput({ kind: 'bearer', passphrase: undefined }), SERVICE);
      expect([refusalOf(await bearer()), refusalOf(await bearer())]).toEqual(['done', 'done']);
    });

    it('uses up its nonces, the hundred highest of them', async () => {
      await issue(FIRST.address);
      const early = action(FIRST);
      const first = action(FIRST);
      expect(said(await bench.engine.verify(first, ASK))).toBe('allowed');
      expect(said(await bench.engine.verify(first, ASK))).toBe('replayed');
      for (let i = 0; i < 100; i++) expect(await word(FIRST)).toBe('allowed');
      expect(said(await bench.engine.verify(early, ASK))).toBe('replayed');
    });

    it('is refused without an address, with a private key, or with a secret', async () => {
      const faults = async (publicKey: string) => {
        const result = await keys().issue(withAddress(publicKey), SERVICE);
        return 'errors' in result ? result.errors?.map(({ message }) => message) : undefined;
      };
      expect(await faults('0x12')).toEqual([expect.stringContaining('not an Ethereum address')]);
      expect(await faults(`0x${'1'.repeat(64)}`)).toEqual([expect.stringContaining('is a private key')]);
      const secret = { ...withAddress(FIRST.address), id: 'their-name', secret: 'x'.repeat(64) };
      expect(refusalOf(await keys().importKey(secret, SERVICE))).toBe('invalid_body');
      const { key } = await issue(FIRST.address);
      expect(refusalOf(await keys().rotate(key.id, 0, SERVICE))).toBe('invalid_body');
    });

    it('is found by Explain under the mistake that the client made', async () => {
      const { key } = await issue(FIRST.address);
      const request = action(FIRST);
      const text = Buffer.from(request.body).toString('utf8');
      const sign = (json: string) =>
        dialectNamed('hyperliquid')?.sign({ ...NONE, body: Buffer.from(json) }, FIRST.key, {
          nowMs: T0,
          nonce: String(T0),
        });
      const inOrder = sign('{"action":{"a":1,"b":2,"type":"noop"}}')?.body ?? request.body;
      const sent = Buffer.from(inOrder)
        .toString('utf8')
        .replace('"a":1,"b":2,"type":"noop"', '"type":"noop","b":2,"a":1');
      const explained = await bench.engine.explain(
        { ...request, body: Buffer.from(sent) },
        ASK,
        undefined,
        SERVICE,
      );
      expect(explained).toMatchObject({
        code: 'credential_unknown',
        mistake: { name: 'body_key_order', keyId: key.id },
      });
      const right = await bench.engine.explain(
        { ...request, body: Buffer.from(text) },
        ASK,
        undefined,
        SERVICE,
      );
      expect(right).toMatchObject({ code: null, credentialId: key.id, mistake: null });
    });
  });
}
