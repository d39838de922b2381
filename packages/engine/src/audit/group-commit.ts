import type { AuditEntryDraft, DecisionLog } from '../ports/audit-log.ts';

export interface GroupCommitOptions {
  /** Longest time that a decision waits for others, in ms. */
  readonly groupMs?: number;
  /** Most decisions that wait to be written. Beyond it, the log counts as unwritable. */
  readonly maxPending?: number;
  readonly onError?: (error: unknown) => void;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes decisions in groups. Nothing is ever dropped: what could not be written is kept and tried again each
 * second, and meanwhile {@link GroupCommit.isWritable} is false, so that nothing new is decided that would
 * have to be logged.
 */
export class GroupCommit {
  readonly #log: DecisionLog;
  readonly #groupMs: number;
  readonly #maxPending: number;
  readonly #onError: (error: unknown) => void;
  #pending: AuditEntryDraft[] = [];
  #waiters: Waiter[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isWriting = false;
  #hasFailed = false;

  constructor(log: DecisionLog, options: GroupCommitOptions = {}) {
    this.#log = log;
    this.#groupMs = options.groupMs ?? 5;
    this.#maxPending = options.maxPending ?? 100_000;
    this.#onError = options.onError ?? (() => {});
  }

  /** False while the log cannot keep up or cannot be written. */
  get isWritable(): boolean {
    return !this.#hasFailed && this.#pending.length < this.#maxPending;
  }

  get pending(): number {
    return this.#pending.length;
  }

  /** Adds a decision to the next group. */
  add(entry: AuditEntryDraft): void {
    this.#pending.push(entry);
    if (!this.#isWriting && this.#timer === undefined) this.#schedule(this.#groupMs);
  }

  /** Resolves once everything added so far is durable; rejects when it could not be written this time. */
  durable(): Promise<void> {
    if (this.#pending.length === 0 && !this.#isWriting) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      if (this.#isWriting) return;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      setImmediate(() => this.#write());
    });
  }

  /** Writes what is left. Rejects when that cannot be done. */
  async close(): Promise<void> {
    try {
      await this.durable();
    } finally {
      clearTimeout(this.#timer);
    }
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#write();
    }, delayMs);
  }

  async #write(): Promise<void> {
    if (this.#isWriting || this.#pending.length === 0) return;
    this.#isWriting = true;
    const group = this.#pending;
    const waiters = this.#waiters;
    this.#pending = [];
    this.#waiters = [];
    try {
      await this.#log.append(group);
      this.#hasFailed = false;
      // Who began to wait while this was written, and added nothing since, waited for this.
      if (this.#pending.length === 0) waiters.push(...this.#waiters.splice(0));
      for (const waiter of waiters) waiter.resolve();
    } catch (error) {
      this.#hasFailed = true;
      this.#pending = group.concat(this.#pending);
      for (const waiter of waiters) waiter.reject(error);
      this.#onError(error);
    }
    this.#isWriting = false;
    if (this.#hasFailed) this.#schedule(RETRY_MS);
    else if (this.#waiters.length > 0) setImmediate(() => this.#write());
    else if (this.#pending.length > 0) this.#schedule(this.#groupMs);
  }
}

const RETRY_MS = 1_000;
