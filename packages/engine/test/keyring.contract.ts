import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { type Keyring, KeyringError } from '@countersign/engine';
import { describe, expect, it } from 'vitest';

/** How a kind of keyring is made: with one key, and with a newer one in front of that. */
export interface KeyringAdapter {
  readonly name: string;
  /** `material` are the keys as they stand in the configuration: no text may show them. */
  open(): Promise<{
    keyring: Keyring;
    renewed(): Promise<Keyring>;
    stranger(): Promise<Keyring>;
    material(): string[];
  }>;
}

/** What every keyring keeps to. */
export function keyringContract(adapter: KeyringAdapter): void {
  describe(`keyring: ${adapter.name}`, () => {
    it('unwraps what it wrapped', async () => {
      const { keyring } = await adapter.open();
      const dataKey = randomBytes(32);
      const wrapped = await keyring.wrap(dataKey);
      expect(wrapped.kekId).toBe(keyring.currentKekId);
      expect(Buffer.from(wrapped.bytes).includes(dataKey)).toBe(false);
      expect(Buffer.from(await keyring.unwrap(wrapped)).equals(dataKey)).toBe(true);
    });

    it('has a name of 1 to 64 plain characters for its current key', async () => {
      const { keyring } = await adapter.open();
      expect(keyring.currentKekId).toMatch(/^[A-Za-z0-9_.-]{1,64}$/);
    });

    it('wraps under the newer key once it has one, and still unwraps under the older', async () => {
      const { keyring, renewed } = await adapter.open();
      const before = keyring.currentKekId;
      const dataKey = randomBytes(32);
      const old = await keyring.wrap(dataKey);
      const newer = await renewed();
      expect(newer.currentKekId).not.toBe(before);
      const wrapped = await newer.wrap(dataKey);
      expect(wrapped.kekId).toBe(newer.currentKekId);
      expect(Buffer.from(await newer.unwrap(old)).equals(dataKey)).toBe(true);
      expect(Buffer.from(await newer.unwrap(wrapped)).equals(dataKey)).toBe(true);
    });

    it('rejects with a KeyringError what another keyring wrapped, and names the key', async () => {
      const { keyring, stranger } = await adapter.open();
      const wrapped = await (await stranger()).wrap(randomBytes(32));
      const fault = keyring.unwrap(wrapped);
      await expect(fault).rejects.toBeInstanceOf(KeyringError);
      await expect(fault).rejects.toThrow(wrapped.kekId);
    });

    it('rejects with a KeyringError a wrapped key of wrong size, or changed', async () => {
      const { keyring } = await adapter.open();
      const { kekId, bytes } = await keyring.wrap(randomBytes(32));
      for (const length of [0, 8, 32, 39]) {
        await expect(keyring.unwrap({ kekId, bytes: bytes.subarray(0, length) })).rejects.toBeInstanceOf(
          KeyringError,
        );
      }
      const longer = Buffer.concat([bytes, Buffer.alloc(8)]);
      await expect(keyring.unwrap({ kekId, bytes: longer })).rejects.toBeInstanceOf(KeyringError);
      for (let at = 0; at < bytes.length; at++) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] as number) ^ 0x80;
        await expect(keyring.unwrap({ kekId, bytes: changed })).rejects.toBeInstanceOf(KeyringError);
      }
    });

    it('rejects with a KeyringError a data key that has not 32 bytes', async () => {
      const { keyring } = await adapter.open();
      for (const length of [0, 16, 31, 33]) {
        await expect(keyring.wrap(randomBytes(length))).rejects.toBeInstanceOf(KeyringError);
      }
    });

    it('shows no key when it is printed', async () => {
      const { keyring, material } = await adapter.open();
      const shown = `${inspect(keyring, { depth: 9, showHidden: true })}${JSON.stringify(keyring)}${keyring}`;
      expect(material().length).toBeGreaterThan(0);
      for (const text of material()) expect(shown).not.toContain(text);
    });
  });
}
