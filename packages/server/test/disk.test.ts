import { execFileSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { aKey } from './running-app.ts';
import {
  api,
  cleanUp,
  eventually,
  failToStart,
  newFolder,
  operatorOf,
  startProcess,
} from './service-process.ts';

const mounted: string[] = [];

afterEach(async () => {
  await cleanUp();
});

/** Whether this machine lets us mount; as anybody but root it does not. */
function tryToMount(folder: string, options: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' });
    mounted.push(folder);
    return true;
  } catch {
    return false;
  }
}

function unmountAll(): void {
  for (const folder of mounted.splice(0)) execFileSync('umount', ['-l', folder]);
}

const probe = newFolder();
const mayMount = tryToMount(probe, 'size=1m');
unmountAll();

describe.skipIf(!mayMount)('a disk (skipped where file systems cannot be mounted)', () => {
  afterEach(unmountAll);

  it('that is full has the service refuse with unavailable, and go on when there is room', async () => {
    const folder = newFolder();
    tryToMount(folder, 'size=4m');
    const service = await startProcess({ DATA_DIR: folder });
    const { secret } = operatorOf(folder);
    const create = () => api(service.url, secret, 'POST', '/v1/keys', aKey());
    const ready = () => api(service.url, undefined, 'GET', '/readyz');
    const before = await create();
    expect(before.status).toBe(201);

    const filler = join(folder, 'filler');
    const { bavail, bsize } = statfsSync(folder);
    writeFileSync(filler, Buffer.alloc(bavail * bsize));
    const made = [before.json.id];
    await eventually(async () => {
      const answer = await create();
      if (answer.status === 201) made.push(answer.json.id);
      else expect([answer.status, answer.json.code]).toEqual([503, 'unavailable']);
      return answer.status === 503;
    }, 'the disk is full');
    await eventually(async () => (await ready()).status === 503, 'it is not ready');
    expect((await ready()).json).toMatchObject({
      status: 'unavailable',
      reasons: ['the audit log cannot be written'],
    });
    expect((await ready()).headers.get('retry-after')).toBe('1');
    expect((await api(service.url, undefined, 'GET', '/livez')).status).toBe(200);
    const decision = await api(service.url, secret, 'POST', '/v1/verify', {
      request: { method: 'GET', target: '/', headers: {} },
    });
    expect([decision.status, decision.json.code]).toEqual([503, 'unavailable']);
    expect(service.stderr).toContain('The disk is full');

    rmSync(filler);
    await eventually(async () => (await ready()).status === 200, 'it is ready again');
    expect((await create()).status).toBe(201);
    // What was answered is there.
    for (const id of made) expect((await api(service.url, secret, 'GET', `/v1/keys/${id}`)).status).toBe(200);
    expect(await service.signal('SIGTERM')).toEqual({ code: 0, signal: null });
  });

  it('that cannot be written is told at the start', async () => {
    const folder = newFolder();
    tryToMount(folder, 'size=2m');
    await (await startProcess({ DATA_DIR: folder })).signal('SIGTERM');
    execFileSync('mount', ['-o', 'remount,ro', folder]);
    const { code, output } = await failToStart({ DATA_DIR: folder });
    expect(code).toBe(1);
    expect(output).toMatch(/The database cannot be (written|opened): check /);
    expect(output).not.toMatch(/\n {4}at /);
  });

  it('that is full at the first start is told, and the next start succeeds', async () => {
    const folder = newFolder();
    tryToMount(folder, 'size=2m');
    const filler = join(folder, 'filler');
    writeFileSync(filler, Buffer.alloc(2 * 1024 * 1024 - 16 * 4096));
    const { code, output } = await failToStart({ DATA_DIR: folder });
    expect(code).toBe(1);
    expect(output).toMatch(/The disk is full|no space left/i);
    rmSync(filler);
    const service = await startProcess({ DATA_DIR: folder });
    expect((await api(service.url, operatorOf(folder).secret, 'GET', '/v1/keys')).status).toBe(200);
  });
});
