import { closeSync, fsyncSync, unlinkSync, writeSync } from 'node:fs';
import { CommandError } from '../../command-error.ts';
import { openNewPrivateFile } from '../../private-file.ts';
import type { ImportEntry } from './entry.ts';

/** A file of lines that were refused, which can be mended and imported in its turn. */
export interface FailedLines {
  add(entry: ImportEntry): void;
  /** Waits for the disk. A file without a line is taken away. */
  close(): void;
}

/**
 * Makes the file, for its owner alone, because it holds secrets. One that exists is never overwritten.
 *
 * @throws {@link CommandError} when it exists, cannot be made or written
 */
export function createFailedLines(path: string): FailedLines {
  const fd = openNewPrivateFile(path);
  let isEmpty = true;
  const write = (bytes: Buffer) => {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    } catch (error) {
      throw new CommandError(`${path} cannot be written: ${(error as NodeJS.ErrnoException).code}.`);
    }
  };
  return {
    add({ head, source }) {
      if (source === undefined) return;
      const end = Buffer.from('\n');
      write(Buffer.concat([...(isEmpty && head !== undefined ? [head, end] : []), source, end]));
      isEmpty = false;
    },
    close() {
      fsyncSync(fd);
      closeSync(fd);
      if (isEmpty) unlinkSync(path);
    },
  };
}
