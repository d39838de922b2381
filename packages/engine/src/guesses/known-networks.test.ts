import { describe, expect, it } from 'vitest';
import { KnownNetworks } from './known-networks.ts';

const T0 = 1_800_000_000_000;
const HOUR_MS = 3_600_000;

/** A store of rows, as the engine keeps them. */
function saved(known: KnownNetworks, rows: Map<string, string>): Map<string, string> {
  for (;;) {
    const taken = known.takeChanged(100);
    for (const { name, state } of taken) {
      if (state === null) rows.delete(name);
      else rows.set(name, state);
    }
    if (taken.length < 100) return rows;
  }
}

function restored(rows: Map<string, string>, capacity?: number): KnownNetworks {
  const known = new KnownNetworks(7, capacity);
  known.restore([...rows].map(([name, state]) => ({ name, state })));
  return known;
}

describe('known networks', () => {
  it('are those that a key was used from, of that key alone, also after a restart', () => {
    const known = new KnownNetworks(7);
    known.note('key-1', '192.0.2.1', T0);
    for (const memory of [known, restored(saved(known, new Map()))]) {
      expect(memory.has('key-1', '192.0.2.1')).toBe(true);
      expect(memory.has('key-1', '192.0.2.2')).toBe(false);
      expect(memory.has('key-2', '192.0.2.1')).toBe(false);
    }
  });

  it('are saved once, however often they are used', () => {
    const known = new KnownNetworks(7);
    for (let i = 0; i < 5; i++) known.note('key-1', '192.0.2.1', T0 + i);
    expect(saved(known, new Map()).size).toBe(1);
    known.note('key-1', '192.0.2.1', T0 + 9);
    expect(known.hasChanged).toBe(false);
  });

  it('of one key are 16 at once, and one more each hour', () => {
    const known = new KnownNetworks(7);
    for (let i = 0; i < 100; i++) known.note('key-1', `192.0.2.${i}`, T0);
    expect([known.size, known.has('key-1', '192.0.2.15'), known.has('key-1', '192.0.2.16')]).toEqual([
      16,
      true,
      false,
    ]);
    known.note('key-1', 'late', T0 + HOUR_MS - 1);
    expect(known.has('key-1', 'late')).toBe(false);
    known.note('key-1', 'late', T0 + HOUR_MS);
    expect(known.has('key-1', 'late')).toBe(true);
  });

  it('stay while they are used, however many others come, and are forgotten when they are not', () => {
    const known = new KnownNetworks(7, 100);
    const rows = new Map<string, string>();
    known.note('used', 'home', T0);
    known.note('left', 'home', T0);
    for (let i = 0; i < 1_000; i++) {
      known.note(`key ${i}`, 'somewhere', T0);
      if (i % 50 === 0) known.note('used', 'home', T0);
      if (i % 300 === 0) saved(known, rows);
    }
    saved(known, rows);
    expect([known.has('used', 'home'), known.has('left', 'home')]).toEqual([true, false]);
    expect(known.size).toBeLessThanOrEqual(200);
    expect(rows.size).toBeLessThanOrEqual(200);
    const again = restored(rows, 100);
    expect([again.has('used', 'home'), again.has('left', 'home')]).toEqual([true, false]);
    expect(again.has('key 999', 'somewhere')).toBe(true);
  });

  it('whose rows are too old at a restart are removed then', () => {
    const known = restored(
      new Map([
        ['00000000000000a1', '1'],
        ['00000000000000a2', '4'],
        ['00000000000000a3', '5'],
      ]),
    );
    expect(known.takeChanged(10)).toEqual([{ name: '00000000000000a1', state: null }]);
  });

  it('that could not be saved are given back, unless they changed meanwhile', () => {
    const known = new KnownNetworks(7);
    known.note('key-1', 'home', T0);
    const rows = known.takeChanged(10);
    known.giveBack(rows);
    expect(known.takeChanged(10)).toEqual(rows);
  });
});
