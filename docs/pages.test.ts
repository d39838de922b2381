import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { page, pages, ROOT } from './pages.ts';

/** The anchors of a page's headings, as GitHub makes them. */
function anchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function links(text: string): string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string);
}

describe('all pages', () => {
  it.each(pages())('%s links to what exists', (path) => {
    for (const link of links(page(path))) {
      if (/^https?:/.test(link)) continue;
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : normalize(join(dirname(path), file));
      expect(existsSync(ROOT + target), `${link} in ${path}`).toBe(true);
      if (anchor !== undefined) expect(anchors(page(target)), `${link} in ${path}`).toContain(anchor);
    }
  });

  it.each(pages())('%s begins with its title, and ends with one line end', (path) => {
    const text = page(path);
    expect(text).toMatch(/^# \S/);
    expect(text).toMatch(/[^\n]\n$/);
  });

  it('are found from the list of pages, if they are decisions or dialects', () => {
    const list = links(page('docs/README.md'));
    const listed = pages().filter((path) => /^docs\/(adr|dialects)\//.test(path));
    for (const path of listed) expect(list).toContain(path.slice('docs/'.length));
  });
});
