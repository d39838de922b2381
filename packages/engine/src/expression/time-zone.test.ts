import { describe, expect, it } from 'vitest';
import { type TimeZone, timeZone } from './time-zone.ts';

const HOUR = 3_600_000;
const zone = (name: string) => timeZone(name) as TimeZone;
const at = (text: string) => Date.parse(text);

describe('a time zone', () => {
  it('changes its clock at the second', () => {
    const berlin = zone('Europe/Berlin');
    expect(berlin.offsetMs(at('2026-03-29T00:59:59.999Z'))).toBe(HOUR);
    expect(berlin.offsetMs(at('2026-03-29T01:00:00Z'))).toBe(2 * HOUR);
    expect(berlin.offsetMs(at('2026-10-25T00:59:59.999Z'))).toBe(2 * HOUR);
    expect(berlin.offsetMs(at('2026-10-25T01:00:00Z'))).toBe(HOUR);
  });

  it.each([
    ['UTC', 0],
    ['America/New_York', -5],
    ['Asia/Kolkata', 5.5],
    ['Asia/Kathmandu', 5.75],
    ['Pacific/Kiritimati', 14],
    ['Pacific/Pago_Pago', -11],
  ])('%s is %s hours ahead in January', (name, hours) =>
    expect(zone(name).offsetMs(at('2026-01-15T23:30:00Z'))).toBe(hours * HOUR),
  );

  it('knows of clocks that changed between two quarters of an hour', () => {
    const monrovia = zone('Africa/Monrovia');
    const change = at('1972-01-07T00:44:30Z');
    expect(monrovia.offsetMs(change - 1)).toBe(-(44 * 60 + 30) * 1000);
    expect(monrovia.offsetMs(change)).toBe(0);
  });

  it('is one, however its name is spelled, and needs to ask once in a quarter of an hour', () => {
    const tokyo = zone('Asia/Tokyo');
    expect(zone('asia/TOKYO')).toBe(tokyo);
    const start = at('2026-05-05T10:15:00Z');
    expect(tokyo.isAtHand(start)).toBe(false);
    tokyo.offsetMs(start);
    expect(tokyo.isAtHand(start + 15 * 60_000 - 1)).toBe(true);
    expect(tokyo.isAtHand(start + 15 * 60_000)).toBe(false);
    expect(tokyo.isAtHand(start - 1)).toBe(false);
  });

  it.each(['', 'Europe/Berln', '+01:00', 'Z', '../Berlin', 'Europe/Berlin ', 'constructor', '__proto__'])(
    'is not %j',
    (name) => expect(timeZone(name)).toBeUndefined(),
  );
});
