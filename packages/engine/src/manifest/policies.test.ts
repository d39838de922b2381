import { describe, expect, it } from 'vitest';
import { parseManifest } from './manifest-file.ts';

const shown = (text: string) => {
  const parsed = parseManifest(text);
  return parsed.ok ? [] : parsed.faults.map(({ line, message }) => `${line}: ${message}`);
};
/** The policy stands in line 5. */
const withPolicy = (policy: string, risk = 'high', more = '') =>
  `version: 1\n${more}permissions:\n  p:\n    risk: ${risk}\n    policy: { ${policy} }\nroutes: []\n`;

describe('a policy of a permission', () => {
  it('is read, with times in ms', () => {
    const parsed = parseManifest(
      withPolicy(
        'needsAddressList: true, needsWithdrawalAddresses: false, stepUp: 5m, maxLifetime: 90d, idleExpiry: 14d, ' +
          'kinds: [ed25519, hmac], coolDown: 24h, outlivesExpiry: 30s, rotateEvery: 90d',
      ),
    );
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
    expect(parsed.manifest.permissions.get('p')?.policy).toEqual({
      needsAddressList: true,
      needsWithdrawalAddresses: false,
      stepUpMs: 300_000,
      maxLifetimeMs: 7_776_000_000,
      idleExpiryMs: 1_209_600_000,
      kinds: ['ed25519', 'hmac'],
      coolDownMs: 86_400_000,
      outlivesExpiryMs: 30_000,
      rotateEveryMs: 7_776_000_000,
    });
  });

  it.each([
    ['needsAddressList: yes please', '"needsAddressList" must be true or false'],
    [
      'maxLifetime: 90',
      '"maxLifetime" must be a duration like "30s", "5m", "24h" or "90d", of up to 100 years',
    ],
    [
      'maxLifetime: 0d',
      '"maxLifetime" must be a duration like "30s", "5m", "24h" or "90d", of up to 100 years',
    ],
    [
      'maxLifetime: 36501d',
      '"maxLifetime" must be a duration like "30s", "5m", "24h" or "90d", of up to 100 years',
    ],
    [
      'idleExpiry: -1d',
      '"idleExpiry" must be a duration like "30s", "5m", "24h" or "90d", of up to 100 years',
    ],
    ['kinds: []', 'without a kind, no key could be made'],
    ['kinds: [hmac, dsa]', '"dsa" is not one of hmac, ed25519, rsa, p256, secp256k1, bearer'],
    [
      'needsAddressList: true, expiryWithoutAddressList: 30d',
      'never holds, because "needsAddressList" lets no key be without one',
    ],
    ['expiryWithoutAddressList: 31d, maxLifetime: 30d', 'never holds, because "maxLifetime" is shorter'],
    [
      'coolDown: 24h, maxLifetime: 1d',
      'every key would expire before it cooled down: "maxLifetime" must be longer',
    ],
    [
      'coolDown: 24h, idleExpiry: 24h',
      'a key would expire, unused, before it cooled down: "idleExpiry" must be longer',
    ],
  ])('has a fault in %s', (policy, message) => {
    expect(shown(withPolicy(policy))).toEqual([`5: ${message}`]);
  });

  it.each([
    'expiryWithoutAddressList: 30d, maxLifetime: 30d',
    'coolDown: 24h, maxLifetime: 25h, idleExpiry: 25h',
    'maxLifetime: 10d, idleExpiry: 20d',
    'rotateEvery: 90d, kinds: [ed25519]',
    'needsAddressList: false, expiryWithoutAddressList: 30d',
    'maxLifetime: 36500d',
  ])('may say %s', (policy) => {
    expect(shown(withPolicy(policy))).toEqual([]);
  });

  it('outlives no expiry where harm is critical', () => {
    expect(shown(withPolicy('outlivesExpiry: 7d'))).toEqual([]);
    expect(shown(withPolicy('outlivesExpiry: 7d', 'critical'))).toEqual([
      '5: a permission of critical risk ends with its key: this is for closing what is open',
    ]);
  });

  it('demands a kind that some dialect signs with', () => {
    const only = (dialects: string) => `dialects: [${dialects}]\n`;
    expect(shown(withPolicy('kinds: [secp256k1, bearer]', 'high', only('bitget')))).toEqual([
      '6: no dialect under "dialects" signs with a key of kind secp256k1 or bearer',
    ]);
    expect(shown(withPolicy('kinds: [secp256k1, bearer]', 'high', only('bitget, bearer')))).toEqual([]);
    expect(shown(withPolicy('kinds: [secp256k1]'))).toEqual([]);
  });
});

