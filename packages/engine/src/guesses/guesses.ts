import { type Denial, type DenialCode, denial, sourceOf } from '@countersign/core';
import type { Way } from '../decision/way.ts';
import type { FailureRow, FailureStore } from '../ports/failures.ts';
import { FailureBudget, type FailureBudgetOptions } from './failure-budget.ts';
import { KnownNetworks } from './known-networks.ts';
import { TokenBuckets } from './token-buckets.ts';

/** Denials that show that somebody guesses. Only these are counted. */
const FAILURES: ReadonlySet<DenialCode> = new Set([
  'credential_unknown',
  // Only ever said to somebody who proved nothing, and must look like the one before.
  'credential_revoked',
  'passphrase_mismatch',
  'signature_mismatch',
]);

/** Failures of one network: 60 at once, one forgiven each minute. */
const NETWORK_BUDGET: FailureBudgetOptions = {
  failures: 60,
  windowSeconds: 3_600,
  firstWaitSeconds: 1,
};
/** Wrong passphrases for one key, from all networks that it never succeeded from: 10 at once, one forgiven each hour. */
const PASSPHRASE_BUDGET: FailureBudgetOptions = {
  failures: 10,
  windowSeconds: 36_000,
  firstWaitSeconds: 1,
};
/** Wrong signatures of a key that is let through a shut network because it succeeded from there before. */
const LET_THROUGH = { units: 600, windowSeconds: 60 };
/** Counters that are saved at a time. */
const ROWS_AT_ONCE = 5_000;

export interface GuessesOptions {
  /** Secret. */
  readonly seed: number;
  readonly networks?: FailureBudgetOptions | undefined;
  readonly passphrases?: FailureBudgetOptions | undefined;
}

/**
 * Holds back who guesses, without letting a stranger shut a customer out.
 *
 * Failures count against the network that they come from. A network that has had enough is refused at the door, but
 * not for keys that were used from there with success before. Wrong passphrases, which need the secret of a key, count
 * against the key as well: those from networks that it never succeeded from are counted together, and those from each
 * of its own networks by themselves. Wrong signatures do not: anybody can send them, and a secret of ours has 256 bits.
 *
 * The door of the operators and that of the customers have nothing in common here.
 */
export class Guesses {
  readonly #networks: FailureBudget;
  /** By key: from networks that it never succeeded from. */
  readonly #strangersPassphrases: FailureBudget;
  /** By key and network: from those that it did. */
  readonly #ownPassphrases: FailureBudget;
  readonly #letThrough = new TokenBuckets(LET_THROUGH);
  readonly #known: KnownNetworks;

  constructor({ seed, networks = NETWORK_BUDGET, passphrases = PASSPHRASE_BUDGET }: GuessesOptions) {
    this.#networks = new FailureBudget(networks);
    this.#strangersPassphrases = new FailureBudget(passphrases);
    this.#ownPassphrases = new FailureBudget(networks);
    this.#known = new KnownNetworks(seed);
  }

  /** Whether no network has failed of late: then none is refused. */
  get isQuiet(): boolean {
    return this.#networks.isQuiet;
  }

