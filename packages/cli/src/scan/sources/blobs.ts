import { once } from 'node:events';
import { CommandError, EXIT } from '../../command-error.ts';
import { startGit } from './git.ts';

/**
 * Reads objects of a repository one after another, by `git cat-file --batch`. An object that is not there (in a
 * partial clone) is given as `undefined`.
 */
export async function* readBlobs(
  cwd: string,
  names: readonly string[],
): AsyncIterable<{ readonly name: string; readonly bytes: Buffer | undefined }> {
  const child = startGit(cwd, ['cat-file', '--batch']);
  const ended = once(child, 'close');
  child.stdin.on('error', () => {});
  child.stdin.end(names.map((name) => `${name}\n`).join(''));
  child.stderr.resume();
  const reader = createReader(child.stdout);
  try {
    for (const name of names) {
      const head = (await reader.line()).split(' ');
      if (head[1] === 'missing') {
        yield { name, bytes: undefined };
        continue;
      }
      const bytes = await reader.bytes(Number(head[2]));
      await reader.bytes(1);
      yield { name, bytes };
    }
  } finally {
    child.kill();
    await ended;
  }
}

/** Takes lines and counted bytes from a stream, and holds no more than the stream's pieces in between. */
function createReader(stream: AsyncIterable<Buffer>) {
  const pieces = stream[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  const more = async () => {
    const { value, done } = await pieces.next();
    if (done) throw new CommandError('git cat-file ended before everything was read.', EXIT.usage);
    return value;
  };
  return {
    async line(): Promise<string> {
      let at = rest.indexOf(0x0a);
      while (at < 0) {
        rest = Buffer.concat([rest, await more()]);
        at = rest.indexOf(0x0a);
      }
      const line = rest.subarray(0, at).toString();
      rest = rest.subarray(at + 1);
      return line;
    },
    async bytes(count: number): Promise<Buffer> {
      const parts = [rest];
      let have = rest.length;
      while (have < count) {
        const piece = await more();
        parts.push(piece);
        have += piece.length;
      }
      const all = parts.length === 1 ? rest : Buffer.concat(parts);
      rest = all.subarray(count);
      return all.subarray(0, count);
    },
  };
}
