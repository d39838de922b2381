import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { writeEnv } from './bot.ts';
import { runHere } from './in-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-doctor-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('doctor never prints a value, whatever the variables hold', async () => {
  const value = fc.oneof(
    fc.string({ unit: 'grapheme', minLength: 8, maxLength: 40 }),
    fc
      .constantFrom('cs_live_', 'ck_test_', 'cb_live_', '-----BEGIN PRIVATE KEY-----\n', '"', ' ')
      .chain((head) =>
        fc.string({ unit: 'grapheme-ascii', minLength: 12, maxLength: 60 }).map((rest) => `${head}${rest}`),
      ),
  );
  const names = fc.constantFrom(
    'COUNTERSIGN_KEY_ID',
    'COUNTERSIGN_SECRET',
    'COUNTERSIGN_PASSPHRASE',
    'COUNTERSIGN_X',
  );
  const file = join(folder, 'any.env');
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(names, value, { minKeys: 1 }),
      fc.boolean(),
      fc.boolean(),
      fc.constantFrom('okx', 'rfc9421', 'bearer', 'kraken', 'hyperliquid'),
      async (values, isFile, isJson, dialect) => {
        const args = ['doctor', '--dialect', dialect, ...(isJson ? ['--json'] : [])];
        if (isFile) writeEnv(file, values);
        const { printed, noted } = await runHere(isFile ? [...args, '--env-file', file] : args, {
          env: isFile ? {} : values,
        });
        for (const text of Object.values(values).filter((each) => each.trim().length >= 8)) {
          expect((printed + noted).includes(text)).toBe(false);
          expect((printed + noted).includes(text.trim())).toBe(false);
        }
      },
    ),
    { numRuns: 150 },
  );
});
