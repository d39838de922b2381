import { type Store, StoreError } from '@countersign/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askAs, type Bench, benchOn, type IssuedKey, issue, said } from './engine-setup.ts';
import { T0, wholeLog } from './records.ts';
import { STORES } from './store-adapters.ts';
import { bearerRequest, bitgetRequest, type Sent, withHeader } from './wire.ts';

const HOME = '192.0.2.7';
const OTHER = '198.51.100.1';
const limits = {
  failureBudget: { failures: 3, windowSeconds: 60 },
  passphraseBudget: { failures: 5, windowSeconds: 500, firstWaitSeconds: 1 },
};

describe.each(STORES)('guesses, over $name', (adapter) => {
  let bench: Bench;
  let fault: Error | undefined;
  beforeEach(async () => {
    fault = undefined;
    bench = await benchOn(adapter, limits, (store: Store) => ({
      ...store,
      async saveFailures(rows) {
        if (fault !== undefined) throw fault;
        await store.saveFailures(rows);
      },
      async append(entries) {
        if (fault !== undefined) throw fault;
        await store.append(entries);
      },
    }));
  });
  afterEach(() => bench.close());

  let calls = 0;
  /** An order of a key, at a time of its own so that its signature is. */
  const order = (key: Parameters<typeof bitgetRequest>[0], more: Partial<Sent> = {}) =>
    bench.engine.verify(bitgetRequest(key, { nowMs: bench.nowMs + (calls++ % 1_000), ...more }));
  const guess = async (key: IssuedKey, ip: string | undefined) =>
    said(await order({ ...key, passphrase: `guess${calls}` }, { ip } as Partial<Sent>));
  const network = (i: number) => `203.0.${i >> 8}.${i & 255}`;

  it('at a passphrase from a thousand networks are five, and the owner goes on', async () => {
    const key = await issue(bench);
    expect(said(await order(key, { ip: HOME }))).toBe('allowed');
    const answers = [];
    for (let i = 0; i < 1_000; i++) answers.push(await guess(key, network(i)));
    expect(answers.filter((code) => code === 'passphrase_mismatch')).toHaveLength(5);
    expect(new Set(answers.slice(5))).toEqual(new Set(['too_many_failures']));
    expect(said(await order(key, { ip: HOME }))).toBe('allowed');
  });

  it('from ever more networks do not fill the log, whatever key they name, and others go on', async () => {
    const key = await issue(bench);
    const operator = await issue(bench, { accountId: 'operator', permissions: ['verify'], label: 'gateway' });
    const logged = async () => (await wholeLog(bench.store)).filter(({ type }) => type === 'decision').length;
    const ipv6 = (i: number) => `2001:db8:${(i >> 8).toString(16)}:${(i & 255).toString(16)}::1`;
    for (let i = 0; i < 3_500; i++) {
      await order({ ...key, secret: 'no secret of theirs' }, { ip: ipv6(i) });
      await order({ ...key, id: 'no id of theirs' }, { ip: ipv6(i) });
    }
    await bench.engine.releaseUsage('req_none', { actor: 'service' });
    expect(await logged()).toBe(6_000);
    // Neither an owner, nor the door of the operators.
    expect(said(await order(key, { ip: HOME }))).toBe('allowed');
    const other = await bench.engine.verify(
      bitgetRequest({ ...operator, secret: 'no secret of theirs' }, { nowMs: bench.nowMs }),
      askAs('operators', 'verify'),
    );
    expect(said(other)).toBe('signature_mismatch');
    await bench.engine.releaseUsage('req_none', { actor: 'service' });
    expect(await logged()).toBe(6_002);
    // A thief cannot hide behind it.
    expect(await guess(key, network(7))).toBe('passphrase_mismatch');
    await bench.engine.releaseUsage('req_none', { actor: 'service' });
    expect((await wholeLog(bench.store)).at(-1)?.data).toMatchObject({ code: 'passphrase_mismatch' });
    // One in 10 ms is logged again.
    bench.nowMs += 10;
    for (const i of [1, 2]) await order({ ...key, secret: 'no secret of theirs' }, { ip: network(i) });
    await bench.engine.releaseUsage('req_none', { actor: 'service' });
    expect(await logged()).toBe(6_004);
  });

  it('are told nothing by it: the right passphrase is refused alike, until the wait is over', async () => {
    const key = await issue(bench);
    for (let i = 0; i < 5; i++) await guess(key, network(i));
    const right = await order(key, { ip: OTHER });
    expect(right).toMatchObject({ code: 'too_many_failures', status: 429, retryAfterSeconds: 1 });
    expect(right).not.toHaveProperty('credentialId', key.id);
    if (!right.allowed) expect(right.response.headers['retry-after']).toBe('1');
    const wrong = await order({ ...key, passphrase: 'another' }, { ip: OTHER });
    expect({ ...wrong, requestId: '', clockDeltaMs: 0 }).toEqual({
      ...right,
      requestId: '',
      clockDeltaMs: 0,
    });
    bench.nowMs += 999;
    expect(said(await order(key, { ip: OTHER }))).toBe('too_many_failures');
    bench.nowMs += 1;
    expect(said(await order(key, { ip: OTHER }))).toBe('allowed');
  });

  it('at a passphrase leave who has no secret without a word about it', async () => {
    const key = await issue(bench);
    const request = bitgetRequest(key, { nowMs: T0, ip: OTHER });
    const ask = async (name: string, value: string) =>
      said(await bench.engine.verify(withHeader(request, name, value)));
    const before = [await ask('ACCESS-SIGN', 'AAAA'), await ask('ACCESS-KEY', 'invented')];
    for (let i = 0; i < 9; i++) await guess(key, network(i));
    const after = { ...request, ip: network(99) };
    expect(said(await bench.engine.verify(withHeader(after, 'ACCESS-SIGN', 'AAAA')))).toBe(before[0]);
    expect(said(await bench.engine.verify(withHeader(after, 'ACCESS-KEY', 'invented')))).toBe(before[1]);
  });

  it('at a passphrase from a network of the key are counted there alone', async () => {
    const key = await issue(bench);
    await order(key, { ip: HOME });
    await order(key, { ip: OTHER });
    for (let i = 0; i < 3; i++) expect(await guess(key, HOME)).toBe('passphrase_mismatch');
    expect(said(await order(key, { ip: HOME }))).toBe('too_many_failures');
    expect(said(await order(key, { ip: OTHER }))).toBe('allowed');
    expect(await guess(key, network(1))).toBe('passphrase_mismatch');
    // Nobody else of that network pays for it.
    expect(said(await order(await issue(bench), { ip: HOME }))).toBe('allowed');
  });

  it('wait longer and longer, also over a restart and when nothing can be logged', async () => {
    const key = await issue(bench);
    for (let i = 0; i < 5; i++) await guess(key, network(i));
    const waits = [];
    for (let i = 0; i < 4; i++) {
      await bench.restart();
      const refused = await order(key, { ip: network(100 + i) });
      if (refused.allowed) throw new Error('was let through');
      waits.push(refused.retryAfterSeconds);
      bench.nowMs += (refused.retryAfterSeconds ?? 0) * 1_000;
      expect(await guess(key, network(200 + i))).toBe('passphrase_mismatch');
    }
    expect(waits).toEqual([1, 2, 4, 8]);
  });

  it('count though the log cannot be written, and are saved when it can', async () => {
    const key = await issue(bench);
    fault = new StoreError('full', 'the disk is full');
    for (let i = 0; i < 3; i++) await bench.engine.verify(bearerRequest('invented', { ip: OTHER }));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(said(await order(key, { ip: OTHER }))).toBe('too_many_failures');
    expect(bench.errors.length).toBeGreaterThan(0);
    fault = undefined;
    await bench.engine.close();
    expect([...(await bench.store.failures())].map(({ name }) => name)).toContain(`n customers ${OTHER}`);
  });

  it('by operators and those by customers have nothing in common', async () => {
    const key = await issue(bench);
    for (let i = 0; i < 3; i++) {
      await bench.engine.verify(bearerRequest('invented', { ip: HOME }), askAs('operators', 'keys.read'));
    }
    const operators = await bench.engine.verify(
      bearerRequest('invented', { ip: HOME }),
      askAs('operators', 'keys.read'),
    );
    expect(said(operators)).toBe('too_many_failures');
    expect(said(await order(key, { ip: HOME }))).toBe('allowed');
  });

  it('shut a network, but not for a key that was used from there with success before', async () => {
    const [key, fresh] = [await issue(bench), await issue(bench)];
    await order(key, { ip: HOME });
    for (let i = 0; i < 9; i++) await bench.engine.verify(bearerRequest('invented', { ip: HOME }));
    expect(said(await order(fresh, { ip: HOME }))).toBe('too_many_failures');
    expect(said(await order(key, { ip: HOME }))).toBe('allowed');
    await bench.restart();
    expect(said(await order(fresh, { ip: HOME }))).toBe('too_many_failures');
    expect(said(await order(key, { ip: HOME }))).toBe('allowed');
    expect(said(await order({ ...key, secret: 'wrong' }, { ip: HOME }))).toBe('signature_mismatch');
  });

  it('of signatures through a shut network are held to a pace', async () => {
    const key = await issue(bench);
    await order(key, { ip: HOME });
    for (let i = 0; i < 3; i++) await bench.engine.verify(bearerRequest('invented', { ip: HOME }));
    const answers = [];
    for (let i = 0; i < 700; i++) answers.push(said(await order({ ...key, secret: 'wrong' }, { ip: HOME })));
    expect(answers.filter((code) => code === 'signature_mismatch')).toHaveLength(600);
    expect(said(await order(key, { ip: HOME }))).toBe('too_many_failures');
    bench.nowMs += 1_000;
    expect(said(await order(key, { ip: HOME }))).toBe('allowed');
  });

  it('at signatures from many networks do not touch the key', async () => {
    const key = await issue(bench);
    for (let i = 0; i < 200; i++) {
      expect(said(await order({ ...key, secret: 'wrong' }, { ip: network(i) }))).toBe('signature_mismatch');
    }
    expect(said(await order(key, { ip: network(999) }))).toBe('allowed');
  });

  it('at the same moment are no more than others, also for a key that must be read first', async () => {
    const key = await issue(bench);
    await bench.restart();
    const passphrases = await Promise.all(Array.from({ length: 50 }, (_, i) => guess(key, network(i))));
    expect(passphrases.filter((code) => code === 'passphrase_mismatch')).toHaveLength(5);
    const invented = await Promise.all(
      Array.from({ length: 50 }, () => bench.engine.verify(bearerRequest('invented', { ip: OTHER }))),
    );
    expect(invented.filter((decision) => said(decision) === 'credential_unknown')).toHaveLength(3);
  });

  it('from where nobody says is one place, in which passphrases are counted and nothing else', async () => {
    const key = await issue(bench);
    const nowhere = (secret: string, passphrase: string) =>
      bench.engine.verify({
        ...bitgetRequest({ ...key, secret, passphrase }, { nowMs: T0 + calls++ }),
        ip: undefined,
      });
    for (let i = 0; i < 20; i++) expect(said(await nowhere('wrong', 'x'))).toBe('signature_mismatch');
    for (let i = 0; i < 5; i++) expect(said(await nowhere(key.secret, `g${i}`))).toBe('passphrase_mismatch');
    expect(said(await nowhere(key.secret, 'passphrase1'))).toBe('too_many_failures');
  });

  it('that are refused fill no log', async () => {
    const key = await issue(bench);
    for (let i = 0; i < 5; i++) await guess(key, network(i));
    const count = async () => (await wholeLog(bench.store)).filter(({ type }) => type === 'decision').length;
    for (let i = 0; i < 300; i++) await guess(key, undefined);
    await bench.engine.close();
    expect(await count()).toBeLessThan(100);
    const last = (await wholeLog(bench.store)).at(-1);
    expect(last).toMatchObject({ credentialId: key.id, data: { code: 'too_many_failures' } });
  });
});
