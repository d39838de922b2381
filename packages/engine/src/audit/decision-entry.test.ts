import { type Credential, dialectNamed } from '@countersign/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Decision } from '../decision/decision.ts';
import { DecisionEntry, lineOf } from './decision-entry.ts';

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const text = fc.string({ unit: 'binary', maxLength: 40 });

describe('DecisionEntry', () => {
  it('is the same line as JSON.stringify makes, whatever the request holds', () => {
    fc.assert(
      fc.property(
        text,
        text,
        maybe(text),
        maybe(text),
        maybe(text),
        fc.boolean(),
        fc.nat(),
        fc.constantFrom('nonce', 'bound', 'rising', 'nothing'),
        (method, target, ip, permission, accountId, allowed, word, kind) => {
          const decision = {
            allowed,
            code: word % 5 === 0 ? 'constraint_violated' : 'replayed',
            detail: `The "instrument" ${word}.`,
            clockDeltaMs: word % 2 === 0 ? word : undefined,
          } as Decision;
          const request = { method, target, headers: [], body: new Uint8Array(), ip };
          const credential =
            accountId === undefined ? undefined : ({ id: 'key "1"', accountId } as Credential);
          const nonce = { high: word, low: ~word >>> 0 };
          const rising = { series: 'key "1" kraken', value: BigInt(word), window: 0n, keep: 1 };
          const used = {
            nonce: { nonce, nonceExpiresAt: 7 },
            bound: { nonce, bound: { high: 1, low: word }, nonceExpiresAt: 7 },
            rising: { rising, nonceExpiresAt: 7 },
            nothing: undefined,
          }[kind];
          const entry = new DecisionEntry(
            decision,
            request,
            1_800_000_000_000,
            'req_1',
            credential,
            allowed,
            dialectNamed('okx'),
            permission,
            used,
            word % 3 === 0 ? undefined : { at: 1, cost: 1, meters: [], amount: BigInt(word), spends: [] },
          );
          expect(lineOf(entry)).toBe(JSON.stringify(entry));
          expect(lineOf(entry)).not.toContain('\n');
        },
      ),
    );
  });

  it.each([
    ['constraint_violated', 'The instrument is not among those allowed.'],
    ['rate_limited', 'The instrument is not among those allowed.'],
    ['signature_mismatch', undefined],
  ] as const)('says of %s: %s', (code, told) => {
    const decision = {
      allowed: false,
      code,
      detail: 'The instrument is not among those allowed.',
    } as Decision;
    const request = { method: 'GET', target: '/a', headers: [], body: new Uint8Array() };
    const nothing = [undefined, undefined, undefined, undefined] as const;
    const entry = new DecisionEntry(decision, request, 1, 'req_1', undefined, true, ...nothing);
    expect(JSON.parse(lineOf(entry)).data.detail).toBe(told);
  });

  it('leaves the query out', () => {
    const request = { method: 'GET', target: '/a?secret=1', headers: [], body: new Uint8Array() };
    const entry = new DecisionEntry(
      { allowed: true } as Decision,
      request,
      1,
      'req_1',
      undefined,
      false,
      undefined,
      undefined,
      undefined,
      undefined,
    );
    expect(JSON.parse(lineOf(entry)).data.path).toBe('/a');
    expect(lineOf(entry)).not.toContain('secret');
  });
});
