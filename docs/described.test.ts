import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { PREHASH_WORDS } from '../packages/core/dist/index.js';
import { aCredential, aProof, ask, keyRow } from '../packages/core/test/given.ts';
import { parseManifest } from '../packages/engine/dist/index.js';
import { codeBlocks, page, tableRows } from './pages.ts';

const text = page('docs/dialects/described.md');
const values = new Map(tableRows(text).map(([name = '', value = '']) => [name, value.replaceAll('`', '')]));
const value = (name: string) => values.get(name) ?? '';

function acme() {
  const parsed = parseManifest(codeBlocks(text, 'yaml')[0] ?? '');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  const [dialect] = parsed.manifest.ownDialects;
  if (dialect === undefined) throw new Error('no dialect');
  return dialect;
}

describe('the page about dialects of your own', () => {
  it('has an example without faults', () =>
    expect(acme()).toMatchObject({ name: 'acme', replay: { kind: 'nonce' } }));

  it('has a client whose signature is the one that it says', () => {
    const [block = ''] = codeBlocks(text, 'sh');
    expect(execFileSync('sh', ['-c', block], { encoding: 'utf8' }).trimEnd()).toBe(value('signature'));
  });

  it('has a client that is let through, and not with another body', () => {
    const credential = aCredential({
      id: value('key'),
      proofs: [aProof({ key: keyRow(value('secret')) })],
    });
    const headers = ['X-Acme-Key', value('key'), 'X-Acme-Sign', value('signature')];
    headers.push('X-Acme-Time', value('timestamp'), 'X-Acme-Nonce', value('nonce'));
    const [, body = ''] = /^body='(.*)'$/m.exec(text) ?? [];
    const request = { method: 'POST', target: '/orders', headers, body: Buffer.from(body) };
    const given = { nowMs: Number(value('timestamp')) };
    expect(ask(acme(), request, credential, given)).toMatchObject({ ok: true, matched: 'wire' });
    const other = ask(
      acme(),
      { ...request, body: Buffer.from(body.replace('0.01', '9.01')) },
      credential,
      given,
    );
    expect(other).toMatchObject({ ok: false, denial: { code: 'signature_mismatch' } });
    const answer = acme().refuse(
      { ok: false, code: 'signature_mismatch', detail: '' },
      { nowMs: 0, requestId: 'r' },
    );
    expect(JSON.parse(answer.body)).toMatchObject({ code: 4001, request: 'r' });
  });

  it('knows every word', () => {
    const words = tableRows(text).map(([word]) => word?.replaceAll('`', ''));
    for (const word of PREHASH_WORDS) expect(words).toContain(word);
  });

  it.each([
    ['a prehash without the timestamp', 'timestamp, "\\n", nonce', 'nonce'],
    ['a prehash without the nonce', ' nonce, "\\n",', ''],
    ['a border that can be moved', 'timestamp, "\\n", nonce', 'timestamp, nonce'],
    ['a body that is not signed', ', body-sha256-hex]', ']'],
    ['a header that a proxy drops', 'X-Acme-Key', 'Connection'],
    ['the name of a known dialect', '  acme:', '  bitget:'],
  ])('is right that it is refused at start: %s', (_, from, to) => {
    const [example = ''] = codeBlocks(text, 'yaml');
    expect(example).toContain(from);
    expect(parseManifest(example.replace(from, to)).ok).toBe(false);
  });
});
