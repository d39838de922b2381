import type { Environment } from '../credential/credential.ts';
import { type Denial, denial, malformed } from '../denial.ts';
import { recoverAddress } from '../schemes/secp256k1.ts';
import type { Claim, Dialect, SigningContext, SigningKey } from './dialect.ts';
import { addressDigits, isUint64, type SignedParts, signedBytes } from './hyperliquid-actions.ts';
import { hasRepeatedName, jsonMembers } from './json-members.ts';

/** What a payload may hold. Of these, all but the signature are signed; anything else would not be. */
const NAMES: ReadonlySet<string> = new Set(['action', 'nonce', 'signature', 'vaultAddress', 'expiresAfter']);
const WORD = /^"0x([0-9a-f]{1,64})"$/;

type Members = ReadonlyMap<string, string>;

/**
 * Reads the signed payload of a request or of a message: `{action, nonce, signature, vaultAddress?, expiresAfter?}`.
 * The key is not named in it: its address is recovered from the signature, so that any other payload, and any other
 * signature, names another key.
 */
export function readPayload(json: string, environment: Environment): Claim | Denial {
  const members = membersOf(json);
  if (!(members instanceof Map)) return members as Denial;
  const signature = signatureOf(members.get('signature'));
  if (typeof signature !== 'string') return signature;
  const parts = partsOf(members);
  if ('ok' in parts) return parts;
  const bytes = signedBytes(parts, environment);
  if (!Buffer.isBuffer(bytes)) return bytes;
  const prehash = [bytes];
  const keyId = recoverAddress(prehash, signature);
  if (keyId === undefined) {
    return denial('signature_mismatch', 'The signature is none of any key.', { part: 'signature' });
  }
  const { nonce, expiresAfter } = parts;
  const expiresMs = expiresAfter === undefined ? undefined : Number(expiresAfter);
  return { ok: true, keyId, signature, timestampMs: Number(nonce), expiresMs, nonce, prehash };
}

/**
 * Signs a payload: `{action, nonce?, vaultAddress?, expiresAfter?}`. Without a nonce, the context's is taken. A
 * signature that is there is replaced. Throws a TypeError for what could not be read.
 */
export function signPayload(
  json: string,
  { kind, sign }: SigningKey,
  schemes: Dialect['schemes'],
  { nonce, environment = 'live' }: SigningContext,
): string {
  const use = schemes[kind];
  if (use === undefined) throw new TypeError(`hyperliquid has no scheme for kind ${kind}`);
  const members = membersOf(json);
  if (!(members instanceof Map)) throw new TypeError((members as Denial).detail);
  const parts = partsOf(new Map([['nonce', nonce], ...members]));
  if ('ok' in parts) throw new TypeError(parts.detail);
  const bytes = signedBytes(parts, environment);
  if (!Buffer.isBuffer(bytes)) throw new TypeError(bytes.detail);
  const [, r, s, v = ''] = /^0x(.{64})(.{64})(..)$/.exec(sign(use, [bytes])) ?? [];
  const signature = JSON.stringify({ r: `0x${r}`, s: `0x${s}`, v: Number.parseInt(v, 16) });
  const rest = ['vaultAddress', 'expiresAfter'].flatMap((name) =>
    members.has(name) ? [`,"${name}":${members.get(name)}`] : [],
  );
  return `{"action":${parts.action},"nonce":${parts.nonce},"signature":${signature}${rest.join('')}}`;
}

function membersOf(json: string): Members | Denial {
  const members = jsonMembers(json);
  if (members === undefined) return malformed('The payload is no JSON object.');
  if (hasRepeatedName(members)) return malformed('The payload has a name twice.');
  const unknown = members.find(({ name }) => !NAMES.has(name));
  if (unknown !== undefined) {
    return malformed(`The payload holds ${JSON.stringify(unknown.name)}, which is not signed.`);
  }
  return new Map(members.map(({ name, value }) => [name, value]));
}

function partsOf(members: Members): SignedParts | Denial {
  const action = members.get('action');
  if (action === undefined) return malformed('The payload has no action.');
  const nonce = members.get('nonce');
  if (nonce === undefined) return missing('nonce', 'timestamp');
  if (!isUint64(nonce)) {
    return denial('timestamp_invalid', 'nonce is not a whole number of 64 bits.', { part: 'timestamp' });
  }
  const vaultAddress = given(members, 'vaultAddress');
  const vault = vaultAddress === undefined ? undefined : addressDigits(vaultAddress);
  if (vaultAddress !== undefined && vault === undefined) return malformed('vaultAddress is no address.');
  const expiresAfter = given(members, 'expiresAfter');
  if (expiresAfter !== undefined && !isUint64(expiresAfter)) {
    return denial('timestamp_invalid', 'expiresAfter is not a whole number of 64 bits.', {
      part: 'timestamp',
    });
  }
  return { action, nonce, vault, expiresAfter };
}

/** A member that may be left out, or be null, which is the same. */
function given(members: Members, name: string): string | undefined {
  const value = members.get(name);
  return value === 'null' ? undefined : value;
}

/** The signature as the scheme wants it. Some clients leave zeros in front of r and s out. */
function signatureOf(json: string | undefined): string | Denial {
  const members = json === undefined || json === 'null' ? undefined : jsonMembers(json);
  if (members === undefined) return missing('signature', 'signature');
  const byName = new Map(members.map(({ name, value }) => [name, value]));
  if (byName.size !== 3 || members.length !== 3) return malformed('signature is not r, s and v, once each.');
  const [r, s] = ['r', 's'].map((name) => WORD.exec(byName.get(name) ?? '')?.[1]?.padStart(64, '0'));
  const v = { '27': '1b', '28': '1c' }[byName.get('v') ?? ''];
  if (r === undefined || s === undefined || v === undefined) {
    return malformed('r and s are 0x and up to 64 hex digits in lower case, v is 27 or 28.');
  }
  return `0x${r}${s}${v}`;
}

function missing(name: string, part: 'signature' | 'timestamp'): Denial {
  return denial('credential_missing', `${name} is missing.`, { part });
}