describe('a policy that demands addresses to withdraw to', () => {
  const withRoute = (facts: string) =>
    shown(
      withPolicy('needsWithdrawalAddresses: true', 'critical').replace(
        '[]',
        `\n  - { route: POST /w, permission: p${facts} }`,
      ),
    );

  it('can be met by none where routes declare other facts alone', () => {
    expect(withRoute(', facts: { instrument: { json: /s } }')).toEqual([
      '5: no key could be made: no route declares the fact "address"',
    ]);
  });

  it('can be met where a route declares the fact, and where callers say all facts', () => {
    expect(withRoute(', facts: { address: { json: /to } }')).toEqual([]);
    expect(withRoute('')).toEqual([]);
  });
});

const POLICIES = `version: 1
permissions:
  read: { risk: low }
  trade: { risk: high, policy: { expiryWithoutAddressList: 30d, maxLifetime: 90d } }
  move: { risk: critical, policy: { needsAddressList: true, needsWithdrawalAddresses: true, coolDown: 24h } }
  sign: { risk: high, policy: { kinds: [ed25519] } }
  hash: { risk: high, policy: { kinds: [hmac] } }
routes:
  - { route: POST /o, permission: trade, facts: { instrument: { json: /s }, notional: { json: /n } } }
  - { route: POST /w, permission: move, facts: { address: { json: /to } } }
templates:
`;
/** The first template stands in line 12. */
const withTemplate = (members: string, name = 'bot') =>
  shown(`${POLICIES}  ${name}:\n    ${members.split('\n').join('\n    ')}\n`);

