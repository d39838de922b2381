import type { Constraints } from '@countersign/core';
import type { Fault } from '@countersign/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, benchOn, issue, keyInput, manifestOf, refusalOf, SERVICE } from './engine-setup.ts';
import { STORES } from './store-adapters.ts';

const MANIFEST = manifestOf(`version: 1
permissions:
  read: { risk: low }
  trade: { risk: high }
routes:
  - { route: GET /balance, permission: read }
  - route: POST /orders
    permission: trade
    facts:
      instrument: { json: /symbol }
      side: { json: /side }
      orderType: { json: /type }
      notional: { json: /amount }
      address: { json: /to }
      tag: { json: /tag }
`);

let bench: Bench;
beforeAll(async () => {
  bench = await benchOn(STORES[0]!, { manifest: MANIFEST });
});
afterAll(() => bench.close());

function faultsOf(result: { ok: boolean; errors?: readonly Fault[] | undefined }): string[] {
  expect(refusalOf(result)).toBe('invalid_body');
  return (result.errors ?? []).map(({ pointer, message }) => `${pointer} ${message}`);
}

const faultsIn = async (constraints: Constraints) =>
  faultsOf(await bench.engine.keys.issue(keyInput({ permissions: ['trade'], constraints }), SERVICE));

const window = { days: ['mon'], from: '09:00', to: '17:30' } as const;
const hoursOf = (...windows: object[]) => ({ hours: { timeZone: 'UTC', windows } }) as Constraints;
const ETHEREUM = '0x52908400098527886E0F7030069857D2E4169EE7';

