import type { AddressBytes } from '../src/address.ts';
import type { Credential, CredentialProfile, Proof } from '../src/credential/credential.ts';
import { type Approval, decide, type Question, type Refusal } from '../src/decide/decide.ts';
import type { Facts } from '../src/decide/fact-source.ts';
import type { Permission } from '../src/decide/manifest.ts';
import type { Requirement } from '../src/decide/requirement.ts';
import type { Denial } from '../src/denial.ts';
import type { Claim, Dialect, ReadContext, SigningContext, SigningKey } from '../src/dialects/dialect.ts';
import type { RawHeaders, WireRequest } from '../src/message.ts';
import { type KeyRow, KeySlab } from '../src/schemes/key-slab.ts';
import { createSigningKey } from '../src/schemes/signer.ts';

/** 2026-11-24T06:00:00.000Z */
export const NOW = 1_795_500_000_000;
export const SECRET = 'throwaway-secret';
export const PASSPHRASE = 'Passphrase1';

const slab = new KeySlab();

export function keyRow(secret: string | Uint8Array = SECRET, passphrase = PASSPHRASE): KeyRow {
  return slab.store(typeof secret === 'string' ? Buffer.from(secret, 'utf8') : secret, passphrase);
}

export function aRequest(over: Partial<WireRequest> = {}): WireRequest {
  return { method: 'GET', target: '/api/v2/account?limit=20', headers: [], body: Buffer.alloc(0), ...over };
}

export function aProof(over: Partial<Proof> = {}): Proof {
  return { version: 1, ...over };
}

export type CredentialParts = Partial<Omit<Credential, 'profile'>> & {
  readonly profile?: Partial<CredentialProfile>;
};

/** An active HMAC credential that may do nothing in particular. */
export function aCredential({ profile, ...over }: CredentialParts = {}): Credential {
  return {
    id: 'key-1',
    accountId: 'account-1',
    label: 'test',
    metadata: {},
    standing: 'active',
    revision: 1,
    proofs: over.proofs ?? [aProof({ key: keyRow() })],
    ...over,
    profile: {
      environment: 'live',
      kind: 'hmac',
      dialects: undefined,
      permissions: [],
      allowedNetworks: undefined,
      rateLimits: [],
      constraints: undefined,
      nonceWindow: 0,
      ...profile,
    },
  };
}

/** What a bot holds: signs with HMAC under a secret. */
export function aSigningKey(secret: string = SECRET, over: Partial<SigningKey> = {}): SigningKey {
  return { ...createSigningKey({ keyId: 'key-1', kind: 'hmac', secret, passphrase: PASSPHRASE }), ...over };
}

export function rawHeaders(headers: Readonly<Record<string, string>>): RawHeaders {
  return Object.entries(headers).flat();
}

/** The request as the dialect's own signer makes it. */
export function signed(
  dialect: Dialect,
  request: WireRequest,
  key: SigningKey = aSigningKey(),
  context: number | SigningContext = NOW,
): WireRequest {
  const all = typeof context === 'number' ? { nowMs: context, nonce: 'nonce-1' } : context;
  const { target, headers, body } = dialect.sign(request, key, all);
  return { ...request, target, headers: [...request.headers, ...rawHeaders(headers)], body };
}

/** Asks for nothing but authentication. */
export const authenticationOnly: Requirement = { permission: undefined, weight: 1, facts: () => ({}) };

export function requires(permission: Permission, facts: Facts = {}): Requirement {
  return { permission, weight: 1, facts: () => facts };
}

export function claimOf(dialect: Dialect, request: WireRequest, context: ReadContext = {}): Claim {
  const claim = dialect.read(request, context);
  if (!claim.ok) throw new Error(`the request could not be read: ${claim.code}`);
  return claim;
}

export function denialOf(outcome: Claim | Denial | Approval | Refusal | { ok: true } | undefined): Denial {
  if (outcome === undefined || outcome.ok) throw new Error('it was not refused');
  return 'denial' in outcome ? outcome.denial : outcome;
}

/** Nobody's credential, for an id that does not exist. */
export const dummy = aCredential({
  id: '',
  proofs: [aProof({ version: 0, key: keyRow('nobody knows this') })],
});

export const PEER: AddressBytes = [192, 0, 2, 7];

type Given = Partial<Question> & { readonly context?: ReadContext };

/** Reads a request and asks for a decision on it. */
export function ask(
  dialect: Dialect,
  request: WireRequest,
  credential: Credential | undefined,
  { context = {}, ...over }: Given = {},
): Approval | Refusal {
  return decisionOn(dialect.read(request, context), { dialect, request, credential, ...over });
}

/** Reads a login inside a WebSocket and asks for a decision on it. */
export function askLogin(
  dialect: Dialect,
  message: string,
  handshake: WireRequest,
  credential: Credential | undefined,
  { context = {}, ...over }: Given = {},
): Approval | Refusal {
  if (dialect.webSocket === undefined) throw new Error(`${dialect.name} has no login inside a WebSocket`);
  const claim = dialect.webSocket.read(message, { ...context, handshake });
  return decisionOn(claim, { dialect, request: { ...handshake, message }, credential, ...over });
}

function decisionOn(
  claim: Claim | Denial,
  question: Pick<Question, 'dialect' | 'request' | 'credential'> & Partial<Question>,
): Approval | Refusal {
  if (!claim.ok) return { ok: false, denial: claim };
  return decide({
    claim,
    dummies: () => dummy,
    demanded: authenticationOnly,
    peer: PEER,
    audience: 'customers',
    nowMs: NOW,
    isFrozen: false,
    lastUsedAt: NOW,
    ...question,
    credential: question.credential && speaking(question.dialect, question.credential),
  });
}

/** A credential that names no dialects, as one of this: with a passphrase it would not speak those that carry none. */
function speaking({ name, hasPassphrase }: Dialect, credential: Credential): Credential {
  if (hasPassphrase) return credential;
  const { dialects = [name], ...profile } = credential.profile;
  return { ...credential, profile: { ...profile, dialects } };
}
