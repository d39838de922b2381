import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countersign, type RunningService, startRealService } from '../packages/cli/test/command.ts';
import { KeyImport, MAX_IMPORTED_AT_ONCE } from '../packages/contract/dist/index.js';
import { codeBlocks, page } from './pages.ts';

const text = page('docs/import.md');
let service: RunningService;
beforeAll(async () => {
  service = await startRealService();
});
afterAll(() => service.stop());

describe('the page about imports', () => {
  it.each([
    ['jsonl', 'json', 1],
    ['csv', 'csv', 2],
  ])('has an example in %s that is imported', async (extension, language, count) => {
    const [example = ''] = codeBlocks(text, language);
    const file = join(service.folder, `keys.${extension}`);
    writeFileSync(file, example, { mode: 0o600 });
    const run = () => countersign(['keys', 'import', '--from', file], { env: service.env });
    expect(await run()).toMatchObject({
      stderr: '',
      stdout: `Imported ${count}, already there 0, failed 0.\n`,
    });
    expect((await run()).stdout).toBe(`Imported 0, already there ${count}, failed 0.\n`);
  });

  it('has examples that say what they should', async () => {
    const shown = (id: string) => service.json(['keys', 'show', id]);
    expect(await shown('their-key-2')).toMatchObject({
      permissions: ['spot.read', 'spot.trade'],
      allowedIps: ['203.0.113.0/24', '2001:db8::/48'],
      rateLimits: [{ name: 'orders', quota: 10, windowSeconds: 1 }],
      constraints: { instruments: ['BTCUSDT', 'ETHUSDT'], maxNotionalPerOrder: '1000' },
      metadata: { broker: 'alpha' },
    });
    expect(await shown('their-key-3')).toMatchObject({ environment: 'test', permissions: [], metadata: {} });
  });

  it('names the most keys of a call, the fields that are needed, and options that there are', async () => {
    expect(text).toContain(`1 to ${MAX_IMPORTED_AT_ONCE} keys`);
    const needed = (
      KeyImport.toJSONSchema({ io: 'input' }) as { $defs: { KeyImport: { required: string[] } } }
    ).$defs;
    for (const name of needed.KeyImport.required) expect(text).toContain(`\`${name}\``);
    const { stdout: help } = await countersign(['keys', 'import', '--help']);
    for (const [option] of text.matchAll(/--[a-z][a-z-]+/g)) {
      if (option !== '--decrypt' && option !== '--only') expect(help).toContain(option);
    }
  });
});