describe('constraints with a fault are refused: invalid_body', () => {
  const FAULTS: readonly [Constraints, RegExp][] = [
    [{ instruments: ['BTCUSDT', 'ETHUSDT', 'BTCUSDT'] }, /^\/constraints\/instruments\/2 occurs twice/],
    [{ instruments: ['BTCUSDT '] }, /^\/constraints\/instruments\/0 has blanks/],
    [{ sides: ['buy', '\tsell'] }, /^\/constraints\/sides\/1 has blanks/],
    [{ orderTypes: ['limit\u0000'] }, /^\/constraints\/orderTypes\/0 has blanks or control/],
    ...(
      [
        ...[
          'NaN',
          '-1',
          '-0',
          '+1',
          '1,000',
          '1e3',
          '1E3',
          '',
          ' 1',
          '1 ',
          '.5',
          '5.',
          '0x10',
          'Infinity',
          '１',
        ],
        ...['1'.repeat(40), `0.${'1'.repeat(40)}`, '1_000'],
      ] as const
    ).flatMap((text): [Constraints, RegExp][] => [
      [{ maxNotionalPerOrder: text }, /^\/constraints\/maxNotionalPerOrder is not a decimal/],
      [{ maxNotionalPerDay: text }, /^\/constraints\/maxNotionalPerDay is not a decimal/],
      [{ maxNotionalPer30Days: text }, /^\/constraints\/maxNotionalPer30Days is not a decimal/],
    ]),
    [{ maxNotionalPerOrder: '0' }, /^\/constraints\/maxNotionalPerOrder must be more than zero/],
    [{ maxNotionalPerDay: '0.000' }, /^\/constraints\/maxNotionalPerDay must be more than zero/],
    [
      { maxNotionalPerOrder: '10.000000000000000001', maxNotionalPerDay: '10' },
      /^\/constraints\/maxNotionalPerOrder is more than maxNotionalPerDay/,
    ],
    [
      { maxNotionalPerOrder: '11', maxNotionalPer30Days: '10' },
      /^\/constraints\/maxNotionalPerOrder is more than maxNotionalPer30Days/,
    ],
    [
      { maxNotionalPerOrder: '1', maxNotionalPerDay: '11', maxNotionalPer30Days: '10.9' },
      /^\/constraints\/maxNotionalPerDay is more than maxNotionalPer30Days/,
    ],
    [{ withdrawalAddresses: ['a b'] }, /^\/constraints\/withdrawalAddresses\/0 has blanks/],
    [{ withdrawalAddresses: ['a', 'b\n'] }, /^\/constraints\/withdrawalAddresses\/1 has blanks/],
    [{ withdrawalAddresses: ['a\u200bb'] }, /^\/constraints\/withdrawalAddresses\/0 has blanks/],
    [{ withdrawalAddresses: ['a', 'a'] }, /^\/constraints\/withdrawalAddresses\/1 occurs twice/],
    [
      { withdrawalAddresses: [ETHEREUM, 'x', ETHEREUM.toLowerCase()] },
      /^\/constraints\/withdrawalAddresses\/2 occurs twice/,
    ],
    [{ withdrawalAddresses: ['bc1qar0', 'BC1QAR0'] }, /^\/constraints\/withdrawalAddresses\/1 occurs twice/],
    ...['Mars/Phobos', '+02:00', '-0500', '', 'CESTT', '__proto__'].map((timeZone): [Constraints, RegExp] => [
      { hours: { timeZone, windows: [window] } },
      /^\/constraints\/hours\/timeZone is not a name of the time zone database/,
    ]),
    [hoursOf(), /^\/constraints\/hours\/windows must have at least one/],
    [
      hoursOf(window, { ...window, days: [] }),
      /^\/constraints\/hours\/windows\/1\/days must have at least one/,
    ],
    [hoursOf({ ...window, from: '9:00' }), /^\/constraints\/hours\/windows\/0\/from is not a time/],
    [hoursOf({ ...window, to: '24:01' }), /^\/constraints\/hours\/windows\/0\/to is not a time/],
    [hoursOf({ ...window, to: '09:00' }), /^\/constraints\/hours\/windows\/0\/to must be later/],
    [
      hoursOf({ ...window, from: '22:00', to: '06:00' }),
      /^\/constraints\/hours\/windows\/0\/to must be later/,
    ],
    [
      hoursOf({ ...window, from: '24:00', to: '24:00' }),
      /^\/constraints\/hours\/windows\/0\/to must be later/,
    ],
    [{ expression: 'facts.side ==' }, /^\/constraints\/expression column/],
    [{ expression: 'facts.colour == "red"' }, /^\/constraints\/expression .*colour/],
    [{ expression: 'permission == "fly"' }, /^\/constraints\/expression .*fly/],
    [{ expression: 'false' }, /^\/constraints\/expression is never true/],
    [{ expression: '1 == 2 || size("a") > 1' }, /^\/constraints\/expression is never true/],
    [{ expression: 'decimal("a") < 1 && true' }, /^\/constraints\/expression /],
    [{ expression: '9223372036854775807 + 1 > 0' }, /^\/constraints\/expression is never true/],
    [{ expression: '1 / 0 == 1' }, /^\/constraints\/expression /],
    [{ expression: 'facts.side' }, /^\/constraints\/expression /],
  ];
  for (const [constraints, message] of FAULTS) {
    it(`for ${JSON.stringify(constraints).slice(0, 90)}`, async () => {
      expect(await faultsIn(constraints)).toEqual([expect.stringMatching(message)]);
    });
  }

  it('with all their faults at once', async () => {
    const faults = await faultsIn({
      instruments: ['A', 'A'],
      maxNotionalPerOrder: 'x',
      withdrawalAddresses: [' '],
      ...hoursOf({ ...window, from: 'x', to: 'y' }),
      expression: '(',
    });
    expect(faults.map((fault) => fault.split(' ')[0])).toEqual([
      '/constraints/instruments/1',
      '/constraints/maxNotionalPerOrder',
      '/constraints/withdrawalAddresses/0',
      '/constraints/hours/windows/0/from',
      '/constraints/hours/windows/0/to',
      '/constraints/expression',
    ]);
  });

  it('on an import and an edit as well, and nothing is changed', async () => {
    const constraints = { maxNotionalPerOrder: '2', maxNotionalPerDay: '1' };
    const imported = {
      ...keyInput({ permissions: ['trade'], constraints }),
      id: 'theirs',
      secret: 'x'.repeat(16),
    };
    expect(faultsOf(await bench.engine.keys.importKey(imported, SERVICE))).toHaveLength(1);
    expect(await bench.engine.keys.get('theirs')).toBeUndefined();
    const key = await issue(bench, { permissions: ['trade'], constraints: { maxNotionalPerDay: '1' } });
    const edit = { label: 'other', constraints };
    const before = await bench.engine.keys.get(key.id);
    expect(faultsOf(await bench.engine.keys.edit(key.id, edit, key.view.revision, SERVICE))).toHaveLength(1);
    expect(await bench.engine.keys.get(key.id)).toEqual(before);
    expect(before?.revision).toBe(key.view.revision);
  });
});

