import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, createClient, keyFromEnvFile } from '@countersign/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  api,
  cleanUp,
  newFolder,
  operatorOf,
  type ServiceProcess,
  startProcess,
} from '../../server/test/service-process.ts';
import { envText, replaceFile } from './keys.ts';
import { json, type Loopback, startLoopback } from './loopback.ts';

const MANIFEST = `
version: 1
permissions:
  trade: { risk: medium }
routes:
  - { route: "GET /orders", permission: trade }
  - { route: "POST /orders", permission: trade }
`;
const PASSPHRASE = 'Passphrase1';

let upstream: Loopback;
let service: ServiceProcess;
let settings: Record<string, string>;
let operator: { id: string; secret: string };
let folder: string;

beforeAll(async () => {
  upstream = await startLoopback(json({ code: '00000' }));
  folder = newFolder();
  writeFileSync(join(folder, 'manifest.yaml'), MANIFEST);
  settings = {
    DATA_DIR: join(folder, 'data'),
    MANIFEST: join(folder, 'manifest.yaml'),
    UPSTREAM: upstream.url,
  };
  service = await startProcess(settings);
  operator = operatorOf(join(folder, 'data'));
  // From now on at the same ports, so that it can be started again.
  settings = { ...settings, PORT: String(service.port), PROXY_PORT: String(service.proxyPort) };
}, 60_000);

afterAll(async () => {
  await upstream.close();
  await cleanUp();
});

async function manage(method: string, path: string, body?: unknown) {
  const answer = await api(service.url, operator.secret, method, path, body);
  if (answer.status >= 300) throw new Error(answer.text);
  return answer.json;
}

/** A new key in an env file, and a client that signs with what is in the file. */
async function newBot(name: string, dialect = 'bitget') {
  const key = await manage('POST', '/v1/keys', {
    accountId: 'acct_1',
    label: name,
    environment: 'live',
    kind: 'hmac',
    dialects: [dialect],
    permissions: ['trade'],
    passphrase: PASSPHRASE,
  });
  const path = join(folder, `${name}.env`);
  replaceFile(path, envText(key.id, key.secret, PASSPHRASE));
  const baseUrl = `http://127.0.0.1:${service.proxyPort}`;
  const client = createClient({ dialect, baseUrl, key: keyFromEnvFile(path), retries: 8 });
  const rotate = async (graceSeconds: number, writeAfterMs = 0) => {
    const { secret } = await manage('POST', `/v1/keys/${key.id}/rotate`, { graceSeconds });
    await new Promise((resolve) => setTimeout(resolve, writeAfterMs));
    replaceFile(path, envText(key.id, secret, PASSPHRASE));
  };
  return { client, rotate, key, path };
}

/** Sends one request after the other until it is told to stop; counts those that came through. */
function load(client: Client, init: (count: number) => RequestInit) {
  let isOver = false;
  const failures: unknown[] = [];
  let succeeded = 0;
  const running = (async () => {
    for (let count = 0; !isOver; count++) {
      try {
        const answer = await client.fetch('/orders', init(count));
        if (answer.status !== 200) throw new Error(`status ${answer.status}`);
        await answer.json();
        succeeded++;
      } catch (error) {
        failures.push(error);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  return {
    async stop() {
      isOver = true;
      await running;
      return { failures, succeeded };
    },
  };
}

const second = () => new Promise((resolve) => setTimeout(resolve, 1000));

it('loses no request over a rotation every second, and a restart of the service in between', async () => {
  const { client, rotate } = await newBot('grace');
  const order = (count: number, who: string): RequestInit => ({
    method: 'POST',
    body: JSON.stringify({ count, who }),
    headers: { 'idempotency-key': `${who}-${count}` },
  });
  const loads = [
    load(client, () => ({})),
    load(client, (count) => order(count, 'one')),
    load(client, (count) => order(count, 'two')),
  ];
  for (let i = 0; i < 3; i++) {
    await rotate(2, 100);
    await second();
  }
  await service.signal('SIGTERM');
  service = await startProcess(settings);
  for (let i = 0; i < 2; i++) {
    await rotate(2, 100);
    await second();
  }
  for (const running of loads) {
    const { failures, succeeded } = await running.stop();
    expect(failures).toEqual([]);
    expect(succeeded).toBeGreaterThan(20);
  }
}, 60_000);

it('signs anew, once, what was refused because the old secret ended at once', async () => {
  const { client, key, path } = await newBot('no-grace');
  const post = () => client.fetch('/orders', { method: 'POST', body: '{"size":"1"}' });
  expect((await post()).status).toBe(200);
  for (let i = 0; i < 3; i++) {
    const before = upstream.received.length;
    const { secret } = await manage('POST', `/v1/keys/${key.id}/rotate`, { graceSeconds: 0 });
    // The file comes after the rotation, and the request in between.
    const answer = post();
    await new Promise((resolve) => setTimeout(resolve, 100));
    replaceFile(path, envText(key.id, secret, PASSPHRASE));
    expect((await answer).status).toBe(200);
    expect(upstream.received.length).toBe(before + 1);
  }
  const entries = await manage('GET', `/v1/audit/entries?credentialId=${key.id}&limit=100`);
  expect(JSON.stringify(entries)).toContain('signature_mismatch');
}, 30_000);

it('says what is wrong when there is no new secret', async () => {
  const { client, key } = await newBot('forgotten');
  expect((await client.fetch('/orders')).status).toBe(200);
  await manage('POST', `/v1/keys/${key.id}/rotate`, { graceSeconds: 0 });
  await expect(client.fetch('/orders')).rejects.toMatchObject({
    code: 'refused',
    status: 400,
    denials: ['signature_mismatch', 'algorithm_not_allowed'],
    advice: 'Give the secret that belongs to this key id; if it was rotated, the new one.',
  });
}, 30_000);

it('finds out by itself that the clock is two minutes off, and sends a request that was refused for it again', async () => {
  for (const [dialect, offMs] of [
    ['bitget', 120_000],
    ['rfc9421', -120_000],
    ['okx', -120_000],
  ] as const) {
    const { key } = await newBot(`clock-${dialect}`, dialect);
    const client = createClient({
      dialect,
      baseUrl: `http://127.0.0.1:${service.proxyPort}`,
      keyId: key.id,
      secret: key.secret,
      passphrase: PASSPHRASE,
      clock: () => Date.now() + offMs,
    });
    const before = upstream.received.length;
    const answers = [
      await client.fetch('/orders', { method: 'POST', body: '{}' }),
      await client.fetch('/orders'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(upstream.received.length).toBe(before + 2);
  }
}, 30_000);

it('does not follow a clock that is an hour off', async () => {
  const { key } = await newBot('hour');
  const client = createClient({
    dialect: 'bitget',
    baseUrl: `http://127.0.0.1:${service.proxyPort}`,
    keyId: key.id,
    secret: key.secret,
    passphrase: PASSPHRASE,
    clock: () => Date.now() - 3_600_000,
  });
  await expect(client.fetch('/orders')).rejects.toMatchObject({
    code: 'clock_off',
    message: expect.stringMatching(/^This machine's clock is 3[56]\d\d s behind the server's/),
  });
}, 30_000);
