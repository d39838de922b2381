import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import {
  arrived,
  Client,
  eventually,
  issue,
  key,
  login,
  MANIFEST,
  ORDERS,
  proxy,
  TICKER,
  useLoginProxy,
} from './login-proxy.ts';
import { RunningProxy } from './running-proxy.ts';

useLoginProxy();

const codeIn = (message: string | Buffer | undefined) => String(JSON.parse(String(message)).code);

describe('a login inside a WebSocket', () => {
  it('opens the connection, and the upstream hears whose it is', async () => {
    const client = await Client.open();
    const [answer] = await client.ask(login());
    expect(JSON.parse(String(answer))).toMatchObject({ event: 'login', code: 0 });
    expect(await client.ask(ORDERS)).toEqual([`echo ${ORDERS}`]);
    expect(arrived).toHaveLength(1);
    expect(arrived[0]?.messages).toEqual([ORDERS]);
    expect(arrived[0]?.headers).toMatchObject({
      'x-countersign-account': 'acct_7',
      'x-countersign-credential': key.id,
      'x-countersign-permission': 'stream',
      'x-countersign-environment': 'live',
    });
  });

  it('cannot be forged in the handshake', async () => {
    const client = await Client.open('/v2/ws/private', {
      'X-Countersign-Account': 'acct_victim',
      X_Countersign_Account: 'acct_victim',
    });
    await client.ask('ping');
    const nobody = arrived[0]?.headers ?? {};
    expect(Object.keys(nobody).filter((name) => /countersign.account/i.test(name))).toEqual([]);
    await client.ask(login());
    await eventually(() => expect(arrived[1]?.headers['x-countersign-account']).toBe('acct_7'));
  });

  it('is answered before the upstream pushes anything', async () => {
    const client = await Client.open('/v2/ws/private?push');
    const [answer, pushed] = await client.ask(login(), 2);
    expect([codeIn(answer), pushed]).toEqual(['0', 'pushed']);
  });

  it('may come twice, and may be the same from the same address', async () => {
    const message = login();
    const one = await Client.open();
    const other = await Client.open();
    for (const client of [one, other, one]) expect(codeIn((await client.ask(message))[0])).toBe('0');
    await eventually(() => expect(arrived).toHaveLength(2));
  });

  it('as another key is refused, and ends the connection', async () => {
    const client = await Client.open();
    await client.ask(login());
    await client.ask(login(await issue({ accountId: 'acct_8' })));
    expect(await client.end()).toBe(1008);
  });

  it.each([
    ['30015', 'a wrong secret', () => login(key, { secret: 'wrong' })],
    ['30012', 'a wrong passphrase', () => login(key, { passphrase: 'Passphrase2' })],
    ['30011', 'an unknown key', () => login({ ...key, id: 'nobody' })],
    ['30014', 'an old timestamp', () => login(key, { atMs: Date.now() - 60_000 })],
  ])('is refused with %s for %s, and the connection ends', async (code, _, message) => {
    const client = await Client.open();
    expect(codeIn((await client.ask(message()))[0])).toBe(code);
    expect(await client.end()).toBe(1008);
    expect(arrived).toHaveLength(0);
  });

  it('needs the permission of the route', async () => {
    const client = await Client.open();
    const [answer] = await client.ask(login(await issue({ permissions: ['spot.trade'] })));
    expect(JSON.parse(String(answer)).event).toBe('error');
    expect(await client.end()).toBe(1008);
  });

  it('is a decision that is logged', async () => {
    const client = await Client.open();
    await client.ask(login());
    await eventually(async () => {
      const entries = await proxy.engine.store.readLog({ after: 0, limit: 1000, credentialId: key.id });
      const decisions = entries
        .map(({ bytes }) => JSON.parse(bytes))
        .filter(({ type }) => type === 'decision');
      expect(decisions).toMatchObject([
        { data: { allowed: true, dialect: 'bitget', path: '/v2/ws/private' } },
      ]);
    });
    await eventually(() => expect(arrived).toHaveLength(1));
  });
});

