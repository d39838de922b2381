import { describe, expect, it, vi } from 'vitest';
import { aCredential, aRequest, denialOf, requires } from '../../test/given.ts';
import type { Constraints } from '../credential/credential.ts';
import { authorize } from './authorize.ts';
import { type Permission, RISKS } from './manifest.ts';

const trade: Permission = { name: 'spot.trade', risk: 'high' };
const view: Permission = { name: 'spot.view', risk: 'low' };
const permissions = ['spot.view', 'spot.trade'];

function authorized(constraints: Constraints, facts: Record<string, string>, permission = trade) {
  return authorize(
    aCredential({ profile: { permissions, constraints } }),
    requires(permission, facts),
    aRequest(),
  );
}

const violation = (detail: RegExp) => ({
  code: 'constraint_violated',
  detail: expect.stringMatching(detail),
});

describe('authorize: permission', () => {
  it('asks for nothing where the requirement has no permission', () => {
    const requirement = { permission: undefined, weight: 1, facts: vi.fn(() => ({})) };
    const credential = aCredential({ profile: { permissions: [], constraints: { instruments: [] } } });
    expect(authorize(credential, requirement, aRequest())).toBeUndefined();
    expect(requirement.facts).not.toHaveBeenCalled();
  });

  it('lets pass who holds it, and reads no facts without a constraint', () => {
    const requirement = { ...requires(trade), facts: vi.fn(() => ({})) };
    expect(authorize(aCredential({ profile: { permissions } }), requirement, aRequest())).toBeUndefined();
    expect(requirement.facts).not.toHaveBeenCalled();
  });

  it.each([[[]], [['spot.view']], [['spot.trade.all']], [['spot']], [['Spot.Trade']], [['*']], [['spot.*']]])(
    'refuses %j with permission_denied, and names what lacks',
    (held) => {
      const refusal = denialOf(
        authorize(aCredential({ profile: { permissions: held } }), requires(trade), aRequest()),
      );
      expect(refusal).toMatchObject({ code: 'permission_denied', permission: 'spot.trade' });
    },
  );

  it('says permission_denied before it reads the request', () => {
    const requirement = { ...requires(trade), facts: vi.fn(() => ({})) };
    const credential = aCredential({ profile: { permissions: [], constraints: { instruments: ['A'] } } });
    expect(denialOf(authorize(credential, requirement, aRequest())).code).toBe('permission_denied');
    expect(requirement.facts).not.toHaveBeenCalled();
  });

  it('reads the facts of the request at hand, once', () => {
    const request = aRequest({ method: 'POST' });
    const requirement = { ...requires(trade), facts: vi.fn(() => ({ instrument: 'A', notional: '1' })) };
    const constraints = { instruments: ['A'], maxNotionalPerOrder: '1' };
    authorize(aCredential({ profile: { permissions, constraints } }), requirement, request);
    expect(requirement.facts.mock.calls).toEqual([[request]]);
  });
});

describe('authorize: instruments', () => {
  const constraints = { instruments: ['BTCUSDT', 'ETHUSDT'] };

  it.each(['BTCUSDT', 'ETHUSDT'])('lets %s pass', (instrument) => {
    expect(authorized(constraints, { instrument })).toBeUndefined();
  });

  it.each(['XRPUSDT', 'btcusdt', 'BTCUSDT ', 'BTC', '', 'BTCUSDT,ETHUSDT'])(
    'refuses %j with constraint_violated',
    (instrument) => {
      expect(denialOf(authorized(constraints, { instrument }))).toMatchObject(
        violation(/not among those allowed/),
      );
      expect(denialOf(authorized(constraints, { instrument }, view)).code).toBe('constraint_violated');
    },
  );

  it('refuses every one where the list is empty', () => {
    expect(denialOf(authorized({ instruments: [] }, { instrument: 'A' })).code).toBe('constraint_violated');
  });

  it.each(RISKS)('decides on a request that names none by the risk: %s', (risk) => {
    const refusal = authorized(constraints, {}, { ...trade, risk });
    if (risk === 'low') expect(refusal).toBeUndefined();
    else expect(denialOf(refusal)).toMatchObject(violation(/does not say which instrument/));
  });
});

describe('authorize: the amount of an order', () => {
  const constraints = { maxNotionalPerOrder: '1000.50' };

  it.each(['0', '1000.5', '1000.50', '01000.500', '1000.499999999999999999999999'])(
    'lets %s pass',
    (notional) => {
      expect(authorized(constraints, { notional })).toBeUndefined();
    },
  );

  it.each(['1000.51', '1000.500000000000000000000001', '1001', '9'.repeat(30)])(
    'refuses %s with constraint_violated',
    (notional) => {
      expect(denialOf(authorized(constraints, { notional }))).toMatchObject(violation(/over the limit/));
      expect(denialOf(authorized(constraints, { notional }, view)).code).toBe('constraint_violated');
    },
  );

  it.each(['-1', '1e3', '', 'NaN', '1,000', ' 1', 'Infinity', '9'.repeat(31)])(
    'refuses %j, which is no decimal, with constraint_violated',
    (notional) => {
      expect(denialOf(authorized(constraints, { notional }))).toMatchObject(violation(/as a decimal/));
      expect(denialOf(authorized(constraints, { notional }, view)).code).toBe('constraint_violated');
    },
  );

  it.each(RISKS)('decides on a request without one by the risk: %s', (risk) => {
    const refusal = authorized(constraints, {}, { ...trade, risk });
    if (risk === 'low') expect(refusal).toBeUndefined();
    else expect(denialOf(refusal)).toMatchObject(violation(/as a decimal/));
  });
});

it('every constraint has to hold', () => {
  const constraints = { instruments: ['A'], maxNotionalPerOrder: '10' };
  expect(authorized(constraints, { instrument: 'A', notional: '10' })).toBeUndefined();
  for (const facts of [
    { instrument: 'A', notional: '11' },
    { instrument: 'B', notional: '10' },
    { instrument: 'A' },
    { notional: '10' },
  ]) {
    expect(denialOf(authorized(constraints, facts)).code).toBe('constraint_violated');
  }
});
