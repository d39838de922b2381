import { describe, expect, it } from 'vitest';
import { parseManifest } from './manifest-file.ts';

const HEAD = `version: 1
permissions: { read: { risk: low }, trade: { risk: high } }
routes:
  - { route: GET /a, permission: read, weight: 5 }
  - { route: POST /a, permission: trade, weight: 20 }
  - { route: GET /b, public: true, weight: 99 }
rateLimits:
`;
const FIRST_LINE = 8;

function read(rules: string): string[] | object {
  const parsed = parseManifest(HEAD + rules);
  if (parsed.ok) return parsed.manifest.rateLimits as object[];
  return parsed.faults.map(({ line, message }) => `${line - FIRST_LINE}: ${message}`);
}

const good = (more: string) => read(`  - { name: a, per: account, quota: 20, windowSeconds: 60${more} }\n`);

describe('rateLimits of a manifest', () => {
  it('are read with all their fields', () => {
    expect(
      read(
        '  - { name: a, per: account, quota: 20, windowSeconds: 60 }\n' +
          '  - { name: "b:2@x", per: [credential, route], quota: 5, windowSeconds: 1, permissions: [read], environments: [test] }\n',
      ),
    ).toEqual([
      { name: 'a', per: ['account'], quota: 20, windowSeconds: 60 },
      {
        name: 'b:2@x',
        per: ['credential', 'route'],
        quota: 5,
        windowSeconds: 1,
        permissions: ['read'],
        environments: ['test'],
      },
    ]);
    expect((parseManifest(HEAD.replace('rateLimits:\n', '')) as { manifest: object }).manifest).toMatchObject(
      {
        rateLimits: [],
      },
    );
  });

  it.each([
    ['no name', '- { per: account, quota: 20, windowSeconds: 60 }', '"name" must be'],
    [
      'a name with a quote',
      `- { name: 'a"b', per: account, quota: 20, windowSeconds: 60 }`,
      '"name" must be',
    ],
    [
      'a long name',
      `- { name: ${'a'.repeat(65)}, per: account, quota: 20, windowSeconds: 60 }`,
      '"name" must',
    ],
    ['no dimension', '- { name: a, quota: 20, windowSeconds: 60 }', 'must be a list'],
    ['an empty list', '- { name: a, per: [], quota: 20, windowSeconds: 60 }', 'must name at least one'],
    [
      'an unknown dimension',
      '- { name: a, per: [planet], quota: 20, windowSeconds: 60 }',
      '"planet" is not one of',
    ],
    [
      'one twice',
      '- { name: a, per: [route, route], quota: 20, windowSeconds: 60 }',
      '"route" is there twice',
    ],
    [
      'a quota of zero',
      '- { name: a, per: account, quota: 0, windowSeconds: 60 }',
      '"quota" must be a whole number',
    ],
    ['half a unit', '- { name: a, per: account, quota: 20.5, windowSeconds: 60 }', '"quota" must be'],
    ['a quota as text', '- { name: a, per: account, quota: "20", windowSeconds: 60 }', '"quota" must be'],
    ['no window', '- { name: a, per: account, quota: 20 }', '"windowSeconds" must be'],
    [
      'a window of zero',
      '- { name: a, per: account, quota: 20, windowSeconds: 0 }',
      '"windowSeconds" must be',
    ],
    [
      'over 30 days',
      '- { name: a, per: account, quota: 20, windowSeconds: 2592001 }',
      '"windowSeconds" must be',
    ],
    [
      'another field',
      '- { name: a, per: account, quota: 20, windowSeconds: 60, burst: 3 }',
      'no field "burst"',
    ],
  ])('with %s are a fault on their line', (_what, rules, message) => {
    expect(read(`  ${rules}\n`)).toEqual(expect.arrayContaining([expect.stringContaining(`0: `)]));
    expect((read(`  ${rules}\n`) as string[]).join('\n')).toContain(message);
  });

  it('are a list', () => {
    expect(read('  a: 1\n')).toEqual(['-1: "rateLimits" must be a list']);
  });

  it('name permissions and environments that there are', () => {
    expect(good(', permissions: [fly]')).toEqual(['0: "fly" is not one of read, trade']);
    expect(good(', environments: [prod]')).toEqual(['0: "prod" is not one of live, test']);
    expect(good(', permissions: []')).toEqual(['0: must name at least one']);
  });

  it('have each a name of its own', () => {
    const rule = '  - { name: a, per: account, quota: 20, windowSeconds: 60 }\n';
    expect(read(rule + rule)).toEqual(['1: limit 1 of the list has the same name']);
  });

  it('take the heaviest request that they apply to, to the unit', () => {
    expect(read('  - { name: a, per: account, quota: 19, windowSeconds: 60 }\n')).toEqual([
      '0: is less than the weight of POST /a, which is 20',
    ]);
    expect(
      read('  - { name: a, per: account, quota: 5, windowSeconds: 60, permissions: [read] }\n'),
    ).toHaveLength(1);
    expect(read('  - { name: a, per: account, quota: 4, windowSeconds: 60, permissions: [read] }\n')).toEqual(
      ['0: is less than the weight of GET /a, which is 5'],
    );
  });
});
