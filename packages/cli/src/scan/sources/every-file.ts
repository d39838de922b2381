import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readFiles } from './files.ts';
import type { Given } from './source.ts';

/** Gives all files under a folder, whatever Git thinks of them. Folders of the given names are told and left out. */
export async function* everyFile(
  folder: string,
  leftOut: readonly string[],
  told: (path: string) => string,
): AsyncIterable<Given> {
  const paths: string[] = [];
  const left: Given[] = [];
  const waiting = [folder];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const entry of await entriesOf(next, told, left)) {
      const path = join(next, entry.name);
      if (!entry.isDirectory()) paths.push(path);
      else if (!leftOut.includes(entry.name)) waiting.push(path);
      else left.push({ skipped: { path: `${told(path)}/`, why: 'is left out', isFault: false } });
    }
  }
  yield* left;
  yield* readFiles(paths.sort(), told);
}

async function entriesOf(folder: string, told: (path: string) => string, left: Given[]) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    const why = `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`;
    left.push({ skipped: { path: `${told(folder)}/`, why, isFault: true } });
    return [];
  }
}
