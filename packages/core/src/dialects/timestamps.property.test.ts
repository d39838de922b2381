import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  readIsoInstant,
  readMilliseconds,
  readMillisecondsOrMicroseconds,
  writeIsoInstant,
} from './timestamps.ts';

const YEAR_0 = Date.parse('0000-01-01T00:00:00.000Z');
const YEAR_9999 = Date.parse('9999-12-31T23:59:59.999Z');
const instant = fc.integer({ min: YEAR_0, max: YEAR_9999 });
const two = (n: number) => String(n).padStart(2, '0');

describe('readIsoInstant', () => {
  it('reads what Date writes, from the year 0 to 9999', () => {
    fc.assert(
      fc.property(instant, (ms) => {
        expect(readIsoInstant(new Date(ms).toISOString())).toBe(ms);
      }),
      { numRuns: 2000 },
    );
    for (const ms of [YEAR_0, -1, 0, 1, 951_782_399_999, 951_782_400_000, YEAR_9999]) {
      expect(readIsoInstant(new Date(ms).toISOString())).toBe(ms);
    }
  });

  it('knows the same days as Date does', () => {
    const field = (max: number) => fc.integer({ min: 0, max });
    fc.assert(
      fc.property(
        field(9999),
        field(14),
        field(33),
        field(25),
        field(61),
        field(61),
        (y, mo, d, h, mi, s) => {
          const text = `${String(y).padStart(4, '0')}-${two(mo)}-${two(d)}T${two(h)}:${two(mi)}:${two(s)}.000Z`;
          const parsed = new Date(text);
          // Date lets some days and 24:00 roll over into the next: an instant is valid if it is written back so.
          const isValid = !Number.isNaN(parsed.getTime()) && parsed.toISOString() === text;
          expect(readIsoInstant(text)).toBe(isValid ? parsed.getTime() : undefined);
        },
      ),
      { numRuns: 5000 },
    );
  });

  it('knows every last day of February', () => {
    for (let year = 0; year <= 9999; year++) {
      const text = `${String(year).padStart(4, '0')}-02-29T00:00:00Z`;
      const isLeap = new Date(text).getUTCMonth() === 1;
      expect(readIsoInstant(text) !== undefined).toBe(isLeap);
    }
  });

  it('reads a text without milliseconds as the whole second', () => {
    fc.assert(
      fc.property(instant, (ms) => {
        const text = `${new Date(ms).toISOString().slice(0, 19)}Z`;
        expect(readIsoInstant(text)).toBe(Math.floor(ms / 1000) * 1000);
      }),
    );
  });

  it('takes no other character anywhere', () => {
    const text = '2026-11-24T06:00:00.123Z';
    for (let i = 0; i < text.length; i++) {
      for (const c of ['x', ' ', '-', '+', '٣', '']) {
        if (c !== text[i]) expect(readIsoInstant(text.slice(0, i) + c + text.slice(i + 1))).toBeUndefined();
      }
      expect(readIsoInstant(text.slice(0, i))).toBeUndefined();
    }
    expect(readIsoInstant(`${text}\n`)).toBeUndefined();
    expect(readIsoInstant(` ${text}`)).toBeUndefined();
    expect(readIsoInstant(`${text}${text}`)).toBeUndefined();
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        readIsoInstant(text);
        readMilliseconds(text);
      }),
    );
  });
});

describe('writeIsoInstant', () => {
  it('writes what Date writes', () => {
    fc.assert(
      fc.property(instant, (ms) => {
        expect(writeIsoInstant(ms)).toBe(new Date(ms).toISOString());
      }),
      { numRuns: 2000 },
    );
  });

  it('writes every day of 400 years as Date does', () => {
    for (let day = -100 * 365; day < 300 * 366; day++) {
      const ms = day * 86_400_000 + 12_345_678;
      if (writeIsoInstant(ms) !== new Date(ms).toISOString()) expect.fail(`day ${day}`);
    }
  });
});

describe('readMilliseconds', () => {
  it.each(['1', '1795500000000', '9999999999999999'])('reads %s', (text) => {
    expect(readMilliseconds(text)).toBe(Number(text));
  });

  it.each([
    '',
    '0',
    '00',
    '01',
    '-1',
    '+1',
    '1.0',
    '1e3',
    '0x1',
    '1n',
    ' 1',
    '1 ',
    '1\n',
    '12345678901234567',
    '١',
    'NaN',
  ])('does not read %j', (text) => expect(readMilliseconds(text)).toBeUndefined());

  it('reads every positive integer of up to 15 digits exactly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999_999_999_999 }), (ms) => {
        expect(readMilliseconds(String(ms))).toBe(ms);
      }),
    );
  });
});

it.each<[string, number | undefined]>([
  ['1795500000000', 1_795_500_000_000],
  ['1795500000000123', 1_795_500_000_000.123],
  ['179550000000012', 179_550_000_000_012],
  ['17955000000001234', undefined],
  ['1795500000.123', undefined],
  ['', undefined],
])('readMillisecondsOrMicroseconds of %s', (text, ms) => {
  expect(readMillisecondsOrMicroseconds(text)).toBe(ms);
});
