import { describe, expect, it } from 'vitest';
import {
  aCredential,
  aProof,
  aRequest,
  aSigningKey,
  ask,
  denialOf,
  keyRow,
  NOW,
  signed,
} from '../../test/given.ts';
import type { Dialect } from './dialect.ts';
import { dialectNamed } from './registry.ts';

const CONTEXT = { nowMs: NOW, nonce: '1795500000000' };
const LIMIT = 64 * 1024;
/** Base64, which some of the dialects want. */
const SECRET = 'dGhyb3dhd2F5LXNlY3JldA==';

describe.each([
  ['binance', '/api/v3/order'],
  ['mexc', '/api/v3/order'],
  ['kraken', '/0/private/AddOrder'],
  ['kraken-futures', '/derivatives/api/v3/sendorder'],
])('%s, which looks for its proof among the parameters', (name, target) => {
  const dialect = dialectNamed(name) as Dialect;
  const form = (length: number) => Buffer.from('a=b&'.repeat(Math.ceil(length / 4)).slice(0, length));

  function outcomeOf(length: number) {
    const unsigned = aRequest({ method: 'POST', target, body: form(length) });
    const credential = aCredential({ proofs: [aProof({ key: keyRow(SECRET) })] });
    return ask(dialect, signed(dialect, unsigned, aSigningKey(SECRET), CONTEXT), credential, { nowMs: NOW });
  }

  it('takes a long form', () => expect(outcomeOf(LIMIT - 200).ok).toBe(true));

  it('takes none of more than 64 KiB apart, whoever sent it', () =>
    expect(denialOf(outcomeOf(LIMIT + 1)).code).toBe('body_too_large'));
});
