import { stat } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import { CommandError, EXIT } from '../../command-error.ts';
import { runGit } from './git.ts';

/** Where a scan is, and what its paths are told from. */
export interface Root {
  /** The folder that was named, or that holds the file that was named. */
  readonly folder: string;
  /** The file that was named, if it was one. */
  readonly file: string | undefined;
  /** The top of the repository that it is in; else the folder itself. Paths are told from here. */
  readonly top: string;
  readonly isRepository: boolean;
}

/** Finds the repository that a path is in. Without Git, or where Git refuses to look, there is none. */
export async function rootOf(path: string): Promise<Root> {
  const full = resolve(path);
  const folder = (await isFolder(full)) ? full : dirname(full);
  const file = folder === full ? undefined : full;
  const top = await topLevel(folder);
  return { folder, file, top: top ?? folder, isRepository: top !== undefined };
}

/** A path as it is told: from the top, with `/`; whole where it is outside. */
export function told({ top }: Root, path: string): string {
  const name = relative(top, path);
  return (name === '..' || name.startsWith(`..${sep}`) ? path : name).split(sep).join('/');
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    throw new CommandError(`There is nothing at ${path} that can be scanned.`, EXIT.usage);
  }
}

async function topLevel(cwd: string): Promise<string | undefined> {
  try {
    const { code, stdout } = await runGit(cwd, ['rev-parse', '--show-toplevel']);
    return code === 0 ? stdout.toString().replace(/\r?\n$/, '') : undefined;
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}
