import {
  chownSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { replacePrivateFile } from '../src/private-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-file-'));
  path = join(folder, 'bot.env');
  writeFileSync(path, 'before', { mode: 0o600 });
});
afterEach(() => rmSync(folder, { recursive: true }));

it('a file that replaces another belongs to whom that did', () => {
  // Only root can give a file away: anybody else is the owner of both.
  const owner = process.getuid?.() === 0 ? 65_534 : process.getuid?.();
  if (owner !== undefined) chownSync(path, owner, statSync(path).gid);
  replacePrivateFile(path).write('after');
  expect(readFileSync(path, 'utf8')).toBe('after');
  expect([statSync(path).uid, statSync(path).mode & 0o777]).toEqual([owner, 0o600]);
});

it('a file that is reached by a link is replaced, and not the link', () => {
  const link = join(folder, 'link.env');
  symlinkSync('bot.env', link);
  replacePrivateFile(link).write('after');
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(path, 'utf8')).toBe('after');
  expect(readdirSync(folder).sort()).toEqual(['bot.env', 'link.env']);
});
