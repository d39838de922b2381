import { expect, it } from 'vitest';
import { MISTAKES } from '../packages/core/dist/index.js';
import { tableText } from './dialect-facts.ts';
import { page, tableRows } from './pages.ts';

it('the page about why a signature failed lists every mistake', () => {
  const expected = MISTAKES.map(({ name, advice }) => [`\`${name}\``, advice]);
  expect(tableRows(page('docs/explain.md')), tableText(['name', 'advice'], expected)).toEqual(expected);
});
