import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeyringError } from '../ports/keyring.ts';
import { openFileKeyring } from './file.ts';

const NOW = Date.UTC(2026, 10, 24);
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-keyring-'));
  path = join(folder, 'keyring.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = () => openFileKeyring(path, () => NOW);
const put = (text: string, mode = 0o600) => writeFileSync(path, text, { mode });

function faultOf(call: () => unknown): KeyringError {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(KeyringError);
    return error as KeyringError;
  }
  throw new Error('was not refused');
}

describe('a keyring file', () => {
  it('is made with a fresh key when there is none, for its owner alone', () => {
    expect(open().currentKekId).toMatch(/^kek-20261124-[0-9a-f]{6}$/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['keyring.json']);
  });

  it('is not made where it must not: beside secrets, a missing one is a loss', () => {
    expect(faultOf(() => openFileKeyring(path, () => NOW, false)).message).toContain(
      'restore it from its backup',
    );
    expect(existsSync(path)).toBe(false);
    open();
    expect(openFileKeyring(path, () => NOW, false).currentKekId).toMatch(/^kek-/);
  });

  it('is read again, with the same keys', async () => {
    const dataKey = Buffer.alloc(32, 7);
    const wrapped = await open().wrap(dataKey);
    expect(Buffer.from(await open().unwrap(wrapped)).equals(dataKey)).toBe(true);
  });

  for (const mode of [0o640, 0o604, 0o660, 0o644, 0o610]) {
    it(`is refused with mode ${mode.toString(8)}, because others can read or change it`, () => {
      open();
      chmodSync(path, mode);
      expect(faultOf(open).message).toContain('can be read by others');
    });
  }

  it('gets a new current key in place, and keeps the old ones', async () => {
    const keyring = open();
    const before = keyring.currentKekId;
    const wrapped = await keyring.wrap(Buffer.alloc(32, 1));
    const added = await keyring.addKek();
    expect(added).not.toBe(before);
    expect(keyring.currentKekId).toBe(added);
    expect((await keyring.wrap(Buffer.alloc(32, 2))).kekId).toBe(added);
    expect(Buffer.from(await keyring.unwrap(wrapped)).equals(Buffer.alloc(32, 1))).toBe(true);
    const again = open();
    expect(again.currentKekId).toBe(added);
    expect(Buffer.from(await again.unwrap(wrapped)).equals(Buffer.alloc(32, 1))).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('adds a key to what is in the file, not to what was there when it was opened', async () => {
    const [first, second] = [open(), open()];
    const byFirst = await first.addKek();
    const bySecond = await second.addKek();
    expect(Object.keys(JSON.parse(readFileSync(path, 'utf8')).keks)).toEqual(
      expect.arrayContaining([byFirst, bySecond]),
    );
  });
});

describe('a broken keyring file', () => {
  const kek = Buffer.alloc(32, 0x5e).toString('base64');
  const FAULTS: readonly [string, string, string][] = [
    ['no JSON', `{"current": "a", "keks": {"a": "${kek}"`, 'is not a keyring file'],
    ['a bare word beside a key', `{"keks": {"a": ${kek}}}`, 'is not a keyring file'],
    ['no object', `"${kek}"`, 'is not a keyring file'],
    ['null', 'null', 'is not a keyring file'],
    ['no keks', `{"current": "${kek}"}`, 'is not a keyring file'],
    ['keks that are null', '{"current": "a", "keks": null}', 'is not a keyring file'],
    ['a short key', `{"current": "a", "keks": {"a": "${kek.slice(4)}"}}`, 'is not 32 bytes'],
    ['a key that is no text', '{"current": "a", "keks": {"a": 7}}', 'is not 32 bytes'],
    ['another current key', `{"current": "b", "keks": {"a": "${kek}"}}`, 'no key of the name in "current"'],
    ['no current key', '{"current": "", "keks": {}}', 'no key of the name in "current"'],
    ['key and name exchanged', `{"current": "a", "keks": {"${kek}": "a"}}`, 'is not 32 bytes'],
    ['nothing in it', '', 'is not a keyring file'],
  ];
  for (const [fault, text, message] of FAULTS) {
    it(`is refused with ${fault}, and nothing of its text is repeated`, () => {
      put(text);
      const error = faultOf(open);
      expect(error.message).toContain(message);
      const said = inspect(error, { depth: 9 });
      for (let at = 0; at + 10 <= kek.length; at += 5) expect(said).not.toContain(kek.slice(at, at + 10));
      expect(readFileSync(path, 'utf8')).toBe(text);
    });
  }

  it('cannot be read where it is a folder', () => {
    mkdirSync(path);
    expect(faultOf(open).message).toContain('cannot be read');
  });

  it('cannot be made where there is no folder', () => {
    path = join(folder, 'nowhere', 'keyring.json');
    expect(faultOf(open).message).toContain('cannot be written');
    expect(existsSync(path)).toBe(false);
  });
});
