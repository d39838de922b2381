import { type Claim, type Credential, type Dialect, dialectNamed, type WireRequest } from '@countersign/core';
import { describe, expect, it } from 'vitest';
import { oneUseOf } from './one-use.ts';

const NOW = 1_795_500_000_000;
const credential = { id: 'key-1' } as Credential;
const claim: Claim = { ok: true, keyId: 'key-1', signature: 's', timestampMs: NOW, prehash: [] };
const binance = dialectNamed('binance') as Dialect;
const bitget = dialectNamed('bitget') as Dialect;
/** As Bybit: the path is left open, and two reads do not share a signature. */
const held: Dialect = { ...binance, replay: { kind: 'signature' } };
const read: WireRequest = { method: 'GET', target: '/a?x=1', headers: [], body: new Uint8Array() };
const otherRead = { ...read, target: '/b?x=1' };
const write = { ...read, method: 'DELETE' };

function useOf(dialect: Dialect, request: WireRequest, claimSafeMethods = false) {
  return oneUseOf(request, claim, dialect, credential, NOW, { fingerprintSeed: 1, claimSafeMethods });
}

describe('what a signature is used up by', () => {
  it('is a request that does something, whatever came with it', () => {
    for (const dialect of [binance, bitget, held]) {
      expect(useOf(dialect, write)).toHaveProperty('nonce');
      expect(useOf(dialect, write)).not.toHaveProperty('bound');
    }
  });

  it('is no read-only request where all is signed', () => {
    expect(useOf(bitget, read)).toBeUndefined();
    expect(useOf(bitget, read, true)).not.toHaveProperty('bound');
  });

  it('is a read-only request with the route that it came to', () => {
    expect(useOf(held, read)).toEqual(useOf(held, read));
    expect(useOf(held, read)).not.toEqual(useOf(held, otherRead));
    expect(useOf(held, read)).toHaveProperty('bound');
  });

  it('is any read-only request where they share signatures, and nothing else', () => {
    expect(useOf(binance, read)).toEqual(useOf(binance, otherRead));
    expect(useOf(binance, read)).toHaveProperty('bound');
    expect(useOf(binance, read, true)).not.toHaveProperty('bound');
  });

  it('is a login with its message, or the address alone where its signature is no more than a login', () => {
    const coinbase = dialectNamed('coinbase-exchange') as Dialect;
    const message = (text: string, ip = '192.0.2.7') => ({ ...read, ip, message: text });
    const use = (request: WireRequest, isLoginAlone: boolean) =>
      oneUseOf(request, { ...claim, isLoginAlone }, coinbase, credential, NOW, {
        fingerprintSeed: 1,
        claimSafeMethods: false,
      });
    expect(use(message('a'), false)).not.toEqual(use(message('b'), false));
    expect(use(message('a'), true)).toEqual(use(message('b'), true));
    expect(use(message('a'), true)).not.toEqual(use(message('a', '192.0.2.8'), true));
    expect(use(message('a'), true)).not.toEqual(use({ ...message('a'), target: '/other' }, true));
    expect(use(message('a'), true)).toHaveProperty('bound');
  });
});
