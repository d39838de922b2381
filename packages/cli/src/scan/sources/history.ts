import { CommandError, EXIT } from '../../command-error.ts';
import { readBlobs } from './blobs.ts';
import { gitOutput, runGit } from './git.ts';
import { sizesOf } from './sizes.ts';
import { type Given, LARGEST_FILE, tooLarge } from './source.ts';

/** The name that a commit's or a tag's own text is reported under. */
const MESSAGES: Readonly<Record<string, string>> = {
  commit: '(message of the commit)',
  tag: '(message of the tag)',
};

/**
 * Gives every file content that is reachable from any ref, and every message of a commit or tag: each content once,
 * with one of its paths and the newest commit that holds it. What no ref reaches (a reflog, a dropped stash) is not
 * looked at.
 */
export async function* history(cwd: string): AsyncIterable<Given> {
  if ((await runGit(cwd, ['rev-parse', '--git-dir'])).code !== 0) {
    throw new CommandError(`${cwd} is in no Git repository: there is no history to scan.`, EXIT.usage);
  }
  const shallow = await gitOutput(cwd, ['rev-parse', '--is-shallow-repository']);
  if (shallow.toString().trim() === 'true') {
    yield {
      skipped: { path: '.', why: 'is a shallow clone: history before it is not here', isFault: false },
    };
  }
  const objects = await reachable(cwd);
  const sizes = await sizesOf(cwd, [...objects.keys()]);
  const wanted: string[] = [];
  for (const [name, { path, commit }] of objects) {
    const known = sizes.get(name);
    if (known === undefined) {
      yield { skipped: { path: path || name, why: `is not in this clone (${name})`, isFault: true } };
    } else if (known.kind === 'tree') {
    } else if (known.size > LARGEST_FILE) yield tooLarge(`${path} in ${commit.slice(0, 12)}`, known.size);
    else wanted.push(name);
  }
  for await (const { name, bytes } of readBlobs(cwd, wanted)) {
    const { path, commit } = objects.get(name) as { path: string; commit: string };
    const kind = sizes.get(name)?.kind ?? 'blob';
    if (bytes !== undefined) yield { content: { path: MESSAGES[kind] ?? path, bytes, commit } };
    else yield { skipped: { path: path || name, why: `is not in this clone (${name})`, isFault: true } };
  }
}

/** Every object that a ref reaches, with its first path and the commit that it is listed under. */
async function reachable(cwd: string): Promise<Map<string, { path: string; commit: string }>> {
  const listed = await gitOutput(cwd, ['rev-list', '--objects', '--in-commit-order', '--all']);
  const objects = new Map<string, { path: string; commit: string }>();
  let commit = '';
  for (const line of listed.toString().split('\n')) {
    if (line === '') continue;
    const at = line.indexOf(' ');
    // A commit stands alone; trees and blobs have a path after a space, which is empty for a top folder.
    if (at === -1) commit = line;
    const name = at === -1 ? line : line.slice(0, at);
    if (!objects.has(name)) objects.set(name, { path: at === -1 ? '' : line.slice(at + 1), commit });
  }
  return objects;
}
