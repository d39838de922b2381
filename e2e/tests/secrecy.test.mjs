import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadCases } from '../stage/load-exchange.mjs';
import { runCase } from '../stage/run-case.mjs';
import { setStage } from '../stage/stage.mjs';

let stage;
beforeAll(async () => {
  stage = await setStage('bitget');
  for (const { cases } of await loadCases('bitget')) for (const given of cases) await runCase(stage, given);
});
afterAll(() => stage?.close());

/** What must be nowhere: secrets, passphrases, and what was signed with them. */
function confidential() {
  const keys = Object.values(stage.keys);
  return new Set(keys.flatMap(({ secret, passphrase }) => [secret, passphrase]));
}

it('every decision stands in the audit log, with its code and without a secret', async () => {
  const entries = [];
  for (let cursor; ; ) {
    const query = new URLSearchParams({ limit: '200', ...(cursor === undefined ? {} : { after: cursor }) });
    const page = await stage.service.call('GET', `/v1/audit/entries?${query}`);
    entries.push(...page.data);
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  const codes = new Set(entries.map(({ data }) => data?.code));
  for (const code of [
    'replayed',
    'signature_mismatch',
    'ip_not_allowed',
    'permission_denied',
    'credential_unknown',
  ]) {
    expect(codes).toContain(code);
  }
  const text = JSON.stringify(entries);
  for (const secret of confidential()) expect(text).not.toContain(secret);
});

it('neither the log output nor any file of the data folder holds a secret', () => {
  const { service } = stage;
  const files = readdirSync(service.dataDir).filter((name) => name !== 'operator.env');
  expect(files).toContain('countersign.db');
  const texts = [
    service.log.join('\n'),
    ...files.map((name) => readFileSync(join(service.dataDir, name), 'latin1')),
  ];
  for (const text of texts) for (const secret of confidential()) expect(text.includes(secret)).toBe(false);
});
