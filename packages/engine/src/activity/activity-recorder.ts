import { type AddressBytes, addressText, type Facts, type Rule } from '@countersign/core';
import type { Way } from '../decision/way.ts';
import { type ActivityRow, FOLDED, MAX_DAILY_ROWS } from '../ports/activity.ts';
import type { Store } from '../ports/store.ts';
import { type QuickReader, quickInstrument } from './quick-instrument.ts';

const DAY_MS = 86_400_000;
/** So many unsaved tallies are saved at once, without waiting for the next time. */
const MANY = 10_000;
/** Rows of one job: others can be done between two of them. */
const ROWS_AT_ONCE = 1_000;
const MAX_KEPT = 100_000;
/** What is longer, or empty, cannot stand in a key's list of instruments. */
const MAX_INSTRUMENT = 64;
const MAX_INSTRUMENTS = 100;
const NO_INSTRUMENT = [''];

/** How often a credential asked for one thing since the last time that this was saved. */
interface Tally extends ActivityRow {
  requests: number;
  lastAt: number;
  /** The address as it was given: the same text again and again. */
  readonly givenIp: string | undefined;
  /** The other tallies of the same credential. Absent while there are none. */
  siblings: Map<string, Tally> | undefined;
}

/**
 * Counts what credentials are used for. A bot repeats itself: nearly every request is compared with the tally of
 * the one before, and counted there. What a credential was used for is held until it is saved, and no longer.
 */
export class ActivityRecorder {
  readonly #store: Store;
  readonly #onFull: () => void;
  readonly #readers = new Map<Rule, QuickReader | undefined>();
  #latest = new Map<string, Tally>();
  #count = 0;
  #unwritten: ActivityRow[] = [];
  #saving: Promise<void> = Promise.resolve();

  /** @param onFull told when so much is unsaved that it should be saved now */
  constructor(store: Store, onFull: () => void) {
    this.#store = store;
    this.#onFull = onFull;
  }

  /** Counts a request that was allowed. `facts`: if they were read already. */
  note(way: Way, credentialId: string, facts: Facts | undefined): void {
    this.#note(way, credentialId, facts, false);
  }

  /** Counts a request that was denied because the credential lacks its permission. */
  noteLacking(way: Way, credentialId: string): void {
    this.#note(way, credentialId, undefined, true);
  }

