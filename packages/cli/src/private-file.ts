import {
  chownSync,
  closeSync,
  createReadStream,
  fchmodSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { CommandError } from './command-error.ts';

/** Windows has no mode bits. */
const HAS_MODES = process.platform !== 'win32';

/**
 * Reads a file that holds something secret; `-` reads standard input. A file that others can read is refused.
 *
 * @throws {@link CommandError} that names the file and never its content
 */
export async function readPrivateFile(path: string): Promise<string> {
  if (path === '-') return text(process.stdin);
  return readWhole(path, true);
}

/**
 * Opens a file that holds something secret, to be read bit by bit; `-` is standard input. One that others can read is
 * refused.
 *
 * @throws {@link CommandError} that names the file and never its content
 * @returns with its size in bytes, where that is known
 */
export function openPrivateStream(path: string): { stream: Readable; size: number | undefined } {
  if (path === '-') return { stream: process.stdin, size: undefined };
  const fd = openOrSay(path);
  try {
    const stat = fstatSync(fd);
    if (stat.isDirectory()) throw new CommandError(`${path} is a folder.`);
    refuseExposed(path, stat);
    return { stream: createReadStream(path, { fd }), size: stat.isFile() ? stat.size : undefined };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** A file with something secret in it that others can read. */
export class ExposedFileError extends CommandError {
  override readonly name = 'ExposedFileError';
}

/** Reads a file that holds nothing secret; `-` reads standard input. */
export async function readPublicFile(path: string): Promise<string> {
  if (path === '-') return text(process.stdin);
  return readWhole(path, false);
}

/** Whether a file's mode lets anyone but its owner at it. */
export function isReadableByOthers(mode: number): boolean {
  return HAS_MODES && (mode & 0o077) !== 0;
}

function readWhole(path: string, isPrivate: boolean): string {
  const fd = openOrSay(path);
  try {
    if (isPrivate) refuseExposed(path, fstatSync(fd));
    return readFileSync(fd, 'utf8');
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`${path} cannot be read: ${reasonOf(error)}`);
  } finally {
    closeSync(fd);
  }
}

function openOrSay(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw new CommandError(`${path} cannot be read: ${reasonOf(error)}`);
  }
}

function refuseExposed(path: string, stat: Stats): void {
  if (!stat.isFile() || !isReadableByOthers(stat.mode)) return;
  throw new ExposedFileError(
    `${path} can be read by others. Run chmod 600 ${path}, and consider what is in it known.`,
  );
}

/** A new file that only its owner can read, held open until something is written to it. */
export interface PrivateFile {
  readonly path: string;
  /** Writes all of it and waits for the disk. */
  write(content: string | Buffer): void;
  /** Takes the file away again. */
  discard(): void;
}

/**
 * Makes a file of mode 0600, and opens it. One that exists already is never overwritten, nor a link followed.
 *
 * @throws {@link CommandError} when it exists or cannot be made
 */
export function openNewPrivateFile(path: string): number {
  try {
    const fd = openSync(path, 'wx', 0o600);
    fchmodSync(fd, 0o600); // Whatever the umask takes away.
    return fd;
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST';
    throw new CommandError(
      exists
        ? `${path} exists already and is not overwritten: name another file.`
        : `${path} cannot be made: ${reasonOf(error)}`,
    );
  }
}

/**
 * Makes a file of mode 0600. One that exists already is never overwritten, nor a link followed.
 *
 * @throws {@link CommandError} when it exists or cannot be made
 */
export function createPrivateFile(path: string): PrivateFile {
  const fd = openNewPrivateFile(path);
  let isOpen = true;
  const close = () => {
    if (isOpen) closeSync(fd);
    isOpen = false;
  };
  return {
    path,
    write(content) {
      try {
        writeFileSync(fd, content); // All of it: one write may do a part, when the disk is full.
        fsyncSync(fd);
      } catch (error) {
        throw new CommandError(`${path} cannot be written: ${reasonOf(error)}`);
      } finally {
        close();
      }
    },
    discard() {
      close();
      unlinkSync(path);
    },
  };
}

/**
 * Puts a file of mode 0600 in the place of one that is there, in one step: who reads it meanwhile gets the old content
 * or the new one, and never a part. It belongs to whom the old one did, and a link to it stays one.
 *
 * @throws {@link CommandError} when it cannot be made
 */
export function replacePrivateFile(path: string): PrivateFile {
  const target = realpathSync(path);
  const file = createPrivateFile(`${target}.new`);
  try {
    const { uid, gid } = statSync(target);
    if (uid !== statSync(file.path).uid) chownSync(file.path, uid, gid);
  } catch (error) {
    file.discard();
    throw new CommandError(`${file.path} cannot be given to the owner of ${path}: ${reasonOf(error)}`);
  }
  return {
    path,
    write(content) {
      try {
        file.write(content);
      } catch (error) {
        file.discard(); // A part of a secret is of no use, and would be in the way of the next try.
        throw error;
      }
      try {
        renameSync(file.path, target);
      } catch (error) {
        throw new CommandError(
          `${path} cannot be replaced: ${reasonOf(error)}. The new content is in ${file.path}.`,
        );
      }
    },
    discard: file.discard,
  };
}

/** Node's messages repeat the path: only what went wrong is taken. */
function reasonOf(error: unknown): string {
  const { message } = error as Error;
  return message.replace(/^E[A-Z]+: /, '').replace(/, \w+( '.*')?$/s, '');
}
