import { describe, expect, it } from 'vitest';
import { aCredential, aRequest, denialOf, NOW } from '../../test/given.ts';
import type { Constraints } from '../credential/constraints.ts';
import { authorize } from './authorize.ts';
import { compileConstraints } from './constraints.ts';
import { decimalOf, unitsOf } from './decimal.ts';
import type { ExpressionInput, ExpressionOutcome } from './expression.ts';
import type { FactSource, Facts } from './fact-source.ts';
import { type Permission, RISKS, type Rule } from './manifest.ts';

const trade: Permission = { name: 'trade', risk: 'high' };
const view: Permission = { name: 'view', risk: 'low' };
const withdraw: Permission = { name: 'withdraw', risk: 'critical' };

interface Given {
  readonly permission?: Permission;
  readonly addressesSince?: Record<string, number>;
  readonly outcome?: ExpressionOutcome;
  readonly rule?: Rule;
  readonly nowMs?: number;
}

const seen: ExpressionInput[] = [];

function held(constraints: Constraints, facts: Facts, given: Given = {}) {
  const { permission = trade, addressesSince = {}, outcome, rule, nowMs = NOW } = given;
  const source = constraints.expression;
  const evaluate = (input: ExpressionInput) => {
    seen.push(input);
    return outcome as ExpressionOutcome;
  };
  const compiled = compileConstraints(
    constraints,
    addressesSince,
    source === undefined ? undefined : { source, evaluate },
  );
  const credential = aCredential({ profile: { permissions: [permission.name], constraints: compiled } });
  const requirement = { permission, rule, weight: 1, facts: () => facts };
  return authorize(credential, requirement, aRequest({ method: 'POST', target: '/o?x=1' }), { nowMs });
}

const allowed = (...args: Parameters<typeof held>) => expect(held(...args)).toMatchObject({ ok: true });
const refused = (detail: RegExp, ...args: Parameters<typeof held>) =>
  expect(denialOf(held(...args))).toMatchObject({
    code: 'constraint_violated',
    detail: expect.stringMatching(detail),
  });

describe.each([
  ['instruments', 'instrument', 'instrument', ['BTCUSDT', 'ETHUSDT']],
  ['sides', 'side', 'side', ['buy', 'short']],
  ['orderTypes', 'orderType', 'order type', ['limit', 'post_only']],
] as const)('%s', (field, fact, what, list) => {
  const constraints = { [field]: list };
  const [first, second] = list;

  it('let what is on the list pass', () => {
    allowed(constraints, { [fact]: first });
    allowed(constraints, { [fact]: second });
    allowed(constraints, { [fact]: first, other: 'x' });
  });

  it.each([
    'other',
    first.toUpperCase() === first ? first.toLowerCase() : first.toUpperCase(),
    `${first} `,
    first.slice(0, 2),
    '',
    `${first},${second}`,
    'constructor',
    '__proto__',
  ])('refuse %j, on permissions of low risk too', (value) => {
    refused(/not among those allowed/, constraints, { [fact]: value });
    refused(/not among those allowed/, constraints, { [fact]: value }, { permission: view });
  });

  it('want every element of a batch on the list', () => {
    allowed(constraints, { [fact]: [first] });
    allowed(constraints, { [fact]: [first, second, first] });
    refused(/not among those allowed/, constraints, { [fact]: [first, 'other'] });
    refused(/not among those allowed/, constraints, { [fact]: ['other', first] });
  });

  it.each(RISKS)('decide on a request that says none by the risk: %s', (risk) => {
    for (const facts of [{}, { [fact]: [] }]) {
      const given = { permission: { ...trade, risk } };
      if (risk === 'low') allowed(constraints, facts, given);
      else refused(new RegExp(`does not say which ${what}`), constraints, facts, given);
    }
  });

  it('refuse everything where the list is empty', () => {
    refused(/not among those allowed/, { [field]: [] }, { [fact]: first });
  });
});

