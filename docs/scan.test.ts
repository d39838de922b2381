import { expect, it } from 'vitest';
import { RULES } from '../packages/cli/dist/scan/rules/registry.js';
import { tableText } from './dialect-facts.ts';
import { page, tableRows } from './pages.ts';

it('the page about finding secrets lists every rule', () => {
  const expected = RULES.map(({ id, level, description }) => [`\`${id}\``, level, description]);
  const listed = tableRows(page('docs/scan.md')).slice(0, expected.length);
  const sorted = (rows: string[][]) => [...rows].sort(([a = ''], [b = '']) => a.localeCompare(b));
  expect(sorted(listed), tableText(['rule', 'level', 'what it finds'], expected)).toEqual(sorted(expected));
});
