import {
  type Alignment,
  type Attempt,
  align,
  type Candidates,
  type Claim,
  type Credential,
  type Denial,
  type DenialCode,
  type Dialect,
  type Dummies,
  decide,
  denial,
  type FoundMistake,
  faultInRequestLine,
  type KeySlab,
  type MatchedForm,
  type Proof,
  prehashBytes,
  type ReadContext,
  searchMistake,
  variationsOf,
  visible,
  type WireRequest,
} from '@countersign/core';
import type { AccountBook } from './accounts/account-book.ts';
import type { AddressBook } from './address-book.ts';
import type { GroupCommit } from './audit/group-commit.ts';
import { openProof } from './credentials/compile-credential.ts';
import type { CacheEntry } from './credentials/credential-cache.ts';
import type { Resolver } from './credentials/resolver.ts';
import type { AcceptedDialects } from './decision/accepted-dialects.ts';
import type { Ask } from './decision/decision.ts';
import { noDialect } from './decision/own-denials.ts';
import { readClaim } from './decision/read-claim.ts';
import type { Demands } from './decision/requirement.ts';
import { TokenBuckets } from './guesses/token-buckets.ts';
import type { By } from './keys/key-result.ts';
import type { Keyring } from './ports/keyring.ts';
import type { CredentialRecord } from './ports/record.ts';
import type { Store } from './ports/store.ts';

/** Why a request is refused, and what its client did wrong. Holds no secret, and no signature that would be right. */
export interface Explanation {
  readonly ok: true;
  /** What the request would be refused for; null when nothing speaks against it. Replay and limits are not asked. */
  readonly code: DenialCode | null;
  readonly detail: string;
  readonly clockDeltaMs?: number | undefined;
  readonly dialect: string | null;
  readonly credentialId: string | null;
  /** The spelling of the request that the signature covers; null when it covers none. */
  readonly matched: MatchedForm | null;
  /** What the signature should cover, with everything visible. Null when the request cannot be read. */
  readonly prehash: { readonly text: string; readonly bytes: number } | null;
  /** The known mistake that makes the client's signature; null when the signature is right, or none does. */
  readonly mistake: FoundMistake | null;
  /** Where the client's signed text and ours part, when the client's was given. */
  readonly alignment?: Alignment | undefined;
}

export interface ExplainRefusal {
  readonly ok: false;
  readonly code: 'rate_limited';
  readonly detail: string;
}

export interface ExplainerParts {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly slab: KeySlab;
  readonly resolver: Resolver;
  readonly demands: Demands;
  readonly dialects: AcceptedDialects;
  readonly accounts: AccountBook;
  readonly addresses: AddressBook;
  readonly dummies: Dummies;
  readonly log: GroupCommit;
  readonly clock: () => number;
  readonly publicHost: string | undefined;
}

/** Explanations that one operator may ask for at once, and in a minute. */
const PER_MINUTE = 60;
/** Other keys of an account whose secrets are tried. */
const MAX_SIBLINGS = 50;
/** Characters of the signed text that are shown. */
const MAX_SHOWN = 100_000;

/**
 * Says why a request is refused. It goes through the pure stages only, as a decision would, and changes nothing: no
 * nonce is used up, no quota, and no failure is counted.
 */
export class Explainer {
  readonly #parts: ExplainerParts;
  readonly #budget = new TokenBuckets({ units: PER_MINUTE, windowSeconds: 60 });

  constructor(parts: ExplainerParts) {
    this.#parts = parts;
  }

  /**
   * @param ask as for a decision
   * @param clientPrehash what the client says it signed
   */
  async explain(
    request: WireRequest,
    ask: Ask,
    clientPrehash: string | undefined,
    by: By,
  ): Promise<Explanation | ExplainRefusal> {
    const { clock, log } = this.#parts;
    const nowMs = clock();
    const waitMs = this.#budget.wait(by.actor, nowMs);
    if (waitMs > 0) {
      const detail = `At most ${PER_MINUTE} explanations in a minute: come back in ${Math.ceil(waitMs / 1000)} s.`;
      return { ok: false, code: 'rate_limited', detail };
    }
    this.#budget.take(by.actor, nowMs);
    const explanation = await this.#explain(request, ask, clientPrehash, nowMs);
    const { code, dialect, credentialId, mistake } = explanation;
    log.add({
      at: nowMs,
      type: 'key.explained',
      credentialId: credentialId ?? undefined,
      actor: by.actor,
      requestId: by.requestId,
      data: { code, dialect, mistake: mistake?.name ?? null },
    });
    return explanation;
  }

