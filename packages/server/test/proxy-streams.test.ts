import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { collect, open, requestHead } from './raw-http.ts';
import { RunningProxy } from './running-proxy.ts';
import { eventually } from './service-process.ts';
import { sign } from './signing.ts';

const BY = { actor: 'service' } as const;

let proxy: RunningProxy;
/** The upstream's answers that are under way. */
let streams: ServerResponse[];

async function start(lingerMs: number): Promise<void> {
  streams = [];
  proxy = await RunningProxy.start({ lingerMs });
  proxy.answer = (incoming, response) => {
    if (incoming.url === '/orders?sized') response.setHeader('content-length', 10);
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    response.write('first');
    streams.push(response);
  };
}
afterEach(() => proxy.close());

/** Asks, and waits for the beginning of an answer. */
async function ask(target: string, isSigned = true) {
  const host = ['host', 'api.test'];
  const proof = isSigned ? sign('bitget', proxy.key, { method: 'GET', target, headers: host }) : {};
  const socket = await open(proxy.port);
  const received = collect(socket);
  socket.write(requestHead(`GET ${target}`, Object.entries(proof).flat(), 0));
  await received.until('first');
  return received;
}

const revoke = () => proxy.engine.keys.revoke(proxy.key.id, 'leaked', BY);

describe('an answer without an end', () => {
  it('ends when the key is revoked that it was asked for with', async () => {
    await start(0);
    const received = await ask('/orders');
    expect(await revoke()).toMatchObject({ ok: true });
    expect(await received.closed()).toMatchObject({ isClosed: true });
    await eventually(() => streams[0]?.destroyed === true, 'the upstream is let go');
    expect(proxy.faults).toEqual([]);
  });

  it('ends when the account is frozen', async () => {
    await start(0);
    const received = await ask('/orders');
    expect(await proxy.engine.accounts.freeze('acct_42', 'leaked', BY)).toMatchObject({ ok: true });
    expect(await received.closed()).toMatchObject({ isClosed: true });
  });

  it('goes on where nobody was asked who they are', async () => {
    await start(0);
    const received = await ask('/open/stream', false);
    await revoke();
    streams[0]?.end('last');
    await received.until('last');
  });
});

it('an answer that comes to its end in a while is not cut off', async () => {
  await start(60_000);
  const received = await ask('/orders');
  await revoke();
  streams[0]?.end('-last');
  await received.until('-last');
});

it('an answer whose length is known comes to its end, whatever becomes of the key', async () => {
  await start(0);
  const received = await ask('/orders?sized');
  await revoke();
  streams[0]?.end('-last');
  await received.until('first-last');
});
