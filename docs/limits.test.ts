import { describe, expect, it } from 'vitest';
import { DIALECTS } from '../packages/core/dist/index.js';
import { parseManifest } from '../packages/engine/dist/index.js';
import { codeBlocks, page, tableRows } from './pages.ts';

const text = page('docs/limits.md');
const state = {
  name: 'a',
  quota: 10,
  windowSeconds: 60,
  remaining: 5,
  resetSeconds: 60,
  nextSeconds: 1,
};

describe('the page about limits', () => {
  it('has an example without faults', () => {
    const [example = ''] = codeBlocks(text, 'yaml');
    const parsed = parseManifest(example);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
    expect(parsed.manifest.rateLimits.map(({ name }) => name)).toEqual([
      'account',
      'orders',
      'network',
      'sandbox',
    ]);
  });

  it('names the headers of each dialect that has some', () => {
    const rows = new Map(tableRows(text).map(([name = '', headers = '']) => [name, headers.toLowerCase()]));
    for (const { name, rateLimitHeaders } of DIALECTS) {
      const row = rows.get(`\`${name}\``);
      if (rateLimitHeaders === undefined) expect(row).toBeUndefined();
      for (const header of Object.keys(rateLimitHeaders?.([state], 0) ?? {})) expect(row).toContain(header);
    }
  });
});