  #note(way: Way, credentialId: string, facts: Facts | undefined, wasDenied: boolean): void {
    const { nowMs, request, requirement } = way;
    const permission = requirement?.permission?.name ?? '';
    const day = Math.floor(nowMs / DAY_MS);
    const latest = this.#latest.get(credentialId);
    if (latest !== undefined) {
      const guess = facts === undefined ? this.#guess(way) : guessFrom(facts);
      if (typeof guess === 'string') {
        const tally = matching(latest, day, permission, request.ip, guess, wasDenied);
        if (tally !== undefined) {
          tally.requests++;
          tally.lastAt = nowMs;
          return;
        }
      }
    }
    for (const instrument of instrumentsOf(facts ?? requirement?.facts(request))) {
      this.#add(way, { credentialId, day, permission, instrument, wasDenied });
    }
  }

  /** What the request is about, at a glance. The first of its kind since the last save is read in full. */
  #guess({ ask, request, requirement }: Way): string | undefined {
    const rule = requirement?.rule;
    if (rule === undefined || ask.facts !== undefined) {
      return guessFrom(ask.facts);
    }
    let reader = this.#readers.get(rule);
    if (reader === undefined && !this.#readers.has(rule)) {
      const isDeclared = rule.facts.some(({ name }) => name === 'instrument');
      reader = isDeclared ? quickInstrument(rule) : () => '';
      this.#readers.set(rule, reader);
    }
    return reader?.(request);
  }

  #add(
    { nowMs, request, peer }: Way,
    what: Pick<Tally, 'credentialId' | 'day' | 'permission' | 'instrument' | 'wasDenied'>,
  ): void {
    const { credentialId, day, permission, wasDenied } = what;
    let { instrument } = what;
    let latest = this.#latest.get(credentialId);
    let there = latest && matching(latest, day, permission, request.ip, instrument, wasDenied);
    let ip = textOf(peer);
    if (there === undefined && (latest?.siblings?.size ?? 0) >= MAX_DAILY_ROWS) {
      ip = FOLDED;
      instrument = FOLDED;
      there = latest?.siblings?.get(nameOf(day, permission, FOLDED, FOLDED, wasDenied));
    }
    if (there === undefined) {
      const givenIp = ip === FOLDED ? FOLDED : request.ip;
      there = { ...what, ip, instrument, requests: 0, lastAt: nowMs, givenIp, siblings: undefined };
      if (latest !== undefined) {
        latest.siblings ??= new Map([[nameOfTally(latest), latest]]);
        latest.siblings.set(nameOfTally(there), there);
        there.siblings = latest.siblings;
      }
      this.#count++;
    }
    there.requests++;
    there.lastAt = nowMs;
    latest = there;
    this.#latest.set(credentialId, latest);
    if (this.#count === MANY) this.#onFull();
  }

  /** Saves what was counted since the last time. What cannot be saved is kept for the next time. */
  save(): Promise<void> {
    // One after the other: who asks what a key was used for must not overtake what is being written.
    this.#saving = this.#saving.catch(() => {}).then(() => this.#write());
    return this.#saving;
  }

  async #write(): Promise<void> {
    const rows = [...this.#unwritten, ...[...this.#latest.values()].flatMap(rowsOf)];
    this.#unwritten = [];
    this.#latest = new Map();
    this.#count = 0;
    for (let first = 0; first < rows.length; first += ROWS_AT_ONCE) {
      try {
        await this.#store.saveActivity(rows.slice(first, first + ROWS_AT_ONCE));
      } catch (error) {
        this.#unwritten = rows.slice(first, first + MAX_KEPT);
        throw error;
      }
    }
  }
}

/** The tally that a request belongs to, among those of its credential. */
function matching(
  latest: Tally,
  day: number,
  permission: string,
  ip: string | undefined,
  instrument: string,
  wasDenied: boolean,
): Tally | undefined {
  if (
    latest.instrument === instrument &&
    latest.permission === permission &&
    latest.givenIp === ip &&
    latest.day === day &&
    latest.wasDenied === wasDenied
  ) {
    return latest;
  }
  return latest.siblings?.get(nameOf(day, permission, ip, instrument, wasDenied));
}

function nameOf(
  day: number,
  permission: string,
  ip: string | undefined,
  instrument: string,
  wasDenied: boolean,
): string {
  return `${wasDenied ? 1 : 0} ${day} ${ip} ${permission}\n${instrument}`;
}

function nameOfTally({ day, permission, givenIp, instrument, wasDenied }: Tally): string {
  return nameOf(day, permission, givenIp, instrument, wasDenied);
}

function textOf(peer: AddressBytes | undefined): string {
  return peer === undefined ? '' : addressText(peer);
}

/** Undefined: it has to be read in full. An empty text is not the same as none: a list refuses it. */
function guessFrom(facts: Facts | undefined): string | undefined {
  const given = facts?.instrument;
  if (given === undefined) return '';
  return typeof given === 'string' && given !== '' ? given : undefined;
}

function instrumentsOf(facts: Facts | undefined): readonly string[] {
  const given = facts?.instrument;
  if (given === undefined) return NO_INSTRUMENT;
  const all = typeof given === 'string' ? [given] : [...new Set(given)];
  if (all.length > MAX_INSTRUMENTS) return [FOLDED];
  return [...new Set(all.map((one) => (one === '' || one.length > MAX_INSTRUMENT ? FOLDED : one)))];
}

function rowsOf(latest: Tally): ActivityRow[] {
  const tallies = latest.siblings === undefined ? [latest] : [...latest.siblings.values()];
  return tallies.map(({ credentialId, day, permission, ip, instrument, wasDenied, requests, lastAt }) => ({
    credentialId,
    day,
    permission,
    ip,
    instrument,
    wasDenied,
    requests,
    lastAt,
  }));
}
