import { createHash, generateKeyPairSync } from 'node:crypto';
import { crc32 } from 'node:zlib';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/** Draws that are the same for the same seed, so that a corpus can be made again. */
export interface Drawn {
  bytes(count: number): Buffer;
  /** Characters of an alphabet. */
  text(count: number, alphabet?: string): string;
  hex(characters: number): string;
  base64(bytes: number): string;
  uuid(): string;
  below(limit: number): number;
  pick<T>(values: readonly T[]): T;
}

export function drawnFrom(seed: string): Drawn {
  let counter = 0;
  let pool = Buffer.alloc(0);
  const bytes = (count: number): Buffer => {
    while (pool.length < count) {
      pool = Buffer.concat([pool, createHash('sha256').update(`${seed} ${counter++}`).digest()]);
    }
    const taken = pool.subarray(0, count);
    pool = pool.subarray(count);
    return taken;
  };
  const below = (limit: number) => bytes(4).readUInt32BE() % limit;
  const text = (count: number, alphabet = BASE62) =>
    Array.from({ length: count }, () => alphabet[below(alphabet.length)]).join('');
  return {
    bytes,
    below,
    text,
    hex: (characters) => text(characters, '0123456789abcdef'),
    base64: (count) => bytes(count).toString('base64'),
    uuid: () => {
      const h = text(32, '0123456789abcdef');
      return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-a${h.slice(17, 20)}-${h.slice(20)}`;
    },
    pick: (values) => values[below(values.length)] as (typeof values)[number],
  };
}

/** Ends a text with the base62 CRC-32 of it, as ids and secrets of Countersign do: not by the code under test. */
export function sealed(head: string): string {
  let rest = crc32(head);
  let digits = '';
  for (let i = 0; i < 6; i++) {
    digits = BASE62[rest % 62] + digits;
    rest = Math.floor(rest / 62);
  }
  return head + digits;
}

/** A passphrase as people think of them: words, and digits somewhere. */
export function passphrase(drawn: Drawn): string {
  const word = () => drawn.text(4 + drawn.below(4), LETTERS);
  return `${word()}-${drawn.below(9000) + 1000}${drawn.pick(['!', '.', '', '#'])}${word()}`;
}

export type PemKind = 'ed25519' | 'secp256k1' | 'rsa' | 'openssh';

/** Made once: an RSA key takes a second to be found. */
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  type: 'pkcs1',
  format: 'der',
});

/** A private key in PEM. What is in its frame is drawn; of RSA the last number is, so that no two files are alike. */
export function privatePem(drawn: Drawn, kind: PemKind): string {
  if (kind === 'rsa') return pem('RSA PRIVATE KEY', Buffer.concat([RSA.subarray(0, -64), drawn.bytes(64)]));
  if (kind === 'ed25519') {
    return pem(
      'PRIVATE KEY',
      Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), drawn.bytes(32)]),
    );
  }
  if (kind === 'secp256k1') {
    const head = Buffer.from('30740201010420', 'hex');
    const curve = Buffer.from('a00706052b8104000aa144034200', 'hex');
    const body = Buffer.concat([head, drawn.bytes(32), curve, Buffer.from([4]), drawn.bytes(64)]);
    return pem('EC PRIVATE KEY', body);
  }
  return pem(
    'OPENSSH PRIVATE KEY',
    Buffer.concat([Buffer.from('openssh-key-v1\0', 'latin1'), drawn.bytes(240)]),
  );
}

export function pem(label: string, body: Buffer): string {
  const lines = body.toString('base64').match(/.{1,64}/g) as string[];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
