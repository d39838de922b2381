import { createPublicKey, type KeyObject } from 'node:crypto';
import {
  type CredentialKind,
  type DialectTable,
  fits,
  hasIdForm,
  idInToken,
  isBase64Secret,
  MAX_PASSPHRASE_BYTES,
  MAX_SECRET_BYTES,
  type Manifest,
  OPERATOR_ACCOUNT,
  parseNetwork,
  readAddress,
} from '@countersign/core';
import { faultsInConstraints } from './constraint-faults.ts';
import type { Fault, ImportInput, KeyEdit, KeyInput } from './key-input.ts';
import { OPERATOR_PERMISSIONS } from './operator-permissions.ts';
import { policyFaults } from './policy-faults.ts';
import { needsBase64Secret } from './secret-versions.ts';

const ASYMMETRIC: ReadonlySet<CredentialKind> = new Set(['ed25519', 'rsa', 'p256', 'secp256k1']);
/** Nobody keeps an API key for 100 years: a later expiry is a mistake in the unit. */
const FAR_MS = 100 * 365 * 86_400_000;
const MIN_IMPORTED_SECRET = 16;
const PRINTABLE = /^[\x21-\x7e]+$/;

export function isAsymmetric(kind: CredentialKind): boolean {
  return ASYMMETRIC.has(kind);
}

/** Lists all that is wrong with the meaning of a new key. */
export function faultsInNewKey(
  input: KeyInput,
  manifest: Manifest | undefined,
  dialects: DialectTable,
  nowMs: number,
): Fault[] {
  return [
    ...faultsInProof(input),
    ...faultsInDialects(input, dialects),
    ...faultsInRestrictions(input, input.accountId, manifest, nowMs),
    ...policyFaults(input, manifest, nowMs),
  ];
}

/** Lists all that is wrong with a key from another system, beyond {@link faultsInNewKey}. */
export function faultsInImport(input: ImportInput, isOurs: boolean, dialects: DialectTable): Fault[] {
  const faults: Fault[] = [];
  if (hasIdForm(input.id) && !isOurs) {
    faults.push({ pointer: '/id', message: 'has the form of an id of this service, which never issued it' });
  }
  if (isAsymmetric(input.kind)) {
    if (input.secret !== undefined) {
      faults.push({
        pointer: '/secret',
        message: `a key of kind ${input.kind} has no secret here, only a public key`,
      });
    }
    return faults;
  }
  const bytes = Buffer.byteLength(input.secret ?? '');
  if (bytes < MIN_IMPORTED_SECRET || bytes > MAX_SECRET_BYTES) {
    faults.push({
      pointer: '/secret',
      message: `must have ${MIN_IMPORTED_SECRET} to ${MAX_SECRET_BYTES} bytes`,
    });
  } else if (needsBase64Secret(input.kind, input.dialects, dialects) && !isBase64Secret(input.secret ?? '')) {
    faults.push({ pointer: '/secret', message: `must be base64 for ${input.dialects?.join(', ')}` });
  } else if (input.kind === 'bearer' && !PRINTABLE.test(input.secret ?? '')) {
    faults.push({ pointer: '/secret', message: 'a bearer token is printable ASCII without spaces' });
  } else if (input.kind === 'bearer' && idInToken(input.secret ?? '') !== undefined) {
    if (idInToken(input.secret ?? '') !== input.id) {
      faults.push({ pointer: '/secret', message: 'is a token of this service for another id' });
    }
  }
  return faults;
}