describe('before a login', () => {
  it('public messages pass, as nobody', async () => {
    const client = await Client.open();
    expect(await client.ask('ping')).toEqual(['echo ping']);
    expect(await client.ask(TICKER)).toEqual([`echo ${TICKER}`]);
    expect(arrived).toHaveLength(1);
    expect(Object.keys(arrived[0]?.headers ?? {}).filter((name) => /account|credential/.test(name))).toEqual(
      [],
    );
  });

  it.each([
    ORDERS,
    '{"op":"subscribe","args":[{"channel":"ticker"},{"channel":"orders"}]}',
    '{"op":"subscribe","args":[{"channel":"ticker"}],"op":"trade"}',
    'pong',
    '{"op":"login","args":[]}',
    '',
  ])('no other message passes: %s', async (message) => {
    const client = await Client.open();
    const [answer] = await client.ask(message);
    expect(JSON.parse(String(answer)).event).toBe('error');
    expect(arrived).toHaveLength(0);
  });

  it('no binary message passes, and after it every one does', async () => {
    const client = await Client.open();
    expect(codeIn((await client.ask(Buffer.from('ping')))[0])).toBe('30004');
    await client.ask(login());
    expect(await client.ask(Buffer.from([0, 255]))).toEqual([Buffer.from([0, 255])]);
  });

  it('no long message is looked at', async () => {
    const client = await Client.open();
    client.socket.send(`{"op":"subscribe","args":[{"channel":"ticker"}],"more":"${'x'.repeat(65_536)}"}`);
    expect(await client.end()).toBe(1009);
    expect(arrived).toHaveLength(0);
  });

  it('a connection that ends while the upstream is still asked is no fault', async () => {
    let isAsked = false;
    const silent = createServer().on('upgrade', (_request, socket) => {
      isAsked = true;
      socket.on('end', () => socket.end()).resume();
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const upstream = new URL(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    const stopping = await RunningProxy.start({ manifest: MANIFEST, upstream });
    const socket = new WebSocket(`ws://127.0.0.1:${stopping.port}/v2/ws/private`);
    await once(socket, 'open');
    socket.send('ping');
    await eventually(() => expect(isAsked).toBe(true));
    await stopping.close();
    await new Promise((resolve) => silent.close(resolve));
    expect(stopping.faults).toEqual([]);
  });

  it.each(['constructor', '__proto__'])('a header may be called %s', async (name) => {
    const client = await Client.open('/v2/ws/private', Object.fromEntries([[name, 'x']]));
    expect(await client.ask('ping')).toEqual(['echo ping']);
    expect(proxy.faults).toEqual([]);
  });

  it('the connection is ended that sends nothing', async () => {
    const client = await Client.open();
    expect(await client.end()).toBe(1008);
  });

  it('one that has sent a public message stays', async () => {
    const client = await Client.open();
    await client.ask('ping');
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(await client.ask('ping')).toEqual(['echo ping']);
  });

  it('one that asks for private things again and again is ended', async () => {
    const client = await Client.open();
    for (let i = 0; i <= 21; i++) client.socket.send(ORDERS);
    expect(await client.end()).toBe(1008);
    expect(client.got).toHaveLength(21);
  });

  it('an address may have 200 connections without one, and more after one', async () => {
    // Without the deadline of the others: all of them have to be open at once.
    const patient = await RunningProxy.start({ manifest: MANIFEST });
    const connect = () => new WebSocket(`ws://127.0.0.1:${patient.port}/v2/ws/private`);
    const many = Array.from({ length: 200 }, connect);
    await Promise.all(many.map((socket) => once(socket, 'open')));
    const [, response] = (await once(connect(), 'unexpected-response')) as [unknown, IncomingMessage];
    expect(response.statusCode).toBe(429);
    const [first] = many as [WebSocket];
    first.send(login(await issue({}, patient)));
    await once(first, 'message');
    await once(connect(), 'open');
    await patient.close();
  });
});

it('a WebSocket without a credential, on a route that says nothing of logins, is refused', async () => {
  const client = new Client('/unsaid');
  const [, response] = (await once(client.socket, 'unexpected-response')) as [unknown, IncomingMessage];
  expect(response.statusCode).toBe(501);
});

it('an upstream that does not answer ends the connection with "try again later"', async () => {
  const away = await RunningProxy.start({ manifest: MANIFEST, upstream: new URL('http://127.0.0.1:9') });
  const socket = new WebSocket(`ws://127.0.0.1:${away.port}/v2/ws/private`);
  await once(socket, 'open');
  socket.send('ping');
  const [code] = (await once(socket, 'close')) as [number];
  expect(code).toBe(1013);
  await away.close();
});
