import { type Denial, denial, malformed } from '../denial.ts';
import { type RawHeaders, REPEATED, singleHeader, type WireRequest } from '../message.ts';
import type { SchemeUse } from '../schemes/scheme.ts';
import { faultInContentDigest } from './content-digest.ts';
import type { Claim, SigningKey } from './dialect.ts';
import { covers, type Exchange, signatureBase } from './signature-base.ts';
import {
  type BareItem,
  type InnerList,
  type Item,
  type Parameters,
  parseDictionary,
  serialiseInnerList,
} from './structured-fields.ts';

const LABEL = 'sig1';
const MAX_NONCE = 128;
const MAX_KEY_ID = 256;

/** A signature with what it covers, and the parameters of Signature-Input. */
interface Signed {
  readonly ok: true;
  readonly covered: InnerList;
  /** Padded standard base64. */
  readonly signature: string;
}

/**
 * Reads the claim of a signed message: signature, parameters, base, and whether the digest fits the body. Never
 * throws.
 *
 * @param lackIn says what the signature must have and has not
 */
export function readClaim(
  message: WireRequest | Exchange,
  lackIn: (covered: InnerList, terms: Terms) => string | undefined,
): Claim | Denial {
  const signed = 'response' in message ? message.response : message;
  const read = readSignature(signed.headers);
  if (!read.ok) return read;
  const { covered, signature } = read;
  const terms = readTerms(covered.params);
  if (!terms.ok) return terms;
  const lack = lackIn(covered, terms);
  if (lack !== undefined) return malformed(lack);
  const base = signatureBase(message, covered);
  if (typeof base !== 'string') return base;
  // Last, because it reads the whole body.
  const fault = faultInContentDigest(signed, covers(covered, 'content-digest'));
  return fault ?? { ...terms, signature, prehash: [base] };
}

/** Reads the one signature of a message (RFC 9421 sections 4.1 and 4.2). */
function readSignature(headers: RawHeaders): Signed | Denial {
  const input = readField(headers, 'Signature-Input', 'key');
  if (!input.ok) return input;
  const signatures = readField(headers, 'Signature', 'signature');
  if (!signatures.ok) return signatures;
  const [label, covered] = [...input.members][0] as [string, Item | InnerList];
  const signature = signatures.members.get(label);
  if (signature === undefined) {
    return malformed('Signature and Signature-Input do not have the same label.');
  }
  if (!('items' in covered)) return malformed('The member of Signature-Input is not a list of components.');
  const value = 'value' in signature && signature.params.size === 0 ? signature.value : undefined;
  if (typeof value !== 'object' || !('base64' in value)) {
    return malformed('The member of Signature is not a byte sequence, which is base64 between colons.');
  }
  return { ok: true, covered, signature: value.base64 };
}

/** Parses a header that must occur once and hold exactly one member. */
function readField(headers: RawHeaders, name: 'Signature' | 'Signature-Input', part: 'key' | 'signature') {
  const text = singleHeader(headers, name.toLowerCase());
  if (text === REPEATED) return denial('malformed_request', `${name} occurs twice.`, { part });
  if (text === undefined) return denial('credential_missing', `${name} is missing.`, { part });
  const parsed = parseDictionary(text);
  if (!parsed.ok) return malformed(`${name} is not a dictionary of RFC 9651: ${parsed.fault}.`);
  if (parsed.members.size === 0) return denial('credential_missing', `${name} is empty.`, { part });
  if (parsed.members.size > 1) {
    return malformed(`${name} holds ${parsed.members.size} signatures; exactly one is accepted.`);
  }
  return parsed;
}

/** The parameters of a signature, as a claim has them. */
export interface Terms {
  readonly ok: true;
  readonly keyId: string;
  readonly timestampMs: number;
  readonly expiresMs: number | undefined;
  readonly nonce: string | undefined;
  readonly namedScheme: string | undefined;
}

/** Reads the signature's parameters (RFC 9421 section 2.3). Unknown ones are covered, and otherwise ignored. */
function readTerms(params: Parameters): Terms | Denial {
  const keyId = params.get('keyid');
  if (keyId === undefined || keyId === '') {
    return denial('credential_missing', 'Signature-Input has no keyid.', { part: 'key' });
  }
  if (typeof keyId !== 'string' || keyId.length > MAX_KEY_ID) {
    return denial('malformed_request', `keyid is not a string of 1 to ${MAX_KEY_ID} characters.`, {
      part: 'key',
    });
  }
  const created = params.get('created');
  if (created === undefined) {
    return denial('malformed_request', 'Signature-Input has no created.', { part: 'timestamp' });
  }
  const expires = params.get('expires');
  if (!isInstant(created) || (expires !== undefined && !isInstant(expires))) {
    const name = isInstant(created) ? 'expires' : 'created';
    return denial('timestamp_invalid', `${name} is not a whole number of seconds since 1970.`, {
      part: 'timestamp',
    });
  }
  const nonce = params.get('nonce');
  if (nonce !== undefined && (typeof nonce !== 'string' || nonce.length === 0 || nonce.length > MAX_NONCE)) {
    return malformed(`nonce is not a string of 1 to ${MAX_NONCE} characters.`);
  }
  const namedScheme = params.get('alg');
  if (namedScheme !== undefined && typeof namedScheme !== 'string') return malformed('alg is not a string.');
  const expiresMs = expires === undefined ? undefined : expires * 1000;
  return { ok: true, keyId, timestampMs: created * 1000, expiresMs, nonce, namedScheme };
}

function isInstant(value: BareItem): value is number {
  return typeof value === 'number' && value >= 0;
}

/** When a signature was made, and its nonce, if it has one. */
interface Moment {
  readonly nowMs: number;
  readonly nonce?: string | undefined;
}

/** Signs components of a message, and makes the two headers; or says why the message cannot be signed so. */
export function writeSignature(
  message: WireRequest | Exchange,
  items: readonly Item[],
  key: SigningKey,
  use: SchemeUse,
  { nowMs, nonce }: Moment,
): { readonly ok: true; readonly headers: Readonly<Record<string, string>> } | Denial {
  const params = new Map<string, BareItem>([['created', Math.floor(nowMs / 1000)]]);
  if (nonce !== undefined) params.set('nonce', nonce);
  params.set('keyid', key.keyId);
  const terms = readTerms(params);
  if (!terms.ok) return terms;
  const covered: InnerList = { items, params };
  const base = signatureBase(message, covered);
  if (typeof base !== 'string') return base;
  const headers = {
    'Signature-Input': `${LABEL}=${serialiseInnerList(covered)}`,
    Signature: `${LABEL}=:${key.sign(use, [base])}:`,
  };
  return { ok: true, headers };
}
