import { hash } from 'node:crypto';
import { type Denial, denial, malformed } from '../denial.ts';
import { REPEATED, singleHeader, type WireRequest } from '../message.ts';
import { parseDictionary } from './structured-fields.ts';

/** A request or an answer. */
type Message = Pick<WireRequest, 'headers' | 'body'>;

/**
 * The Content-Digest (RFC 9530 section 2) that a message lacks, as a header to add: with SHA-256, where there is a
 * body. One that is there already is left as it is.
 */
export function missingContentDigest({ headers, body }: Message): Readonly<Record<string, string>> {
  const isThere = singleHeader(headers, 'content-digest') !== undefined;
  return isThere || body.length === 0 ? {} : { 'Content-Digest': contentDigestOf(body) };
}

/** The value of a Content-Digest with SHA-256. */
export function contentDigestOf(body: Uint8Array): string {
  return `sha-256=:${hash('sha256', body, 'base64')}:`;
}

/** The digests that are checked (RFC 9530 section 5). Others say nothing about the body: the rest are broken. */
const DIGESTS = { 'sha-256': 'sha256', 'sha-512': 'sha512' } as const;

/**
 * Compares a covered Content-Digest with the body's bytes, which may be none (RFC 9530 section 2). Every digest
 * of a known algorithm must match, and there must be one. Digests are not secret, so they are compared plainly.
 */
export function faultInContentDigest({ headers, body }: Message, isCovered: boolean): Denial | undefined {
  const text = singleHeader(headers, 'content-digest');
  if (text === REPEATED) return malformed('Content-Digest occurs twice.');
  if (!isCovered) return undefined;
  const parsed = parseDictionary(text ?? '');
  if (!parsed.ok) return malformed(`Content-Digest is not a dictionary of RFC 9651: ${parsed.fault}.`);
  let isKnown = false;
  for (const [name, algorithm] of Object.entries(DIGESTS)) {
    const member = parsed.members.get(name);
    if (member === undefined) continue;
    if (!('value' in member) || typeof member.value !== 'object' || !('base64' in member.value)) {
      return malformed(`Content-Digest: ${name} is not a byte sequence, which is base64 between colons.`);
    }
    if (member.value.base64 !== hash(algorithm, body, 'base64')) {
      return denial('signature_mismatch', `The body does not match its ${name} in Content-Digest.`);
    }
    isKnown = true;
  }
  return isKnown ? undefined : malformed('Content-Digest has neither sha-256 nor sha-512.');
}
