import { createHash } from 'node:crypto';
import type { Proof } from '../src/credential/credential.ts';
import type { Denial } from '../src/denial.ts';
import type { Claim, SigningKey } from '../src/dialects/dialect.ts';
import { rfc9421 } from '../src/dialects/rfc9421.ts';
import { signatureBase } from '../src/dialects/signature-base.ts';
import { type InnerList, parseDictionary } from '../src/dialects/structured-fields.ts';
import type { WireRequest } from '../src/message.ts';
import { hmac } from '../src/schemes/hmac.ts';
import { KeySlab } from '../src/schemes/key-slab.ts';
import { proves, type SchemeUse } from '../src/schemes/scheme.ts';

export const slab = new KeySlab();
export const current = { version: 1, retiresAt: Number.POSITIVE_INFINITY };
export const nowMs = 1_795_500_000_999;
export const created = 1_795_500_000;

export function request(over: Partial<WireRequest> = {}): WireRequest {
  return {
    method: 'GET',
    target: '/v1/keys',
    headers: ['Host', 'api.example'],
    body: Buffer.alloc(0),
    ...over,
  };
}

export function listOf(input: string): InnerList {
  const parsed = parseDictionary(input);
  if (!parsed.ok) throw new Error(parsed.fault);
  return [...parsed.members.values()][0] as InnerList;
}

export function refusal(outcome: Claim | Denial | string): Denial {
  if (typeof outcome === 'string' || outcome.ok) throw new Error('it was not refused');
  return outcome;
}

export const secret = slab.store(Buffer.from('a secret of the test, 32 bytes ..'));
export const hmacProof: Proof = { ...current, key: secret };
export const hmacKey: SigningKey = {
  keyId: 'csk_test',
  kind: 'hmac',
  sign: (use, prehash) => hmac('sha256', secret, prehash, use.encoding),
};

/** Signs whatever the test says, in the order of the parameters given, well or badly. */
export function signedWith(input: string, over: Partial<WireRequest> = {}): WireRequest {
  const unsigned = request(over);
  const base = signatureBase(unsigned, listOf(input));
  const signature = hmac('sha256', secret, [typeof base === 'string' ? base : ''], 'base64');
  const label = input.slice(0, input.indexOf('='));
  const added = ['Signature-Input', input, 'Signature', `${label}=:${signature}:`];
  return { ...unsigned, headers: [...unsigned.headers, ...added] };
}

/** Whether a request passes reading and authentication with the HMAC key of this file. */
export function accepts(
  signed: WireRequest,
  proof = hmacProof,
  use = rfc9421.schemes.hmac as SchemeUse,
): boolean {
  const claim = rfc9421.read(signed);
  return claim.ok && proves(use, proof, claim.prehash, claim.signature);
}

export const TERMS = `;created=${created};nonce="n1";keyid="csk_test"`;
export const sha256 = (text: string) => createHash('sha256').update(text).digest('base64');

export function withHeaders(unsigned: WireRequest, added: Record<string, string>): WireRequest {
  return { ...unsigned, headers: [...unsigned.headers, ...Object.entries(added).flat()] };
}
