import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createEnvKeyring, openFileKeyring } from '@countersign/engine';
import { afterAll } from 'vitest';
import { type KeyringAdapter, keyringContract } from './keyring.contract.ts';
import { temporaryFolder } from './store-adapters.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const KEYRINGS: readonly KeyringAdapter[] = [
  {
    name: 'file',
    async open() {
      const folder = temporaryFolder();
      folders.push(folder);
      const path = join(folder, 'keyring.json');
      const keyring = openFileKeyring(path, () => 0);
      return {
        keyring,
        async renewed() {
          await keyring.addKek();
          return keyring;
        },
        stranger: async () => openFileKeyring(join(folder, 'other.json'), () => 0),
        material: () => Object.values(JSON.parse(readFileSync(path, 'utf8')).keks as Record<string, string>),
      };
    },
  },
  {
    name: 'environment',
    async open() {
      const key = () => randomBytes(32).toString('base64');
      const first = `kek-1:${key()}`;
      return {
        keyring: createEnvKeyring(first),
        renewed: async () => createEnvKeyring(`kek-2:${key()},${first}`),
        stranger: async () => createEnvKeyring(`kek-9:${key()}`),
        material: () => [first.slice(6)],
      };
    },
  },
];

for (const adapter of KEYRINGS) keyringContract(adapter);
