import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AuditEntryDraft, DecisionLog } from '../ports/audit-log.ts';
import { StoreError } from '../ports/store.ts';
import { GroupCommit } from './group-commit.ts';

const entry = (n: number): AuditEntryDraft => ({ at: n, type: 'decision', data: { n } });

/** A log whose every write waits until the test lets it succeed or fail. */
class HeldLog implements DecisionLog {
  readonly durable: number[] = [];
  readonly groups: { numbers: number[]; succeed: () => void; fail: () => void }[] = [];

  append(entries: readonly AuditEntryDraft[]): Promise<void> {
    const numbers = entries.map(({ at }) => at);
    return new Promise((resolve, reject) => {
      this.groups.push({
        numbers,
        succeed: () => {
          this.durable.push(...numbers);
          resolve();
        },
        fail: () => reject(new StoreError('full', 'the disk is full')),
      });
    });
  }
  get last() {
    return this.groups.at(-1) as (typeof this.groups)[number];
  }
}

/** Follows a promise without waiting for it. */
function follow(promise: Promise<void>): { state: string } {
  const followed = { state: 'waiting' };
  promise.then(
    () => (followed.state = 'durable'),
    (error: StoreError) => (followed.state = error.code),
  );
  return followed;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const later = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('a group of decisions', () => {
  it('is written once, in the order of the decisions, after the time that one waits for others', async () => {
    const log = new HeldLog();
    const commits = new GroupCommit(log, { groupMs: 5 });
    commits.add(entry(1));
    commits.add(entry(2));
    expect(commits.pending).toBe(2);
    await later(4);
    expect(log.groups).toHaveLength(0);
    commits.add(entry(3));
    await later(1);
    expect(log.groups.map(({ numbers }) => numbers)).toEqual([[1, 2, 3]]);
    log.last.succeed();
    await later(100);
    expect(log.groups).toHaveLength(1);
    expect(commits.pending).toBe(0);
  });

  it('waits while one before it is written, so that order is kept', async () => {
    const log = new HeldLog();
    const commits = new GroupCommit(log);
    commits.add(entry(1));
    await later(5);
    for (const n of [2, 3]) commits.add(entry(n));
    await later(1_000);
    expect(log.groups).toHaveLength(1);
    log.last.succeed();
    await later(5);
    log.last.succeed();
    await later(0);
    expect(log.durable).toEqual([1, 2, 3]);
  });
});

describe('who waits until it is durable', () => {
  it('waits for no more than the write, and for all that was added before', async () => {
    const log = new HeldLog();
    const commits = new GroupCommit(log);
    expect(await commits.durable()).toBeUndefined();
    commits.add(entry(1));
    const first = follow(commits.durable());
    await later(0);
    commits.add(entry(2));
    const second = follow(commits.durable());
    expect([first.state, second.state]).toEqual(['waiting', 'waiting']);
    log.last.succeed();
    await later(0);
    expect([first.state, second.state]).toEqual(['durable', 'waiting']);
    expect(log.last.numbers).toEqual([2]);
    log.last.succeed();
    await later(0);
    expect(second.state).toBe('durable');
  });

  it('waits for a write that is under way already', async () => {
    const log = new HeldLog();
    const commits = new GroupCommit(log);
    commits.add(entry(1));
    await later(5);
    const waiter = follow(commits.durable());
    await later(0);
    expect(waiter.state).toBe('waiting');
    log.last.succeed();
    await later(0);
    expect(waiter.state).toBe('durable');
  });
});

describe('a log that fails and recovers', () => {
  it('rejects who waits, is unwritable, keeps everything in order, and goes on by itself', async () => {
    const log = new HeldLog();
    const errors: unknown[] = [];
    const commits = new GroupCommit(log, { onError: (error) => errors.push(error) });
    commits.add(entry(1));
    const first = follow(commits.durable());
    await later(0);
    commits.add(entry(2));
    log.last.fail();
    await later(0);
    expect(first.state).toBe('full');
    expect(errors).toMatchObject([{ code: 'full' }]);
    expect(commits.isWritable).toBe(false);
    expect(commits.pending).toBe(2);
    // Decisions that were under way are still added.
    commits.add(entry(3));
    await later(1_000);
    expect(log.last.numbers).toEqual([1, 2, 3]);
    log.last.fail();
    await later(1_000);
    expect(errors).toHaveLength(2);
    expect(commits.isWritable).toBe(false);
    log.last.succeed();
    await later(0);
    expect(commits.isWritable).toBe(true);
    expect(commits.pending).toBe(0);
    commits.add(entry(4));
    const later4 = follow(commits.durable());
    await later(0);
    log.last.succeed();
    await later(0);
    expect(later4.state).toBe('durable');
    expect(log.durable).toEqual([1, 2, 3, 4]);
  });

  it('never writes two groups at a time, whatever happens in which order', async () => {
    let underway = 0;
    const written: number[] = [];
    let outcome = 0;
    const log: DecisionLog = {
      async append(entries) {
        expect(++underway).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, 3));
        underway--;
        if (outcome++ % 3 === 1) throw new StoreError('unavailable', 'now and then');
        written.push(...entries.map(({ at }) => at));
      },
    };
    const commits = new GroupCommit(log, { groupMs: 2 });
    const waiters: { state: string }[] = [];
    for (let n = 0; n < 300; n++) {
      commits.add(entry(n));
      if (n % 7 === 0) waiters.push(follow(commits.durable()));
      if (n % 5 === 0) await later(n % 4);
    }
    await later(10_000);
    expect(written).toEqual(Array.from({ length: 300 }, (_, n) => n));
    expect(new Set(waiters.map(({ state }) => state))).toEqual(new Set(['durable', 'unavailable']));
  });

  it('counts as unwritable when too many wait, until they are written', async () => {
    const log = new HeldLog();
    const commits = new GroupCommit(log, { maxPending: 2 });
    commits.add(entry(1));
    expect(commits.isWritable).toBe(true);
    commits.add(entry(2));
    expect(commits.isWritable).toBe(false);
    await later(5);
    log.last.succeed();
    await later(0);
    expect(commits.isWritable).toBe(true);
  });
});

describe('closing', () => {
  it('writes what waits, also behind a write that is under way', async () => {
    const log = new HeldLog();
    const commits = new GroupCommit(log);
    commits.add(entry(1));
    await later(5);
    commits.add(entry(2));
    const closed = follow(commits.close());
    log.last.succeed();
    await later(0);
    expect(closed.state).toBe('waiting');
    log.last.succeed();
    await later(0);
    expect(closed.state).toBe('durable');
    expect(log.durable).toEqual([1, 2]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('says so when that cannot be done', async () => {
    const log = new HeldLog();
    const commits = new GroupCommit(log);
    commits.add(entry(1));
    const closed = follow(commits.close());
    await later(0);
    log.last.fail();
    await later(0);
    expect(closed.state).toBe('full');
    expect(commits.pending).toBe(1);
  });
});
