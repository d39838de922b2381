import { type Claim, type Credential, DIALECTS, type Dialect, dialectNamed } from '@countersign/core';
import { describe, expect, it } from 'vitest';
import { longestMemory } from './longest-memory.ts';

const AT = 1_795_500_000_000;
const claim: Claim = { ok: true, keyId: 'key-1', signature: 's', timestampMs: AT, prehash: [] };

function pastOf(
  name: string,
  spoken?: readonly string[],
  kind = 'hmac',
  dialects: readonly Dialect[] = DIALECTS,
) {
  const credential = { profile: { kind, dialects: spoken } } as Credential;
  return longestMemory(dialects)(claim, dialectNamed(name) as Dialect, credential) - AT;
}

describe('how long the signatures of a key are remembered that speaks several dialects', () => {
  it('is the longest window of those that sign alike', () => {
    expect(pastOf('bitget')).toBe(30_000);
    expect(pastOf('kucoin')).toBe(30_000);
    expect(pastOf('kucoin', ['kucoin', 'okx'])).toBe(30_000);
    expect(pastOf('okx')).toBe(30_000);
    expect(pastOf('binance')).toBe(pastOf('mexc'));
  });

  it('counts the dialects of an operator', () => {
    const own: Dialect = {
      ...(dialectNamed('bitget') as Dialect),
      name: 'own',
      window: { pastMs: 90_000, futureMs: 1000 },
    };
    expect(pastOf('kucoin', undefined, 'hmac', [own, ...DIALECTS])).toBe(90_000);
    expect(pastOf('okx', undefined, 'hmac', [own, ...DIALECTS])).toBe(30_000);
  });

  it('is that of its dialect where a key speaks one, or where there is no timestamp', () => {
    expect(pastOf('kucoin', ['kucoin'])).toBe(-AT);
    const kraken = dialectNamed('kraken') as Dialect;
    const credential = { profile: { kind: 'hmac' } } as Credential;
    expect(longestMemory(DIALECTS)({ ...claim, timestampMs: undefined }, kraken, credential)).toBe(0);
  });
});
