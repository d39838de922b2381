import { readBlobs } from './blobs.ts';
import { gitOutput } from './git.ts';
import { sizesOf } from './sizes.ts';
import { type Given, LARGEST_FILE, tooLarge } from './source.ts';

const SUBMODULE = '160000';
const LINK = '120000';

/**
 * Gives the files that the next commit adds or changes, each as the index holds it: what stands in the working tree
 * may be another.
 */
export async function* staged(cwd: string): AsyncIterable<Given> {
  const listed = await gitOutput(cwd, [
    'diff',
    '--cached',
    '--raw',
    '-z',
    '--no-renames',
    '--no-abbrev',
    '--no-ext-diff',
    '--ignore-submodules=all',
    '--diff-filter=ACMTU',
  ]);
  const parts = listed.toString().split('\0');
  const paths = new Map<string, string[]>();
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const [, mode, , blob] = (parts[i] as string).split(' ') as [string, string, string, string];
    const path = parts[i + 1] as string;
    if (mode === SUBMODULE || mode === LINK) {
      const why = mode === LINK ? 'is a link: it is not followed' : 'is a submodule: scan it by itself';
      yield { skipped: { path, why, isFault: false } };
    } else if (/^0+$/.test(blob)) {
      yield { skipped: { path, why: 'is not merged: there is no one content to scan', isFault: true } };
    } else paths.set(blob, [...(paths.get(blob) ?? []), path]);
  }
  const sizes = await sizesOf(cwd, [...paths.keys()]);
  const small = [...paths.keys()].filter((blob) => (sizes.get(blob)?.size ?? 0) <= LARGEST_FILE);
  for (const [blob, names] of paths) {
    const size = sizes.get(blob)?.size ?? 0;
    if (size > LARGEST_FILE) for (const name of names) yield tooLarge(name, size);
  }
  for await (const { name, bytes } of readBlobs(cwd, small)) {
    for (const path of paths.get(name) ?? []) {
      if (bytes !== undefined) yield { content: { path, bytes } };
      else yield { skipped: { path, why: 'is not in the repository', isFault: true } };
    }
  }
}
