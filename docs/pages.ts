import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The project's root folder. */
export const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** Reads a page, by its path from the project's root. The formatter pads the cells of tables: that is undone. */
export function page(path: string): string {
  const text = readFileSync(`${ROOT}${path}`, 'utf8');
  return text.replaceAll(/^\|.*$/gm, (row) => row.replaceAll(/ +/g, ' '));
}

/** Paths of all pages: those at the root, and those under `docs/`. Empty files are none. */
export function pages(): string[] {
  const root = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].filter((name) =>
    existsSync(ROOT + name),
  );
  const docs = readdirSync(`${ROOT}docs`, { recursive: true, encoding: 'utf8' });
  return [...root, ...docs.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
}

/** The code blocks of a language in a page, in their order. */
export function codeBlocks(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\S+)\n([\s\S]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , code]) => code as string);
}

/** The cells of all table rows in a page, without the heads. */
export function tableRows(text: string): string[][] {
  const rows = text.split('\n').filter((line) => line.startsWith('|'));
  const heads = new Set(rows.flatMap((line, i) => (/^\|[-| ]+\|$/.test(line) ? [i, i - 1] : [])));
  return rows
    .filter((_, i) => !heads.has(i))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}