describe('constraints without a fault are kept as they are', () => {
  const GOOD: readonly Constraints[] = [
    { instruments: ['BTCUSDT', 'btcusdt', 'BTC/USDT', 'a b'] },
    { maxNotionalPerOrder: '10', maxNotionalPerDay: '10.0', maxNotionalPer30Days: '10' },
    { maxNotionalPerOrder: '0.000000000000000000000000000001', maxNotionalPer30Days: '9'.repeat(30) },
    { withdrawalAddresses: [ETHEREUM, '1BoatSLRHtKNngkdXEeobR76b53LETtpyT'] },
    hoursOf(window, { ...window, from: '17:00', to: '24:00' }),
    { hours: { timeZone: 'America/New_York', windows: [{ ...window, from: '00:00', to: '24:00' }] } },
    { expression: 'facts.side == "buy" || permission == "trade"' },
  ];
  it.each(GOOD)('%j', async (constraints) => {
    expect((await issue(bench, { permissions: ['trade'], constraints })).view.constraints).toEqual(
      constraints,
    );
  });
});

describe('constraints that no request can meet are refused: invalid_body', () => {
  const ALL = {
    instruments: ['A'],
    sides: ['buy'],
    orderTypes: ['limit'],
    maxNotionalPerOrder: '1',
    maxNotionalPerDay: '1',
    maxNotionalPer30Days: '1',
    withdrawalAddresses: ['a'],
  };
  const bare = (facts: string) =>
    manifestOf(
      `version: 1\npermissions: { trade: { risk: high } }\nroutes: [{ route: POST /o, permission: trade${facts} }]\n`,
    );

  it('because the manifest has facts, and no route has that one', async () => {
    const other = await benchOn(STORES[0]!, { manifest: bare(', facts: { tag: { json: /tag } }') });
    const input = keyInput({ permissions: ['trade'], constraints: ALL });
    const faults = faultsOf(await other.engine.keys.issue(input, SERVICE));
    expect(faults).toHaveLength(7);
    expect(faults[0]).toBe(
      '/constraints/instruments can never be met: no route of the manifest declares the fact "instrument"',
    );
    await other.close();
  });

  it('but not where the callers of the verify API say all facts, or there is no manifest', async () => {
    for (const manifest of [bare(''), undefined]) {
      const other = await benchOn(STORES[0]!, { manifest });
      await issue(other, { permissions: ['trade'], constraints: ALL });
      await other.close();
    }
  });

  it('because operators make no orders; they may have hours', async () => {
    const operator = { accountId: 'operator', permissions: ['keys.read'] };
    for (const [constraints, count] of [
      [ALL, 7],
      [{ expression: 'facts.side == "buy"' }, 1],
    ] as const) {
      const result = await bench.engine.keys.issue(keyInput({ ...operator, constraints }), SERVICE);
      expect(faultsOf(result)).toHaveLength(count);
    }
    const hours = { ...hoursOf(window), expression: 'permission == "keys.read"' };
    await issue(bench, { ...operator, constraints: hours });
  });
});
