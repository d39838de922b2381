import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyRow } from '../../test/given.ts';
import type { DigestEncoding, HashName } from './hmac.ts';
import { isBase64Secret, type KeyForm, macUnder } from './mac-key.ts';
import { type Prehash, prehashBytes } from './prehash.ts';

const HASHES: HashName[] = ['sha256', 'sha384', 'sha512'];
const PREHASH: Prehash = ['1795500000000GET/a', Buffer.from('body')];
const mac = (secret: string, key: KeyForm | undefined, derivation: readonly string[] = []) =>
  macUnder('sha256', keyRow(secret), { key, encoding: 'hex' }, PREHASH, derivation);
const expected = (hash: HashName, key: Uint8Array | string, encoding: DigestEncoding) =>
  createHmac(hash, key).update(prehashBytes(PREHASH)).digest(encoding);

describe('a key of the secret itself', () => {
  it('is its UTF-8 bytes, also where it is base64', () => {
    for (const secret of ['c2VjcmV0', 'gehéim-秘密'])
      for (const key of ['utf8', undefined] as const)
        expect(mac(secret, key)).toBe(expected('sha256', secret, 'hex'));
  });
});

describe('a key that the secret is base64 of', () => {
  it('is the decoded bytes, for every hash and length', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 190, size: 'max' });
    fc.assert(
      fc.property(bytes, fc.constantFrom(...HASHES), (key, hash) => {
        const row = keyRow(Buffer.from(key).toString('base64'));
        const use = { key: 'base64', encoding: 'base64' } as const;
        expect(macUnder(hash, row, use, PREHASH, [])).toBe(expected(hash, key, 'base64'));
      }),
    );
  });

  it('leaves nothing of a long one behind for a short one', () => {
    const short = expected('sha256', 'a', 'hex');
    expect(mac(Buffer.alloc(60, 0xff).toString('base64'), 'base64')).not.toBe(short);
    expect(mac(Buffer.from('a').toString('base64'), 'base64')).toBe(short);
  });

  it.each([
    ['', false],
    ['=', false],
    ['A', false],
    ['AA', true],
    ['AA==', true],
    ['AA===', false],
    ['A A=', false],
    ['_-A=', false],
    ['c2Vj\n', false],
    ['gehéim', false],
    ['c2VjcmV0', true],
  ])('%j can be one: %s', (secret, can) => {
    expect(isBase64Secret(secret)).toBe(can);
    expect(mac(secret, 'base64') !== undefined).toBe(can);
  });
});

describe('the signing key of AWS Signature Version 4', () => {
  // AWS General Reference, "Examples of the complete Signature Version 4 signing process", Task 3.
  const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
  const scope = ['20150830', 'us-east-1', 'iam'];
  const text = [
    'AWS4-HMAC-SHA256',
    '20150830T123600Z',
    '20150830/us-east-1/iam/aws4_request',
    'f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59',
  ].join('\n');
  const sign = (derivation: readonly string[]) =>
    macUnder('sha256', keyRow(secret), { key: 'aws4', encoding: 'hex' }, [text], derivation);

  it('is the published one: its signature is', () => {
    expect(sign(scope)).toBe('5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7');
    const published = 'c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9';
    expect(mac(secret, 'aws4', scope)).toBe(expected('sha256', Buffer.from(published, 'hex'), 'hex'));
  });

  it('is another for another date, region or service', () => {
    const all = scope.map((_, i) => sign(scope.with(i, 'other')));
    expect(new Set([...all, sign(scope), sign([])]).size).toBe(5);
  });
});
