import { chmodSync, copyFileSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../src/config.ts';
import { startService } from '../src/service.ts';
import { newAnswerKeyPem } from '../src/signed-answers/answer-key.ts';
import { cleanUp, newFolder } from './service-process.ts';

afterEach(cleanUp);

/** Starts as the program does, in this process, where it must not come far. The answer is what would be shown. */
async function refused(settings: Record<string, string>): Promise<string> {
  const all = { PORT: '0', DATA_DIR: join(newFolder(), 'data'), ...settings };
  const env = Object.fromEntries(Object.entries(all).map(([name, value]) => [`COUNTERSIGN_${name}`, value]));
  try {
    const service = await startService(loadConfig(env), pino({ level: 'silent' }), '0.0.0');
    await service.close();
  } catch (error) {
    const { name, message } = error as Error;
    // Only the message of these is shown; of any other, a stack.
    expect(['ConfigError', 'StartError', 'StoreError', 'KeyringError']).toContain(name);
    return message;
  }
  throw new Error('the service started');
}

/** Makes a data folder as a first start does. */
async function prepare(folder: string): Promise<void> {
  const config = loadConfig({ COUNTERSIGN_PORT: '0', COUNTERSIGN_DATA_DIR: folder });
  await (await startService(config, pino({ level: 'silent' }), '0.0.0')).close();
}

describe('a start is refused', () => {
  it.each([
    [
      'an unknown name',
      { DATA_DRI: 'x' },
      /DATA_DRI: there is no such setting \(is it COUNTERSIGN_DATA_DIR\?\)/,
    ],
    ['a port that is none', { PORT: '99999' }, /COUNTERSIGN_PORT: must be a port/],
    ['a log level that is none', { LOG_LEVEL: 'loud' }, /COUNTERSIGN_LOG_LEVEL/],
    ['a switch that is neither', { CLAIM_SAFE_METHODS: 'yes' }, /must be true or false/],
    ['plaintext beyond loopback', { HOST: '0.0.0.0' }, /is not loopback, so it needs COUNTERSIGN_TLS_CERT/],
    ['an IPv6 wildcard', { HOST: '::' }, /is not loopback/],
    ['half of TLS', { TLS_CERT: '/x' }, /TLS_CERT and COUNTERSIGN_TLS_KEY: both or none/],
    [
      'TLS files that are not there',
      { TLS_CERT: '/nowhere/a', TLS_KEY: '/nowhere/b' },
      /The TLS files cannot be used/,
    ],
    ['a manifest that is not there', { MANIFEST: '/nowhere/m.yaml' }, /The manifest cannot be read: ENOENT/],
    ['a keyring in the environment without keys', { KEYRING: 'env' }, /KEYRING_KEYS: is needed/],
    ['keys that are none', { KEYRING: 'env', KEYRING_KEYS: 'a:notbase64' }, /key 1 of the keyring/],
    ['an answer key that nothing is signed with', { ANSWER_KEY: 'x' }, /ANSWER_KEY: is of use with/],
    ['an answer key that is none', { SIGN_ANSWERS: 'true', ANSWER_KEY: 'x' }, /ANSWER_KEY is no private key/],
    ['a _FILE that is not there', { HOST_FILE: '/nowhere/host' }, /COUNTERSIGN_HOST_FILE: ENOENT/],
    ['a data folder below a file', { DATA_DIR: '/dev/null/data' }, /The data folder cannot be made/],
    [
      'a host that is not here',
      { HOST: '203.0.113.1', DANGEROUSLY_ALLOW_PLAINTEXT: 'true' },
      /cannot listen on 203\.0\.113\.1/,
    ],
  ])('for %s', async (_what, settings, message) => {
    expect(await refused(settings as Record<string, string>)).toMatch(message);
  });

  it('for a setting that is given twice, and shows no value', async () => {
    const file = join(newFolder(), 'keys');
    writeFileSync(file, 'kek-1:SECRETVALUE');
    const output = await refused({
      KEYRING: 'env',
      KEYRING_KEYS: 'kek-1:OTHERVALUE',
      KEYRING_KEYS_FILE: file,
    });
    expect(output).toMatch(/COUNTERSIGN_KEYRING_KEYS: is set, and COUNTERSIGN_KEYRING_KEYS_FILE too/);
    expect(output).not.toMatch(/SECRETVALUE|OTHERVALUE/);
  });

  it('for a broken manifest, with all faults and their lines', async () => {
    const path = join(newFolder(), 'manifest.yaml');
    writeFileSync(
      path,
      'version: 1\npermissions:\n  trade: { risk: huge }\nroutes:\n  - { route: "FETCH /a", permission: trade }\n  - { route: "GET /b", permission: nobody }\n',
    );
    const output = await refused({ MANIFEST: path });
    expect(output).toMatch(/The manifest has 3 fault\(s\)/);
    for (const line of [3, 5, 6]) expect(output).toMatch(new RegExp(`manifest\\.yaml:${line}:\\d+: `));
  });

  it('for a manifest that is no YAML, with the line', async () => {
    const path = join(newFolder(), 'manifest.yaml');
    writeFileSync(path, 'version: 1\nroutes: [\n');
    expect(await refused({ MANIFEST: path })).toMatch(/manifest\.yaml:\d+:\d+: /);
  });

  it('for all faults of the configuration at once', async () => {
    const output = await refused({
      HOST: '0.0.0.0',
      MANIFSET: 'x.yaml',
      TRUSTED_PROXIES: '10.0.0.0/8, nonsense',
      UPSTREAM: 'http://127.0.0.1:3000/path',
      TLS_KEY: '/nowhere',
      KEYRING: 'env',
    });
    expect(output).toContain('The configuration has 6 fault(s)');
    for (const name of ['HOST', 'MANIFSET', 'TRUSTED_PROXIES', 'UPSTREAM', 'TLS_KEY', 'KEYRING_KEYS']) {
      expect(output).toContain(`COUNTERSIGN_${name}`);
    }
  });

  it('for a database of a newer version', async () => {
    const folder = newFolder();
    await prepare(folder);
    // SQLite keeps user_version at byte 60 of the file, four bytes, the highest first.
    writeSync(openSync(join(folder, 'countersign.db'), 'r+'), Buffer.from([0, 0, 3, 231]), 0, 4, 60);
    expect(await refused({ DATA_DIR: folder })).toMatch(
      /The database has version 999, and this program knows \d+/,
    );
  });

  it('for a database that is none', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'countersign.db'), 'this is no database, however long it may be'.repeat(100));
    expect(await refused({ DATA_DIR: folder })).toMatch(/not a database/);
  });

  it('for a keyring that others can read, or that is broken, and shows no key', async () => {
    const folder = newFolder();
    await prepare(folder);
    const path = join(folder, 'keyring.json');
    const { keks } = JSON.parse(readFileSync(path, 'utf8'));
    chmodSync(path, 0o644);
    expect(await refused({ DATA_DIR: folder })).toMatch(/can be read by others: run chmod 600/);
    chmodSync(path, 0o600);
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, -5));
    const output = await refused({ DATA_DIR: folder });
    expect(output).toMatch(/keyring\.json is not a keyring file/);
    for (const key of Object.values(keks)) expect(output).not.toContain(key);
  });

  it('for an answer key that others can read, or that is broken, and shows no key', async () => {
    const folder = newFolder();
    const settings = { DATA_DIR: folder, SIGN_ANSWERS: 'true' };
    const path = join(folder, 'answer-key.pem');
    const pem = newAnswerKeyPem();
    writeFileSync(path, pem, { mode: 0o644 });
    expect(await refused(settings)).toMatch(/answer-key\.pem can be read by others: move it away/);
    chmodSync(path, 0o600);
    writeFileSync(path, pem.slice(0, 60));
    const output = await refused(settings);
    expect(output).toMatch(/answer-key\.pem is no private key in PEM/);
    expect(output).not.toContain(pem.slice(28, 60));
  });

  it('without the keyring of the database, or with another', async () => {
    const [folder, other] = [newFolder(), newFolder()];
    await Promise.all([prepare(folder), prepare(other)]);
    rmSync(join(folder, 'keyring.json'));
    expect(await refused({ DATA_DIR: folder })).toMatch(
      /keyring\.json is not there, and the database holds secrets sealed under it/,
    );
    copyFileSync(join(other, 'keyring.json'), join(folder, 'keyring.json'));
    expect(await refused({ DATA_DIR: folder })).toMatch(/was a wrong or older keyring given\?/);
  });
});

