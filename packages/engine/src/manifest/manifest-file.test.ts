import { DIALECTS } from '@countersign/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ManifestFault, parseManifest } from './manifest-file.ts';

const GOOD = `version: 1
dialects: [okx, bitget]
permissions:
  spot.read: { risk: low, description: See orders }
  spot.trade:
    risk: high
routes:
  - route: GET /market/*
    public: true
  - route: GET /orders/:id
    permission: spot.read
  - route: POST /orders
    permission: spot.trade
    weight: 5
    facts:
      instrument: { json: /symbol }
      notional: { json: /a~1b/0, type: decimal }
      side: { query: side }
      size: { form: size, type: decimal }
      price: { parameter: price, type: decimal }
`;

function faultsIn(text: string): readonly ManifestFault[] {
  const parsed = parseManifest(text);
  return parsed.ok ? [] : parsed.faults;
}
const shown = (text: string) => faultsIn(text).map(({ line, message }) => `${line}: ${message}`);
const route = (fields: string) => `version: 1\npermissions: { p: { risk: low } }\nroutes:\n  - ${fields}\n`;

describe('a good manifest', () => {
  it('is read whole', () => {
    const parsed = parseManifest(GOOD);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
    const { manifest, routes } = parsed;
    expect(manifest.dialects).toEqual(['okx', 'bitget']);
    expect([...manifest.permissions.values()]).toEqual([
      { name: 'spot.read', risk: 'low', description: 'See orders' },
      { name: 'spot.trade', risk: 'high', description: undefined },
    ]);
    expect(routes.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /market/*',
      'GET /orders/:id',
      'POST /orders',
    ]);
    expect(manifest.ruleFor('POST', '/orders?x=1')).toMatchObject({
      weight: 5,
      permission: { name: 'spot.trade' },
      facts: [
        { name: 'instrument', places: [{ from: 'json', at: '/symbol' }], type: 'string' },
        { name: 'notional', places: [{ from: 'json', at: '/a~1b/0' }], type: 'decimal' },
        { name: 'side', places: [{ from: 'query', at: 'side' }], type: 'string' },
        { name: 'size', places: [{ from: 'form', at: 'size' }], type: 'decimal' },
        { name: 'price', places: [{ from: 'parameter', at: 'price' }], type: 'decimal' },
      ],
    });
    expect(manifest.ruleFor('GET', '/market/x/y')).toMatchObject({ permission: undefined, weight: 1 });
    expect(manifest.ruleFor('GET', '/orders')).toBeUndefined();
  });

  it('need not name dialects', () => {
    const parsed = parseManifest(route('{ route: GET /x, permission: p }'));
    expect(parsed).toMatchObject({ ok: true, manifest: { dialects: undefined } });
  });
});

describe('faults', () => {
  it('are all found at once, each with its line', () => {
    const text = `version: 2
dialects: [bitget, nobody]
owner: me
permissions:
  spot.read: { risk: none }
  Spot Trade:
    risk: high
  spot.move:
    risk: high
    level: 9
routes:
  - route: GET /a
    permission: spot.read
    public: true
  - route: GET /b
  - route: get /c
    permission: spot.read
  - route: GET /d
    permission: spot.nothing
    weight: 0
    colour: red
  - route: GET /e
    permission: spot.read
    facts:
      total: { json: total }
      9lives: { query: a, form: b }
      amount: { form: a, type: float }
  - GET /f
`;
    expect(shown(text)).toEqual([
      '1: "version" must be 1',
      `2: "nobody" is not one of ${DIALECTS.map(({ name }) => name).join(', ')}`,
      '3: there is no field "owner" here, only version, dialects, ownDialects, permissions, templates, routes, rateLimits',
      '5: "risk" must be one of low, medium, high, critical',
      '6: "Spot Trade" is no permission name (a-z, 0-9, "_", "." and "-")',
      '10: there is no field "level" here, only risk, description, policy',
      '12: a route has either a "permission", or "cases", or "public: true"',
      '15: a route has either a "permission", or "cases", or "public: true"',
      '16: "route" must be a method and a path, like "GET /orders/:id" or "GET /market/*"',
      '19: there is no permission "spot.nothing" under "permissions"',
      '20: "weight" must be a whole number from 1 to 1000000',
      '21: there is no field "colour" here, only route, permission, public, weight, facts, cases, webSocket',
      '25: "total" is no JSON pointer: it begins with "/"',
      '26: "9lives" is no name of a fact (letters, digits and "_")',
      '26: a fact has one of "json" (a JSON pointer), "query", "form" or "parameter" (a field\'s name), "constant" (a text) or "product"',
      '27: "type" must be one of string, decimal',
      '28: "routes.5" must be a mapping',
      '28: a route has either a "permission", or "cases", or "public: true"',
      '28: "route" must be a method and a path, like "GET /orders/:id" or "GET /market/*"',
    ]);
  });

  it('show a field by the line of its name, not of what stands below it', () => {
    expect(shown('version: 1\npermissions: {}\nextra:\n\n  deep:\n    deeper: 1\nroutes: []\n')[0]).toMatch(
      /^3: .*"extra"/,
    );
  });

  it('show two rules for one route, where parameters differ in name only', () => {
    const text = `version: 1
permissions: { p: { risk: low }, q: { risk: high } }
routes:
  - { route: GET /a/:id, permission: p }
  - { route: POST /a/:id, permission: p }
  - { route: GET /a/:name, permission: q }
  - { route: POST /a/:id, permission: p }
`;
    expect(shown(text)).toEqual([
      '6: route 1 of the list has the same method and path',
      '7: route 2 of the list has the same method and path',
    ]);
  });

  const ONE_FAULT: readonly [string, string, string | RegExp][] = [
    ['nothing', '', /the manifest must be a mapping/],
    ['a list', '- 1\n', /the manifest must be a mapping/],
    ['no routes', 'version: 1\npermissions: {}\n', /"routes" must be a list/],
    ['no permissions', 'version: 1\nroutes: []\n', /"permissions" must be a mapping/],
    [
      'permissions as a list',
      'version: 1\npermissions: [a]\nroutes: []\n',
      /"permissions" must be a mapping/,
    ],
    ['no dialect', 'version: 1\ndialects: []\npermissions: {}\nroutes: []\n', /must name at least one/],
    ['a version as text', 'version: "1"\npermissions: {}\nroutes: []\n', /"version" must be 1/],
    [
      'a description that is no text',
      'version: 1\npermissions: { p: { risk: low, description: 7 } }\nroutes: []\n',
      /must be a text/,
    ],
    ['public as text', route('{ route: GET /x, public: "yes" }'), /"public" must be true or false/],
    ['a permission that is a number', route('{ route: GET /x, permission: 7 }'), /there is no permission 7/],
    [
      'a permission of the prototype',
      route('{ route: GET /x, permission: constructor }'),
      /there is no permission "constructor"/,
    ],
    [
      'a weight of 1.5',
      route('{ route: GET /x, permission: p, weight: 1.5 }'),
      /"weight" must be a whole number/,
    ],
    [
      'a weight as text',
      route('{ route: GET /x, permission: p, weight: "2" }'),
      /"weight" must be a whole number/,
    ],
    [
      'a negative weight',
      route('{ route: GET /x, permission: p, weight: -1 }'),
      /"weight" must be a whole number/,
    ],
    [
      'a huge weight',
      route('{ route: GET /x, permission: p, weight: 99999999999999999999 }'),
      /"weight" must be/,
    ],
    ['an infinite weight', route('{ route: GET /x, permission: p, weight: 1e999 }'), /"weight" must be/],
    [
      'a weight that is no number',
      route('{ route: GET /x, permission: p, weight: .nan }'),
      /"weight" must be/,
    ],
    [
      'a fact with no source',
      route('{ route: GET /x, permission: p, facts: { a: {} } }'),
      /a fact has one of/,
    ],
    [
      'a fact from a number',
      route('{ route: GET /x, permission: p, facts: { a: { json: 7 } } }'),
      /a fact has one of/,
    ],
    [
      'a pointer with a bad escape',
      route('{ route: GET /x, permission: p, facts: { a: { json: /a~2 } } }'),
      /no JSON pointer/,
    ],
    ['facts as a list', route('{ route: GET /x, permission: p, facts: [a] }'), /must be a mapping/],
  ];
  for (const [fault, text, message] of ONE_FAULT) {
    it(`show ${fault}`, () => {
      expect(shown(text).join('\n')).toMatch(message);
    });
  }

  for (const path of [
    'x',
    '',
    '/a//b',
    '/a*',
    '/*/b',
    '/a/:',
    '/a/:1',
    '/a/b:c',
    '/a?b',
    '/a b',
    '/a#b',
    '/a\\b',
    '/a/::b',
    '/{a}',
  ]) {
    it(`show the path ${JSON.stringify(path)}`, () => {
      expect(shown(route(`{ route: ${JSON.stringify(`GET ${path}`)}, permission: p }`))).toEqual([
        '4: "route" must be a method and a path, like "GET /orders/:id" or "GET /market/*"',
      ]);
    });
  }
});

describe('hostile YAML', () => {
  it('is refused with the line of the parser where it is none', () => {
    expect(faultsIn('version: 1\npermissions: {\nroutes: [\n')).not.toEqual([]);
    expect(faultsIn('version: 1\nversion: 1\npermissions: {}\nroutes: []\n')).toMatchObject([
      { line: 2, message: expect.stringContaining('unique') },
    ]);
    expect(faultsIn('version: 1\npermissions:\n\t- a\n')[0]?.line).toBe(3);
    expect(faultsIn('version: 1\npermissions: {}\nroutes: []\n---\nversion: 1\n')).not.toEqual([]);
    expect(faultsIn('version: *nothing\n')).not.toEqual([]);
  });

  it('does not blow up in aliases', () => {
    const bomb = ['a0: &a0 [x,x,x,x,x,x,x,x,x]'];
    for (let i = 1; i < 12; i++)
      bomb.push(
        `a${i}: &a${i} [${Array(9)
          .fill(`*a${i - 1}`)
          .join(',')}]`,
      );
    expect(faultsIn(bomb.join('\n'))).toMatchObject([{ message: expect.stringContaining('alias') }]);
    expect(faultsIn('a: &a [*a]\n').length).toBeGreaterThan(0);
  });

  it('is refused over 1 MiB', () => {
    expect(shown(`${GOOD}#${'x'.repeat(1024 * 1024)}`)).toEqual(['1: is over 1048576 characters long']);
  });

  for (const key of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    it(`finds no field in ${key}`, () => {
      expect(shown(`${GOOD}${key}: { version: 1 }\n`)).toEqual([
        expect.stringMatching(`there is no field "${key}" here`),
      ]);
      expect(shown(route(`{ route: GET /x, ${key}: { permission: p } }`)).join()).toMatch(
        `there is no field "${key}" here`,
      );
      expect(({} as Record<string, unknown>).permission).toBeUndefined();
    });
  }

  it('does not take a field from a merge key or a prototype', () => {
    expect(shown('base: &b { permission: p }\n'.concat(route('{ route: GET /x, <<: *b }'))).join()).toContain(
      'there is no field "<<"',
    );
    expect(shown(route('{ route: GET /x, __proto__: { permission: p, public: true } }')).join()).toContain(
      'either a "permission", or "cases", or "public: true"',
    );
  });

  it('never throws, on any text', () => {
    const pieces = fc.constantFrom(
      'version: 1',
      'routes:',
      '  - ',
      'route: GET /a/*',
      '[',
      ']',
      '{',
      '}',
      '&a',
      '*a',
      '? ',
      ': ',
      '\n',
      '!!binary ',
      '<<',
      '"',
      '#',
      '|',
      '-',
      'public: true',
      '__proto__',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces, { maxLength: 30, size: 'max' }).map((parts) => parts.join('')),
        ),
        (text) => {
          const parsed = parseManifest(text);
          if (parsed.ok) return;
          expect(parsed.faults.length).toBeGreaterThan(0);
          for (const { line, column } of parsed.faults)
            expect(Math.min(line, column)).toBeGreaterThanOrEqual(1);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('patterns that are matched leniently too', () => {
  const faultsOf = (routes: string) => {
    const parsed = parseManifest(`version: 1\npermissions:\n  a: { risk: low }\nroutes:\n${routes}`);
    return parsed.ok ? [] : parsed.faults.map(({ line, message }) => `${line}: ${message}`);
  };

  it.each(['/Orders/:id', '/orders/:other/'])('are refused when they differ by %s only', (path) => {
    const faults = faultsOf(
      `  - { route: GET /orders/:id, permission: a }\n  - { route: "GET ${path}", permission: a }\n`,
    );
    expect(faults).toEqual([expect.stringContaining('6: ')]);
    expect(faults[0]).toContain('differs from route 1');
  });

  it('are refused with a percent-encoding, which would never match', () => {
    expect(faultsOf('  - { route: GET /a%20b/*, permission: a }\n')).toEqual([
      expect.stringContaining('percent-encoding'),
    ]);
  });

  it('are no matter for fixed paths', () => {
    const routes = ['/a', '/a/', '/A', '/a%20b'];
    expect(faultsOf(routes.map((path) => `  - { route: "GET ${path}", permission: a }\n`).join(''))).toEqual(
      [],
    );
  });
});
