import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ChangeNotice } from '../ports/store.ts';
import { type Allowed, passPublic } from './decision.ts';
import { DecisionWatch } from './decision-watch.ts';

const T0 = 1_795_500_000_000;
const DAY_MS = 86_400_000;

beforeEach(() => {
  vi.useFakeTimers({ now: T0 });
});
afterEach(() => {
  vi.useRealTimers();
});

function decision(over: { revision?: number; validUntil?: number; id?: string } = {}): Allowed {
  const { revision = 5, validUntil, id = 'key-1' } = over;
  return { ...passPublic('req_1'), credential: { id, revision } as Allowed['credential'], validUntil };
}

const notice = (id: string, revision: number) =>
  ({ revision, records: [{ id, revision }] }) as unknown as ChangeNotice;

const nobody = { isFrozen: () => false };

function watching(given: Allowed, watch = new DecisionWatch(Date.now, nobody)) {
  const end = vi.fn();
  return { watch, end, stop: watch.watch(given, end) };
}

describe('a watched decision', () => {
  it('ends once, with the first change of its credential', () => {
    const { watch, end } = watching(decision());
    watch.apply(notice('key-2', 6));
    expect(end).not.toHaveBeenCalled();
    watch.apply(notice('key-1', 7));
    watch.apply(notice('key-1', 8));
    expect(end).toHaveBeenCalledTimes(1);
  });

  it('ends when the change came between decision and watch, and not for one before it', () => {
    const watch = new DecisionWatch(Date.now, nobody);
    watch.apply(notice('key-1', 6));
    const { end: known } = watching(decision({ revision: 6 }), watch);
    const { end: missed } = watching(decision({ revision: 5 }), watch);
    vi.runAllTimers();
    expect([known.mock.calls.length, missed.mock.calls.length]).toEqual([0, 1]);
  });

  it('ends when the change between was one of 200,000 credentials', () => {
    const watch = new DecisionWatch(Date.now, nobody);
    const records = Array.from({ length: 200_000 }, (_, i) => ({ id: `key-${i}`, revision: 6 }));
    watch.apply({ revision: 6, records } as unknown as ChangeNotice);
    const missed = ['key-0', 'key-199999'].map((id) => watching(decision({ id }), watch).end);
    vi.runAllTimers();
    expect(missed.map((end) => end.mock.calls.length)).toEqual([1, 1]);
  });

  it.each([1, 60_000, 25 * DAY_MS, 400 * DAY_MS])('ends when its time is over: %d ms', (lifeMs) => {
    const { end } = watching(decision({ validUntil: T0 + lifeMs }));
    vi.advanceTimersByTime(lifeMs - 1);
    expect(end).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(end).toHaveBeenCalledTimes(1);
  });

  it('does not end when nobody watches any more', () => {
    const { watch, end, stop } = watching(decision({ validUntil: T0 + 10 }));
    stop();
    stop();
    watch.apply(notice('key-1', 9));
    vi.advanceTimersByTime(100);
    expect(end).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends for each one who watches', () => {
    const watch = new DecisionWatch(Date.now, nobody);
    const ends = [1, 2, 3].map(() => watching(decision(), watch).end);
    watch.apply(notice('key-1', 6));
    expect(ends.map((end) => end.mock.calls.length)).toEqual([1, 1, 1]);
  });

  it('never ends on a public route', () => {
    const { end } = watching(passPublic('req_1'));
    vi.advanceTimersByTime(DAY_MS);
    expect(end).not.toHaveBeenCalled();
  });
});
