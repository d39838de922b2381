import { constantTimeEqual } from '../constant-time.ts';
import { type FastBuffer, fastView } from '../fast-buffer.ts';
import type { HmacKey } from './hmac.ts';

/** Longest secret, and longest passphrase, in bytes. */
export const MAX_SECRET_BYTES = 256;
export const MAX_PASSPHRASE_BYTES = 64;

const NARROW = { key: 64, passphrase: 32, rowsPerChunk: 4096 } as const;
const WIDE = { key: MAX_SECRET_BYTES, passphrase: MAX_PASSPHRASE_BYTES, rowsPerChunk: 64 } as const;
const REDACTED = '[redacted key]';
const WIDE_CHARACTER = /[\u0100-\uffff]/;

/**
 * Key material of one secret version: the secret's bytes, padded with zeros to the HMAC block, and the
 * passphrase. It lives in a {@link KeySlab} outside the garbage collector's copies, redacts itself, and is
 * overwritten with zeros by {@link KeyRow.release}.
 */
export class KeyRow implements HmacKey {
  readonly #chunk: Chunk;
  #row: number;

  constructor(chunk: Chunk, row: number) {
    this.#chunk = chunk;
    this.#row = row;
  }

  /** The chunk's words, for the HMAC; the key begins at {@link KeyRow.firstWord}. */
  get words(): Uint32Array {
    return this.#chunk.words;
  }

  /** Index of the key's first 32-bit word. Throws once released: a freed row may hold somebody else's key. */
  get firstWord(): number {
    if (this.#row < 0) throw new TypeError('key material was used after its release');
    return (this.#row * this.#chunk.rowBytes) >> 2;
  }

  /** Length of the secret in bytes. */
  get length(): number {
    return this.#chunk.lengths[this.#live() * 2] as number;
  }

  /** A copy of the secret's bytes. The caller overwrites it after use. */
  copyBytes(): Buffer {
    const start = this.#live() * this.#chunk.rowBytes;
    return Buffer.from(this.#chunk.bytes.subarray(start, start + this.length));
  }

  get hasPassphrase(): boolean {
    return (this.#chunk.lengths[this.#live() * 2 + 1] as number) > 0;
  }

  /** Compares a presented passphrase in constant time. False when there is none to compare with. */
  passphraseEquals(presented: string): boolean {
    const length = this.#chunk.lengths[this.#live() * 2 + 1] as number;
    if (length === 0) return false;
    const start = this.#row * this.#chunk.rowBytes + this.#chunk.keyBytes;
    return constantTimeEqual(this.#chunk.bytes.latin1Slice(start, start + length), presented);
  }

  /** A copy of the passphrase, as UTF-8: what a client that signs its passphrase signs. */
  copyPassphrase(): Buffer {
    const length = this.#chunk.lengths[this.#live() * 2 + 1] as number;
    const start = this.#row * this.#chunk.rowBytes + this.#chunk.keyBytes;
    return Buffer.from(this.#chunk.bytes.latin1Slice(start, start + length), 'utf8');
  }

  /** Overwrites the row with zeros and gives it back. Any later use throws. */
  release(): void {
    if (this.#row < 0) return;
    this.#chunk.free(this.#row);
    this.#row = -1;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED;
  }

  #live(): number {
    if (this.#row < 0) throw new TypeError('key material was used after its release');
    return this.#row;
  }
}

class Chunk {
  readonly keyBytes: number;
  readonly rowBytes: number;
  readonly bytes: FastBuffer;
  readonly words: Uint32Array;
  readonly lengths: Uint16Array;
  readonly #free: number[] = [];
  readonly #rows: number;
  /** The slab's list of chunks that may have room. */
  readonly #open: Chunk[];
  #isListed = true;
  #next = 0;

  constructor(shape: typeof NARROW | typeof WIDE, open: Chunk[]) {
    this.#open = open;
    open.push(this);
    this.keyBytes = shape.key;
    this.rowBytes = shape.key + shape.passphrase;
    this.#rows = shape.rowsPerChunk;
    this.words = new Uint32Array((this.rowBytes * this.#rows) >> 2);
    this.bytes = fastView(this.words);
    this.lengths = new Uint16Array(this.#rows * 2);
  }

  take(): number | undefined {
    const row = this.#free.pop() ?? (this.#next < this.#rows ? this.#next++ : undefined);
    if (row === undefined) this.#isListed = false;
    return row;
  }

  free(row: number): void {
    this.bytes.fill(0, row * this.rowBytes, (row + 1) * this.rowBytes);
    this.lengths.fill(0, row * 2, row * 2 + 2);
    this.#free.push(row);
    if (this.#isListed) return;
    this.#isListed = true;
    this.#open.push(this);
  }
}

/**
 * Keeps the key material of all cached credentials in a few large arrays: about 100 bytes a key where a
 * `Buffer` or a `KeyObject` each would cost several hundred. Not shared between threads.
 */
export class KeySlab {
  readonly #narrow: Chunk[] = [];
  readonly #wide: Chunk[] = [];

  /**
   * Takes a copy of a secret and its passphrase. The caller may overwrite its own afterwards.
   *
   * @param secret up to {@link MAX_SECRET_BYTES} bytes; none where only a passphrase is kept
   * @param passphrase up to {@link MAX_PASSPHRASE_BYTES} characters of one byte each
   */
  store(secret: Uint8Array, passphrase = ''): KeyRow {
    if (secret.length > MAX_SECRET_BYTES) {
      throw new RangeError(`a secret has at most ${MAX_SECRET_BYTES} bytes`);
    }
    if (passphrase.length > MAX_PASSPHRASE_BYTES) {
      throw new RangeError(`a passphrase has at most ${MAX_PASSPHRASE_BYTES} characters`);
    }
    // latin1 keeps the low byte only: U+0141 would be stored as "A", and "A" would then be right.
    if (WIDE_CHARACTER.test(passphrase)) throw new RangeError('a passphrase has one byte a character');
    const isNarrow = secret.length <= NARROW.key && passphrase.length <= NARROW.passphrase;
    const { chunk, row } = takeRow(isNarrow ? this.#narrow : this.#wide, isNarrow ? NARROW : WIDE);
    const start = row * chunk.rowBytes;
    chunk.bytes.set(secret, start);
    chunk.bytes.latin1Write(passphrase, start + chunk.keyBytes);
    chunk.lengths[row * 2] = secret.length;
    chunk.lengths[row * 2 + 1] = passphrase.length;
    return new KeyRow(chunk, row);
  }
}

/** `open` holds the chunks that may have room, the last one first to be asked. */
function takeRow(open: Chunk[], shape: typeof NARROW | typeof WIDE): { chunk: Chunk; row: number } {
  for (let chunk = open.at(-1); chunk !== undefined; chunk = open.at(-1)) {
    const row = chunk.take();
    if (row !== undefined) return { chunk, row };
    open.pop();
  }
  const chunk = new Chunk(shape, open);
  return { chunk, row: chunk.take() as number };
}
