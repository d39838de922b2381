import {
  type Claim,
  type Credential,
  DIALECTS,
  type Dialect,
  dialectNamed,
  type WireRequest,
} from '@countersign/core';
import { describe, expect, it } from 'vitest';
import { longestMemory } from './longest-memory.ts';
import { oneUseOf } from './one-use.ts';

const NOW = 1_795_500_000_000;
const credential = { id: 'key-1', profile: { kind: 'hmac' } } as Credential;
const claim: Claim = { ok: true, keyId: 'key-1', signature: 's', timestampMs: NOW, prehash: [] };
const binance = dialectNamed('binance') as Dialect;
const bitget = dialectNamed('bitget') as Dialect;
/** The path is left open, and yet two reads do not share a signature. */
const held: Dialect = { ...binance, replay: { kind: 'signature' } };
const read: WireRequest = { method: 'GET', target: '/a?x=1', headers: [], body: new Uint8Array() };
const otherRead = { ...read, target: '/b?x=1' };
const write = { ...read, method: 'DELETE' };
const gate = dialectNamed('gate') as Dialect;
const message = (channel: string, payload = '[]') => ({
  ...read,
  ip: '192.0.2.7',
  message: `{"channel":"${channel}","event":"api","payload":${payload}}`,
});

function useOf(dialect: Dialect, request: WireRequest, claimSafeMethods = false, isReadOnly = false) {
  const given = { ...claim, isReadOnly };
  return oneUseOf(request, given, dialect, credential, NOW, {
    fingerprintSeed: 1,
    claimSafeMethods,
    longestMemory: longestMemory(DIALECTS),
  });
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

  it('is a login with the address that it came from, on whichever WebSocket and whatever else it holds', () => {
    const login = { ...read, message: '{"op":"login"}', ip: '192.0.2.1' };
    expect(useOf(bitget, login)).toHaveProperty('bound');
    expect(useOf(bitget, login)).toEqual(useOf(bitget, { ...login, target: '/v2/ws/other' }));
    expect(useOf(bitget, login)).toEqual(useOf(bitget, { ...login, message: '{"id":"2","op":"login"}' }));
    expect(useOf(bitget, login)).not.toEqual(useOf(bitget, { ...login, ip: '192.0.2.2' }));
  });

  it('is a message of which nobody knows from where it came, once', () => {
    const login = { ...read, message: '{"op":"login"}' };
    expect(useOf(bitget, login)).toHaveProperty('nonce');
    expect(useOf(bitget, login)).not.toHaveProperty('bound');
    expect(useOf(gate, { ...message('spot.orders'), ip: undefined }, false, true)).not.toHaveProperty(
      'bound',
    );
  });

  it('is any read-only request where they share signatures, and nothing else', () => {
    expect(useOf(binance, read)).toEqual(useOf(binance, otherRead));
    expect(useOf(binance, read)).toHaveProperty('bound');
    expect(useOf(binance, read, true)).not.toHaveProperty('bound');
  });

  it('is a message that only asks with its address, whatever else it holds, and once when it does something', () => {
    const subscribe = (request: WireRequest) => useOf(gate, request, false, true);
    const first = message('spot.orders');
    for (const other of [message('spot.orders', '["BTC_USDT"]'), { ...first, target: '/b' }])
      expect(subscribe(other)).toEqual(subscribe(first));
    expect(subscribe({ ...first, ip: '192.0.2.8' })).not.toEqual(subscribe(first));
    expect(subscribe(first)).toHaveProperty('bound');
    expect(useOf(gate, message('spot.order_place'))).not.toHaveProperty('bound');
  });

  it('is a login and never a message that only asks, nor the other way', () => {
    expect(useOf(gate, message('spot.login'))).toHaveProperty('bound');
    expect(useOf(gate, message('spot.login'))).not.toEqual(useOf(gate, message('spot.orders'), false, true));
  });
});