describe('templates', () => {
  it('are read in their order', () => {
    const parsed = parseManifest(`${POLICIES}  trading bot:
    description: Trades
    permissions: [read, trade]
    kind: hmac
    allowedIps: [192.0.2.0/24]
    constraints: { instruments: [BTCUSDT], maxNotionalPerOrder: '1000.5' }
    rateLimits: [{ name: orders, quota: 10, windowSeconds: 1 }]
    expiresIn: 90d
    needs: [/constraints/maxNotionalPerDay, /label]
  read-only:
    permissions: [read]
`);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
    expect([...parsed.manifest.templates.values()]).toEqual([
      {
        name: 'trading bot',
        description: 'Trades',
        permissions: ['read', 'trade'],
        kind: 'hmac',
        allowedIps: ['192.0.2.0/24'],
        constraints: { instruments: ['BTCUSDT'], maxNotionalPerOrder: '1000.5' },
        rateLimits: [{ name: 'orders', quota: 10, windowSeconds: 1 }],
        expiresInMs: 7_776_000_000,
        needs: ['/constraints/maxNotionalPerDay', '/label'],
      },
      { name: 'read-only', permissions: ['read'], needs: [] },
    ]);
  });

  it.each([
    ['permissions: [read, fly]', ['13: is not one of read, trade, move, sign, hash']],
    ['permissions: []', ['13: must have at least one entry']],
    ['description: no permissions', ['12: "templates.bot.permissions" must be a list']],
    [
      'permissions: [read]\nkind: dsa',
      ['14: "kind" must be one of hmac, ed25519, rsa, p256, secp256k1, bearer'],
    ],
    [
      'permissions: [read]\nallowedIps: [example.com]',
      ['14: is not an address, nor a CIDR block without host bits'],
    ],
    [
      'permissions: [read]\nconstraints: { maxNotionalPerOrder: 1000 }',
      ['14: "maxNotionalPerOrder" must be a text, in quotes'],
    ],
    [
      'permissions: [read]\nconstraints: { instruments: BTCUSDT }',
      ['14: "templates.bot.constraints.instruments" must be a list'],
    ],
    ['permissions: [read]\nconstraints: { instruments: [a, a] }', ['14: occurs twice']],
    [
      'permissions: [read]\nconstraints: { colour: red }',
      [expect.stringContaining('14: there is no field "colour" here, only instruments,')],
    ],
    [
      'permissions: [read]\nconstraints: { hours: { timeZone: UTC, windows: [{ days: [fri, noday], from: 9, to: "10:00" }] } }',
      [
        '14: "from" must be a text like "09:00", in quotes',
        '14: is not one of mon, tue, wed, thu, fri, sat, sun',
      ],
    ],
    [
      'permissions: [read]\nrateLimits: [{ name: a b, quota: 0, windowSeconds: 0.5 }]',
      [
        '14: "name" must have letters, digits and _ . : @ -',
        '14: "quota" must be from 1 to 1000000000',
        '14: "windowSeconds" must be from 1 to 2592000',
      ],
    ],
    [
      'permissions: [read]\nexpiresIn: soon',
      ['14: "expiresIn" must be a duration like "30s", "5m", "24h" or "90d", of up to 100 years'],
    ],
    [
      'permissions: [read]\nneeds: [allowedIps]',
      [
        '14: "allowedIps" is no field that can be asked for, like "/allowedIps" or "/constraints/instruments"',
      ],
    ],
    [
      'permissions: [read]\nneeds: [/accountId]',
      [
        '14: "/accountId" is no field that can be asked for, like "/allowedIps" or "/constraints/instruments"',
      ],
    ],
    [
      'permissions: [read]\nneeds: [/constraints/instrumets]',
      [expect.stringContaining('14: there is no constraint "instrumets", only instruments,')],
    ],
    [
      'permissions: [trade]\nexpiresIn: 1d\nneeds: [/label, /constraints/sides]',
      ['15: can never be met: no route of the manifest declares the fact "side"'],
    ],
    [
      'permissions: [read]\nexpiresIn: 1d\nneeds: [/expiresAt]',
      ['15: the template says it itself, so it need not be given'],
    ],
    [
      'permissions: [read]\nconstraints: { sides: [buy] }\nneeds: [/constraints/sides]',
      ['15: the template says it itself, so it need not be given'],
    ],
    [
      'permissions: [read]\ncolour: red',
      [expect.stringContaining('14: there is no field "colour" here, only description,')],
    ],
  ])('with a fault: %s', (members, faults) => {
    expect(withTemplate(members)).toEqual(faults);
  });

  it.each(['"a\\nb"', '" a"', '"a "', '""', `"${'a'.repeat(65)}"`])('are not called %s', (name) => {
    expect(withTemplate('permissions: [read]', name)).toEqual([
      expect.stringMatching(/^12: .* is no name of a template/),
    ]);
  });

  it('are a mapping, of a hundred at most', () => {
    expect(shown(`${POLICIES}  - bot\n`)).toEqual(['11: "templates" must be a mapping']);
    const many = Array.from({ length: 101 }, (_, i) => `  t${i}: { permissions: [read] }\n`);
    expect(shown(POLICIES + many.slice(1).join(''))).toEqual([]);
    expect(shown(POLICIES + many.join(''))).toEqual(['11: has over 100 templates']);
  });

  it.each([
    [
      'permissions: [trade]',
      [
        '12: no key from it can be made: trade (maxLifetime) demands "expiresIn". Say it, or ask for it: needs: [/expiresAt]',
        '12: no key from it can be made: trade (expiryWithoutAddressList) demands "expiresIn". Say it, or ask for it: needs: [/expiresAt]',
      ],
    ],
    ['permissions: [trade]\nexpiresIn: 31d', ['14: is too long for trade (expiryWithoutAddressList)']],
    [
      'permissions: [trade]\nexpiresIn: 91d\nneeds: [/allowedIps]',
      ['14: is too long for trade (maxLifetime)'],
    ],
    [
      'permissions: [move]',
      [
        '12: no key from it can be made: move (needsAddressList) demands "allowedIps". Say it, or ask for it: needs: [/allowedIps]',
        '12: no key from it can be made: move (needsWithdrawalAddresses) demands "withdrawalAddresses". Say it, or ask for it: needs: [/constraints/withdrawalAddresses]',
      ],
    ],
    [
      'permissions: [move]\nexpiresIn: 24h\nneeds: [/allowedIps, /constraints/withdrawalAddresses]',
      ['14: ends before move can be used, which cools down for 1d'],
    ],
    [
      'permissions: [sign]\nkind: hmac',
      ['14: is not allowed: sign demands a key of kind ed25519, not hmac (kinds)'],
    ],
    ['permissions: [sign, hash]', ['12: no kind of key is one that all of its permissions allow (kinds)']],
  ])('from which no key could be made: %s', (members, faults) => {
    expect(withTemplate(members)).toEqual(faults);
  });

  it.each([
    'permissions: [trade]\nexpiresIn: 30d',
    'permissions: [trade]\nneeds: [/expiresAt]',
    'permissions: [trade]\nexpiresIn: 90d\nneeds: [/allowedIps]',
    'permissions: [trade]\nexpiresIn: 90d\nallowedIps: [192.0.2.1]',
    'permissions: [move]\nexpiresIn: 25h\nneeds: [/allowedIps, /constraints/withdrawalAddresses]',
    'permissions: [sign]',
    'permissions: [sign]\nkind: ed25519',
  ])('from which a key can be made: %s', (members) => {
    expect(withTemplate(members)).toEqual([]);
  });
});