describe('the amount of an order', () => {
  const constraints = { maxNotionalPerOrder: '1000.50' };

  it.each(['0', '1000.5', '1000.50', '01000.500', '1000.499999999999999999999999'])(
    'of %s may pass',
    (notional) => {
      allowed(constraints, { notional });
    },
  );

  it.each(['1000.51', '1000.500000000000000000000000000001', '1001', '9'.repeat(30)])(
    'of %s may not',
    (notional) => {
      refused(/over the limit for one order/, constraints, { notional });
      refused(/over the limit for one order/, constraints, { notional }, { permission: view });
    },
  );

  it.each(['-1', '1e3', '', 'NaN', '1,000', ' 1', 'Infinity', '9'.repeat(31), '1'.repeat(40), '0x10'])(
    'is not %j, which is no decimal',
    (notional) => {
      refused(/as a decimal/, constraints, { notional });
      refused(/as a decimal/, constraints, { notional: ['1', notional] });
      refused(/as a decimal/, constraints, { notional }, { permission: view });
    },
  );

  it.each(RISKS)('decides by the risk where none is said: %s', (risk) => {
    for (const facts of [{}, { notional: [] }]) {
      const given = { permission: { ...trade, risk } };
      if (risk === 'low') allowed(constraints, facts, given);
      else refused(/as a decimal/, constraints, facts, given);
    }
  });

  it('is held one by one in a batch, not as their sum', () => {
    allowed(constraints, { notional: ['1000.5', '1000.5', '0'] });
    refused(/over the limit for one order/, constraints, { notional: ['1', '1000.51', '1'] });
  });

  it('is nobody’s concern where no constraint asks for it', () => {
    expect(held({ sides: ['buy'] }, { side: 'buy', notional: 'x' })).toMatchObject({
      ok: true,
      amount: undefined,
    });
  });
});

describe('the amount of a day and of 30 days', () => {
  const spent = (...args: Parameters<typeof held>) => {
    const result = held(...args);
    if (!result.ok) throw new Error(result.detail);
    return result.amount === undefined ? undefined : decimalOf(result.amount);
  };

  it('counts what a request says, to the last of its 30 places', () => {
    expect(spent({ maxNotionalPerDay: '10' }, { notional: '2.5' })).toBe('2.5');
    expect(spent({ maxNotionalPer30Days: '10' }, { notional: '0.000000000000000000000000000001' })).toBe(
      '0.000000000000000000000000000001',
    );
    expect(spent({ maxNotionalPerDay: '10' }, { notional: ['1', '2.5', '0'] })).toBe('3.5');
    expect(spent({ maxNotionalPerDay: '10' }, { notional: '0' })).toBe('0');
    expect(spent({ maxNotionalPerOrder: '10' }, { notional: '1' })).toBeUndefined();
    expect(spent({ maxNotionalPerDay: '10' }, {}, { permission: view })).toBeUndefined();
    expect(spent({ maxNotionalPerDay: '10' }, { notional: '3' }, { permission: view })).toBe('3');
  });

  it('refuses what no waiting helps: more at once than the whole limit', () => {
    expect(spent({ maxNotionalPerDay: '10', maxNotionalPer30Days: '20' }, { notional: ['4', '6'] })).toBe(
      '10',
    );
    const constraints = { maxNotionalPerDay: '10', maxNotionalPer30Days: '20' };
    refused(/over the limit for a day/, constraints, {
      notional: ['4', '6', '0.000000000000000000000000000001'],
    });
    refused(/over the limit for 30 days/, { maxNotionalPer30Days: '20' }, { notional: '20.01' });
    refused(/as a decimal/, { maxNotionalPer30Days: '20' }, {});
  });

  it('adds a thousand of the largest up exactly', () => {
    const most = '9'.repeat(30);
    refused(/over the limit for a day/, { maxNotionalPerDay: most }, { notional: Array(1000).fill(most) });
    expect(spent({ maxNotionalPerDay: most }, { notional: [most] })).toBe(most);
  });

  it('has windows of 24 and of 720 hours', () => {
    const compiled = compileConstraints({ maxNotionalPerDay: '5', maxNotionalPer30Days: '6' }, {}, undefined);
    expect(compiled?.spendLimits).toEqual([
      { name: 'day', windowMs: 86_400_000, limit: unitsOf('5') },
      { name: '30 days', windowMs: 2_592_000_000, limit: unitsOf('6') },
    ]);
  });
});

