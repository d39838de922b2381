import type { Rule } from '@countersign/core';
import { expect, it } from 'vitest';
import { createRouteTable } from './routes.ts';

const READ: Rule = {
  route: 'GET /',
  isPublic: false,
  permission: { name: 'read', risk: 'low' },
  weight: 1,
  facts: [],
};

it.each([1, 100, 101, 4000])('a segment of %i characters is one segment', (length) => {
  const table = createRouteTable([{ method: 'GET', path: '/conf/:names', rule: READ }]);
  expect(table.find('GET', `/conf/${'a'.repeat(length)}`)).toBe(READ);
  expect(table.find('GET', `/conf/${'a'.repeat(length)}/b`)).toBeUndefined();
});

it.each(['/market/list#', '/market/list#x', '/market/list?a=1#b', '/market/:id#', '/market/#'])(
  'has no rule for a target with a fragment, which the upstream may take for a part of the path: %s',
  (target) => {
    const table = createRouteTable([
      { method: 'GET', path: '/market/list', rule: READ },
      { method: 'GET', path: '/market/:id', rule: READ },
    ]);
    expect(table.find('GET', target)).toBeUndefined();
    expect(table.find('GET', target.replace(/#.*/, ''))).toBe(
      target.startsWith('/market/#') ? undefined : READ,
    );
  },
);
