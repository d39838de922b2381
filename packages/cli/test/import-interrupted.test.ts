import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { createSqliteStore } from '@countersign/engine/sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { countersign, endOf, listeningUrl, startCommand } from './command.ts';

const SERVICE = fileURLToPath(new URL('../../server/dist/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'countersign-import-'));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

const line = (prefix: string, n: number) =>
  `${JSON.stringify({
    id: `${prefix}-${n}`,
    secret: `the-secret-of-${prefix}-${n}`,
    accountId: 'acct_7',
    environment: 'live',
    kind: 'hmac',
    permissions: [],
  })}\n`;
const lines = (prefix: string, from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => line(prefix, from + i)).join('');

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts the service over the same data, at the same place. */
async function startService(data: string, port: number): Promise<ChildProcess> {
  const settings = {
    COUNTERSIGN_PORT: String(port),
    COUNTERSIGN_DATA_DIR: data,
    COUNTERSIGN_LOG_LEVEL: 'error',
  };
  const child = spawn(process.execPath, [SERVICE], { env: { PATH: process.env.PATH, ...settings } });
  children.push(child);
  await listeningUrl(child);
  return child;
}

const kill = (child: ChildProcess) =>
  new Promise((resolve) => {
    child.once('close', resolve);
    child.kill('SIGKILL');
  });
const envOf = (data: string) =>
  parseEnv(readFileSync(join(data, 'operator.env'), 'utf8')) as Record<string, string>;

async function isThere(env: Record<string, string>, id: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${env.COUNTERSIGN_SECRET}` };
  return (await fetch(`${env.COUNTERSIGN_URL}/v1/keys/${id}`, { headers })).ok;
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** How often each key was imported, by the log of a service that has ended. */
async function importsIn(data: string): Promise<Map<string, number>> {
  const store = await createSqliteStore({ path: join(data, 'countersign.db') });
  const counts = new Map<string, number>();
  for (const { bytes } of await store.readLog({ after: 0, limit: 100_000, type: 'key.imported' })) {
    const { credentialId } = JSON.parse(bytes) as { credentialId: string };
    counts.set(credentialId, (counts.get(credentialId) ?? 0) + 1);
  }
  await store.close();
  return counts;
}

describe('an import that is interrupted', () => {
  it('by a kill -9 of the service goes on when it is back, and imports every key once', async () => {
    const data = join(folder, 'service');
    const port = await freePort();
    const service = await startService(data, port);
    const env = envOf(data);
    const command = startCommand(['keys', 'import', '--from', '-'], { env });
    children.push(command);
    let said = '';
    command.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    command.stdin?.write(lines('s', 0, 1_000));
    await until(() => isThere(env, 's-249'));
    await kill(service);
    command.stdin?.write(lines('s', 1_000, 1_500));
    await until(() => said.includes('Trying again in'));
    const again = await startService(data, port);
    const { code, stdout } = await endOf(command, lines('s', 1_500, 2_000));
    const [, imported, there] = /^Imported (\d+), already there (\d+), failed 0\.\n$/.exec(stdout) ?? [];
    expect(code).toBe(0);
    expect(Number(imported) + Number(there)).toBe(2_000);
    await kill(again);
    const counts = await importsIn(data);
    expect(counts.size).toBe(2_000);
    expect(new Set(counts.values())).toEqual(new Set([1]));
  });

  it('by a kill -9 of the command itself is done by running it again', async () => {
    const data = join(folder, 'command');
    const service = await startService(data, await freePort());
    const env = envOf(data);
    const command = startCommand(['keys', 'import', '--from', '-'], { env });
    command.stdin?.on('error', () => {});
    command.stdin?.write(lines('c', 0, 900));
    await until(() => isThere(env, 'c-249'));
    await kill(command);
    const { code, stdout } = await countersign(['keys', 'import', '--from', '-'], {
      env,
      input: lines('c', 0, 1_500),
    });
    const [, imported, there] = /^Imported (\d+), already there (\d+), failed 0\.\n$/.exec(stdout) ?? [];
    expect(code).toBe(0);
    expect(Number(imported) + Number(there)).toBe(1_500);
    expect(Number(there)).toBeGreaterThanOrEqual(250);
    await kill(service);
    const counts = await importsIn(data);
    expect(counts.size).toBe(1_500);
    expect(new Set(counts.values())).toEqual(new Set([1]));
  });
});
