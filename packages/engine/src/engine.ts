import { createHmac, randomBytes } from 'node:crypto';
import {
  DENIALS,
  denial,
  dialectTable,
  KeySlab,
  type Manifest,
  problemAnswer,
  type WireRequest,
} from '@countersign/core';
import { AccountBook } from './accounts/account-book.ts';
import { type AccountService, createAccountService } from './accounts/account-service.ts';
import { UsageRecorder } from './activity/usage.ts';
import { createAddressBook } from './address-book.ts';
import { type AdviceService, createAdviceService } from './advice/advice-service.ts';
import { GroupCommit } from './audit/group-commit.ts';
import { CredentialCompiler } from './credentials/compile-credential.ts';
import { CredentialCache } from './credentials/credential-cache.ts';
import { createDummies } from './credentials/dummy-credentials.ts';
import { seal, unseal } from './credentials/envelope.ts';
import { parseFingerprint } from './credentials/fingerprint.ts';
import { Resolver } from './credentials/resolver.ts';
import { acceptedDialects } from './decision/accepted-dialects.ts';
import { Admission } from './decision/admission.ts';
import type { Ask, Decision, Denied, WatchingVerifier } from './decision/decision.ts';
import { DecisionMaker } from './decision/decision-maker.ts';
import { DecisionWatch } from './decision/decision-watch.ts';
import { longestMemory } from './decision/longest-memory.ts';
import { createRequestIds } from './decision/request-id.ts';
import { Demands } from './decision/requirement.ts';
import { Explainer } from './explainer.ts';
import type { FailureBudgetOptions } from './guesses/failure-budget.ts';
import { Guesses } from './guesses/guesses.ts';
import { TokenBuckets } from './guesses/token-buckets.ts';
import { createRewrapper, type Rewrapper } from './keyring/rewrap.ts';
import { createKeyService, type KeyService } from './keys/key-service.ts';
import { RateLimits } from './limits/rate-limits.ts';
import { TakenRestorer } from './limits/taken-restorer.ts';
import { UsageRelease } from './limits/usage-release.ts';
import { createMemoryClaimAndMeter } from './memory/claim-and-meter.ts';
import type { ClaimAndMeter } from './ports/claim-and-meter.ts';
import type { Keyring } from './ports/keyring.ts';
import type { Store } from './ports/store.ts';
import { createUpkeep, type Upkeep } from './upkeep/upkeep.ts';

export interface EngineOptions {
  readonly store: Store;
  readonly keyring: Keyring;
  /** Absent: any route, and permissions only where the caller names one. */
  readonly manifest?: Manifest | undefined;
  /** Default: in memory, for one node. */
  readonly claimAndMeter?: ClaimAndMeter | undefined;
  /** Ms since 1970. Default `Date.now`. */
  readonly clock?: (() => number) | undefined;
  /** Failures that one source network may cause. Default: 60, one forgiven each minute, and a first wait of 1 s. */
  readonly failureBudget?: FailureBudgetOptions | undefined;
  /**
   * Wrong passphrases for one key, from all networks together that it never succeeded from. Default: 10, one forgiven
   * each hour, and a first wait of 1 s.
   */
  readonly passphraseBudget?: FailureBudgetOptions | undefined;
  /** Longest body that is verified, in bytes. Default 1 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /** Most credentials kept in memory, at up to 600 bytes each. Default 1,000,000. */
  readonly cacheCapacity?: number | undefined;
  /** How old the knowledge of changes may be before decisions are refused, in ms. Default 2,000. */
  readonly stalenessBoundMs?: number | undefined;
  /** Whether read-only requests may be used once only, in dialects without a nonce too. Default false. */
  readonly claimSafeMethods?: boolean | undefined;
  /**
   * The host name under which customers reach this service, with the port unless it is the scheme's default: for
   * dialects whose signature covers it. Default: what the request's `Host` says.
   */
  readonly publicHost?: string | undefined;
  /** Told of each decision, for metrics. Must not throw. */
  readonly onDecision?: ((decision: Decision) => void) | undefined;
  /** Told of faults that no caller sees: a log that cannot be written, a store that does not answer. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

interface Started {
  readonly maker: DecisionMaker;
  readonly explainer: Explainer;
}

export interface EngineHealth {
  readonly logIsWritable: boolean;
  readonly feedIsFresh: boolean;
  readonly cachedCredentials: number;
  readonly pendingLogEntries: number;
  /** What stopped the last pass of upkeep; null when nothing did. It is tried again. */
  readonly upkeepFault: string | null;
}

