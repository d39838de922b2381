import { closeSync, existsSync, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { dirname, parse, resolve } from 'node:path';
import { CountersignError } from './errors.ts';

/** Windows has no mode bits. */
const HAS_MODES = process.platform !== 'win32';
/** No secret is longer, and neither is a file that holds a few. */
const MAX_BYTES = 65_536;
/** How long a file that is written in place must have stayed the same before it is believed to be whole. */
const SETTLED_MS = 50;

export interface WatchedFileOptions {
  /** For secrets that a container runtime mounts readable for everybody in it. Default false. */
  readonly dangerouslyAllowOthersToRead?: boolean | undefined;
}

/** A file whose content is looked at anew when it has changed. */
export interface WatchedFile<T> {
  /**
   * What the file holds. Once there was something good, it is kept while the file is away, unreadable or half
   * written: then {@link WatchedFile.fault} says why.
   *
   * @throws {@link CountersignError} when there was nothing good yet
   */
  current(): T;
  /** Why what the file holds now was not taken. */
  fault(): CountersignError | undefined;
}

/**
 * Watches a file by looking at it on each use: nothing runs in the background. A change shows in inode, size or
 * times. A file that took another one's place (`rename`) is whole, and taken at once. One that is written in place is
 * taken when it has stayed the same for a moment, and `parse` accepts it.
 *
 * @param parse throws a {@link CountersignError} for what is not whole or not good, which never quotes the content
 * @param elapsed ms of a clock that never goes back
 */
export function watchFile<T>(
  path: string,
  parse: (content: string) => T,
  { dangerouslyAllowOthersToRead = false }: WatchedFileOptions = {},
  elapsed: () => number = () => performance.now(),
): WatchedFile<T> {
  let taken: { readonly value: T; readonly stamp: string; readonly inode: string } | undefined;
  let unsettled: { readonly stamp: string; readonly since: number } | undefined;
  let fault: CountersignError | undefined;

  function isSettled(stamp: string, inode: string): boolean {
    if (taken === undefined || taken.inode !== inode) return true;
    if (unsettled?.stamp !== stamp) unsettled = { stamp, since: elapsed() };
    return elapsed() - unsettled.since >= SETTLED_MS;
  }

  function look(): void {
    const { stamp, inode } = stampOf(path);
    if (taken?.stamp === stamp) {
      fault = undefined;
      return;
    }
    if (!isSettled(stamp, inode)) return;
    const read = readPrivate(path, dangerouslyAllowOthersToRead);
    taken = { value: parse(read.content), stamp: read.stamp, inode: read.inode };
    fault = undefined;
  }

  return {
    current() {
      try {
        look();
      } catch (error) {
        if (!(error instanceof CountersignError)) throw error;
        fault = error;
      }
      if (taken === undefined) throw fault ?? unreadable(path, 'nothing was read');
      return taken.value;
    },
    fault: () => fault,
  };
}

interface Stamp {
  readonly stamp: string;
  readonly inode: string;
}

function stampOf(path: string): Stamp {
  try {
    return stampIn(statSync(path, { bigint: true }));
  } catch (error) {
    throw unreadable(path, reasonOf(error));
  }
}

function stampIn(stat: Record<'dev' | 'ino' | 'size' | 'mtimeNs' | 'ctimeNs', bigint>): Stamp {
  const inode = `${stat.dev} ${stat.ino}`;
  return { inode, stamp: `${inode} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}` };
}

/** Reads what one open file holds, so that mode, stamp and content belong together. */
function readPrivate(path: string, mayOthersRead: boolean): Stamp & { readonly content: string } {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    throw unreadable(path, reasonOf(error));
  }
  try {
    const before = fstatSync(fd, { bigint: true });
    if (!before.isFile()) throw unreadable(path, 'it is no file');
    if (HAS_MODES && !mayOthersRead && (before.mode & 0o077n) !== 0n) {
      throw new CountersignError('secret_exposed', `${path} can be read by others than its owner.`);
    }
    if (before.size > MAX_BYTES) throw unreadable(path, `it is longer than ${MAX_BYTES} bytes`);
    const content = readFileSync(fd, 'utf8');
    const after = stampIn(fstatSync(fd, { bigint: true }));
    if (after.stamp !== stampIn(before).stamp) throw unreadable(path, 'it is being written');
    return { ...after, content };
  } catch (error) {
    throw error instanceof CountersignError ? error : unreadable(path, reasonOf(error));
  } finally {
    closeSync(fd);
  }
}

function unreadable(path: string, why: string): CountersignError {
  return new CountersignError('secret_unreadable', `${shownPath(path)} cannot be taken: ${why}.`);
}

/**
 * A path, as far as it may be shown: who gives a secret where a path belongs must not find it in the log. So one that
 * leads nowhere is shown only if it has a folder that exists (and is neither the root, however many slashes name it,
 * nor where we are), or a name with an ending.
 */
export function shownPath(path: string): string {
  const whole = resolve(path);
  const folder = dirname(whole);
  const everywhere = [parse(whole).root, process.cwd()];
  const leadsSomewhere =
    !everywhere.includes(whole) &&
    (existsSync(whole) || (!everywhere.includes(folder) && existsSync(folder)));
  return leadsSomewhere || /^[\w-]+\.[a-z]{1,5}$/.test(path) ? path : 'The file';
}

function reasonOf(error: unknown): string {
  const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'there is no such file' : code;
}
