import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pem, sealed } from './scan/drawn.ts';
import { scanning } from './scan/scanning.ts';

const { repository, drawn, secret, scan, told } = scanning('scan-rules.test');

describe('a text that was made to be slow', () => {
  const K = 200_000;
  it.each([
    ['names', 'secret'.repeat(K)],
    ['names and binding', 'secret='.repeat(K)],
    ['quotes', `secret${'"'.repeat(K)}`],
    ['spaces', `secret =${' '.repeat(K)}`],
    ['backslashes', `secret="${'\\'.repeat(K)}`],
    ['escapes', '\\u0041'.repeat(K)],
    ['pluses', `"a" + `.repeat(K)],
    ['beginnings of keys', '-----BEGIN PRIVATE KEY-----\\n'.repeat(K / 20)],
    ['base64', `LS0tLS1CRUdJT${'A'.repeat(K)}`.repeat(4)],
    ['ids', `ck_live_${'a'.repeat(36)}`.repeat(K / 20)],
    ['templates', '${"'.repeat(K)],
    ['short names', 'secret:a,'.repeat(K)],
    ['prefixes', 'VITE_'.repeat(K)],
    ['keys as JSON', '"kty":"EC","d":"'.repeat(K / 4)],
    ['data URLs', 'sourceMappingURL=data:application/json;base64,eyJ9'.repeat(K / 20)],
  ])('ends: %s', async (_, text) => {
    repository.write('slow.js', text);
    const { code } = await scan();
    expect([0, 1]).toContain(code);
  });

  it('lists no more findings of a file than can be read, and says so', async () => {
    repository.write('many.env', Array.from({ length: 700 }, () => `S=${secret()}`).join('\n'));
    const { findings, skipped } = await told(1);
    expect(findings).toHaveLength(500);
    // Of the others nobody knows whether they are in the baseline.
    const baseline = join(repository.folder, 'baseline.json');
    expect(await scan('--write-baseline', baseline)).toMatchObject({ code: 2 });
    expect(await scan('--baseline', baseline)).toMatchObject({ code: 2 });
    expect(skipped).toMatchObject([
      { path: 'many.env', why: 'has more findings than are listed for one file', isFault: true },
    ]);
  });
});

describe('rules', () => {
  const hex = drawn.hex(64);
  const long = drawn.text(48);
  const d = drawn.bytes(32).toString('base64url');
  it.each([
    ['a.php', `<?php $c = ['binance' => ['apiSecret' => '${drawn.text(64)}']];`, 'exchange-secret'],
    ['a.xml', `<a><apiSecret>${long}</apiSecret></a>`, 'exchange-secret'],
    ['a.py', `get("API_SECRET", "${long}")`, 'exchange-secret'],
    ['a.go', `const secretKey string = "${long}"`, 'exchange-secret'],
    ['a.py', `API_SECRET = b"${long}"`, 'exchange-secret'],
    ['a.cs', `const string ApiSecret = @"${long}";`, 'exchange-secret'],
    ['a.ts', `const bitgetApiSecret =\n  '${hex}';`, 'exchange-secret'],
    ['a.ts', `const apiSecret: string = "${long}";`, 'exchange-secret'],
    ['a.js', `c["apiSecret"]="${long}"`, 'exchange-secret'],
    ['a.js', `fetch("https://x/y?api_secret=${long}&b=1")`, 'exchange-secret'],
    ['a.json', JSON.stringify({ body: JSON.stringify({ apiSecret: long }) }), 'exchange-secret'],
    ['a.html', `<input name="api_secret" value="${long}">`, 'exchange-secret'],
    ['a.sh', `bot --api-secret ${long}`, 'exchange-secret'],
    ['a.md', `Set \`BITGET_SECRET=${hex}\` first.`, 'exchange-secret'],
    ['a.json', JSON.stringify({ kty: 'OKP', crv: 'Ed25519', d }), 'private-key'],
    ['a.env', `VITE_API_SECRET=\${API_SECRET}`, 'front-end-secret'],
    ['a.ts', 'const u = import.meta.env.VITE_BITGET_SECRET;', 'front-end-secret'],
    ['a.ts', "define: { 'process.env.REACT_APP_SECRET': JSON.stringify(process.env.A) }", 'front-end-secret'],
    [
      'a.php',
      `{"secret":"cs\\/live\\/${sealed(`cs/live/${drawn.text(46)}`).slice(8)}"}`,
      'countersign-secret',
    ],
    [
      'a.json',
      `{"sourcesContent":[],"mappings":"${sealed(`cs/test/${drawn.text(46)}`)}"}`,
      'countersign-secret',
    ],
    ['a.json', `{"sourcesContent":["${secret()}"],"sourcesContent":["x"]}`, 'countersign-secret'],
  ])('find in %s: %s', async (path, text, rule) => {
    repository.write(path, `${text}\n`);
    expect((await told(1)).findings.map((finding) => finding.rule)).toEqual([rule]);
  });

  it.each([
    ['a.ts', 'const secretKey = someNameOfAnotherSecret12;'],
    ['a.txt', 'bybit: wsKey: WsAPIWsKeyTopicMap'],
    ['a.ts', `const okx = { requestId: '${drawn.uuid()}', secretName: '${drawn.uuid()}' };`],
    ['a.yaml', `annotations:\n  checksum/secret: ${drawn.hex(64)}`],
    ['a.ts', "const s = client['privatePostV5PositionTradingStop'];"],
    ['a.env', 'BITGET_PASSPHRASE=my-passphrase-1'],
  ])('find nothing in %s: %s', async (path, text) => {
    repository.write(path, `${text}\n`);
    expect((await told(0)).findings).toEqual([]);
  });
});

describe('private keys', () => {
  it('are told from what only looks like one', async () => {
    const body = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), drawn.bytes(32)]);
    repository.write('a.pem', pem('PRIVATE KEY', body));
    repository.write('b.pem', pem('PRIVATE KEY', drawn.bytes(48)));
    repository.write('c.pem', pem('PUBLIC KEY', body));
    repository.write('crlf.pem', pem('PRIVATE KEY', body).replaceAll('\n', '\r\n'));
    repository.write(
      'joined.java',
      pem('PRIVATE KEY', body)
        .trimEnd()
        .split('\n')
        .map((line) => `"${line}\\n"`)
        .join(' +\n  '),
    );
    expect((await told(1)).findings.map(({ path }) => path)).toEqual(['a.pem', 'crlf.pem', 'joined.java']);
  });
});