describe('withdrawal addresses', () => {
  const CHECKSUMMED = '0x52908400098527886E0F7030069857D2E4169EE7';
  const BASE58 = '1BoatSLRHtKNngkdXEeobR76b53LETtpyT';
  const constraints = { withdrawalAddresses: [CHECKSUMMED, BASE58] };
  const addressFact: FactSource = { name: 'address', places: [{ from: 'json', at: '/a' }], type: 'string' };
  const ruleWith = (...facts: FactSource[]): Rule => ({
    route: 'POST /w',
    isPublic: false,
    permission: withdraw,
    weight: 1,
    facts,
  });

  it('let those of the list pass, an Ethereum address in any letter case', () => {
    for (const address of [
      CHECKSUMMED,
      CHECKSUMMED.toLowerCase(),
      `0x${CHECKSUMMED.slice(2).toUpperCase()}`,
      BASE58,
    ])
      allowed(constraints, { address }, { permission: withdraw });
    allowed(constraints, { address: [BASE58, CHECKSUMMED] }, { permission: withdraw });
  });

  it.each([
    BASE58.toLowerCase(),
    ` ${BASE58}`,
    `${CHECKSUMMED}0`,
    CHECKSUMMED.slice(2),
    '',
    'constructor',
    '__proto__',
  ])('refuse %j, whatever the permission', (address) => {
    for (const permission of [withdraw, trade, view]) {
      refused(/address is not among/, constraints, { address }, { permission });
      refused(/address is not among/, constraints, { address: [BASE58, address] }, { permission });
    }
  });

  it('refuse a request that says none where it may withdraw', () => {
    const none = /does not say to which address/;
    refused(none, constraints, {}, { permission: withdraw });
    refused(none, constraints, { address: [] }, { permission: withdraw });
    refused(none, constraints, {}, { rule: ruleWith(addressFact) });
    refused(none, constraints, {}, { permission: { ...trade, policy: { needsWithdrawalAddresses: true } } });
    refused(none, constraints, {}, { permission: { ...trade, isUndeclared: true } });
    // The caller names a permission and no route, and under one that needs it there are addresses.
    refused(none, constraints, {}, { permission: { ...trade, hasAddresses: true } });
    allowed(constraints, {}, { permission: { ...trade, hasAddresses: true }, rule: ruleWith() });
    allowed(constraints, {}, { rule: ruleWith() });
    allowed(constraints, {}, { permission: trade });
  });

  it('want a new one to have been on the list for the cool-down of the permission', () => {
    const permission = { ...withdraw, policy: { coolDownMs: 10_000 } };
    const given = (ago: number) => ({ permission, addressesSince: { [BASE58]: NOW - ago } });
    allowed(constraints, { address: BASE58 }, given(10_000));
    refused(/can be used in 1 s/, constraints, { address: BASE58 }, given(9_999));
    refused(/can be used in 10 s/, constraints, { address: BASE58 }, given(0));
    allowed(constraints, { address: CHECKSUMMED }, given(0));
    refused(/can be used in/, constraints, { address: [CHECKSUMMED, BASE58] }, given(0));
    allowed(constraints, { address: BASE58 }, { ...given(0), permission: withdraw });
  });

  it('know a new one in whatever spelling it was noted', () => {
    const permission = { ...withdraw, policy: { coolDownMs: 10_000 } };
    for (const noted of [CHECKSUMMED, CHECKSUMMED.toLowerCase()]) {
      const given = { permission, addressesSince: { [noted]: NOW, constructor: NOW } };
      refused(/can be used in 10 s/, constraints, { address: CHECKSUMMED.toLowerCase() }, given);
    }
    const named = { withdrawalAddresses: ['constructor', 'toString'] };
    allowed(named, { address: 'toString' }, { permission });
  });
});