/** Issues keys, verifies requests, and keeps the record of both. */
export interface Engine {
  /**
   * Decides about one request: all ten stages. Never rejects: what goes wrong inside is a denial with the code
   * `unavailable`, and is told to `onError`.
   */
  verify(request: WireRequest, ask?: Ask): Promise<Decision>;
  /** See {@link WatchingVerifier.watch}. */
  watch: WatchingVerifier['watch'];
  /**
   * Says why a request is refused, and what its client did wrong. Changes nothing. Rejects with a `StoreError` or
   * `KeyringError` when it cannot look.
   */
  explain: Explainer['explain'];
  readonly keys: KeyService;
  readonly accounts: AccountService;
  /** See {@link UsageRelease.release}. */
  releaseUsage: UsageRelease['release'];
  readonly advice: AdviceService;
  readonly store: Store;
  readonly keyring: Rewrapper;
  /** Runs by itself every 30 s; see {@link Upkeep.run}. */
  readonly upkeep: Pick<Upkeep, 'run'>;
  /** Reads what is needed before the first decision. Rejects when that fails; `verify` calls it if need be. */
  start(): Promise<void>;
  health(): EngineHealth;
  /** Writes what is pending. The store is its owner's to close. */
  close(): Promise<void>;
}

const TAG_KEY = 'service/id-tag-key';
const SAVE_USAGE_MS = 5_000;
const SAVE_FAILURES_MS = 1_000;

