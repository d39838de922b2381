import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES, ERRORS } from '../packages/contract/dist/index.js';
import { DENIAL_CODES, denial, dialectNamed, publicDenial } from '../packages/core/dist/index.js';
import { createEngine, createEnvKeyring, createMemoryStore } from '../packages/engine/dist/index.js';
import { page, ROOT } from './pages.ts';

function section(text: string, title: string): string {
  const [, after = ''] = text.split(`\n## ${title}\n`);
  return (after.split('\n## ')[0] as string).trim();
}

describe('the pages about errors', () => {
  it('are one a code, and no more', () => {
    const names = readdirSync(`${ROOT}docs/errors`).filter((name) => name.endsWith('.md'));
    expect(names.sort()).toEqual(ERROR_CODES.map((code) => `${code}.md`).sort());
  });

  it.each(ERROR_CODES)('%s begins with its code, status and title, and has all parts', (code) => {
    const text = page(`docs/errors/${code}.md`);
    expect(text.startsWith(`# ${code}\n\nHTTP ${ERRORS[code].status}: ${ERRORS[code].title}.\n`)).toBe(true);
    const titles = [
      'What happened',
      'Likely causes',
      'What to do',
      'What the dialects answer',
      'What it does not mean',
    ];
    for (const title of titles) expect(section(text, title)).not.toBe('');
  });

  it.each(DENIAL_CODES)('%s tells what the dialects answer', (code) => {
    const said = section(page(`docs/errors/${code}.md`), 'What the dialects answer');
    for (const name of ['bitget', 'okx']) {
      const dialect = dialectNamed(name);
      const parts =
        code === 'credential_missing'
          ? (['key', 'signature', 'timestamp', 'passphrase'] as const)
          : [undefined];
      for (const part of parts) {
        const answer = dialect?.refuse(denial(code, '', { part }), { nowMs: 0, requestId: '' });
        const body = JSON.parse(answer?.body ?? '') as { code: string };
        const line = said.split('\n').find((text) => text.startsWith(`- \`${name}\`: `)) ?? '';
        expect(line).toContain(` ${body.code}${part === undefined ? ',' : ` (${part})`}`);
        expect(line).toContain(`HTTP ${answer?.status}`);
      }
    }
    const shown = publicDenial(denial(code, '')).code;
    expect(said).toContain(`- \`rfc9421\`, \`bearer\`: problem \`${shown}\`, HTTP ${ERRORS[shown].status}`);
  });
});

describe('what is refused at the door', () => {
  const request = {
    method: 'GET',
    target: '/x',
    headers: [
      'ACCESS-KEY',
      'a',
      'ACCESS-SIGN',
      'a',
      'ACCESS-TIMESTAMP',
      String(Date.now()),
      'ACCESS-PASSPHRASE',
      'a',
    ],
    body: Buffer.alloc(0),
    ip: '192.0.2.1',
  };

  it.each([
    ['body_too_large', { ...request, body: Buffer.alloc(11) }],
    ['malformed_request', { ...request, target: '/a b' }],
    ['too_many_failures', request],
  ] as const)('is answered as the page about %s says, in the dialect of the client', async (code, last) => {
    const keyring = createEnvKeyring(`kek-1:${Buffer.alloc(32, 1).toString('base64')}`);
    const engine = createEngine({ store: createMemoryStore(), keyring, maxBodyBytes: 10 });
    for (let i = 0; i < 60; i++) await engine.verify(request);
    const decision = await engine.verify(last);
    if (decision.allowed) throw new Error('it was let through');
    const { code: said } = JSON.parse(decision.response.body) as { code: string };
    expect(decision.code).toBe(code);
    expect(page(`docs/errors/${code}.md`)).toContain(
      `- \`bitget\`: ${said}, HTTP ${decision.response.status}`,
    );
    await engine.close();
  });
});
