import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { constantTimeEqual } from '../constant-time.ts';
import { type Prehash, prehashBytes } from './prehash.ts';

const SIGNATURE = /^0x[0-9a-f]{130}$/;
/** What was recovered from a prehash: a request is looked up by it first, and checked against it afterwards. */
const recovered = new WeakMap<
  Prehash,
  { readonly signature: string; readonly address: string | undefined }
>();

/**
 * Recovers the Ethereum address whose key made a signature over the Keccak-256 hash of a prehash (SEC 1 section
 * 4.1.6). Undefined when there is none.
 *
 * @param signature `0x`, then r, s and the recovery value (27 or 28) in 130 lower-case hex digits. An s above half
 *   the order is refused: the same signature would have two spellings.
 */
export function recoverAddress(prehash: Prehash, signature: string): string | undefined {
  const known = recovered.get(prehash);
  if (known !== undefined && constantTimeEqual(known.signature, signature)) return known.address;
  const address = recover(prehash, signature);
  recovered.set(prehash, { signature, address });
  return address;
}

function recover(prehash: Prehash, signature: string): string | undefined {
  if (!SIGNATURE.test(signature)) return undefined;
  const bytes = Buffer.from(signature.slice(2), 'hex');
  const recovery = (bytes[64] as number) - 27;
  if (recovery !== 0 && recovery !== 1) return undefined;
  try {
    const parsed = secp256k1.Signature.fromBytes(bytes.subarray(0, 64), 'compact');
    if (parsed.hasHighS()) return undefined;
    const point = parsed.addRecoveryBit(recovery).recoverPublicKey(keccak_256(prehashBytes(prehash)));
    return addressOf(point.toBytes(false));
  } catch {
    return undefined; // r or s out of range, or no point of the curve has that r.
  }
}

/**
 * The address of a public key: the last 20 bytes of the Keccak-256 hash of its coordinates.
 *
 * @param publicKey uncompressed, 65 bytes beginning with 4
 */
export function addressOf(publicKey: Uint8Array): string {
  return `0x${Buffer.from(keccak_256(publicKey.subarray(1)))
    .subarray(12)
    .toString('hex')}`;
}

/** The Keccak-256 hash of bytes, as Ethereum has it: SHA3-256 before it was padded as in the standard. */
export function keccak256(bytes: Uint8Array): Buffer {
  return Buffer.from(keccak_256(bytes));
}

/**
 * Signs the Keccak-256 hash of a prehash.
 *
 * @param privateKey 32 bytes
 * @returns r, s and the recovery value, as {@link recoverAddress} reads it
 */
export function signRecoverably(privateKey: Uint8Array, prehash: Prehash): string {
  const bytes = secp256k1.sign(keccak_256(prehashBytes(prehash)), privateKey, {
    prehash: false,
    format: 'recovered',
  });
  // The library writes the recovery value first.
  const recovery = (bytes[0] as number) + 27;
  return `0x${Buffer.from(bytes.subarray(1)).toString('hex')}${recovery.toString(16)}`;
}

/** Reads an address as people write it: the letters may be capitals, as a checksum. Undefined for anything else. */
export function readAddress(text: string): string | undefined {
  return /^0x[0-9a-fA-F]{40}$/.test(text) ? text.toLowerCase() : undefined;
}

/** The address of a private key. */
export function addressOfPrivateKey(privateKey: Uint8Array): string {
  return addressOf(secp256k1.getPublicKey(privateKey, false));
}
