import { type Claim, type Dialect, dialectNamed, type WireRequest } from '@countersign/core';
import { describe, expect, it } from 'vitest';
import { aCredential, aRequest, NOW } from '../../core/test/given.ts';
import { oneUseOf } from './one-use.ts';

const claim: Claim = { ok: true, keyId: 'key-1', signature: 's', timestampMs: NOW, prehash: [] };
const binance = dialectNamed('binance') as Dialect;
const bitget = dialectNamed('bitget') as Dialect;
/** As Bybit: the path is left open, and two reads do not share a signature. */
const held: Dialect = { ...binance, replay: { kind: 'signature' } };
const read = aRequest({ target: '/a?x=1' });
const otherRead = aRequest({ target: '/b?x=1' });
const write = aRequest({ method: 'DELETE', target: '/a?x=1' });

function useOf(dialect: Dialect, request: WireRequest, claimSafeMethods = false) {
  return oneUseOf(request, claim, dialect, aCredential(), NOW, { fingerprintSeed: 1, claimSafeMethods });
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
