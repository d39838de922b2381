import type { Rule } from '@countersign/core';
import { expect, it } from 'vitest';
import { createRouteTable } from './routes.ts';

const READ: Rule = { permission: { name: 'read', risk: 'low' }, weight: 1, facts: [] };

it.each([1, 100, 101, 4000])('a segment of %i characters is one segment', (length) => {
  const table = createRouteTable([{ method: 'GET', path: '/conf/:names', rule: READ }]);
  expect(table.find('GET', `/conf/${'a'.repeat(length)}`)).toBe(READ);
  expect(table.find('GET', `/conf/${'a'.repeat(length)}/b`)).toBeUndefined();
});
