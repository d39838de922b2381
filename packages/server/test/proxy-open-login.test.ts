import { describe, expect, it } from 'vitest';
import {
  type Arrived,
  arrived,
  BY,
  Client,
  eventually,
  issue,
  key,
  login,
  ORDERS,
  proxy,
  useLoginProxy,
} from './login-proxy.ts';

useLoginProxy();

describe('an open connection', () => {
  const opened = async (as = key) => {
    const client = await Client.open();
    await client.ask('ping');
    await client.ask(login(as));
    return client;
  };

  it.each([
    ['revoked', () => proxy.engine.keys.revoke(key.id, 'test', BY)],
    ['disabled', () => proxy.engine.keys.changeStanding(key.id, 'disable', 'test', BY)],
    ['quarantined', () => proxy.engine.keys.changeStanding(key.id, 'quarantine', 'test', BY)],
    ['rotated', () => proxy.engine.keys.rotate(key.id, 60, BY)],
  ])('ends when its key is %s, on both sides', async (_, change) => {
    const client = await opened();
    await change();
    expect(await client.end()).toBe(1008);
    await eventually(() => expect(arrived.map(({ socket }) => socket.readyState)).toEqual([3, 3]));
  });

  it('ends when its account or its environment is frozen, and opens anew when that is taken back', async () => {
    const { accounts } = proxy.engine;
    const { accountId } = (await proxy.engine.keys.get(key.id)) ?? { accountId: '' };
    const first = await opened();
    await accounts.freeze(accountId, 'odd', BY);
    expect(await first.end()).toBe(1008);
    await accounts.unfreeze(accountId, 'explained', BY);
    const second = await opened();
    await accounts.freezeEnvironment('test', 'a leak', BY);
    expect(await second.ask(ORDERS)).toEqual([`echo ${ORDERS}`]);
    await accounts.freezeEnvironment('live', 'a leak', BY);
    expect(await second.end()).toBe(1008);
    await accounts.unfreezeEnvironment(undefined, 'mended', BY);
    expect(await (await opened()).ask(ORDERS)).toEqual([`echo ${ORDERS}`]);
  });

  it('ends when its key expires', async () => {
    const expiring = await issue({ expiresAt: Date.now() + 400 });
    expect(await (await opened(expiring)).end()).toBe(1008);
  });

  it('stays when another key is changed', async () => {
    const client = await opened();
    await proxy.engine.keys.revoke((await issue()).id, 'test', BY);
    expect(await client.ask(ORDERS)).toEqual([`echo ${ORDERS}`]);
  });

  it('ends with the code and reason of the upstream', async () => {
    const client = await opened();
    arrived[1]?.socket.close(4001, 'see you');
    expect(await client.end()).toBe(4001);
    expect(client.closed?.reason).toBe('see you');
  });

  it('ends at the upstream when the client goes', async () => {
    const client = await opened();
    client.socket.close(1000);
    await eventually(() => expect(arrived.map(({ socket }) => socket.readyState)).toEqual([3, 3]));
  });

  it('ends when a message is over the limit', async () => {
    const client = await opened();
    client.socket.send('x'.repeat(65_537));
    expect(await client.end()).toBe(1009);
  });

  it('passes everything on in its order, with a slow reader too', async () => {
    const client = await opened();
    const before = client.got.length;
    client.socket.pause();
    const messages = Array.from({ length: 400 }, (_, i) => `${i} ${'x'.repeat(20_000)}`);
    for (const message of messages) client.socket.send(message);
    await new Promise((resolve) => setTimeout(resolve, 200));
    client.socket.resume();
    await eventually(() => expect(client.got).toHaveLength(before + messages.length));
    expect(client.got.slice(before)).toEqual(messages.map((message) => `echo ${message}`));
  });
});

describe('a slow side', () => {
  const connected = async () => {
    const client = await Client.open();
    await client.ask('ping');
    await client.ask(login());
    await eventually(() => expect(arrived).toHaveLength(2));
    return { client, nobody: arrived[0] as Arrived, somebody: arrived[1] as Arrived };
  };

  it('is waited for: an upstream that does not read is not sent for, without end', async () => {
    const { client, somebody } = await connected();
    const message = 'x'.repeat(60_000);
    const count = 1_000;
    let sent = 0;
    somebody.socket.pause();
    const sending = (async () => {
      for (; sent < count; sent++) await new Promise((resolve) => client.socket.send(message, resolve));
    })();
    let before = -1;
    while (sent < count && sent !== before) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    expect(sent).toBeLessThan(count);
    somebody.socket.resume();
    await sending;
    await eventually(() => expect(somebody.messages).toHaveLength(count));
  }, 30_000);

  it('holds up both upstreams, and later neither', async () => {
    const { client, nobody, somebody } = await connected();
    client.socket.pause();
    for (let i = 0; i < 100; i++) nobody.socket.send('n'.repeat(100_000));
    somebody.socket.send('s'.repeat(3_000_000));
    await new Promise((resolve) => setTimeout(resolve, 300));
    client.socket.resume();
    const first = () => client.got.map((message) => String(message)[0]);
    await eventually(() => expect(first().filter((letter) => letter === 'n')).toHaveLength(100));
    await eventually(() => expect(first()).toContain('s'));
  });
});
