import { constants, createHmac, type KeyObject, verify } from 'node:crypto';
import { constantTimeEqual } from '../constant-time.ts';
import type { Proof } from '../credential/credential.ts';
import { isBase64Secret } from '../schemes/mac-key.ts';
import { type Prehash, prehashBytes } from '../schemes/prehash.ts';
import { proves, SCHEMES, type SchemeUse } from '../schemes/scheme.ts';
import type { Attempt, Mistake, Variation } from './variation.ts';

/** Mistakes about the secret, and about how the signature is made and written. */
export const KEY_MISTAKES: readonly Mistake[] = [
  {
    name: 'signature_encoding',
    advice:
      'Write the signature in the encoding that the dialect wants: hex in lower case, base64 with padding, or base64url.',
    variations: ({ use, claim }) =>
      otherSpellings(claim.signature).map((bytes) => ({
        proves: (proof: Proof, prehash: Prehash) =>
          proves({ ...use, encoding: 'hex' }, proof, prehash, bytes.toString('hex'), claim.derivation),
      })),
  },
  {
    name: 'secret_with_spaces',
    advice:
      'The secret that was signed with has a line end or a space too many: trim what is read from a file or a form.',
    variations: ifHmac(() =>
      ['\n', '\r\n', ' ', '\t'].flatMap((space) => [around('', space), around(space, '')]),
    ),
  },
  {
    name: 'secret_quoted',
    advice:
      'The secret that was signed with has quotes around it: they belong to the env file and not to the secret.',
    variations: ifHmac(() => ['"', "'"].map((quote) => around(quote, quote))),
  },
  {
    name: 'secret_decoding',
    advice:
      'Take the secret in the form that the dialect wants: its own characters, or the bytes that it is base64 of.',
    variations: ifHmac(({ use }) => [
      { use: { ...use, key: use.key === 'base64' ? 'utf8' : 'base64' } },
      { secret: (right) => Buffer.from(right.toString('latin1'), 'hex') },
      { secret: (right) => Buffer.from(right.toString('base64')) },
    ]),
  },
  {
    name: 'secret_retired',
    advice: 'The secret that was signed with was rotated, and its grace is over: take the new one.',
    variations: () => [{ from: 'retired' }],
  },
  {
    name: 'secret_of_another_key',
    advice:
      'The secret that was signed with belongs to another key of the same account: key and secret were mixed up.',
    variations: () => [{ from: 'siblings' }],
  },
  {
    name: 'hash_algorithm',
    advice: 'Use the hash that the dialect names: the signature was made with another one.',
    variations: ifHmac(({ use }) =>
      HASHES.filter((hash) => !use.scheme.endsWith(hash)).map((hash) => ({
        proves: (proof, prehash, signature) => macProves(hash, use, proof, prehash, signature),
      })),
    ),
  },
  {
    name: 'rsa_padding',
    advice:
      'Use the RSA padding and hash that the dialect names (PKCS#1 v1.5 or PSS): the signature was made with others.',
    variations: ifKind('rsa', () =>
      (['sha256', 'sha512', 'sha1'] as const).flatMap((hash) =>
        RSA_PADDINGS.map((options) => ({ proves: asymmetric(hash, options) })),
      ),
    ),
  },
  {
    name: 'ecdsa_der',
    advice: 'Write an ECDSA signature as r and s side by side (64 bytes, IEEE P1363) and not as DER.',
    variations: ifKind('p256', () => [{ proves: asymmetric('sha256', { dsaEncoding: 'der' }) }]),
  },
];

const HASHES = ['md5', 'sha1', 'sha256', 'sha384', 'sha512'];
const RSA_PADDINGS = [
  { padding: constants.RSA_PKCS1_PADDING },
  { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO },
];

function ifHmac(variations: (attempt: Attempt) => readonly Variation[]): Mistake['variations'] {
  return ifKind('hmac', variations);
}

function ifKind(
  kind: 'hmac' | 'rsa' | 'p256',
  variations: (attempt: Attempt) => readonly Variation[],
): Mistake['variations'] {
  return (attempt) => (SCHEMES[attempt.use.scheme].kind === kind ? variations(attempt) : []);
}

function around(before: string, after: string): Variation {
  return { secret: (right) => Buffer.concat([Buffer.from(before), right, Buffer.from(after)]) };
}

/** The bytes that a signature may stand for, in whatever encoding it was written. */
function otherSpellings(signature: string): Buffer[] {
  const spellings: Buffer[] = [];
  if (signature.length > 4096) return spellings;
  if (/^(?:0x)?(?:[0-9a-f]{2})+$/i.test(signature))
    spellings.push(Buffer.from(signature.replace(/^0x/, ''), 'hex'));
  let text = signature;
  try {
    text = decodeURIComponent(signature);
  } catch {
    // It is not percent-encoded: taken as it is.
  }
  text = text.replaceAll(' ', '+');
  if (/^[A-Za-z0-9+/_-]+={0,2}$/.test(text))
    spellings.push(Buffer.from(text.replaceAll('-', '+').replaceAll('_', '/'), 'base64'));
  return spellings;
}

function macProves(
  hash: string,
  use: SchemeUse,
  { key }: Proof,
  prehash: Prehash,
  signature: string,
): boolean {
  if (key === undefined) return false;
  const secret = key.copyBytes();
  const text = secret.toString('latin1');
  const isDecoded = use.key === 'base64' && isBase64Secret(text);
  const bytes = isDecoded ? Buffer.from(text, 'base64') : secret;
  const mac = createHmac(hash, bytes);
  for (const part of prehash) mac.update(part);
  secret.fill(0);
  bytes.fill(0);
  return constantTimeEqual(mac.digest(use.encoding), signature);
}

interface VerifyOptions {
  readonly padding?: number;
  readonly saltLength?: number;
  readonly dsaEncoding?: 'der';
}

function asymmetric(hash: string, options: VerifyOptions): Variation['proves'] {
  return ({ publicKey }, prehash, signature) =>
    publicKey !== undefined &&
    otherSpellings(signature).some((bytes) =>
      verifies(hash, prehashBytes(prehash), publicKey, options, bytes),
    );
}

function verifies(
  hash: string,
  data: Buffer,
  key: KeyObject,
  options: VerifyOptions,
  signature: Buffer,
): boolean {
  try {
    return verify(hash, data, { key, ...options }, signature);
  } catch {
    return false; // A signature that is no DER, for example.
  }
}
