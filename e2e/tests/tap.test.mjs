import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import WebSocket from 'ws';
import { startUpstream } from '../sandbox/upstream.mjs';
import { startService } from '../stage/service.mjs';
import { startTap } from '../stage/tap.mjs';
import { changeTarget, replay } from '../stage/thefts.mjs';

/** What the tap promises to cases with WebSockets, on a stage without any exchange's dialect. */
let upstream;
let service;
let tap;
beforeAll(async () => {
  const manifest = fileURLToPath(new URL('../manifests/streams.yaml', import.meta.url));
  const webSocket = {
    onOpen: ({ send }) => send('welcome'),
    onMessage: (text, { send, upgrade }) => send({ text: text.toString(), target: upgrade.target }),
  };
  upstream = await startUpstream(() => ({ status: 404, body: {} }), webSocket);
  service = await startService({ upstream: upstream.url, manifest });
  tap = await startTap(service.proxyUrl);
});
beforeEach(() => {
  tap.clear();
  upstream.messages.length = 0;
  upstream.upgrades.length = 0;
});
afterAll(async () => {
  await tap?.close();
  await service?.stop();
  await upstream?.close();
});

/** Opens a WebSocket through the tap, and waits for the first message. */
async function open(path) {
  const client = new WebSocket(tap.url.replace('http', 'ws') + path);
  const [data] = await once(client, 'message');
  expect(data.toString()).toBe('welcome');
  return client;
}

async function ask(client, text) {
  client.send(text);
  const [data] = await once(client, 'message');
  return JSON.parse(data.toString());
}

it('passes a WebSocket on, and remembers its messages, both ways', async () => {
  const client = await open('/stream/public?a=1');
  const long = 'ü🚀'.repeat(40_000);
  for (const text of ['one', long])
    expect(await ask(client, text)).toEqual({ text, target: '/stream/public?a=1' });
  expect(upstream.messages.map(({ text, target }) => [text, target])).toEqual([
    ['one', '/stream/public?a=1'],
    [long, '/stream/public?a=1'],
  ]);
  expect(upstream.messages[0].headers).toHaveProperty('x-countersign-request-id');
  expect(tap.upgrades).toHaveLength(1);
  expect(tap.upgrades[0].sent).toEqual(['one', long]);
  expect(tap.upgrades[0].got[0]).toBe('welcome');
  expect(tap.exchanges.map(({ answer }) => answer.status)).toEqual([101]);
  client.terminate();
});

it('cuts a WebSocket off, on both sides', async () => {
  const client = await open('/stream/public');
  tap.cut();
  const [code] = await once(client, 'close');
  expect(code).toBe(1006);
});

it('hands a refusal on as it came', async () => {
  const headers = { authorization: 'Bearer nobody-issued-this' };
  const client = new WebSocket(`${tap.url.replace('http', 'ws')}/stream/private`, { headers });
  const [, response] = await once(client, 'unexpected-response');
  expect(response.statusCode).toBe(401);
  const body = Buffer.concat(await response.toArray());
  expect(tap.exchanges).toHaveLength(1);
  const [{ answer }] = tap.exchanges;
  expect(answer.status).toBe(401);
  expect(answer.body.equals(body)).toBe(true);
  expect(tap.upgrades).toEqual([]);
  expect(upstream.upgrades).toEqual([]);
});

it('lets a thief change a handshake, and send it twice', async () => {
  tap.theft = changeTarget('?a=1', '?a=2');
  const client = await open('/stream/public?a=1');
  expect((await ask(client, 'hi')).target).toBe('/stream/public?a=2');
  client.terminate();
  tap.theft = replay;
  const again = await open('/stream/public');
  expect(upstream.upgrades).toHaveLength(3);
  again.terminate();
});
