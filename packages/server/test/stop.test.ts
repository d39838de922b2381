import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { collect, exchange, open, request, requestHead } from './raw-http.ts';
import { aKey } from './running-app.ts';
import { api, cleanUp, eventually, newFolder, operatorOf, startProcess } from './service-process.ts';
import { sign } from './signing.ts';

afterEach(cleanUp);

const MANIFEST = `
version: 1
permissions:
  spot.trade: { risk: medium }
  withdraw: { risk: critical }
routes:
  - { route: "POST /orders", permission: spot.trade }
  - { route: "POST /withdraw", permission: withdraw }
  - { route: "GET /open/*", public: true }
`;

function withManifest(folder: string): { DATA_DIR: string; MANIFEST: string } {
  writeFileSync(join(folder, 'manifest.yaml'), MANIFEST);
  return { DATA_DIR: join(folder, 'data'), MANIFEST: join(folder, 'manifest.yaml') };
}

describe('SIGTERM', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('by %s ends with 0, and frees the port', async (name) => {
    const folder = newFolder();
    const service = await startProcess({ DATA_DIR: folder });
    const { port } = service;
    const idle = await open(port);
    expect(await service.signal(name)).toEqual({ code: 0, signal: null });
    idle.destroy();
    await expect(open(port)).rejects.toThrow('ECONNREFUSED');
  });

  it('lets a request in flight end, is not ready meanwhile, and writes the log', async () => {
    const folder = newFolder();
    const service = await startProcess({ DATA_DIR: folder });
    const { secret } = operatorOf(folder);
    const body = JSON.stringify({ ...aKey(), label: 'made at the last moment' });
    const head = [
      'authorization',
      `Bearer ${secret}`,
      'content-type',
      'application/json',
      'content-length',
      String(body.length),
    ];
    const late = await open(service.port);
    const lateAnswers = collect(late);
    late.write(requestHead('POST /v1/keys', head, 0) + body.slice(0, 10));
    const watcher = await open(service.port);
    const watched = collect(watcher);
    watcher.write('GET /readyz HTTP/1.1\r\nhost: a\r\n');
    await eventually(
      async () => (await api(service.url, undefined, 'GET', '/livez')).status === 200,
      'both have arrived',
    );

    const ended = service.signal('SIGTERM');
    await eventually(() => service.stderr.includes('the service stops'), 'it stops');
    await eventually(async () => await isRefused(service.port), 'it takes no more connections');
    watcher.write('connection: keep-alive\r\n\r\n');
    const { answers } = await watched.closed();
    expect(answers[0]).toMatchObject({
      status: 503,
      headers: { connection: 'close', 'content-type': 'application/json' },
    });
    expect(JSON.parse(answers[0]?.body ?? '')).toMatchObject({ reasons: ['the service is stopping'] });
    late.write(body.slice(10));
    const made = (await lateAnswers.closed()).answers[0];
    expect(made?.status).toBe(201);
    expect(await ended).toEqual({ code: 0, signal: null });

    const again = await startProcess({ DATA_DIR: folder });
    const { id } = JSON.parse(made?.body ?? '');
    expect((await api(again.url, secret, 'GET', `/v1/keys/${id}`)).json).toMatchObject({
      label: 'made at the last moment',
    });
    const log = await api(again.url, secret, 'GET', `/v1/audit/entries?credentialId=${id}`);
    expect(log.json.data.map(({ type }: { type: string }) => type)).toEqual(['key.issued']);
  });

  it('lets an answer of the upstream end', async () => {
    let finish = () => {};
    const upstream = createServer((_request, response) => {
      response.write('first');
      finish = () => response.end('second');
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const { port } = upstream.address() as AddressInfo;
    const service = await startProcess({
      ...withManifest(newFolder()),
      UPSTREAM: `http://127.0.0.1:${port}`,
    });
    const socket = await open(service.proxyPort);
    const received = collect(socket);
    socket.write(requestHead('GET /open/a', [], 0));
    await received.until('first');
    const ended = service.signal('SIGTERM');
    await eventually(async () => isRefused(service.port), 'it takes no more connections');
    finish();
    expect((await received.closed()).answers[0]?.body).toBe('firstsecond');
    expect(await ended).toEqual({ code: 0, signal: null });
    await new Promise((resolve) => upstream.close(resolve));
  });

  it('does not wait for ever for a client that never ends', async () => {
    const folder = newFolder();
    const service = await startProcess({ DATA_DIR: folder });
    const socket = await open(service.port);
    collect(socket);
    socket.write(requestHead('POST /v1/keys', ['content-length', '100'], 0));
    await eventually(
      async () => (await api(service.url, undefined, 'GET', '/livez')).status === 200,
      'it has arrived',
    );
    expect(await service.signal('SIGTERM')).toEqual({ code: 0, signal: null });
    socket.destroy();
  });
});

describe('kill -9', () => {
  it('under load loses no change that was answered, and no decision on a critical permission', async () => {
    const settings = withManifest(newFolder());
    const first = await startProcess(settings);
    const { secret } = operatorOf(settings.DATA_DIR);
    const bot = (
      await api(first.url, secret, 'POST', '/v1/keys', { ...aKey(), permissions: ['withdraw', 'spot.trade'] })
    ).json;
    const key = { ...bot, passphrase: 'Passphrase1' };
    const { url } = first;
    const made: { id: string; revision: number }[] = [];
    const decided: { requestId: string; request: object }[] = [];
    let isOver = false;
    let count = 0;
    const attempt = async (what: () => Promise<void>) => {
      while (!isOver) {
        await what().catch(() => {}); // What was not answered may be lost.
        await new Promise(setImmediate);
      }
    };
    const create = async () => {
      const { status, json } = await api(url, secret, 'POST', '/v1/keys', { ...aKey(), permissions: [] });
      if (status === 201) made.push(json);
    };
    const disable = async () => {
      const target = made.at(-1);
      if (target === undefined) return;
      const { status, json } = await api(url, secret, 'POST', `/v1/keys/${target.id}/disable`, {
        reason: 'load',
      });
      if (status === 200) target.revision = json.revision;
    };
    const decide = async () => {
      const body = `{"amount":"${count++}"}`;
      const headers = sign('bitget', key, { method: 'POST', target: '/withdraw', body });
      const described = { method: 'POST', target: '/withdraw', body, headers };
      const { status, json } = await api(url, secret, 'POST', '/v1/verify', { request: described });
      if (status === 200 && json.allowed) decided.push({ requestId: json.requestId, request: described });
    };
    const load = [create, create, disable, decide, decide, decide].map(attempt);
    try {
      await eventually(() => made.length > 30 && decided.length > 60, 'there is load');
      await first.signal('SIGKILL');
    } finally {
      isOver = true;
      await Promise.all(load);
    }

    const second = await startProcess(settings);
    for (const { id, revision } of made) {
      const { status, json } = await api(second.url, secret, 'GET', `/v1/keys/${id}`);
      expect([status, json.revision >= revision]).toEqual([200, true]);
    }
    const logged = await wholeLog(second.url, secret, 'decision');
    const requestIds = new Set(logged.map(({ requestId }) => requestId));
    expect(decided.filter(({ requestId }) => !requestIds.has(requestId))).toEqual([]);
    const changes = await wholeLog(second.url, secret, 'key.issued');
    const issued = new Set(changes.map(({ credentialId }) => credentialId));
    expect(made.filter(({ id }) => !issued.has(id))).toEqual([]);
    for (const { request: captured } of decided.slice(-30)) {
      const { json } = await api(second.url, secret, 'POST', '/v1/verify', { request: captured });
      expect(json.code).toBe('replayed');
    }
  });

  it('a POST of any permission that was captured is refused after it', async () => {
    const settings = withManifest(newFolder());
    const first = await startProcess(settings);
    const { secret } = operatorOf(settings.DATA_DIR);
    const bot = (await api(first.url, secret, 'POST', '/v1/keys', aKey())).json;
    const headers = sign(
      'bitget',
      { ...bot, passphrase: 'Passphrase1' },
      { method: 'POST', target: '/orders', body: '{}' },
    );
    const body = { request: { method: 'POST', target: '/orders', body: '{}', headers } };
    expect((await api(first.url, secret, 'POST', '/v1/verify', body)).json.allowed).toBe(true);
    await eventually(
      async () => (await wholeLog(first.url, secret, 'decision')).some(({ data }) => data.path === '/orders'),
      'it is logged',
    );
    await first.signal('SIGKILL');
    const second = await startProcess(settings);
    expect((await api(second.url, secret, 'POST', '/v1/verify', body)).json.code).toBe('replayed');
  });
});

it('garbage on every port does not end the process', async () => {
  const service = await startProcess({ ...withManifest(newFolder()), UPSTREAM: 'http://127.0.0.1:9' });
  for (const port of [service.port, service.proxyPort]) {
    for (const bytes of [
      Buffer.alloc(70_000, 0xff),
      'GET / HTTP/1.1\r\n\r\n',
      Buffer.from('1603010200', 'hex'),
    ])
      await exchange(port, bytes);
    const socket = await open(port);
    socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nab');
    socket.resetAndDestroy();
  }
  expect((await request(service.port, 'GET /livez')).status).toBe(200);
  expect((await request(service.proxyPort, 'GET /open/a')).status).toBe(502);
  expect(await service.signal('SIGTERM')).toEqual({ code: 0, signal: null });
});

function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', () => resolve(true));
  });
}

interface Entry {
  readonly requestId: string;
  readonly credentialId: string;
  readonly data: { readonly path?: string };
}

async function wholeLog(url: string, token: string, type: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let after: string | null = '0'; after !== null; ) {
    const { json } = await api(url, token, 'GET', `/v1/audit/entries?type=${type}&limit=1000&after=${after}`);
    entries.push(...json.data);
    after = json.nextCursor;
  }
  return entries;
}
