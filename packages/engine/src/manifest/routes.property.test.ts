import type { Rule } from '@countersign/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRouteTable } from './routes.ts';

const ruleOf = (name: string): Rule => ({
  route: `POST /${name}`,
  isPublic: false,
  permission: { name, risk: 'low' },
  weight: 1,
  facts: [],
});
const READ = ruleOf('read');
const MOVE = ruleOf('move');
const CUSTOM = ruleOf('custom');

/** Routes that may do much, and beside each a pattern that may do little and would take it in. */
const table = createRouteTable([
  { method: 'POST', path: '/market/*', rule: READ },
  { method: 'POST', path: '/market/order', rule: MOVE },
  { method: 'POST', path: '/market/:symbol/cancel', rule: MOVE },
  { method: 'POST', path: '/api/:name', rule: READ },
  { method: 'POST', path: '/api/withdraw', rule: MOVE },
  { method: 'POST', path: '/api/a@b,c=d', rule: MOVE },
  { method: 'POST', path: '/v1/*', rule: READ },
  { method: 'POST', path: '/v1/keys/:id', rule: CUSTOM },
  { method: 'POST', path: '/v1/keys/all!', rule: MOVE },
  { method: 'POST', path: '/v1/caf%C3%A9', rule: MOVE },
]);
const GUARDED = ['/market/order', '/market/btc/cancel', '/api/withdraw', '/api/a@b,c=d', '/v1/keys/all!'];

/** Reads a path as the laxest upstream could: decoded again and again, folded, cleaned of dots and slashes. */
function laxly(path: string): string {
  let text = path;
  for (let i = 0; i < 4; i++) {
    text = text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
  const segments: string[] = [];
  for (const raw of text.replaceAll('\\', '/').split('/')) {
    const segment = raw.replace(/;.*$/, '').toLowerCase();
    if (segment === '' || segment === '.') continue;
    if (segment === '..') segments.pop();
    else segments.push(segment);
  }
  return `/${segments.join('/')}`;
}

const percent = (text: string, upper: boolean) => {
  const hex = text.charCodeAt(0).toString(16).padStart(2, '0');
  return `%${upper ? hex.toUpperCase() : hex}`;
};
/** One trick: how a character, or a place in the path, may be written otherwise. */
const trick = fc.record({
  kind: fc.constantFrom(
    'case',
    'encode',
    'encode twice',
    'slash',
    'dot',
    'dots',
    'backslash',
    'parameter',
    'trailing',
    'encoded slash',
  ),
  at: fc.nat(40),
  upper: fc.boolean(),
});

function play(path: string, { kind, at, upper }: { kind: string; at: number; upper: boolean }): string {
  const place = 1 + (at % (path.length - 1 || 1));
  const [before, char, after] = [path.slice(0, place), path[place] ?? '', path.slice(place + 1)];
  const slashes = [...path].flatMap((c, i) => (c === '/' ? [i] : []));
  const slash = slashes[at % slashes.length] as number;
  const [left, right] = [path.slice(0, slash), path.slice(slash + 1)];
  switch (kind) {
    case 'case':
      return before + (upper ? char.toUpperCase() : char.toLowerCase()) + after;
    case 'encode':
      return char === '' || char === '%' ? path : before + percent(char, upper) + after;
    case 'encode twice':
      return char === '' || char === '%' ? path : `${before}%25${percent(char, upper).slice(1)}${after}`;
    case 'slash':
      return `${left}//${right}`;
    case 'dot':
      return `${left}/./${right}`;
    case 'dots':
      return upper ? `${left}/x/../${right}` : `${left}/x/%2e%2E/${right}`;
    case 'backslash':
      return `${left}\\${right}`;
    case 'encoded slash':
      return `${left}%2f${right}`;
    case 'parameter':
      return `${path};x=1`;
    default:
      return `${path}/`;
  }
}

describe('a guarded route', () => {
  it('has its own rule', () => {
    expect(GUARDED.map((path) => table.find('POST', path)?.permission?.name)).toEqual(Array(5).fill('move'));
    expect(table.find('POST', '/v1/caf%C3%A9')).toBe(MOVE);
    expect(table.find('POST', '/market/order?x=/market/books')).toBe(MOVE);
  });

  it('is never reached under another rule by another spelling', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...GUARDED),
        fc.array(trick, { minLength: 1, maxLength: 4, size: 'max' }),
        (guarded, tricks) => {
          const path = tricks.reduce(play, guarded);
          fc.pre(laxly(path) === guarded);
          expect([undefined, MOVE], path).toContain(table.find('POST', path));
        },
      ),
      { numRuns: 20_000 },
    );
  });

  const SPELLINGS = [
    '/market/Order',
    '/MARKET/order',
    '/market/order/',
    '/market//order',
    '//market/order',
    '/market/./order',
    '/market/x/../order',
    '/market/%6frder',
    '/market/%6Frder',
    '/market/%256frder',
    '/market%2forder',
    '/market\\order',
    '/market/order;v=1',
    '/market/order%00',
    '/market/order%2f',
    '/market/order/.',
    '/market/.%2e/market/order',
    '/market/BTC/CANCEL',
    '/market/btc/cance%6c',
    '/market/btc/cancel/',
    '/api/Withdraw',
    '/api/withdraw/',
    '/api/a%40b,c=d',
    '/api/a@b%2Cc%3dd',
    '/v1/keys/all%21',
    '/v1/keys/All!',
    '/v1/caf%c3%a9',
    '/v1/Caf%C3%A9',
    '/v1/caf%C3%89',
    '/market/order%3bx',
    '/market/order%3Fx',
    '/market/order%23',
  ];
  for (const path of SPELLINGS) {
    it(`is not reached as something lesser by ${path}`, () => {
      expect([undefined, MOVE]).toContain(table.find('POST', path));
    });
  }
});

