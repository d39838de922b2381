import { createPublicKey } from 'node:crypto';
import { createSigningKey, dialectNamed, KeySlab, proves } from '../../packages/core/dist/index.js';
import { makePair } from './key-pairs.mjs';

/*
 * Countersign's core library on its own, beside other libraries for the same signatures.
 */

const slab = new KeySlab();

/** Makes a key that both sides hold: a secret, or a pair in PEM. */
export function makeKey(kind, id) {
  return kind === 'hmac'
    ? { kind, id, secret: `throwaway secret of ${id}` }
    : { kind, id, ...makePair(kind) };
}

/** The key as a verifier keeps it. */
export function proofOf({ kind, secret, publicKey }) {
  return kind === 'hmac'
    ? { version: 1, key: slab.store(Buffer.from(secret)) }
    : { version: 1, publicKey: createPublicKey(publicKey) };
}

/** The key as a signer holds it. */
export function signerOf({ kind, id, secret, privateKey }) {
  return createSigningKey({ keyId: id, kind, secret: secret ?? privateKey });
}

/** Whether the library takes a request for one that the key's holder signed, in a dialect. */
export function isTaken(dialectName, request, key) {
  const dialect = dialectNamed(dialectName);
  const claim = dialect.read(request);
  return (
    claim.ok &&
    claim.keyId === key.id &&
    proves(dialect.schemes[key.kind], proofOf(key), claim.prehash, claim.signature, claim.derivation)
  );
}

/** The headers with which the library signs a request. */
export function signedHeaders(dialectName, request, key, nonce = '') {
  return dialectNamed(dialectName).sign(request, signerOf(key), { nowMs: Date.now(), nonce }).headers;
}

/** Headers by name, as names and values in turn. */
export function inTurn(headers) {
  return Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().flatMap((value) => [name, value]),
  );
}