describe('settings', () => {
  const config = (settings: Record<string, string>) =>
    loadConfig(
      Object.fromEntries(Object.entries(settings).map(([name, value]) => [`COUNTERSIGN_${name}`, value])),
    );

  it('have defaults that need nothing else', () => {
    expect(loadConfig({ PATH: '/bin' })).toMatchObject({
      host: '127.0.0.1',
      port: 8420,
      dataDir: 'data',
      keyring: 'file',
      upstream: undefined,
    });
  });

  it('are frozen', () => {
    expect(Object.isFrozen(config({}))).toBe(true);
  });

  it.each(['localhost', '127.0.0.1', '::1', '[::1]'])('take %s for loopback', (HOST) => {
    expect(config({ HOST }).host).toBe(HOST);
  });

  it('read lists of networks, by commas or spaces', () => {
    expect(config({ TRUSTED_PROXIES: '10.0.0.0/8, 2001:db8::/32 192.0.2.1' }).trustedProxies).toHaveLength(3);
  });

  it('take an origin for the upstream', () => {
    expect(config({ UPSTREAM: 'https://api.internal:8443' }).upstream?.origin).toBe(
      'https://api.internal:8443',
    );
    for (const UPSTREAM of [
      'api.internal',
      'ftp://a',
      'http://user:pw@a',
      'http://a/?b',
      'http://a/#b',
      '/path',
    ]) {
      expect(() => config({ UPSTREAM })).toThrow('UPSTREAM: must be an origin');
    }
  });
});
