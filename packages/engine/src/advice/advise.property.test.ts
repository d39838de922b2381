import { contains, type Permission, parseAddress, parseNetwork } from '@countersign/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordOf, T0 } from '../../test/records.ts';
import { type Activity, FOLDED } from '../ports/activity.ts';
import type { CredentialRecord } from '../ports/record.ts';
import { type AdviceInput, advise } from './advise.ts';
import { MANY_IN_NETWORK } from './propose-networks.ts';

const DAY_MS = 86_400_000;
const TODAY = Math.floor(T0 / DAY_MS);
const OLD = T0 - 60 * DAY_MS;
const RISKS: Readonly<Record<string, Permission['risk']>> = { read: 'low', trade: 'high', move: 'critical' };
const PERMISSIONS = Object.keys(RISKS);

function row(more: Partial<Activity> = {}): Activity {
  return {
    permission: 'trade',
    ip: '203.0.113.7',
    instrument: 'BTC',
    wasDenied: false,
    requests: 1,
    firstDay: TODAY - 1,
    lastAt: T0 - 1,
    ...more,
  };
}

function inputOf(
  record: Partial<CredentialRecord>,
  activity: readonly Activity[],
  more: Partial<AdviceInput> = {},
): AdviceInput {
  return {
    record: recordOf('a', { permissions: PERMISSIONS, createdAt: OLD, ...record }),
    activity,
    nowMs: T0,
    days: 30,
    firstDay: TODAY - 40,
    permissionNamed: (name) => (name in RISKS ? ({ name, risk: RISKS[name] } as Permission) : undefined),
    facts: new Set(['instrument', 'notional']),
    ...more,
  };
}

const edited = (record: Partial<CredentialRecord>, activity: readonly Activity[]) =>
  advise(inputOf(record, activity)).edit;

type Restrictions = Pick<CredentialRecord, 'permissions' | 'allowedIps' | 'constraints'>;

/** What the decision would say, written anew and slowly. */
function isAllowed({ permissions, allowedIps, constraints }: Restrictions, one: Activity): boolean {
  const { permission, ip, instrument } = one;
  const address = parseAddress(ip);
  if (permission !== '' && !permissions.includes(permission)) return false;
  if (allowedIps !== null) {
    if (address === undefined) return false;
    if (!allowedIps.some((text) => contains(parseNetwork(text) as never, address))) return false;
  }
  if (constraints.instruments === undefined || permission === '') return true;
  if (instrument === '') return RISKS[permission] === 'low';
  return constraints.instruments.includes(instrument);
}

const byte = fc.constantFrom(0, 1, 7, 8, 9, 10, 11, 12, 127, 128, 200, 254, 255);
const v4 = fc.tuple(fc.constantFrom('203.0.113', '203.0.112', '198.51.100'), byte).map((p) => p.join('.'));
const v6 = fc.tuple(fc.constantFrom('2001:db8:0:1', '2001:db8:0:2'), byte).map((p) => p.join('::'));
const address = fc.oneof({ weight: 5, arbitrary: v4 }, { weight: 2, arbitrary: v6 });
const anyRow = fc.record({
  permission: fc.constantFrom(...PERMISSIONS, ...PERMISSIONS, ''),
  ip: fc.oneof({ weight: 20, arbitrary: address }, { weight: 1, arbitrary: fc.constantFrom('', FOLDED) }),
  instrument: fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom('BTC', 'ETH', 'SOL') },
    { weight: 1, arbitrary: fc.constantFrom('', FOLDED) },
  ),
  wasDenied: fc.constant(false),
  requests: fc.integer({ min: 1, max: 9 }),
});
const network = fc.oneof(
  address,
  fc.constantFrom(
    '203.0.113.0/24',
    '203.0.113.0/25',
    '203.0.112.0/23',
    '2001:db8::/32',
    '2001:db8:0:1::/120',
    '0.0.0.0/0',
  ),
);
const restrictions = fc.record({
  permissions: fc.uniqueArray(fc.constantFrom(...PERMISSIONS), { minLength: 1 }),
  allowedIps: fc.option(fc.array(network, { minLength: 1, maxLength: 6 })),
  constraints: fc.record(
    {
      instruments: fc.uniqueArray(fc.constantFrom('BTC', 'ETH', 'XRP'), { minLength: 1 }),
      maxNotionalPerOrder: fc.constant('10'),
    },
    { requiredKeys: [] },
  ),
});
const traffic = fc.array(anyRow, { maxLength: 40 }).map((rows) => rows.map(row));

