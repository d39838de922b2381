import { createPublicKey } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Credential, CredentialKind, Standing } from '../src/credential/credential.ts';
import type { LoginContext, ReadContext, SigningKey } from '../src/dialects/dialect.ts';
import type { WireRequest } from '../src/message.ts';
import { createSigningKey } from '../src/schemes/signer.ts';
import { aCredential, aProof, keyRow } from './given.ts';

/** A credential of a vector file: proof material, and for those that sign, the client's secret. */
export interface VectorCredential {
  readonly kind: CredentialKind;
  readonly id: string;
  /** `hmac`: the secret. */
  readonly secret?: string | null;
  readonly passphrase?: string | null;
  readonly publicKeyPem?: string;
  /** `secp256k1`. */
  readonly address?: string;
  readonly tokenHash?: string;
  /** What the client signs with: PEM, and `0x…` for `secp256k1`. Absent: the vectors are not signed anew. */
  readonly privateKeyPem?: string;
  readonly privateKey?: string;
  readonly dialects?: readonly string[];
  readonly standing?: Standing;
}

export interface VectorRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  /** As text, or its bytes in hex. */
  readonly body?: string;
  readonly bodyHex?: string;
  readonly scheme?: 'http' | 'https';
  /** What the client of the WebSocket was given to sign. */
  readonly challenge?: string;
}

/** One signed request, or one login message, and what must come of it. The form is in `vectors/README.md`. */
export interface Vector {
  readonly name: string;
  /** A name of the file's credentials; `none` for one that does not exist. */
  readonly credential: string;
  readonly nowMs: number;
  readonly request: VectorRequest;
  /** A login inside the WebSocket that `request` opened. */
  readonly message?: string;
  readonly context?: ReadContext;
  /** What the client signed: as text, or in hex. */
  readonly prehash?: string;
  readonly prehashHex?: string;
  readonly signature?: string;
  /** `ok` or a denial code. */
  readonly outcome: string;
  readonly matched?: string;
  readonly part?: string;
  readonly keyId?: string;
  /** What our own signer is given to make the same signature; false where it would write another request. */
  readonly sign?:
    | false
    | { readonly nowMs?: number; readonly nonce?: string; readonly request?: VectorRequest };
}

export interface VectorFile {
  readonly source: string;
  readonly dialect: string;
  readonly credentials: Readonly<Record<string, VectorCredential>>;
  readonly cases: readonly Vector[];
}

const FOLDER = new URL('../../../vectors/', import.meta.url);

/** All vector files of a dialect: `vectors/<name>.json` and `vectors/<name>-<something>.json`. */
export function vectorFilesOf(dialect: string): { file: string; vectors: VectorFile }[] {
  return readdirSync(FOLDER)
    .filter((file) => file.startsWith(dialect) && file.endsWith('.json'))
    .sort()
    .map((file) => ({ file, vectors: JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as VectorFile }))
    .filter(({ vectors }) => vectors.dialect === dialect);
}

export function credentialOf(row: VectorCredential): Credential {
  const { secret, passphrase, publicKeyPem, tokenHash, address } = row;
  const hasKey = row.kind === 'hmac' || passphrase != null;
  const proof = aProof({
    key: hasKey ? keyRow(secret ?? '', passphrase ?? '') : undefined,
    publicKey: publicKeyPem === undefined ? undefined : createPublicKey(publicKeyPem),
    tokenHash,
    address,
  });
  return aCredential({
    id: row.id,
    standing: row.standing ?? 'active',
    proofs: row.standing === 'revoked' ? [] : [proof],
    profile: { kind: row.kind, dialects: row.dialects },
  });
}

export function signingKeyOf(row: VectorCredential): SigningKey | undefined {
  const secret = row.kind === 'hmac' ? (row.secret ?? undefined) : (row.privateKeyPem ?? row.privateKey);
  if (secret === undefined) return undefined;
  return createSigningKey({ keyId: row.id, kind: row.kind, secret, passphrase: row.passphrase ?? undefined });
}

export function requestOf({
  method,
  target,
  headers,
  body,
  bodyHex,
  scheme,
  challenge,
}: VectorRequest): WireRequest {
  const bytes = bodyHex === undefined ? Buffer.from(body ?? '', 'utf8') : Buffer.from(bodyHex, 'hex');
  return { method, target, headers: headers.flat(), body: bytes, scheme, challenge };
}

export function loginContextOf(vector: Vector): LoginContext {
  return { ...vector.context, handshake: requestOf(vector.request) };
}

/** What the client signed, as bytes. */
export function prehashOf({ prehash, prehashHex }: Vector): Buffer | undefined {
  if (prehashHex !== undefined) return Buffer.from(prehashHex, 'hex');
  return prehash === undefined ? undefined : Buffer.from(prehash, 'utf8');
}
