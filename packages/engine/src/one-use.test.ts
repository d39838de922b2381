import { type Claim, type Credential, type Dialect, dialectNamed, type WireRequest } from '@countersign/core';
import { describe, expect, it } from 'vitest';
import { oneUseOf } from './one-use.ts';

const NOW = 1_795_500_000_000;
const credential = { id: 'key-1' } as Credential;
const claim: Claim = { ok: true, keyId: 'key-1', signature: 's', timestampMs: NOW, prehash: [] };
const binance = dialectNamed('binance') as Dialect;
const bitget = dialectNamed('bitget') as Dialect;
/** The path is left open, and yet two reads do not share a signature. */
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
});
