import { OPERATOR_ACCOUNT } from '@countersign/core';
import type { Allowed, RevocationFilter } from '@countersign/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, benchOn, done, type IssuedKey, issue, SERVICE } from './engine-setup.ts';
import { T0 } from './records.ts';
import { STORES } from './store-adapters.ts';
import { bitgetRequest } from './wire.ts';

describe.each(STORES)('revocations of many, over $name', (adapter) => {
  let bench: Bench;
  let keys: Record<string, IssuedKey>;
  let ended: string[];
  beforeEach(async () => {
    bench = await benchOn(adapter);
    const operator = { accountId: OPERATOR_ACCOUNT, permissions: ['verify'] };
    const old = {
      a: await issue(bench, { metadata: { app: 'bots', broker: 'x' } }),
      test: await issue(bench, { environment: 'test', metadata: { app: 'bots' } }),
      other: await issue(bench, { accountId: 'acct_2' }),
      operator: await issue(bench, { ...operator, metadata: { app: 'bots' } }),
    };
    bench.nowMs = T0 + 1;
    keys = { ...old, atTheTime: await issue(bench, { accountId: 'acct_2' }) };
    ended = [];
    for (const [name, key] of Object.entries(keys)) {
      if (name === 'operator') continue;
      const decision = await bench.engine.verify(bitgetRequest(key, { nowMs: bench.nowMs }));
      bench.engine.watch(decision as Allowed, () => ended.push(name));
    }
  });
  afterEach(() => bench.close());

  const cases: [string, RevocationFilter, string[]][] = [
    ['of an account', { accountId: 'acct_1' }, ['a', 'test']],
    ['of an environment', { environment: 'live' }, ['a', 'atTheTime', 'other']],
    ['made before a time, and none at it', { createdBefore: T0 + 1 }, ['a', 'other', 'test']],
    ['made before all', { createdBefore: T0 }, []],
    ['with metadata', { metadata: { app: 'bots' } }, ['a', 'test']],
    ['with all of the metadata', { metadata: { app: 'bots', broker: 'x' } }, ['a']],
    ['with metadata that objects have anyway', { metadata: { constructor: 'Object' } }, []],
    [
      'that fit in everything',
      { accountId: 'acct_2', environment: 'live', createdBefore: T0 + 1 },
      ['other'],
    ],
    ['of operators, of which there are none', { accountId: OPERATOR_ACCOUNT }, []],
  ];
  it.each(cases)('mean those %s, and end their WebSockets', async (_what, filter, meant) => {
    const { revoked } = done(await bench.engine.keys.revokeAll(filter, 'a leak', SERVICE));
    const gone: string[] = [];
    const revisions = new Set<number>();
    for (const [name, { id }] of Object.entries(keys)) {
      const key = await bench.engine.keys.get(id);
      if (key?.status !== 'revoked') continue;
      gone.push(name);
      revisions.add(key.revision);
    }
    expect([revoked, gone.sort(), ended.sort()]).toEqual([meant.length, meant, meant]);
    expect(revisions.size).toBe(meant.length === 0 ? 0 : 1);
  });

  it('are refused for what was made before a time to come, at the boundary', async () => {
    const revoke = (createdBefore: number) => bench.engine.keys.revokeAll({ createdBefore }, 'all', SERVICE);
    expect(await revoke(bench.nowMs + 60_001)).toMatchObject({
      code: 'invalid_body',
      errors: [{ pointer: '/createdBefore' }],
    });
    expect(ended).toEqual([]);
    expect(done(await revoke(bench.nowMs + 60_000)).revoked).toBe(4);
  });

  it('mean every key whose issue was answered before, and none that is issued when it is done', async () => {
    const before = await Promise.all(Array.from({ length: 5 }, () => issue(bench)));
    const revocation = bench.engine.keys.revokeAll({ environment: 'live' }, 'a leak', SERVICE);
    const during = issue(bench);
    done(await revocation);
    const after = await issue(bench);
    await during;
    for (const { id } of before) expect((await bench.engine.keys.get(id))?.status).toBe('revoked');
    expect((await bench.engine.keys.get(after.id))?.status).toBe('active');
  });
});