describe('advice', () => {
  it('lets all that was allowed, and is allowed now, go on', () => {
    fc.assert(
      fc.property(restrictions, traffic, (now, activity) => {
        const after = { ...now, ...edited(now, activity) } as Restrictions;
        for (const one of activity) {
          if (one.ip !== FOLDED && one.instrument !== FOLDED && isAllowed(now, one))
            expect(isAllowed(after, one), JSON.stringify([one, after])).toBe(true);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('never allows more than the key does', () => {
    const probes = fc.array(anyRow.map(row), { minLength: 20, maxLength: 40 });
    fc.assert(
      fc.property(restrictions, traffic, probes, (now, activity, others) => {
        const after = { ...now, ...edited(now, activity) } as Restrictions;
        for (const one of [...activity, ...others]) {
          if (isAllowed(after, one)) expect(isAllowed(now, one), JSON.stringify([one, after])).toBe(true);
        }
        expect(after.constraints.maxNotionalPerOrder).toBe(now.constraints.maxNotionalPerOrder);
      }),
      { numRuns: 1_000 },
    );
  });

  it('has nothing to add once it was followed', () => {
    fc.assert(
      fc.property(restrictions, traffic, (now, activity) => {
        const after = { ...now, ...edited(now, activity) } as Restrictions;
        expect(edited(after, activity)).toBeNull();
      }),
      {
        numRuns: 1_000,
        // Entries of a list that lie within each other.
        examples: [
          [
            {
              permissions: ['read'],
              allowedIps: ['2001:db8:0:1::10', '2001:db8:0:1::/120', '203.0.113.0/24'],
              constraints: {},
            },
            ['2001:db8:0:1::', '2001:db8:0:1::10'].map((ip) => row({ permission: 'read', ip })),
          ],
        ],
      },
    );
  });

  it('keeps the permissions that were used', () => {
    const advice = advise(inputOf({}, [row({ requests: 2 }), row({ requests: 3, lastAt: T0 - 9 })]));
    expect(advice.permissions).toEqual([
      { permission: 'read', isUsed: false, requests: 0, lastAt: null },
      { permission: 'trade', isUsed: true, requests: 5, lastAt: T0 - 1 },
      { permission: 'move', isUsed: false, requests: 0, lastAt: null },
    ]);
    expect(advice.edit).toEqual({
      permissions: ['trade'],
      allowedIps: ['203.0.113.7'],
      constraints: { instruments: ['BTC'] },
    });
    expect(advice.constraints).toEqual(['maxNotionalPerOrder', 'maxNotionalPerDay', 'maxNotionalPer30Days']);
  });

  it('does not count what was denied', () => {
    const denied = row({ permission: 'move', wasDenied: true, ip: '192.0.2.1', instrument: 'DOGE' });
    expect(edited({}, [row(), denied])).toMatchObject({
      permissions: ['trade'],
      allowedIps: ['203.0.113.7'],
      constraints: { instruments: ['BTC'] },
    });
  });

  it('leaves permissions alone where an API asks for authentication alone', () => {
    expect(edited({}, [row({ permission: '' })])).not.toHaveProperty('permissions');
  });

  const hosts = (count: number) => Array.from({ length: count }, (_, i) => row({ ip: `203.0.113.${i}` }));
  it('names a /24 where many of its addresses were used, at the boundary', () => {
    expect(edited({}, hosts(MANY_IN_NETWORK - 1))?.allowedIps).toHaveLength(MANY_IN_NETWORK - 1);
    expect(edited({}, hosts(MANY_IN_NETWORK))?.allowedIps).toEqual(['203.0.113.0/24']);
    expect(edited({ allowedIps: ['203.0.113.0/25'] }, hosts(MANY_IN_NETWORK))?.allowedIps).toBeUndefined();
  });

  it('names IPv6 by its /64', () => {
    const rows = [row({ ip: '2001:db8::1' }), row({ ip: '2001:db8::2' })];
    expect(edited({}, rows)?.allowedIps).toEqual(['2001:db8::/64']);
  });

  it('proposes no list that is too long', () => {
    const spread = (count: number) =>
      Array.from({ length: count }, (_, i) => row({ ip: `10.${i}.0.1`, instrument: `I${i}` }));
    expect(edited({}, spread(100))?.allowedIps).toHaveLength(100);
    expect(edited({}, spread(101))?.allowedIps).toBeUndefined();
    expect(edited({}, spread(500))?.constraints?.instruments).toHaveLength(500);
    expect(edited({}, spread(501))?.constraints).toBeUndefined();
    expect(advise(inputOf({}, spread(101))).allowedIps.note).toContain('too many networks');
  });

  it.each([
    ['a key that is too young', { createdAt: T0 - 30 * DAY_MS + 1 }, {}, /made 29 days ago/],
    ['one that was widened of late', { widenedAt: T0 - DAY_MS }, {}, /last widened 1 day ago/],
    ['one that was widened today', { widenedAt: T0 - 1 }, {}, /last widened less than a day ago/],
    ['a record that is too short', {}, { firstDay: TODAY - 29 }, /known of the last 29 days/],
    ['no record at all', {}, { firstDay: undefined }, /known of the last 0 days/],
  ])('has too little to go by with %s', (_, record, more, reason) => {
    const advice = advise(inputOf(record, [row()], more));
    expect(advice.tooLittle).toEqual([expect.stringMatching(reason)]);
    expect(advice.edit).toBeNull();
    expect(advice.allowedIps.proposal).toEqual(['203.0.113.7']);
  });

  it('has enough to go by at the boundary', () => {
    const advice = advise(inputOf({ createdAt: T0 - 30 * DAY_MS }, [row()], { firstDay: TODAY - 30 }));
    expect(advice.tooLittle).toEqual([]);
    expect(advice.edit).not.toBeNull();
  });

  it.each(['A\nB', ' A', 'A ', '\u001b[31m'])('proposes no list with what no list may hold: %j', (odd) => {
    const advice = advise(inputOf({}, [row(), row({ instrument: odd })]));
    expect(advice.edit).toEqual({ permissions: ['trade'], allowedIps: ['203.0.113.7'] });
    expect(advice.instruments).toMatchObject({ proposal: null, note: expect.stringContaining('may hold') });
    expect(advice.instruments.used).toHaveLength(2);
  });

  it('does not trim a key that nobody used', () => {
    const advice = advise(inputOf({}, []));
    expect(advice.tooLittle).toEqual([expect.stringContaining('not used in 30 days')]);
    expect(advice.edit).toBeNull();
  });
});
