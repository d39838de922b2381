import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES, ERRORS } from '../../packages/contract/dist/index.js';
import { DENIAL_CODES, denial, dialectNamed, publicDenial } from '../../packages/core/dist/index.js';
import { page, ROOT } from '../pages.ts';

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
