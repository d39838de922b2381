import type { Proof } from '../credential/credential.ts';
import { KeySlab } from '../schemes/key-slab.ts';
import type { Prehash } from '../schemes/prehash.ts';
import { proves } from '../schemes/scheme.ts';
import { MISTAKES } from './mistakes.ts';
import type { Attempt, Mistake, Variation } from './variation.ts';

/** The proofs that a client may have signed with. */
export interface Candidates {
  readonly live: readonly Proof[];
  /** Secrets of the same key that are no longer valid. */
  readonly retired: readonly Proof[];
  /** Secrets of other keys of the same account. */
  readonly siblings: readonly { readonly keyId: string; readonly proof: Proof }[];
}

/** The mistake that makes the client's signature. */
export interface FoundMistake {
  readonly name: string;
  readonly advice: string;
  /** Whose secret it was, when it was another key's. */
  readonly keyId?: string | undefined;
}

/** Longest body with which mistakes are searched for, in bytes: each of them costs a signature over it. */
export const MAX_SEARCHED_BYTES = 256 * 1024;

const slab = new KeySlab();

/**
 * Searches for a known mistake that reproduces a client's signature. It decides nothing: what it finds was refused,
 * and stays so. Undefined when no mistake fits, or the body is too long to try.
 */
export function searchMistake(attempt: Attempt, candidates: Candidates): FoundMistake | undefined {
  if (attempt.request.body.length > MAX_SEARCHED_BYTES) return undefined;
  for (const { mistake, variation } of variationsOf(attempt)) {
    const found = tryOne(attempt, variation, candidates);
    if (found !== undefined) return { name: mistake.name, advice: mistake.advice, ...found };
  }
  return undefined;
}

/** Every variation of every mistake, in the order in which they are tried. */
export function* variationsOf(attempt: Attempt): Generator<{ mistake: Mistake; variation: Variation }> {
  for (const mistake of MISTAKES) {
    for (const variation of mistake.variations(attempt)) yield { mistake, variation };
  }
}

function tryOne(
  attempt: Attempt,
  variation: Variation,
  { live, retired, siblings }: Candidates,
): { readonly keyId?: string } | undefined {
  const prehashes = prehashesOf(attempt, variation);
  if (variation.from === 'siblings') {
    const sibling = siblings.find(({ proof }) => isMade(attempt, variation, proof, prehashes));
    return sibling === undefined ? undefined : { keyId: sibling.keyId };
  }
  const proofs = variation.from === 'retired' ? retired : live;
  return proofs.some((proof) => isMade(attempt, variation, proof, prehashes)) ? {} : undefined;
}

/** What the client may have signed, in each spelling that the dialect knows. */
function prehashesOf(
  { dialect, context, claim, request }: Attempt,
  variation: Variation,
): readonly Prehash[] {
  if (variation.prehash !== undefined) return [variation.prehash];
  let read: ReturnType<typeof dialect.read> = claim;
  if (variation.request !== undefined && request.message === undefined) {
    const publicHost = variation.publicHost ?? context.publicHost;
    read = dialect.read(variation.request, { ...context, publicHost });
  }
  if (!read.ok) return [];
  return [read.prehash, ...(read.alternatives?.() ?? []).map(({ prehash }) => prehash)];
}

function isMade(
  { claim, use }: Attempt,
  { secret, use: otherUse, proves: otherwise }: Variation,
  proof: Proof,
  prehashes: readonly Prehash[],
): boolean {
  const changed = secret === undefined ? proof : withSecret(proof, secret);
  if (changed === undefined) return false;
  try {
    return prehashes.some((prehash) =>
      otherwise === undefined
        ? proves(otherUse ?? use, changed, prehash, claim.signature, claim.derivation)
        : otherwise(changed, prehash, claim.signature),
    );
  } finally {
    if (changed !== proof) changed.key?.release();
  }
}

function withSecret(proof: Proof, change: (right: Buffer) => Buffer): Proof | undefined {
  if (proof.key === undefined) return undefined;
  const right = proof.key.copyBytes();
  const other = change(right);
  right.fill(0);
  if (other.length === 0 || other.length > 256) return undefined;
  const key = slab.store(other);
  other.fill(0);
  return { ...proof, key };
}
