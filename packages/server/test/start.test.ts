import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  api,
  cleanUp,
  failToStart,
  newFolder,
  operatorOf,
  ServiceProcess,
  startProcess,
} from './service-process.ts';

afterEach(cleanUp);

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe('a first start', () => {
  it('makes what it needs for its owner alone, says where, and never what the secret is', async () => {
    const folder = join(newFolder(), 'new', 'data');
    const service = await startProcess({ DATA_DIR: folder });
    const { url, id, secret } = operatorOf(folder);
    expect(secret).toMatch(/^cb_live_[0-9A-Za-z]{85}$/);
    expect(url).toBe(service.url);
    expect(service.stdout).toMatch(/listening on http:\/\/127\.0\.0\.1:\d+\n$/);
    expect(service.stdout).toContain(join(folder, 'operator.env'));
    expect(modeOf(folder)).toBe('700');
    for (const file of readdirSync(folder)) expect([file, modeOf(join(folder, file))]).toEqual([file, '600']);
    expect(readdirSync(folder)).toEqual(
      expect.arrayContaining(['keyring.json', 'operator.env', 'countersign.db']),
    );
    const shown = await api(url, secret, 'GET', `/v1/keys/${id}`);
    expect(shown.json).toMatchObject({
      id,
      label: 'first operator',
      permissions: expect.arrayContaining(['keys.write', 'config.write']),
    });
    await service.signal('SIGTERM');
    expect(service.output).not.toContain(secret);
    expect(service.output).not.toContain('Deprecation');
    for (const kek of Object.values(JSON.parse(readFileSync(join(folder, 'keyring.json'), 'utf8')).keks)) {
      expect(service.output).not.toContain(kek);
    }
  });

  it('is followed by others that use what it made', async () => {
    const folder = newFolder();
    await (await startProcess({ DATA_DIR: folder })).signal('SIGTERM');
    const before = ['keyring.json', 'operator.env'].map((file) => readFileSync(join(folder, file), 'utf8'));
    const second = await startProcess({ DATA_DIR: folder });
    expect(['keyring.json', 'operator.env'].map((file) => readFileSync(join(folder, file), 'utf8'))).toEqual(
      before,
    );
    expect(second.stdout).not.toContain('operator.env');
    expect((await api(second.url, operatorOf(folder).secret, 'GET', '/v1/keys')).status).toBe(200);
  });

  it('that was killed before the token was written is made good by the next', async () => {
    const folder = newFolder();
    await (await startProcess({ DATA_DIR: folder })).signal('SIGTERM');
    rmSync(join(folder, 'operator.env'));
    writeFileSync(join(folder, 'operator.env.new'), '', { mode: 0o600 });
    const second = await startProcess({ DATA_DIR: folder });
    expect(second.stdout).toContain('operator.env');
    expect(existsSync(join(folder, 'operator.env.new'))).toBe(false);
    expect((await api(second.url, operatorOf(folder).secret, 'GET', '/v1/keys')).status).toBe(200);
  });

  it('does not write over a credential of another database', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'operator.env'), 'COUNTERSIGN_SECRET=of another one\n');
    const { code, output } = await failToStart({ DATA_DIR: folder });
    expect(code).toBe(1);
    expect(output).toMatch(/operator\.env is there, and the database has no operator/);
    expect(output).not.toMatch(/\n {4}at /);
  });
});

describe('a start is refused', () => {
  const refused = async (settings: Record<string, string>) => {
    const { code, output } = await failToStart({ DATA_DIR: newFolder(), ...settings });
    expect(code).toBe(1);
    expect(output).not.toMatch(/\n {4}at |node_modules/);
    return output;
  };

  it('for a data folder that another process uses', async () => {
    const folder = newFolder();
    await startProcess({ DATA_DIR: folder });
    expect(await refused({ DATA_DIR: folder })).toMatch(
      /Another process uses this database: is the service running already\?/,
    );
  });

  it('for a port that is in use, and lets go of the database', async () => {
    const first = await startProcess({ DATA_DIR: newFolder() });
    const folder = newFolder();
    expect(await refused({ DATA_DIR: folder, PORT: String(first.port) })).toMatch(
      /Port \d+ of 127\.0\.0\.1 is in use/,
    );
    const proxy = { UPSTREAM: 'http://127.0.0.1:9', PROXY_PORT: String(first.port) };
    expect(await refused({ DATA_DIR: folder, ...proxy })).toContain('COUNTERSIGN_PROXY_PORT');
    await startProcess({ DATA_DIR: folder });
  });
});

describe('settings', () => {
  it('are read from files too', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'settings'));
    const inFile = (name: string, text: string) => {
      writeFileSync(join(folder, 'settings', name), text);
      return join(folder, 'settings', name);
    };
    const keys = `kek-9:${Buffer.alloc(32, 9).toString('base64')}`;
    const service = await startProcess({
      DATA_DIR_FILE: inFile('dir', `${join(folder, 'data')}\n`),
      KEYRING_FILE: inFile('keyring', 'env\n'),
      KEYRING_KEYS_FILE: inFile('keys', keys),
    });
    expect(existsSync(join(folder, 'data', 'keyring.json'))).toBe(false);
    const state = await api(service.url, operatorOf(join(folder, 'data')).secret, 'GET', '/v1/keyring');
    expect(state.json).toMatchObject({ currentKekId: 'kek-9' });
    const rotated = await api(
      service.url,
      operatorOf(join(folder, 'data')).secret,
      'POST',
      '/v1/keyring/rotate',
    );
    expect([rotated.status, rotated.json.code]).toEqual([409, 'keyring_not_rotatable']);
    expect(service.output).not.toContain(keys);
  });

  it('of the client are no mistake where the service runs', async () => {
    await startProcess({ DATA_DIR: newFolder(), URL: 'http://x', KEY_ID: 'a', SECRET: 'b' });
  });

  it('empty count as absent', async () => {
    await startProcess({ DATA_DIR: newFolder(), MANIFEST: '', UPSTREAM: '' });
  });

  const address = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

  it.skipIf(address === undefined)(
    'may allow plaintext, and a bearer token is refused there still (skipped without a network)',
    async () => {
      const folder = newFolder();
      const service = await startProcess({
        DATA_DIR: folder,
        HOST: '0.0.0.0',
        DANGEROUSLY_ALLOW_PLAINTEXT: 'true',
      });
      const { secret } = operatorOf(folder);
      const far = await api(`http://${address}:${service.port}`, secret, 'GET', '/v1/keys');
      expect([far.status, far.json.code]).toEqual([401, 'credential_missing']);
      expect((await api(`http://127.0.0.1:${service.port}`, secret, 'GET', '/v1/keys')).status).toBe(200);
    },
  );
});

it('a process that is told to stop while it starts leaves nothing that keeps the next from starting', async () => {
  const folder = newFolder();
  for (const delayMs of [50, 150, 250, 350]) {
    const service = new ServiceProcess({ DATA_DIR: folder });
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    await service.signal('SIGKILL');
  }
  await startProcess({ DATA_DIR: folder });
  expect(operatorOf(folder).secret).toMatch(/^cb_live_/);
  expect(execFileSync('ls', [folder]).toString()).not.toContain('operator.env.new');
});
