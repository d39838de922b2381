import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HoursWindow, WEEKDAYS } from '../credential/constraints.ts';
import { isTimeZone, minuteOf, openHours } from './hours.ts';

const at = (iso: string) => new Date(iso).getTime();

function openIn(timeZone: string, ...windows: HoursWindow[]) {
  const hours = openHours({ timeZone, windows });
  return (iso: string) => hours.isOpen(at(iso));
}

describe('minuteOf', () => {
  it.each([
    ['00:00', 0],
    ['09:05', 545],
    ['23:59', 1439],
    ['24:00', 1440],
  ])('%s is minute %i', (text, minute) => expect(minuteOf(text)).toBe(minute));

  it.each([
    '',
    '9:00',
    '24:01',
    '25:00',
    '12:60',
    '12:5',
    '12:00:00',
    ' 12:00',
    '12:00\n',
    '-1:00',
    '12.00',
    '１2:00',
  ])('%j is no time of the day', (text) => expect(minuteOf(text)).toBeUndefined());
});

describe('isTimeZone', () => {
  it.each(['Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'UTC', 'Etc/GMT+5', 'europe/berlin'])(
    'knows %s',
    (name) => expect(isTimeZone(name)).toBe(true),
  );

  it.each([
    'Mars/Phobos',
    'Europe/Berlín',
    '+02:00',
    '-05:00',
    '02:00',
    '',
    ' UTC',
    'UTC ',
    'UTC+2',
    'CESTT',
    '__proto__',
    'constructor',
  ])('does not know %j', (name) => expect(isTimeZone(name)).toBe(false));
});

describe('openHours', () => {
  it('are open from the first minute to the last, on their days', () => {
    const isOpen = openIn('UTC', { days: ['mon', 'fri'], from: '09:00', to: '17:30' });
    expect(isOpen('2026-11-23T08:59:59.999Z')).toBe(false);
    expect(isOpen('2026-11-23T09:00:00.000Z')).toBe(true);
    expect(isOpen('2026-11-23T17:29:59.999Z')).toBe(true);
    expect(isOpen('2026-11-23T17:30:00.000Z')).toBe(false);
    expect(isOpen('2026-11-24T12:00:00.000Z')).toBe(false);
    expect(isOpen('2026-11-27T12:00:00.000Z')).toBe(true);
  });

  it('may end with the day', () => {
    const isOpen = openIn('UTC', { days: ['sun'], from: '23:00', to: '24:00' });
    expect(isOpen('2026-11-22T23:59:59.999Z')).toBe(true);
    expect(isOpen('2026-11-23T00:00:00.000Z')).toBe(false);
    expect(isOpen('2026-11-22T22:59:59.999Z')).toBe(false);
  });

  it('are open where one of the windows is, overlapping or not', () => {
    const isOpen = openIn(
      'UTC',
      { days: ['sun'], from: '22:00', to: '24:00' },
      { days: ['mon'], from: '00:00', to: '02:00' },
      { days: ['mon'], from: '01:00', to: '03:00' },
    );
    expect(isOpen('2026-11-22T23:59:59.999Z')).toBe(true);
    expect(isOpen('2026-11-23T00:00:00.000Z')).toBe(true);
    expect(isOpen('2026-11-23T02:59:00.000Z')).toBe(true);
    expect(isOpen('2026-11-23T03:00:00.000Z')).toBe(false);
  });

  it('follow the summer time of Europe/Berlin', () => {
    const isOpen = openIn('Europe/Berlin', { days: ['sat', 'sun'], from: '09:00', to: '10:00' });
    expect(isOpen('2026-03-28T07:59:59Z')).toBe(false);
    expect(isOpen('2026-03-28T08:00:00Z')).toBe(true);
    expect(isOpen('2026-03-29T06:59:59Z')).toBe(false);
    expect(isOpen('2026-03-29T07:00:00Z')).toBe(true);
    expect(isOpen('2026-03-29T08:00:00Z')).toBe(false);
    expect(isOpen('2026-10-24T07:00:00Z')).toBe(true);
    expect(isOpen('2026-10-25T07:00:00Z')).toBe(false);
    expect(isOpen('2026-10-25T08:00:00Z')).toBe(true);
  });

  it('are never open in the hour that is left out, and twice in the hour that comes twice', () => {
    const isOpen = openIn('Europe/Berlin', { days: ['sun'], from: '02:00', to: '03:00' });
    for (let ms = at('2026-03-29T00:00:00Z'); ms < at('2026-03-29T03:00:00Z'); ms += 60_000) {
      expect(isOpen(new Date(ms).toISOString())).toBe(false);
    }
    expect(isOpen('2026-10-24T23:59:59Z')).toBe(false);
    expect(isOpen('2026-10-25T00:00:00Z')).toBe(true);
    expect(isOpen('2026-10-25T01:00:00Z')).toBe(true);
    expect(isOpen('2026-10-25T01:59:59Z')).toBe(true);
    expect(isOpen('2026-10-25T02:00:00Z')).toBe(false);
  });

  it('follow the summer time of America/New_York, whose days end later', () => {
    const isOpen = openIn('America/New_York', { days: ['sun'], from: '00:00', to: '24:00' });
    expect(isOpen('2026-03-08T04:59:59Z')).toBe(false);
    expect(isOpen('2026-03-08T05:00:00Z')).toBe(true);
    expect(isOpen('2026-03-09T03:59:59Z')).toBe(true);
    expect(isOpen('2026-03-09T04:00:00Z')).toBe(false);
    expect(isOpen('2026-11-01T04:00:00Z')).toBe(true);
    expect(isOpen('2026-11-02T04:59:59Z')).toBe(true);
    expect(isOpen('2026-11-02T05:00:00Z')).toBe(false);
  });

  it.each([
    ['Asia/Kolkata', '03:30'],
    ['Asia/Kathmandu', '03:15'],
    ['Australia/Adelaide', '22:30'],
  ])('know zones of half and quarter hours: %s', (zone, utc) => {
    // 09:00 there, in November; in Adelaide that is the evening before in UTC.
    const isOpen = openIn(zone, { days: ['tue'], from: '09:00', to: '09:01' });
    const day = zone === 'Australia/Adelaide' ? '2026-11-23' : '2026-11-24';
    const open = at(`${day}T${utc}:00Z`);
    expect([-1, 0, 59_999, 60_000].map((more) => isOpen(new Date(open + more).toISOString()))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('answer each time for its own minute, also when the clock goes back', () => {
    const first = openIn('UTC', { days: ['mon'], from: '09:00', to: '10:00' });
    const second = openIn('UTC', { days: ['mon'], from: '10:00', to: '11:00' });
    for (const [time, isFirst, isSecond] of [
      ['09:59', true, false],
      ['10:00', false, true],
      ['09:59', true, false],
      ['11:00', false, false],
      ['09:00', true, false],
    ] as const) {
      expect([first(`2026-11-23T${time}:30Z`), second(`2026-11-23T${time}:30Z`)]).toEqual([
        isFirst,
        isSecond,
      ]);
    }
  });

  it('agree with the wall clock of a zone in every quarter of an hour of two years', () => {
    const zone = 'America/New_York';
    const hours = openHours({
      timeZone: zone,
      windows: [{ days: ['wed', 'sun'], from: '01:30', to: '03:15' }],
    });
    const show = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
    let opened = 0;
    for (let ms = at('2026-01-01T00:00:00Z'); ms < at('2028-01-01T00:00:00Z'); ms += 900_000) {
      const [date = '', time = ''] = show.format(ms).split(' ');
      const day = new Date(`${date}T12:00:00Z`).getUTCDay();
      const isOpen = (day === 3 || day === 0) && time >= '01:30' && time < '03:15';
      if (hours.isOpen(ms) !== isOpen) expect.fail(`${date} ${time}`);
      if (isOpen) opened++;
    }
    expect(opened).toBeGreaterThan(1000);
  });

  it('say until when they are open', () => {
    const until = (windows: HoursWindow[], iso: string, timeZone = 'UTC') => {
      const end = openHours({ timeZone, windows }).openUntil(at(iso));
      return end === Number.POSITIVE_INFINITY ? 'never' : new Date(end).toISOString();
    };
    const trading: HoursWindow = { days: ['mon', 'tue'], from: '09:00', to: '17:30' };
    expect(until([trading], '2026-11-23T09:00:00.000Z')).toBe('2026-11-23T17:30:00.000Z');
    expect(until([trading], '2026-11-23T17:29:59.999Z')).toBe('2026-11-23T17:30:00.000Z');
    expect(until([trading], '2026-11-23T12:00:00Z', 'Europe/Berlin')).toBe('2026-11-23T16:30:00.000Z');
    const night: HoursWindow[] = [
      { days: ['sun'], from: '22:00', to: '24:00' },
      { days: ['mon'], from: '00:00', to: '02:00' },
      { days: ['mon'], from: '01:00', to: '03:00' },
      { days: ['mon'], from: '03:01', to: '04:00' },
    ];
    expect(until(night, '2026-11-22T22:30:00Z')).toBe('2026-11-23T03:00:00.000Z');
    const always: HoursWindow = { days: [...WEEKDAYS], from: '00:00', to: '24:00' };
    expect(until([always], '2026-11-22T22:30:00Z')).toBe('never');
  });

  it.each(['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC'])(
    'are open until they say, also where the clock is put forward or back: %s',
    (timeZone) => {
      const minute = fc.integer({ min: 0, max: 1440 });
      const window = fc.record({
        days: fc.subarray([...WEEKDAYS], { minLength: 1 }),
        from: minute,
        to: minute,
      });
      const changes = ['2026-03-08', '2026-03-29', '2026-04-05', '2026-10-04', '2026-10-25', '2026-11-01'];
      const time = fc.tuple(fc.constantFrom(...changes), fc.integer({ min: -2000, max: 2000 }));
      const text = (of: number) =>
        `${String(Math.floor(of / 60)).padStart(2, '0')}:${String(of % 60).padStart(2, '0')}`;
      fc.assert(
        fc.property(fc.array(window, { minLength: 1, maxLength: 4 }), time, (given, [day, minutes]) => {
          const windows = given
            .filter(({ from, to }) => from !== to)
            .map(({ days, from, to }) => ({
              days,
              from: text(Math.min(from, to)),
              to: text(Math.max(from, to)),
            }));
          const hours = openHours({ timeZone, windows });
          const nowMs = at(`${day}T00:00:00Z`) + minutes * 60_000;
          fc.pre(hours.isOpen(nowMs));
          const end = hours.openUntil(nowMs);
          if (end === Number.POSITIVE_INFINITY) return;
          expect(hours.isOpen(end)).toBe(false);
          for (let ms = nowMs; ms < end; ms += 60_000) if (!hours.isOpen(ms)) expect.fail(`closed ${ms}`);
          expect(hours.openUntil(end - 1)).toBe(end);
        }),
        { numRuns: 60 },
      );
    },
  );

  it('throws on what is stored and no zone or time: faults are found before', () => {
    expect(() => openIn('Mars/Phobos', { days: ['mon'], from: '09:00', to: '10:00' })).toThrow(TypeError);
    expect(() => openIn('UTC', { days: ['mon'], from: '9', to: '10:00' })).toThrow(TypeError);
  });
});
