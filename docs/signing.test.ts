import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issueBot, startProxied } from '../packages/cli/test/bot.ts';
import { countersign } from '../packages/cli/test/command.ts';
import { page, ROOT, tableRows } from './pages.ts';

const text = page('docs/signing.md');
let home: string;
let proxied: Awaited<ReturnType<typeof startProxied>>;
beforeAll(async () => {
  proxied = await startProxied();
  home = proxied.service.folder;
  await issueBot(proxied.service, 'bot');
}, 60_000);
afterAll(() => proxied.stop());

/** The block of the page with a name. */
function block(language: string, name: string): string {
  const found = new RegExp(`^\`\`\`${language} ${name}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(text)?.[1];
  if (found === undefined) throw new Error(`there is no block ${name}`);
  return found;
}

/** Runs a block of the page in a shell, beside bot.env. */
function shell(name: string): Promise<{ stdout: string; stderr: string; code: number }> {
  const alias = `countersign() { node '${ROOT}packages/cli/dist/main.js' "$@"; }`;
  const env = { PATH: process.env.PATH, HOME: home, API: proxied.service.proxy };
  return promisify(execFile)('sh', ['-c', `${alias}\n${block('sh', name)}`], { cwd: home, env }).then(
    (ended) => ({ ...ended, code: 0 }),
    (error: { stdout: string; stderr: string; code: number }) => error,
  );
}

/** What a page shows, as a pattern: `…` stands for what is different each time. */
const shown = (name: string) =>
  new RegExp(
    `^${block('text', name)
      .replace('https://api.exchange.example', proxied.service.proxy)
      .replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
      .replaceAll('…', '[\\w+/=-]+')}$`,
  );

describe('the page about signing', () => {
  it('shows what sign prints', async () => {
    const { code, stdout } = await shell('sign');
    expect(code).toBe(0);
    expect(stdout).toMatch(shown('sign'));
  });

  it('has a command line of curl that is taken', async () => {
    const { stdout } = await shell('curl');
    expect(stdout).toBe('{"hello":"acct_42"}');
  });

  it('sends a request', async () => {
    expect(await shell('request')).toMatchObject({ code: 0, stdout: '{"hello":"acct_42"}', stderr: '' });
  });

  it('shows what a refusal looks like', async () => {
    const { code, stderr } = await shell('refused');
    expect(code).toBe(1);
    expect(stderr).toMatch(shown('refused'));
  });

  it('looks at the clock', async () => {
    expect((await shell('clock')).stdout).toMatch(/^this clock /m);
  });

  it('asks the doctor, whose sections it names', async () => {
    const { code, stdout } = await shell('doctor');
    expect(code).toBe(0);
    const sections = stdout.split('\n').filter((line) => /^\w+$/.test(line));
    expect(sections).toEqual(
      tableRows(text)
        .map(([name = '']) => name)
        .filter((name) => /^\w+$/.test(name)),
    );
  });

  it('names options of sign that there are', async () => {
    const { stdout } = await countersign(['sign', '--help']);
    const rows = tableRows(text).flatMap(([name = '']) => [...name.matchAll(/`(--?[\w-]+)/g)]);
    expect(rows.length).toBeGreaterThan(7);
    for (const [, option] of rows) expect(stdout).toContain(`${option}`);
  });
});
