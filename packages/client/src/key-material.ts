import { createPrivateKey, type KeyObject } from 'node:crypto';
import {
  addressOfPrivateKey,
  type CredentialKind,
  createSigningKey,
  type Dialect,
  environmentOf,
  hasChecksum,
  idInToken,
  isBase64Secret,
  MAX_PASSPHRASE_BYTES,
  MAX_SECRET_BYTES,
  type Secret,
  type SigningKey,
} from '@countersign/core';
import { CountersignError, type CountersignErrorCode } from './errors.ts';

/** What a key's holder has, at one time. */
export interface KeyMaterial {
  readonly keyId: string;
  readonly secret: Secret;
  readonly passphrase: Secret | undefined;
}

const ID = /^ck_(?:live|test)_/;
const SECRET = /^c[sb][_/](?:live|test)[_/]/;
/** What a header can carry, without a space at either end: Latin-1, as `fetch` and Node have it. */
const HEADER_TEXT = /^[\x21-\x7e\x80-\xff](?:[\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/;
const PEM = /^-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const MAX_KEY_ID = 512;

/**
 * Checks a secret's text as far as it can be checked without the service: not an id, no quotes or white space around
 * it, and for those of Countersign the checksum.
 *
 * @throws {@link CountersignError} `secret_invalid`
 */
export function checkSecret(text: string): void {
  if (ID.test(text)) throw invalid('secret_invalid', 'A key id stands where the secret should.');
  checkIsWhole(text);
  if (PEM.test(text)) return;
  if (/^\s|\s$/.test(text)) throw invalid('secret_invalid', 'The secret has white space around it.');
  if (/^(["']).*\1$/s.test(text)) throw invalid('secret_invalid', 'The secret has quotes around it.');
  if (/[\s\0]/.test(text)) throw invalid('secret_invalid', 'The secret has white space in it.');
  if (text.startsWith('-----BEGIN')) throw invalid('secret_invalid', 'The secret is no private key in PEM.');
}

/**
 * Checks what a text may be besides a secret of Countersign as well: that it is there, and not cut off.
 *
 * @throws {@link CountersignError} `secret_invalid`
 */
export function checkIsWhole(text: string): void {
  if (text.trim() === '') throw invalid('secret_invalid', 'The secret is empty.');
  if (text.startsWith('-----BEGIN') && !/-----END [A-Z ]+-----\s*$/.test(text)) {
    throw invalid('secret_invalid', 'The PEM is not whole: its last line is missing.');
  }
  if (SECRET.test(text) && !hasChecksum(text)) {
    throw invalid('secret_invalid', 'The secret is not whole: its checksum is wrong.');
  }
}

/** @throws {@link CountersignError} `key_id_invalid` */
export function checkKeyId(text: string): void {
  if (SECRET.test(text) || PEM.test(text)) {
    throw invalid('key_id_invalid', 'A secret stands where the key id should, and would be sent as it is.');
  }
  if (!HEADER_TEXT.test(text) || text.length > MAX_KEY_ID) {
    throw invalid(
      'key_id_invalid',
      'The key id is empty, too long, or has characters that no header can carry.',
    );
  }
  if (ID.test(text) && !hasChecksum(text)) {
    throw invalid('key_id_invalid', 'The key id is not whole: its checksum is wrong.');
  }
}

/** @throws {@link CountersignError} `passphrase_invalid` */
export function checkPassphrase(text: string): void {
  if (!HEADER_TEXT.test(text) || text.length > MAX_PASSPHRASE_BYTES) {
    throw invalid(
      'passphrase_invalid',
      'The passphrase is empty, too long, or has characters that no header can carry.',
    );
  }
}

/**
 * Makes the signing key of a dialect. Says what does not fit before anything is sent.
 *
 * @param kind of the key; absent: what the secret looks like
 * @throws {@link CountersignError} `secret_invalid`, `key_id_invalid`, `passphrase_invalid`
 */
export function makeSigningKey(material: KeyMaterial, dialect: Dialect, kind?: CredentialKind): SigningKey {
  const secret = material.secret.expose();
  checkSecret(secret);
  const known = kind ?? kindOf(secret, dialect);
  const use = dialect.schemes[known];
  if (use === undefined) {
    const kinds = Object.keys(dialect.schemes).join(', ');
    throw invalid(
      'secret_invalid',
      `The dialect ${dialect.name} has keys of the kinds ${kinds}, and this one is ${known}.`,
    );
  }
  refuseMixUp(secret, known);
  if (known === 'hmac') checkHmacSecret(secret, use.key === 'base64');
  if (known === 'bearer') checkToken(secret);
  const keyId = keyIdOf(material.keyId, secret, known);
  checkKeyId(keyId);
  checkEnvironments(keyId, secret);
  const passphrase = passphraseOf(material.passphrase, dialect);
  try {
    return createSigningKey({ keyId, kind: known, secret, passphrase });
  } catch {
    // What was thrown may quote what it was given.
    throw invalid('secret_invalid', `The secret is no private key of the kind ${known}.`);
  }
}

function kindOf(secret: string, { schemes }: Dialect): CredentialKind {
  if (PEM.test(secret)) return kindOfPem(secret);
  if (schemes.bearer !== undefined && schemes.hmac === undefined) return 'bearer';
  if (schemes.secp256k1 !== undefined && schemes.hmac === undefined) return 'secp256k1';
  return 'hmac';
}

function kindOfPem(pem: string): CredentialKind {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw invalid(
      'secret_invalid',
      'The private key cannot be read: it is not whole, or protected by a password.',
    );
  }
  if (key.asymmetricKeyType === 'ed25519') return 'ed25519';
  if (key.asymmetricKeyType === 'rsa') return 'rsa';
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'p256';
  throw invalid(
    'secret_invalid',
    'The private key is neither Ed25519, nor RSA, nor ECDSA on the curve P-256.',
  );
}

/** A token and a secret stand under the same name in a program's environment: each would do harm in the other's place. */
function refuseMixUp(secret: string, kind: CredentialKind): void {
  if (kind === 'bearer' && /^cs[_/](?:live|test)[_/]/.test(secret)) {
    throw invalid(
      'secret_invalid',
      'A secret for signing (cs_…) stands where the token should, and would be sent as it is.',
    );
  }
  if (kind === 'hmac' && /^cb_(?:live|test)_/.test(secret)) {
    throw invalid(
      'secret_invalid',
      "A bearer token (cb_…) stands where the secret for signing should: an operator's, perhaps.",
    );
  }
}

function checkHmacSecret(secret: string, isBase64: boolean): void {
  if (Buffer.byteLength(secret, 'utf8') > MAX_SECRET_BYTES) {
    throw invalid('secret_invalid', `The secret is longer than ${MAX_SECRET_BYTES} bytes.`);
  }
  if (isBase64 && !isBase64Secret(secret)) {
    throw invalid('secret_invalid', 'The secrets of this dialect are base64, and this one is not.');
  }
}

function checkToken(token: string): void {
  if (!HEADER_TEXT.test(token))
    throw invalid('secret_invalid', 'The token has characters that no header can carry.');
}

/** A token and a wallet's key name themselves. */
function keyIdOf(given: string, secret: string, kind: CredentialKind): string {
  if (given !== '') return given;
  if (kind === 'bearer') return idInToken(secret) ?? 'token';
  if (kind !== 'secp256k1' || !/^0x[0-9a-fA-F]{64}$/.test(secret)) {
    throw invalid('key_id_invalid', 'The key id is missing.');
  }
  try {
    return addressOfPrivateKey(Buffer.from(secret.slice(2), 'hex'));
  } catch {
    throw invalid('secret_invalid', 'The secret is no private key of the kind secp256k1.');
  }
}

function checkEnvironments(keyId: string, secret: string): void {
  const [ofId, ofSecret] = [environmentOf(keyId), environmentOf(secret)];
  if (ofId === undefined || ofSecret === undefined || ofId === ofSecret) return;
  throw invalid('secret_invalid', `The key id is of the environment ${ofId}, and the secret of ${ofSecret}.`);
}

function passphraseOf(passphrase: Secret | undefined, { name, hasPassphrase }: Dialect): string | undefined {
  if (!hasPassphrase) return undefined;
  if (passphrase === undefined)
    throw invalid('passphrase_invalid', `The dialect ${name} has a passphrase, and none is given.`);
  const text = passphrase.expose();
  checkPassphrase(text);
  return text;
}

function invalid(code: CountersignErrorCode, message: string): CountersignError {
  return new CountersignError(code, message);
}