  async #explain(
    request: WireRequest,
    ask: Ask,
    clientPrehash: string | undefined,
    nowMs: number,
  ): Promise<Explanation> {
    const { dialects, publicHost } = this.#parts;
    const fault = faultInRequestLine(request.method, request.target);
    if (fault !== undefined) return unread(denial('malformed_request', fault), undefined);
    const dialect = dialects.choose(request, ask.dialect);
    if (dialect === undefined) return unread(noDialect(ask, request.message), undefined);
    const context: ReadContext = { publicHost, environment: ask.environment };
    const claim = readClaim(request, dialect, context);
    if (!claim.ok) return unread(claim, dialect);
    const entry = await this.#resolve(claim.keyId);
    const credential = entry?.credential;
    const verdict = this.#verdict(request, ask, dialect, claim, entry, nowMs);
    // A captured request is often explained when its time is over: the signature is looked at as of its own time.
    const isLate = !verdict.ok && verdict.denial.code === 'timestamp_out_of_window';
    const then = isLate ? this.#verdict(request, ask, dialect, claim, entry, timeOf(claim, nowMs)) : verdict;
    const attempt = { dialect, request, context, claim };
    const prehash = prehashBytes(claim.prehash);
    return {
      ok: true,
      code: verdict.ok ? null : verdict.denial.code,
      detail: verdict.ok ? 'Nothing speaks against the request.' : verdict.denial.detail,
      clockDeltaMs: verdict.ok ? undefined : verdict.denial.clockDeltaMs,
      dialect: dialect.name,
      credentialId: credential?.id ?? null,
      matched: then.ok ? then.matched : null,
      prehash: { text: visible(prehash.subarray(0, MAX_SHOWN)), bytes: prehash.length },
      mistake: then.ok ? null : await this.#mistakeIn(attempt, then.denial, credential, nowMs),
      alignment: clientPrehash === undefined ? undefined : align(prehash, Buffer.from(clientPrehash, 'utf8')),
    };
  }

  #verdict(
    request: WireRequest,
    ask: Ask,
    dialect: Dialect,
    claim: Claim,
    entry: CacheEntry | undefined,
    nowMs: number,
  ) {
    const { demands, dummies, addresses, accounts } = this.#parts;
    const credential = entry?.credential;
    const demand = demands.of(request.method, request.target, ask);
    const anything = { permission: undefined, weight: 1, facts: () => ({}) };
    return decide({
      request,
      dialect,
      claim,
      credential,
      dummies,
      demanded:
        demand.kind === 'requirement' ? demand.requirement : demand.kind === 'public' ? anything : undefined,
      peer: request.ip === undefined ? undefined : addresses.parse(request.ip),
      environment: ask.environment,
      audience: ask.audience ?? 'customers',
      nowMs,
      isFrozen:
        credential !== undefined && accounts.isFrozen(credential.accountId, credential.profile.environment),
      lastUsedAt: entry?.usedAt ?? 0,
      stepUpAt: ask.stepUpAt,
    });
  }

  async #resolve(keyId: string): Promise<CacheEntry | undefined> {
    const { resolver } = this.#parts;
    const known = resolver.peek(keyId);
    if (known !== undefined) return known;
    return (await resolver.load(keyId)) ? resolver.peek(keyId) : undefined;
  }

  async #mistakeIn(
    attempt: Omit<Attempt, 'use'>,
    { code }: Denial,
    credential: Credential | undefined,
    nowMs: number,
  ): Promise<FoundMistake | null> {
    if (credential === undefined) return this.#mistakeInRecovery(attempt);
    const use = attempt.dialect.schemes[credential.profile.kind];
    if (code !== 'signature_mismatch' || use === undefined) return null;
    const opened: Proof[] = [];
    try {
      const candidates = await this.#candidates(credential, nowMs, opened);
      return searchMistake({ ...attempt, use }, candidates) ?? null;
    } finally {
      for (const { key } of opened) key?.release();
    }
  }

  /**
   * Where the key is recovered from the signature, a request that is signed wrongly names a key that nobody knows. It is
   * looked for under each mistake.
   */
  async #mistakeInRecovery(attempt: Omit<Attempt, 'use'>): Promise<FoundMistake | null> {
    const { dialect, context, claim } = attempt;
    const use = dialect.schemes.secp256k1;
    if (use === undefined) return null;
    for (const { mistake, variation } of variationsOf({ ...attempt, use })) {
      if (variation.request === undefined) continue;
      const other = dialect.read(variation.request, context);
      if (!other.ok || other.keyId === claim.keyId) continue;
      const entry = await this.#resolve(other.keyId);
      if (entry !== undefined)
        return { name: mistake.name, advice: mistake.advice, keyId: entry.credential.id };
    }
    return null;
  }

  /** Opens the secrets that the client may have signed with. Those that are opened here are listed in `opened`. */
  async #candidates(credential: Credential, nowMs: number, opened: Proof[]): Promise<Candidates> {
    const { store } = this.#parts;
    const record = await store.loadCredential(credential.id);
    const isRetired = ({ retiresAt }: { retiresAt: number | null }) =>
      retiresAt !== null && retiresAt <= nowMs;
    // Opened anew: the cached ones may be dropped, and overwritten, while this waits.
    const live = await this.#open(record, (version) => !isRetired(version), opened);
    const retired = await this.#open(record, isRetired, opened);
    const siblings: Candidates['siblings'][number][] = [];
    const filter = { accountId: credential.accountId, nowMs, afterId: '', limit: MAX_SIBLINGS };
    for (const other of await store.listCredentials(filter)) {
      if (other.id === credential.id || other.kind !== credential.profile.kind) continue;
      for (const proof of await this.#open(other, () => true, opened))
        siblings.push({ keyId: other.id, proof });
    }
    return { live, retired, siblings };
  }

  async #open(
    record: CredentialRecord | undefined,
    isWanted: (version: CredentialRecord['secretVersions'][number]) => boolean,
    opened: Proof[],
  ): Promise<Proof[]> {
    const { keyring, slab } = this.#parts;
    const proofs: Proof[] = [];
    for (const version of record?.secretVersions ?? []) {
      if (!isWanted(version)) continue;
      const proof = await openProof(keyring, slab, (record as CredentialRecord).id, version);
      if (proof === undefined) continue;
      proofs.push(proof);
      opened.push(proof);
    }
    return proofs;
  }
}

/** The time at which a claim would be fresh. */
function timeOf({ timestampMs, expiresMs }: Claim, nowMs: number): number {
  return timestampMs ?? expiresMs ?? nowMs;
}

function unread({ code, detail }: Denial, dialect: Dialect | undefined): Explanation {
  return {
    ok: true,
    code,
    detail,
    dialect: dialect?.name ?? null,
    credentialId: null,
    matched: null,
    prehash: null,
    mistake: null,
  };
}
