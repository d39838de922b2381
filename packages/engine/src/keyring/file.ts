import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { type Keyring, KeyringError } from '../ports/keyring.ts';
import { KEK_BYTES, KEK_ID, localKeyring } from './local-keyring.ts';

interface KeyringFile {
  readonly current: string;
  readonly keks: Readonly<Record<string, string>>;
}

/** A keyring that can be given a new current key while it is in use. */
export interface FileKeyring extends Keyring {
  /** Makes a key, writes it to the file, and wraps with it from then on. Returns its id. */
  addKek(): Promise<string>;
}

/**
 * Opens a keyring file, and makes one with a fresh key when there is none and `mayCreate` says so: beside a
 * database that holds secrets, a missing keyring is a loss and no first start. The file is JSON, mode 0600; one
 * that others can read is refused. Whoever has the file and the database has every secret: keep their backups
 * apart.
 *
 * @throws {@link KeyringError} when the file cannot be read, written or understood
 */
export function openFileKeyring(path: string, nowMs: () => number, mayCreate = true): FileKeyring {
  let file = read(path) ?? create(path, nowMs(), mayCreate);
  let state = decode(path, file);
  const keyring = localKeyring(() => state);
  return Object.assign(Object.create(keyring) as Keyring, {
    wrap: keyring.wrap,
    unwrap: keyring.unwrap,
    async addKek() {
      const next = withNewKek(read(path) ?? file, nowMs());
      write(path, next);
      file = next;
      state = decode(path, next);
      return next.current;
    },
  });
}

function create(path: string, nowMs: number, mayCreate: boolean): KeyringFile {
  if (!mayCreate) {
    throw new KeyringError(
      `${path} is not there, and the database holds secrets sealed under it: restore it from its backup`,
    );
  }
  const file = withNewKek({ current: '', keks: {} }, nowMs);
  write(path, file);
  return file;
}

function withNewKek(file: KeyringFile, nowMs: number): KeyringFile {
  const stamp = new Date(nowMs).toISOString().slice(0, 10).replaceAll('-', '');
  const current = `kek-${stamp}-${randomBytes(3).toString('hex')}`;
  return { current, keks: { ...file.keks, [current]: randomBytes(KEK_BYTES).toString('base64') } };
}

function decode(path: string, file: KeyringFile): { kekId: string; keks: Map<string, Uint8Array> } {
  const keks = new Map<string, Uint8Array>();
  for (const [i, [kekId, encoded]] of Object.entries(file.keks).entries()) {
    const kek = typeof encoded === 'string' ? Buffer.from(encoded, 'base64') : Buffer.alloc(0);
    if (!KEK_ID.test(kekId) || kek.length !== KEK_BYTES) {
      // By its place, not its name: who exchanges the two would find the key in a log.
      throw new KeyringError(
        `${path}: key ${i + 1} in it is not ${KEK_BYTES} bytes in base64, under a plain name`,
      );
    }
    keks.set(kekId, kek);
  }
  if (!keks.has(file.current)) throw new KeyringError(`${path}: there is no key of the name in "current"`);
  return { kekId: file.current, keks };
}

function read(path: string): KeyringFile | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
    if ((statSync(path).mode & 0o077) !== 0) {
      throw new KeyringError(
        `${path} can be read by others: run chmod 600 on it, and consider its keys known`,
      );
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (cause instanceof KeyringError) throw cause;
    throw new KeyringError(`${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  try {
    const file = JSON.parse(text) as KeyringFile;
    if (typeof file.current === 'string' && typeof file.keks === 'object' && file.keks !== null) return file;
  } catch {
    // The text may hold keys, so neither it nor the parser's message is repeated.
  }
  throw new KeyringError(`${path} is not a keyring file`);
}

/** Writes beside the old file, syncs, then renames: a kill leaves the old keyring or the new one. */
function write(path: string, file: KeyringFile): void {
  const temporary = `${path}.new`;
  try {
    const fd = openSync(temporary, 'w', 0o600);
    writeSync(fd, `${JSON.stringify(file, null, 2)}\n`);
    fsyncSync(fd);
    closeSync(fd);
    chmodSync(temporary, 0o600);
    renameSync(temporary, path);
    const folder = openSync(dirname(path), 'r');
    fsyncSync(folder);
    closeSync(folder);
  } catch (cause) {
    throw new KeyringError(`${path} cannot be written: ${(cause as Error).message}`, { cause });
  }
}
