import { join } from 'node:path';
import { everyFile } from './every-file.ts';
import { readFiles } from './files.ts';
import { gitOutput } from './git.ts';
import { type Root, told } from './root.ts';
import type { Given } from './source.ts';

const LIST = ['ls-files', '-z', '--full-name', '--cached', '--others', '--exclude-standard', '--', '.'];

/**
 * Gives the files of a folder, or one file. In a repository those that Git knows or would add, so that `.gitignore`
 * holds; elsewhere all of them but `node_modules` and `.git`. A file that is named is scanned in any case.
 */
export async function* workingTree(root: Root): AsyncIterable<Given> {
  const { folder, file, top, isRepository } = root;
  if (file !== undefined) {
    yield* readFiles([file], (path) => told(root, path));
  } else if (isRepository) {
    const names = new Set((await gitOutput(folder, LIST)).toString().split('\0').filter(Boolean));
    yield* readFiles(
      [...names].map((name) => join(top, name)),
      (path) => told(root, path),
    );
  } else yield* everyFile(folder, ['node_modules', '.git'], (path) => told(root, path));
}