describe('a plain path', () => {
  it('has the rule of its pattern', () => {
    expect(table.find('POST', '/market/books/BTC-USDT')).toBe(READ);
    expect(table.find('POST', '/market/order-book')).toBe(READ);
    expect(table.find('POST', '/api/account%40example.com')).toBe(READ);
    expect(table.find('POST', '/api/caf%C3%A9')).toBe(READ);
    expect(table.find('POST', '/v1/keys/ck_live_1')).toBe(CUSTOM);
    expect(table.find('POST', '/market/...')).toBe(READ);
  });

  it('has none with another method, or where no pattern fits', () => {
    expect(table.find('GET', '/market/order')).toBeUndefined();
    expect(table.find('HEAD', '/market/order')).toBeUndefined();
    expect(table.find('POST', '/')).toBeUndefined();
    expect(table.find('POST', '/nowhere')).toBeUndefined();
    expect(table.find('POST', '/api/a/b')).toBeUndefined();
  });

  it('never makes the table throw', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('/', '%', '2', 'f', 'e', '.', ':', '*', 'a', 'é', '?', '(', '\\', '\u0000'),
          maxLength: 30,
        }),
        (path) => {
          table.find('POST', `/${path}`);
        },
      ),
    );
  });
});

describe('routes that differ in their case or in a slash at the end only', () => {
  it('are kept apart where they are written so', () => {
    const both = createRouteTable([
      { method: 'GET', path: '/a', rule: READ },
      { method: 'GET', path: '/a/', rule: MOVE },
      { method: 'GET', path: '/A', rule: CUSTOM },
      { method: 'GET', path: '/x/:id', rule: READ },
      { method: 'GET', path: '/X/:id', rule: MOVE },
      { method: 'GET', path: '/x/:id/', rule: CUSTOM },
    ]);
    expect([both.find('GET', '/a'), both.find('GET', '/a/'), both.find('GET', '/A')]).toEqual([
      READ,
      MOVE,
      CUSTOM,
    ]);
    // Of two patterns that an upstream may take for one, only the first can be used.
    expect(both.find('GET', '/x/1')).toBe(READ);
    expect(both.find('GET', '/X/1')).toBeUndefined();
    expect(both.find('GET', '/x/1/')).toBeUndefined();
  });
});
