import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url);
const text = (path) => readFileSync(new URL(path, ROOT), 'utf8');

/** The page's program needs packages, which are installed here and not where the pages are tested. */
it('the page about hyperliquid has an example that prints the signature', () => {
  const [, program] = /```js\n(.*?)```/s.exec(text('docs/dialects/hyperliquid.md'));
  const [example] = JSON.parse(text('vectors/hyperliquid.json')).cases;
  expect(example.name).toBe('the worked example of the page');
  const folder = mkdtempSync(join(fileURLToPath(new URL('e2e/', ROOT)), '.page-'));
  try {
    const path = join(folder, 'example.mjs');
    writeFileSync(path, program);
    expect(execFileSync(process.execPath, [path], { encoding: 'utf8' })).toBe(`${example.signature}\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
