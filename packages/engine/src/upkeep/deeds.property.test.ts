import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordOf, T0, versionOf } from '../../test/records.ts';
import type { CredentialRecord } from '../ports/record.ts';
import { carryOut } from './carry-out.ts';
import { nextDueAt, type UpkeepRules } from './deeds.ts';

const DAY_MS = 86_400_000;
const time = fc.integer({ min: -60, max: 60 }).map((days) => T0 + days * DAY_MS);
const record: fc.Arbitrary<CredentialRecord> = fc
  .record({
    createdAt: fc.integer({ min: -90, max: 0 }).map((days) => T0 + days * DAY_MS),
    expiresAt: fc.option(time),
    retiresAt: fc.option(time),
    standing: fc.constantFrom('active', 'disabled', 'quarantined', 'revoked'),
  })
  .map(({ createdAt, expiresAt, retiresAt, standing }) =>
    recordOf('a', {
      createdAt,
      expiresAt,
      standing,
      secretVersions: [
        versionOf({ version: 2, createdAt, tokenHash: 'cd' }),
        ...(retiresAt === null ? [] : [versionOf({ createdAt, retiresAt, tokenHash: 'ab' })]),
      ],
    }),
  );
const days = (from: number) => fc.option(fc.integer({ min: from, max: 40 }), { nil: undefined });
const rules: fc.Arbitrary<UpkeepRules> = fc
  .record({ rotate: days(1), idle: days(1) })
  .map(({ rotate, idle }) => ({
    rotateEveryMs: rotate && rotate * DAY_MS,
    idleExpiryMs: idle && idle * DAY_MS,
  }));
const looks = fc.array(time, { minLength: 1, maxLength: 8 }).map((all) => all.sort((a, b) => a - b));

describe('what is due with a key', () => {
  it('is done once: afterwards the next thing lies in the future', () => {
    fc.assert(
      fc.property(record, rules, looks, (given, under, times) => {
        let now = given;
        for (const nowMs of times) {
          const dueAt = nextDueAt(now, under, given.createdAt);
          const done = carryOut(now, under, given.createdAt, nowMs);
          expect(done.entries.length > 0).toBe(dueAt !== null && dueAt <= nowMs);
          now = done.record;
          expect(carryOut(now, under, given.createdAt, nowMs).entries).toEqual([]);
          expect(nextDueAt(now, under, given.createdAt) ?? Number.POSITIVE_INFINITY).toBeGreaterThan(nowMs);
        }
      }),
    );
  });

  it('comes to the same key, however often it is looked at', () => {
    fc.assert(
      fc.property(record, rules, looks, (given, under, times) => {
        const last = times.at(-1) as number;
        const often = times.reduce(
          (now, nowMs) => carryOut(now, under, given.createdAt, nowMs).record,
          given,
        );
        const once = carryOut(given, under, given.createdAt, last).record;
        expect(often.expiresAt).toEqual(once.expiresAt);
        expect(often.secretVersions).toEqual(once.secretVersions);
        expect(often.told?.expiredAt).toEqual(once.told?.expiredAt);
      }),
    );
  });

  it('is never a reminder out of order, nor one after the expiry', () => {
    fc.assert(
      fc.property(record, rules, looks, (given, under, times) => {
        let now = given;
        const types: string[] = [];
        const left: number[] = [];
        for (const nowMs of times) {
          const done = carryOut(now, under, given.createdAt, nowMs);
          for (const { type, data } of done.entries) {
            types.push(type);
            if (type === 'key.expiring') left.push(data.daysLeft as number);
          }
          now = done.record;
        }
        expect(left).toEqual([...new Set(left)].sort((a, b) => b - a));
        for (const daysLeft of left) expect(daysLeft).toBeGreaterThan(0);
        const expired = types.indexOf('key.expired');
        expect(types.lastIndexOf('key.expired')).toBe(expired);
        if (expired >= 0) expect(types.slice(expired)).not.toContain('key.expiring');
      }),
    );
  });
});
