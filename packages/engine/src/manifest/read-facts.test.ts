import { describe, expect, it } from 'vitest';
import { parseManifest } from './manifest-file.ts';

const withFacts = (facts: string, more = '') => `version: 1
permissions: { p: { risk: high } }
routes:
  - route: POST /o
    permission: p
    facts:
      ${facts}
${more}`;
const shown = (text: string) => {
  const parsed = parseManifest(text);
  return parsed.ok ? [] : parsed.faults.map(({ line, message }) => `${line}: ${message}`);
};

function factsOf(facts: string) {
  const parsed = parseManifest(withFacts(facts));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return { facts: parsed.manifest.ruleFor('POST', '/o')?.facts, types: [...parsed.manifest.facts] };
}

describe('facts', () => {
  it('may be a product, a constant, and the elements of a list', () => {
    const { facts, types } = factsOf(
      'notional: { product: [{ json: /orders/*/price }, { query: size }, { constant: "0.1" }] }\n' +
        '      side: { constant: cancel }\n      instrument: { json: /orders/*/symbol }',
    );
    expect(facts).toEqual([
      {
        name: 'notional',
        places: [
          { from: 'json', at: '/orders/*/price' },
          { from: 'query', at: 'size' },
          { from: 'constant', at: '0.1' },
        ],
        type: 'decimal',
      },
      { name: 'side', places: [{ from: 'constant', at: 'cancel' }], type: 'string' },
      { name: 'instrument', places: [{ from: 'json', at: '/orders/*/symbol' }], type: 'string' },
    ]);
    expect(types).toEqual([
      ['notional', 'decimal'],
      ['side', 'string'],
      ['instrument', 'string'],
    ]);
  });

  it('are decimals where they are called notional or are a product, and else by their type', () => {
    expect(factsOf('notional: { json: /a }').types).toEqual([['notional', 'decimal']]);
    expect(factsOf('x: { product: [{ json: /a }, { json: /b }] }').types).toEqual([['x', 'decimal']]);
    expect(factsOf('x: { json: /a, type: decimal }').types).toEqual([['x', 'decimal']]);
    expect(factsOf('x: { json: /a }').types).toEqual([['x', 'string']]);
  });
});

describe('faults in facts', () => {
  it.each([
    ['notional: { json: /a, type: string }', 'an amount and a product are decimals'],
    ['x: { product: [{ json: /a }, { json: /b }], type: string }', 'an amount and a product are decimals'],
    ['x: { product: [{ json: /a }] }', 'a product has 2 to 4 factors'],
    ['x: { product: [] }', 'a product has 2 to 4 factors'],
    [`x: { product: [${Array(5).fill('{ json: /a }').join(', ')}] }`, 'a product has 2 to 4 factors'],
    ['x: { product: { json: /a } }', 'must be a list'],
    ['x: { product: [{ json: /a }, { json: b }] }', '"b" is no JSON pointer'],
    ['x: { product: [{ json: /a }, 2] }', 'must be a mapping'],
    ['x: { product: [{ json: /a }, {}] }', 'a fact has one of'],
    ['x: { product: [{ json: /a }, { json: /b, query: c }] }', 'a fact has one of'],
    [
      'x: { product: [{ json: /a }, { product: [{ json: /b }, { json: /c }] }] }',
      'there is no field "product"',
    ],
    ['x: { product: [{ json: /a }, { json: /b }], json: /c }', 'a fact is a product, or stands in one place'],
    ['x: { product: [{ json: /a }, { constant: "-1" }] }', '"-1" is no decimal'],
    ['notional: { constant: "1e3" }', '"1e3" is no decimal'],
    ['notional: { constant: 0 }', 'a fact has one of'],
    ['x: { constant: true }', 'a fact has one of'],
    [`x: { constant: ${'a'.repeat(257)} }`, 'is over 256 characters long'],
  ])('%s', (facts, message) => {
    expect(shown(withFacts(facts))).toContainEqual(expect.stringContaining(message));
  });

  it('show a fact that is of another type on another route', () => {
    const more = '  - { route: POST /p, permission: p, facts: { size: { json: /s, type: decimal } } }\n';
    expect(shown(withFacts('size: { json: /s }', more))).toEqual(['8: is a string on another route']);
  });
});
