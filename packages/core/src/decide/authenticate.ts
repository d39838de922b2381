import type { Credential, CredentialProfile, Proof } from '../credential/credential.ts';
import { type Denial, denial } from '../denial.ts';
import type { Claim, Dialect, MatchedForm } from '../dialects/dialect.ts';
import type { Prehash } from '../schemes/prehash.ts';
import { proves, provesPassphrase, type SchemeUse } from '../schemes/scheme.ts';

export interface Authenticated {
  readonly ok: true;
  readonly secretVersion: number;
  readonly matched: MatchedForm;
}

/** What of a credential this stage asks for. */
export interface Provable extends Pick<Credential, 'proofs'> {
  readonly profile: Pick<CredentialProfile, 'kind' | 'dialects'>;
}

/**
 * Stage 5: does the request prove possession of the credential's secret?
 *
 * A credential speaks the dialects that it names; one that names none, those that fit its kind, and where it has a
 * passphrase those alone that carry one. The record's kind picks the scheme; an algorithm that the request names must be
 * the same one. The current secret version is tried first, the previous one only during its grace; each against the
 * bytes of the wire first and then against the dialect's alternatives. The passphrase is compared after the signature,
 * so that only who holds the secret can guess at it; and not at all while `passphraseWaitMs` is above zero.
 *
 * It does not say whether the credential may be used: that is the next stage.
 */
export function authenticate(
  claim: Claim,
  dialect: Dialect,
  credential: Provable,
  nowMs: number,
  passphraseWaitMs = 0,
): Authenticated | Denial {
  const { dialects, kind } = credential.profile;
  const use = dialect.schemes[kind];
  const speaks = dialects?.includes(dialect.name) ?? keepsPassphrase(dialect, credential);
  if (use === undefined || !speaks) {
    return denial('dialect_not_allowed', `The credential does not speak ${dialect.name}.`, { part: 'key' });
  }
  if (claim.namedScheme !== undefined && claim.namedScheme !== use.scheme) {
    return denial('algorithm_not_allowed', `The credential signs with ${use.scheme}.`, { part: 'signature' });
  }
  const proof = matchingProof(use, claim, credential.proofs, claim.prehash, nowMs);
  if (proof !== undefined) return withPassphrase(claim, dialect, proof, 'wire', passphraseWaitMs);
  for (const { form, prehash } of claim.alternatives?.() ?? []) {
    const other = matchingProof(use, claim, credential.proofs, prehash, nowMs);
    if (other !== undefined) return withPassphrase(claim, dialect, other, form, passphraseWaitMs);
  }
  return denial('signature_mismatch', 'The signature does not match the request.', { part: 'signature' });
}

/**
 * Whether a key that names no dialects is asked for its passphrase, if it has one. Otherwise whoever has the secret alone
 * would take a dialect that has none.
 */
function keepsPassphrase({ hasPassphrase }: Dialect, { proofs }: Provable): boolean {
  return hasPassphrase || !proofs.some(({ key }) => key?.hasPassphrase);
}

function matchingProof(
  use: SchemeUse,
  claim: Claim,
  proofs: readonly Proof[],
  prehash: Prehash,
  nowMs: number,
): Proof | undefined {
  for (const proof of proofs) {
    if (proof.retiresAt !== undefined && nowMs >= proof.retiresAt) continue;
    if (proves(use, proof, prehash, claim.signature, claim.derivation)) return proof;
  }
  return undefined;
}

function withPassphrase(
  claim: Claim,
  dialect: Dialect,
  proof: Proof,
  matched: MatchedForm,
  waitMs: number,
): Authenticated | Denial {
  if (dialect.hasPassphrase && waitMs > 0) {
    // Said of a right one too: whoever hears it has learnt nothing about theirs.
    const detail =
      'Too many wrong passphrases came for this credential: none is compared until the wait is over.';
    return denial('too_many_failures', detail, { retryAfterSeconds: Math.ceil(waitMs / 1000) });
  }
  const isSigned = claim.passphraseIsSigned ?? false;
  if (dialect.hasPassphrase && !provesPassphrase(proof, claim.passphrase ?? '', isSigned)) {
    return denial('passphrase_mismatch', 'The signature is right, the passphrase is not.', {
      part: 'passphrase',
    });
  }
  return { ok: true, secretVersion: proof.version, matched };
}