  /**
   * Refuses a request from a network that has failed too often.
   *
   * @param keyNamed reads which key the request names; asked only where it matters
   */
  refuseNetwork(way: Way, keyNamed: () => string | undefined): Denial | undefined {
    if (this.isQuiet || way.peer === undefined) return undefined;
    const waitMs = this.#networks.wait(networkOf(way), way.nowMs);
    if (waitMs === 0) return undefined;
    const key = keyNamed();
    if (key !== undefined && this.#isKnown(way, key)) {
      if (this.#letThrough.wait(pairOf(way, key), way.nowMs) === 0) return undefined;
    }
    return tooMany('Too many failed attempts came from this network.', waitMs);
  }

  /** Ms until a passphrase of the named credential is compared again for this request's network; 0: now. */
  passphraseWait(way: Way): number {
    if (this.#strangersPassphrases.isQuiet && this.#ownPassphrases.isQuiet) return 0;
    const { credential, claim, nowMs } = way;
    if (credential === undefined || claim === undefined) return 0;
    return this.#isKnown(way, claim.keyId)
      ? this.#ownPassphrases.wait(pairOf(way, credential.id), nowMs)
      : this.#strangersPassphrases.wait(credential.id, nowMs);
  }

  /** Takes note of a denial, where it shows that somebody guesses. */
  failed(way: Way, code: DenialCode): void {
    if (!FAILURES.has(code)) return;
    const { claim, credential, peer, nowMs } = way;
    const isKnown = claim !== undefined && this.#isKnown(way, claim.keyId);
    if (code === 'passphrase_mismatch' && credential !== undefined) {
      if (isKnown) {
        this.#ownPassphrases.fail(pairOf(way, credential.id), nowMs);
        return;
      }
      this.#strangersPassphrases.fail(credential.id, nowMs);
    }
    if (peer === undefined) return;
    const network = networkOf(way);
    if (isKnown && this.#networks.wait(network, nowMs) > 0)
      this.#letThrough.take(pairOf(way, claim.keyId), nowMs);
    this.#networks.fail(network, nowMs);
  }

  /** Takes note of a request that was let through. */
  succeeded(way: Way): void {
    if (way.claim !== undefined) this.#known.note(keyOf(way, way.claim.keyId), sourceOfWay(way), way.nowMs);
  }

  /** Takes back what was saved. */
  async restore(store: FailureStore, nowMs: number): Promise<void> {
    const known: { name: string; state: string }[] = [];
    for (const { name, state } of await store.failures()) {
      if (state === null) continue;
      const rest = name.slice(2);
      if (name.startsWith('k ')) known.push({ name: rest, state });
      else
        this.#budgets()
          .find(([prefix]) => name.startsWith(prefix))?.[1]
          .restore(rest, state, nowMs);
    }
    this.#known.restore(known);
  }

  /** Saves what has changed, some of it at a time. What cannot be saved is kept for the next time. */
  async save(store: FailureStore, nowMs: number): Promise<void> {
    const rows: FailureRow[] = [];
    for (const [prefix, budget] of this.#budgets()) {
      budget.sweep(nowMs);
      for (const { name, state } of budget.takeChanged(ROWS_AT_ONCE - rows.length)) {
        rows.push({ name: prefix + name, state });
      }
    }
    const known = this.#known.takeChanged(ROWS_AT_ONCE - rows.length);
    const all = [...rows, ...known.map(({ name, state }) => ({ name: `k ${name}`, state }))];
    if (all.length === 0) return;
    try {
      await store.saveFailures(all);
    } catch (error) {
      for (const [prefix, budget] of this.#budgets()) {
        budget.giveBack(rows.filter(({ name }) => name.startsWith(prefix)).map(({ name }) => name.slice(2)));
      }
      this.#known.giveBack(known);
      throw error;
    }
  }

  /** Saves everything. */
  async saveAll(store: FailureStore, nowMs: number): Promise<void> {
    while (this.#hasChanged()) await this.save(store, nowMs);
  }

  #hasChanged(): boolean {
    return this.#known.hasChanged || this.#budgets().some(([, budget]) => budget.hasChanged);
  }

  #isKnown(way: Way, key: string): boolean {
    return this.#known.has(keyOf(way, key), sourceOfWay(way));
  }

  #budgets(): [prefix: string, budget: FailureBudget][] {
    return [
      ['n ', this.#networks],
      ['p ', this.#strangersPassphrases],
      ['o ', this.#ownPassphrases],
    ];
  }
}

/** The refusal of a network, or of passphrases, until the wait is over. */
function tooMany(detail: string, waitMs: number): Denial {
  return denial('too_many_failures', detail, { retryAfterSeconds: Math.ceil(waitMs / 1000) });
}

/** A request whose address nobody told counts as one from a network of that name. */
function sourceOfWay({ peer }: Way): string {
  return peer === undefined ? 'unknown' : sourceOf(peer);
}

/** Whose failures are counted together. A gateway that fails as an operator does not lock its customers out. */
export function networkOf(way: Way): string {
  return `${way.audience} ${sourceOfWay(way)}`;
}

function keyOf({ audience }: Way, key: string): string {
  return `${audience} ${key}`;
}

function pairOf(way: Way, key: string): string {
  return `${keyOf(way, key)} ${sourceOfWay(way)}`;
}
