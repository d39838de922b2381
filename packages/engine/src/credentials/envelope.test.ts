import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEnvKeyring } from '../keyring/env.ts';
import { KeyringError } from '../ports/keyring.ts';
import { kekOf, prepareSealer, rewrap, seal, unseal } from './envelope.ts';

const NAME = 'credential/ck_1/1';
const kek = (fill: number) => Buffer.alloc(32, fill).toString('base64');
const one = createEnvKeyring(`kek-1:${kek(1)}`);
const both = createEnvKeyring(`kek-2:${kek(2)},kek-1:${kek(1)}`);
const two = createEnvKeyring(`kek-2:${kek(2)}`);
const secret = Buffer.from('cs_live_a_secret_worth_keeping');

describe('a sealed value', () => {
  it('opens again, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
        fc.string(),
        async (bytes, name) => {
          const sealed = await seal(one, name, bytes);
          expect((await unseal(one, name, sealed)).equals(bytes)).toBe(true);
          if (bytes.length >= 8) expect(Buffer.from(sealed).includes(bytes)).toBe(false);
        },
      ),
    );
  });

  it('opens under no other name', async () => {
    const sealed = await seal(one, NAME, secret);
    for (const other of ['credential/ck_1/2', 'credential/ck_2/1', '', `${NAME} `]) {
      await expect(unseal(one, other, sealed)).rejects.toBeInstanceOf(KeyringError);
    }
  });

  it('does not open with any one bit flipped', async () => {
    const sealed = await seal(one, NAME, secret);
    for (let at = 0; at < sealed.length; at++) {
      for (let bit = 1; bit < 256; bit <<= 1) {
        const changed = Buffer.from(sealed);
        changed[at] = (changed[at] as number) ^ bit;
        await expect(unseal(one, NAME, changed), `byte ${at}`).rejects.toBeInstanceOf(KeyringError);
      }
    }
  });

  it('does not open when it is cut short, or longer than it was', async () => {
    const sealed = Buffer.from(await seal(one, NAME, secret));
    for (let length = 0; length < sealed.length; length++) {
      await expect(unseal(one, NAME, sealed.subarray(0, length)), `${length} bytes`).rejects.toBeInstanceOf(
        KeyringError,
      );
    }
    await expect(unseal(one, NAME, Buffer.concat([sealed, Buffer.alloc(1)]))).rejects.toBeInstanceOf(
      KeyringError,
    );
  });

  it('never makes the reader throw anything but a KeyringError', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 120 }), async (bytes) => {
        const open = await unseal(one, NAME, bytes).catch((error: unknown) => error);
        expect(open).toBeInstanceOf(KeyringError);
      }),
    );
  });

  it('names in its fault what is damaged, and nothing of the value or a key', async () => {
    const sealed = Buffer.from(await seal(one, NAME, secret));
    sealed[sealed.length - 1] = (sealed[sealed.length - 1] as number) ^ 1;
    const error = (await unseal(one, NAME, sealed).catch((fault: unknown) => fault)) as Error;
    expect(error.message).toContain(NAME);
    expect(`${error.message}${error.stack}`).not.toContain(kek(1));
  });

  it('has a data key and an iv of its own', async () => {
    const [a, b] = [await seal(one, NAME, secret), await seal(one, NAME, secret)];
    expect(Buffer.from(a).equals(b)).toBe(false);
  });

  it('is made once from one sealer', async () => {
    const sealer = await prepareSealer(one);
    expect((await unseal(one, 'a', sealer('a', secret))).equals(secret)).toBe(true);
    expect(() => sealer('b', secret)).toThrow(TypeError);
  });
});

describe('wrapping anew', () => {
  it('keeps the value, and needs the new key only', async () => {
    const sealed = await seal(one, NAME, secret);
    const renewed = await rewrap(both, sealed);
    expect([kekOf(sealed), kekOf(renewed)]).toEqual(['kek-1', 'kek-2']);
    expect((await unseal(two, NAME, renewed)).equals(secret)).toBe(true);
    await expect(unseal(one, NAME, renewed)).rejects.toBeInstanceOf(KeyringError);
    await expect(unseal(two, NAME, sealed)).rejects.toBeInstanceOf(KeyringError);
  });

  it('leaves the ciphertext byte for byte', async () => {
    const sealed = Buffer.from(await seal(one, NAME, randomBytes(40)));
    const renewed = Buffer.from(await rewrap(both, sealed));
    expect(renewed.subarray(-68).equals(sealed.subarray(-68))).toBe(true);
  });

  it('is refused for a value of which the keyring has no key, or that was damaged', async () => {
    const sealed = Buffer.from(await seal(one, NAME, secret));
    await expect(rewrap(two, sealed)).rejects.toBeInstanceOf(KeyringError);
    sealed[20] = (sealed[20] as number) ^ 1;
    await expect(rewrap(both, sealed)).rejects.toBeInstanceOf(KeyringError);
  });
});
