import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hmac } from './hmac.ts';
import { type KeyRow, KeySlab } from './key-slab.ts';

interface Kept {
  readonly row: KeyRow;
  readonly secret: Buffer;
  readonly passphrase: string;
}

/** Material that is different for each number, and mixes narrow with wide rows. */
function material(n: number): { secret: Buffer; passphrase: string } {
  const length = n % 3 === 0 ? 65 + (n % 192) : n % 65;
  const secret = Buffer.alloc(length, `${n}.`);
  const passphrase = n % 5 === 0 ? '' : `p${n}`.padEnd(n % 7 === 0 ? 40 : 8, 'x');
  return { secret, passphrase };
}

function isIntact({ row, secret, passphrase }: Kept): boolean {
  return (
    row.copyBytes().equals(secret) &&
    row.hasPassphrase === (passphrase !== '') &&
    row.passphraseEquals(passphrase) === (passphrase !== '') &&
    hmac('sha512', row, ['x'], 'hex') === createHmac('sha512', secret).update('x').digest('hex')
  );
}

describe('thousands of rows taken and released', () => {
  it('never mix keys', () => {
    let most = 0;
    const steps = fc.array(
      fc.oneof(
        { weight: 3, arbitrary: fc.record({ store: fc.integer({ min: 1, max: 3000 }) }) },
        { weight: 2, arbitrary: fc.record({ every: fc.integer({ min: 1, max: 5 }) }) },
      ),
      { minLength: 4, maxLength: 8, size: 'max' },
    );
    fc.assert(
      fc.property(steps, (sequence) => {
        const slab = new KeySlab();
        let kept: Kept[] = [];
        let n = 0;
        for (const step of sequence) {
          if ('store' in step) {
            for (let i = 0; i < step.store; i++, n++) {
              const parts = material(n);
              kept.push({ ...parts, row: slab.store(parts.secret, parts.passphrase) });
            }
          } else {
            for (const [i, { row }] of kept.entries()) if (i % step.every === 0) row.release();
            kept = kept.filter((_, i) => i % step.every !== 0);
          }
          const places = new Map<Uint32Array, Set<number>>();
          for (const { row } of kept) {
            if (!places.has(row.words)) places.set(row.words, new Set());
            places.get(row.words)?.add(row.firstWord);
          }
          expect([...places.values()].reduce((sum, { size }) => sum + size, 0)).toBe(kept.length);
          most = Math.max(most, kept.length);
        }
        expect(kept.filter((one) => !isIntact(one))).toEqual([]);
      }),
      { numRuns: 15 },
    );
    expect(most).toBeGreaterThan(4096);
  });

  it('leave zeros wherever no key is kept', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 256 }), fc.boolean()), { maxLength: 200 }),
        (all) => {
          const slab = new KeySlab();
          const rows = all.map(([secret]) => slab.store(secret, 'pass'));
          const memory = new Set(rows.map((row) => row.words));
          rows.forEach((row, i) => {
            if (all[i]?.[1]) row.release();
          });
          for (const [i, row] of rows.entries()) {
            if (all[i]?.[1]) continue;
            expect(row.copyBytes()).toEqual(Buffer.from(all[i]?.[0] as Uint8Array));
            row.release();
          }
          for (const words of memory) expect(words.every((word) => word === 0)).toBe(true);
        },
      ),
    );
  });
});
