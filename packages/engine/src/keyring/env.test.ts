import { describe, expect, it } from 'vitest';
import { KeyringError } from '../ports/keyring.ts';
import { createEnvKeyring } from './env.ts';

const kek = (fill: number, length = 32) => Buffer.alloc(length, fill).toString('base64');

describe('a keyring in the environment', () => {
  it('takes the first key as the current one, and opens with all', async () => {
    const old = createEnvKeyring(`kek-1:${kek(1)}`);
    const wrapped = await old.wrap(Buffer.alloc(32, 9));
    const keyring = createEnvKeyring(` kek-2:${kek(2)} , kek-1:${kek(1)} `);
    expect(keyring.currentKekId).toBe('kek-2');
    expect(Buffer.from(await keyring.unwrap(wrapped)).equals(Buffer.alloc(32, 9))).toBe(true);
  });

  const FAULTS: readonly [string, string][] = [
    ['nothing', ''],
    ['no name', kek(1)],
    ['an empty name', `:${kek(1)}`],
    ['a name with a space', `a b:${kek(1)}`],
    ['a name of 65 characters', `${'k'.repeat(65)}:${kek(1)}`],
    ['no key', 'kek-1:'],
    ['a short key', `kek-1:${kek(1, 31)}`],
    ['a long key', `kek-1:${kek(1, 33)}`],
    ['hexadecimal digits', `kek-1:${Buffer.alloc(32, 1).toString('hex')}`],
    ['base64url', `kek-1:${Buffer.alloc(32, 0xff).toString('base64url')}`],
    ['missing padding', `kek-1:${kek(1).replace('=', '')}`],
    ['a third part', `kek-1:${kek(1)}:more`],
    ['a comma at its end', `kek-1:${kek(1)},`],
  ];
  for (const [fault, text] of FAULTS) {
    it(`is refused with ${fault}, by a fault without the key`, () => {
      let error: unknown;
      try {
        createEnvKeyring(text);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(KeyringError);
      expect((error as Error).message).toMatch(/^key \d of the keyring is not ID:BASE64 with 32 bytes$/);
    });
  }

  it('is refused with one name twice', () => {
    expect(() => createEnvKeyring(`a:${kek(1)},a:${kek(2)}`)).toThrow('names a twice');
  });
});
