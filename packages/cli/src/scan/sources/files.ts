import { lstat, readFile } from 'node:fs/promises';
import { type Given, LARGEST_FILE, tooLarge } from './source.ts';

/** So many files are read at once. */
const AT_ONCE = 24;

/** Reads files, some at once. Links are not followed, and devices not opened. */
export async function* readFiles(
  paths: readonly string[],
  told: (path: string) => string,
): AsyncIterable<Given> {
  const running: Promise<Given | undefined>[] = [];
  for (const path of paths) {
    running.push(readOne(path, told(path)));
    if (running.length < AT_ONCE) continue;
    const given = await running.shift();
    if (given !== undefined) yield given;
  }
  for (const pending of running) {
    const given = await pending;
    if (given !== undefined) yield given;
  }
}

async function readOne(file: string, path: string): Promise<Given | undefined> {
  try {
    const stat = await lstat(file);
    if (stat.isSymbolicLink()) return left(path, 'is a link: it is not followed');
    if (stat.isDirectory()) return left(path, 'is a repository of its own: scan it by itself');
    if (!stat.isFile()) return left(path, 'is no regular file');
    if (stat.size > LARGEST_FILE) return tooLarge(path, stat.size);
    return { content: { path, bytes: await readFile(file) } };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Git lists what the index holds: a file that was deleted since is not in the tree.
    if (code === 'ENOENT') return path.includes('\ufffd') ? unreadableName(path) : undefined;
    return { skipped: { path, why: `cannot be read (${code ?? 'unknown reason'})`, isFault: true } };
  }
}

/** Such a name cannot be given back to the system: what it stands for is there, and was not read. */
const unreadableName = (path: string): Given => ({
  skipped: { path, why: 'has a name that is not UTF-8: rename it', isFault: true },
});

const left = (path: string, why: string): Given => ({ skipped: { path, why, isFault: false } });
