import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { codeBlocks, page, ROOT, tableRows } from './pages.ts';

const text = page('docs/embedding.md');

describe('the page about embedding', () => {
  it('has an example that runs, and prints what the page says', () => {
    const [example = ''] = codeBlocks(text, 'ts');
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', example], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect(text).toContain(`It prints \`${printed.trim()}\`.`);
  });

  it.each([
    ['fastify', 'countersign'],
    ['express', 'countersign'],
    ['fetch', 'countersign'],
    ['fetch', 'verifyFetch'],
  ])('names the middleware %s, which has %s', async (name, exported) => {
    expect(text).toContain(`\`${exported}\` of \`@countersign/engine/${name}\``);
    const middleware: Record<string, unknown> = await import(`../packages/engine/dist/middleware/${name}.js`);
    expect(middleware[exported]).toBeTypeOf('function');
  });

  it('lists the options that there are', () => {
    const source = page('packages/engine/src/engine.ts');
    const [, body = ''] = /^export interface EngineOptions \{\n([\s\S]*?)^\}/m.exec(source) ?? [];
    const options = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => `\`${name}\``);
    const table = text.split('\n## Options\n')[1]?.split('\n## ')[0] ?? '';
    expect(tableRows(table).map(([name]) => name)).toEqual(options);
  });
});