function faultsInProof({ kind, publicKey }: KeyInput): Fault[] {
  if (!isAsymmetric(kind)) {
    return publicKey === undefined
      ? []
      : [{ pointer: '/publicKey', message: `a key of kind ${kind} has none` }];
  }
  if (publicKey === undefined) return [{ pointer: '/publicKey', message: `is needed for kind ${kind}` }];
  if (publicKey.includes('PRIVATE KEY')) {
    return [
      {
        pointer: '/publicKey',
        message: 'is a private key: treat it as leaked, make a new pair, and send the public one',
      },
    ];
  }
  if (kind === 'secp256k1') return faultsInAddress(publicKey);
  let key: KeyObject;
  try {
    key = createPublicKey(publicKey);
  } catch {
    return [{ pointer: '/publicKey', message: 'is not a public key in PEM' }];
  }
  return fits(kind, key)
    ? []
    : [{ pointer: '/publicKey', message: `is not of kind ${kind} (RSA: 2048 to 8192 bits)` }];
}

/** A key on secp256k1 is known by its address. What has the length of a private key is one. */
function faultsInAddress(text: string): Fault[] {
  if (/^(?:0x)?[0-9a-f]{64}$/i.test(text.trim())) {
    return [
      {
        pointer: '/publicKey',
        message: 'is a private key: treat it as leaked, make a new one, and send its address',
      },
    ];
  }
  return readAddress(text.trim()) === undefined
    ? [{ pointer: '/publicKey', message: 'is not an Ethereum address: 0x and 40 hex digits' }]
    : [];
}

function faultsInDialects({ kind, dialects: names, passphrase }: KeyInput, dialects: DialectTable): Fault[] {
  const faults: Fault[] = [];
  for (const [i, name] of (names ?? []).entries()) {
    const dialect = dialects.named(name);
    const pointer = `/dialects/${i}`;
    if (dialect === undefined)
      faults.push({
        pointer,
        message: `is not one of ${dialects.all.map((known) => known.name).join(', ')}`,
      });
    else if (dialect.schemes[kind] === undefined)
      faults.push({ pointer, message: `does not sign with kind ${kind}` });
    else if (dialect.hasPassphrase && passphrase === undefined) {
      faults.push({ pointer: '/passphrase', message: `is needed for ${name}` });
    }
  }
  if (passphrase !== undefined) {
    if (kind === 'bearer') faults.push({ pointer: '/passphrase', message: 'a bearer key has none' });
    if (passphrase.length > MAX_PASSPHRASE_BYTES || !PRINTABLE.test(passphrase)) {
      faults.push({ pointer: '/passphrase', message: 'must be printable ASCII without spaces' });
    }
  }
  return faults;
}

/** Lists all that is wrong with what a new key or an edit says of permissions and limits. */
export function faultsInRestrictions(
  input: Omit<KeyEdit, 'label'>,
  accountId: string,
  manifest: Manifest | undefined,
  nowMs: number,
): Fault[] {
  const faults: Fault[] = [];
  const known = accountId === OPERATOR_ACCOUNT ? OPERATOR_PERMISSIONS : manifest?.permissions;
  for (const [i, name] of (input.permissions ?? []).entries()) {
    if (known !== undefined && !known.has(name)) {
      faults.push({ pointer: `/permissions/${i}`, message: `is not one of ${[...known.keys()].join(', ')}` });
    }
  }
  for (const [i, text] of (input.allowedIps ?? []).entries()) {
    if (parseNetwork(text) !== undefined) continue;
    faults.push({
      pointer: `/allowedIps/${i}`,
      message: 'is not an address, nor a CIDR block without host bits',
    });
  }
  if (typeof input.expiresAt === 'number') {
    if (input.expiresAt <= nowMs) faults.push({ pointer: '/expiresAt', message: 'is in the past' });
    if (input.expiresAt > nowMs + FAR_MS)
      faults.push({ pointer: '/expiresAt', message: 'is more than 100 years away' });
  }
  const names = (input.rateLimits ?? []).map(({ name }) => name);
  for (const [i, name] of names.entries()) {
    if (names.indexOf(name) !== i) faults.push({ pointer: `/rateLimits/${i}/name`, message: 'occurs twice' });
  }
  return [...faults, ...faultsInConstraints(input.constraints ?? {}, accountId, manifest)];
}