describe('hours', () => {
  /** NOW is a Tuesday, 06:00 in UTC. */
  const hours = { timeZone: 'UTC', windows: [{ days: ['tue'], from: '06:00', to: '06:01' }] } as const;

  it('hold for every permission, to the minute', () => {
    for (const permission of [trade, view, withdraw]) {
      allowed({ hours }, {}, { permission });
      allowed({ hours }, {}, { permission, nowMs: NOW + 59_999 });
      refused(/at this time/, { hours }, {}, { permission, nowMs: NOW + 60_000 });
      refused(/at this time/, { hours }, {}, { permission, nowMs: NOW - 1 });
    }
  });
});

describe('an expression', () => {
  const constraints = { expression: 'x' };

  it('is asked about the request, and allows when it is true', () => {
    seen.length = 0;
    allowed(constraints, { side: 'buy' }, { outcome: 'true' });
    expect(seen).toEqual([
      { permission: 'trade', facts: { side: 'buy' }, method: 'POST', path: '/o', nowMs: NOW },
    ]);
  });

  it('refuses when it is false, or has no value, whatever the risk', () => {
    for (const permission of [trade, view]) {
      refused(/does not allow/, constraints, {}, { outcome: 'false', permission });
      refused(/has no value/, constraints, {}, { outcome: 'fault', permission });
    }
  });

  it.each(RISKS)('that needs a fact which is missing decides by the risk: %s', (risk) => {
    const given = { outcome: 'missing', permission: { ...trade, risk } } as const;
    if (risk === 'low') allowed(constraints, {}, given);
    else refused(/does not say what/, constraints, {}, given);
  });

  it('is never left out: to compile constraints without it is a mistake', () => {
    expect(() => compileConstraints({ expression: 'x' }, {}, undefined)).toThrow(TypeError);
    const stray = { source: 'x', evaluate: () => 'true' as const };
    expect(() => compileConstraints({ sides: ['buy'] }, {}, stray)).toThrow(TypeError);
  });
});

it('constraints are none when all are absent', () => {
  expect(compileConstraints({}, {}, undefined)).toBeUndefined();
  expect(compileConstraints({ sides: undefined }, {}, undefined)).toBeUndefined();
});

it('every constraint has to hold, and the first that does not is told', () => {
  const constraints: Constraints = {
    instruments: ['A'],
    sides: ['buy'],
    orderTypes: ['limit'],
    hours: { timeZone: 'UTC', windows: [{ days: ['tue'], from: '06:00', to: '24:00' }] },
    withdrawalAddresses: ['w'],
    maxNotionalPerOrder: '10',
    maxNotionalPerDay: '15',
    expression: 'x',
  };
  const good = { instrument: 'A', side: 'buy', orderType: 'limit', address: 'w', notional: '10' };
  const wrongs: [RegExp, Partial<typeof good>, Given][] = [
    [/instrument/, { instrument: 'B' }, {}],
    [/side/, { side: 'sell' }, {}],
    [/order type/, { orderType: 'market' }, {}],
    [/at this time/, {}, { nowMs: NOW - 1 }],
    [/address/, { address: 'v' }, {}],
    [/amount/, { notional: '11' }, {}],
    [/expression/, {}, { outcome: 'false' }],
  ];
  allowed(constraints, good, { outcome: 'true' });
  for (const [i, [detail, facts, given]] of wrongs.entries()) {
    refused(detail, constraints, { ...good, ...facts }, { outcome: 'true', ...given });
    const later = wrongs.slice(i);
    const all = Object.assign({}, ...later.map(([, more]) => more));
    const rest = Object.assign({ outcome: 'true' }, ...later.map(([, , more]) => more));
    refused(detail, constraints, { ...good, ...all }, rest);
  }
});
