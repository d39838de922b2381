import { describe, expect, it, vi } from 'vitest';
import { aCredential, aRequest, denialOf, NOW, requires } from '../../test/given.ts';
import type { CredentialProfile } from '../credential/credential.ts';
import { type AuthorizeContext, authorize } from './authorize.ts';
import { compileConstraints } from './constraints.ts';
import type { Permission } from './manifest.ts';
import type { Requirement } from './requirement.ts';

const trade: Permission = { name: 'spot.trade', risk: 'high' };
const permissions = ['spot.view', 'spot.trade'];
const constraints = compileConstraints({ instruments: ['A'] }, {}, undefined);

function authorized(
  profile: Partial<CredentialProfile>,
  requirement: Requirement = requires(trade),
  context: Partial<AuthorizeContext> = {},
) {
  return authorize(aCredential({ profile }), requirement, aRequest(), { nowMs: NOW, ...context });
}

describe('authorize: permission', () => {
  it('asks for nothing where the requirement has no permission', () => {
    const requirement = { permission: undefined, weight: 1, facts: vi.fn(() => ({})) };
    const usableFrom = new Map([['spot.trade', NOW + 1]]);
    expect(authorized({ permissions: [], constraints, usableFrom }, requirement)).toEqual({ ok: true });
    expect(requirement.facts).not.toHaveBeenCalled();
  });

  it('lets pass who holds it, and reads no facts without a constraint', () => {
    const requirement = { ...requires(trade), facts: vi.fn(() => ({})) };
    expect(authorized({ permissions }, requirement)).toEqual({ ok: true });
    expect(requirement.facts).not.toHaveBeenCalled();
  });

  it.each([[[]], [['spot.view']], [['spot.trade.all']], [['spot']], [['Spot.Trade']], [['*']], [['spot.*']]])(
    'refuses %j with permission_denied, and names what lacks',
    (held) => {
      const refusal = denialOf(authorized({ permissions: held }));
      expect(refusal).toMatchObject({ code: 'permission_denied', permission: 'spot.trade' });
    },
  );

  it('says permission_denied before it reads the request', () => {
    const requirement = { ...requires(trade), facts: vi.fn(() => ({})) };
    expect(denialOf(authorized({ permissions: [], constraints }, requirement)).code).toBe(
      'permission_denied',
    );
    expect(requirement.facts).not.toHaveBeenCalled();
  });

  it('reads the facts of the request at hand, once, and gives them on', () => {
    const facts = { instrument: 'A' };
    const requirement = { ...requires(trade), facts: vi.fn(() => facts) };
    const request = aRequest({ method: 'POST' });
    const result = authorize(aCredential({ profile: { permissions, constraints } }), requirement, request, {
      nowMs: NOW,
    });
    expect(requirement.facts.mock.calls).toEqual([[request]]);
    expect(result).toEqual({ ok: true, facts, amount: undefined });
  });
});

describe('authorize: cool-down', () => {
  const usableFrom = new Map([['spot.trade', NOW]]);

  it.each([
    [-1, 1],
    [-1000, 1],
    [-1001, 2],
  ])('%i ms from its end says that it takes %i s more: constraint_violated', (after, seconds) => {
    expect(
      denialOf(authorized({ permissions, usableFrom }, undefined, { nowMs: NOW + after })),
    ).toMatchObject({
      code: 'constraint_violated',
      detail: expect.stringContaining(`spot.trade can be used in ${seconds} s`),
    });
  });

  it('is over at its end, and is of this permission alone', () => {
    expect(authorized({ permissions, usableFrom }, undefined, { nowMs: NOW })).toEqual({ ok: true });
    const view = requires({ name: 'spot.view', risk: 'low' });
    expect(authorized({ permissions, usableFrom }, view, { nowMs: NOW - 1 })).toEqual({ ok: true });
  });

  it('comes after the permission, and before the second factor', () => {
    const needsBoth = requires({ ...trade, policy: { stepUpMs: 1 } });
    const early = { nowMs: NOW - 1 };
    expect(denialOf(authorized({ permissions: [], usableFrom }, needsBoth, early)).code).toBe(
      'permission_denied',
    );
    expect(denialOf(authorized({ permissions, usableFrom }, needsBoth, early)).code).toBe(
      'constraint_violated',
    );
    expect(denialOf(authorized({ permissions, usableFrom }, needsBoth)).code).toBe('step_up_required');
  });
});

describe('authorize: step-up', () => {
  const requirement = requires({ ...trade, policy: { stepUpMs: 300_000 } });

  it.each([
    [0, true],
    [299_999, true],
    [300_000, false],
    // The clock of who saw it may be ahead a little.
    [-5_000, true],
    [-5_001, false],
    [Number.NaN, false],
  ])(
    'with a second factor of %i ms ago, where 5 minutes are asked for, it may be used: %s',
    (age, isGood) => {
      const result = authorized({ permissions }, requirement, { stepUpAt: NOW - age });
      if (isGood) expect(result).toEqual({ ok: true });
      else expect(denialOf(result).code).toBe('step_up_required');
    },
  );

  it('refuses where nobody speaks of one, and says how old it may be', () => {
    const refusal = denialOf(authorized({ permissions }, requirement));
    expect(refusal).toMatchObject({
      code: 'step_up_required',
      detail: expect.stringContaining('less than 300 s'),
    });
  });

  it('comes before the constraints', () => {
    expect(denialOf(authorized({ permissions, constraints }, requirement)).code).toBe('step_up_required');
    const fresh = { stepUpAt: NOW };
    expect(denialOf(authorized({ permissions, constraints }, requirement, fresh)).code).toBe(
      'constraint_violated',
    );
  });
});