/** Makes an engine. It does nothing until it is started or asked. */
export function createEngine(options: EngineOptions): Engine {
  const { store, keyring, manifest } = options;
  const clock = options.clock ?? Date.now;
  const onError = options.onError ?? (() => {});
  const dialects = dialectTable(manifest?.ownDialects);
  const slab = new KeySlab();
  const cache = new CredentialCache(
    store,
    new CredentialCompiler(keyring, slab, manifest, onError),
    options.cacheCapacity ?? 1_000_000,
    clock,
  );
  const log = new GroupCommit(store, { onError });
  const usage = new UsageRecorder(store, onError);
  const book = new AccountBook();
  const watch = new DecisionWatch(clock, book);
  const claimAndMeter = options.claimAndMeter ?? createMemoryClaimAndMeter();
  const takenRestorer = new TakenRestorer();
  const usageRelease = new UsageRelease({ store, log, claimAndMeter, clock });
  const rewrapper = createRewrapper({ store, keyring, clock, onError });
  const upkeep = createUpkeep({ store, manifest, usage, clock, onError });

  async function start(): Promise<Started> {
    const tagKey = await loadTagKey(store, keyring);
    const seed = createHmac('sha256', tagKey).update('fingerprints').digest().readUInt32BE(0);
    const resolver = new Resolver(store, cache, tagKey, seed);
    await resolver.start();
    for (const { fingerprint, expiresAt } of await store.liveNonces(clock())) {
      claimAndMeter.restore?.(parseFingerprint(fingerprint), expiresAt);
    }
    const guesses = new Guesses({
      seed,
      networks: options.failureBudget,
      passphrases: options.passphraseBudget,
    });
    await guesses.restore(store, clock());
    for (const { series, value } of await store.risingNonces()) {
      claimAndMeter.restoreRising?.(series, BigInt(value));
    }
    await takenRestorer.restore(store, claimAndMeter, clock());
    await book.load(store);
    store.subscribe((notice) => {
      book.apply(notice);
      for (const name of notice.foreignNames) resolver.addForeign(name);
      void cache.apply(notice);
      if (!notice.keepsDecisions) watch.apply(notice);
    });
    keys.useTagKey(tagKey);
    saver = setInterval(() => void usage.save().catch(onError), SAVE_USAGE_MS).unref();
    saveFailures = () => guesses.saveAll(store, clock());
    failureSaver = setInterval(
      () => void guesses.save(store, clock()).catch(onError),
      SAVE_FAILURES_MS,
    ).unref();
    rewrapper.resume();
    upkeep.start();
    const parts = {
      resolver,
      demands: new Demands(manifest),
      dialects: acceptedDialects(dialects, manifest?.dialects),
      accounts: book,
      addresses: createAddressBook(),
      dummies: createDummies(slab),
      log,
      clock,
      publicHost: options.publicHost,
    };
    const maker = new DecisionMaker({
      ...parts,
      claimAndMeter,
      rateLimits: new RateLimits(manifest?.rateLimits ?? [], (account, limit) =>
        book.quotaOf(account, limit),
      ),
      usage,
      nextRequestId: createRequestIds(),
      admission: new Admission({
        strangers: new TokenBuckets({ units: 60, windowSeconds: 60 }),
        unproven: new TokenBuckets({ units: 6_000, windowSeconds: 60 }),
        maxBodyBytes: options.maxBodyBytes ?? 1024 * 1024,
      }),
      guesses,
      fingerprintSeed: seed,
      longestMemory: longestMemory(dialects.all),
      claimSafeMethods: options.claimSafeMethods ?? false,
      isFeedFresh,
      onDecision: options.onDecision ?? (() => {}),
      onError,
    });
    return { maker, explainer: new Explainer({ ...parts, store, keyring, slab }) };
  }

  function isFeedFresh(nowMs: number): boolean {
    return nowMs - store.feedConfirmedAt(nowMs) <= (options.stalenessBoundMs ?? 2_000);
  }

  let saver: NodeJS.Timeout | undefined;
  let failureSaver: NodeJS.Timeout | undefined;
  let saveFailures = async () => {};
  let ready: Started | undefined;
  let starting: Promise<Started> | undefined;
  const keys = createKeyService({ store, keyring, manifest, dialects, clock, usage });

  async function started(): Promise<Started> {
    starting ??= start();
    try {
      ready = await starting;
      return ready;
    } catch (error) {
      starting = undefined; // The next one tries again.
      throw error;
    }
  }

  return {
    watch: (decision, end) => watch.watch(decision, end),
    keys,
    async releaseUsage(requestId, by, reason) {
      // Before the start, what is given back is not counted yet.
      await started();
      return usageRelease.release(requestId, by, reason);
    },
    advice: createAdviceService({ store, manifest, clock, usage, logged: () => log.durable() }),
    accounts: createAccountService({ store, book, manifest, clock }),
    store,
    keyring: rewrapper,
    upkeep,
    async verify(request, ask) {
      if (ready !== undefined) return ready.maker.decide(request, ask);
      try {
        await started();
      } catch (error) {
        onError(error);
        return notStarted(clock());
      }
      return (ready as unknown as Started).maker.decide(request, ask);
    },
    async explain(request, ask, clientPrehash, by) {
      const { explainer } = await started();
      return explainer.explain(request, ask, clientPrehash, by);
    },
    async start() {
      await started();
    },
    health: () => ({
      logIsWritable: log.isWritable,
      feedIsFresh: isFeedFresh(clock()),
      cachedCredentials: cache.size,
      pendingLogEntries: log.pending,
      upkeepFault: upkeep.fault,
    }),
    async close() {
      clearInterval(saver);
      clearInterval(failureSaver);
      await rewrapper.stop();
      await upkeep.stop();
      const ends = await Promise.allSettled([usage.save(), saveFailures(), log.close()]);
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
    },
  };
}

/** What is answered while the store or the keyring does not let the engine start. */
function notStarted(nowMs: number): Denied {
  const refusal = denial('unavailable', 'The service cannot decide now.', { retryAfterSeconds: 1 });
  const requestId = createRequestIds()();
  return {
    allowed: false,
    requestId,
    code: refusal.code,
    status: DENIALS[refusal.code].status,
    detail: refusal.detail,
    retryAfterSeconds: refusal.retryAfterSeconds,
    response: problemAnswer(refusal, { nowMs, requestId }, 'Bearer realm="countersign"'),
  };
}

async function loadTagKey(store: Store, keyring: Keyring): Promise<Uint8Array> {
  const kept = await store.sealedItem(TAG_KEY);
  if (kept !== undefined) return unseal(keyring, TAG_KEY, kept);
  const sealed = await seal(keyring, TAG_KEY, randomBytes(32));
  return unseal(keyring, TAG_KEY, await store.keepSealedItem({ name: TAG_KEY, sealed }));
}
