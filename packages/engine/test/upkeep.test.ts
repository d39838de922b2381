import type { AuditEntryDraft, EngineOptions, KeyEdit, KeyInput, Store } from '@countersign/engine';
import { afterEach, describe, expect, it } from 'vitest';
import { type Bench, benchOn, clientKey, done, issue, manifestOf, SERVICE, said } from './engine-setup.ts';
import { T0, wholeLog } from './records.ts';
import { STORES, type StoreAdapter } from './store-adapters.ts';
import { bitgetRequest, type ClientKey } from './wire.ts';

const DAY_MS = 86_400_000;

/** A manifest whose permission `trade` has a policy. */
function policed(policy: string) {
  return manifestOf(`version: 1
permissions:
  read: { risk: low }
  trade: { risk: high, policy: { ${policy} } }
routes:
  - { route: GET /balance, permission: read }
  - { route: POST /orders, permission: trade }
`);
}

for (const adapter of STORES) describe(`upkeep over ${adapter.name}`, () => upkeepOver(adapter));

function upkeepOver(adapter: StoreAdapter): void {
  let bench: Bench;
  afterEach(() => bench.close());
  const start = async (options: Partial<EngineOptions> = {}, wrap?: (store: Store) => Store) => {
    bench = await benchOn(adapter, options, wrap);
  };
  const make = (more: Partial<KeyInput> = {}) => issue(bench, { permissions: ['read', 'trade'], ...more });
  const keys = () => bench.engine.keys;
  const keepUp = (nowMs = bench.nowMs) => {
    bench.nowMs = nowMs;
    return bench.engine.upkeep.run();
  };
  const order = async (key: ClientKey, nowMs = bench.nowMs) => {
    bench.nowMs = nowMs;
    return said(await bench.engine.verify(bitgetRequest(key, { nowMs, body: `{"n":${nowMs}}` })));
  };
  /** Entries about a key that nobody asked for, as a word and what they say. */
  const told = async (id: string) => {
    const entries = await wholeLog(bench.store);
    const own = ({ type }: AuditEntryDraft) => /^key\.(secret_retired|expir|rotation_due)/.test(type);
    return entries
      .filter((entry) => entry.credentialId === id && own(entry))
      .map(({ at, type, data }) => ({ at: at - T0, type, ...data }));
  };
  const iso = (ms: number) => new Date(T0 + ms).toISOString();

  it('destroys a secret at the ms at which its grace ends, and not before', async () => {
    await start();
    const key = await make();
    const next = clientKey(await keys().rotate(key.id, 10, SERVICE), key.passphrase);
    const sealed = async () => (await bench.store.loadCredential(key.id))?.secretVersions[1]?.sealed ?? null;
    await keepUp(T0 + 9_999);
    expect(await sealed()).not.toBeNull();
    expect(await order(key)).toBe('allowed');
    await keepUp(T0 + 10_000);
    expect(await sealed()).toBeNull();
    expect(await bench.store.sealedItem(`credential/${key.id}/1`)).toBeUndefined();
    expect(await told(key.id)).toEqual([
      { at: 10_000, type: 'key.secret_retired', version: 1, retiredAt: iso(10_000) },
    ]);
    expect(await order(next, T0 + 10_001)).toBe('allowed');
    expect(await keys().get(key.id)).toMatchObject({
      secretVersions: [{ version: 2 }, { version: 1, retiresAt: iso(10_000) }],
    });
    await bench.restart();
    await keepUp(T0 + 20_000);
    expect(await told(key.id)).toHaveLength(1);
  });

  it.each(['bearer', 'ed25519'] as const)('destroys what a %s key proved with', async (kind) => {
    await start();
    const pem = (await import('node:crypto')).generateKeyPairSync('ed25519').publicKey;
    const publicKey = kind === 'ed25519' ? pem.export({ type: 'spki', format: 'pem' }).toString() : undefined;
    const key = await make({ kind, publicKey, passphrase: undefined });
    done(await keys().rotate(key.id, 10, SERVICE, publicKey));
    await keepUp(T0 + 10_000);
    const record = await bench.store.loadCredential(key.id);
    expect(record?.secretVersions[1]).toMatchObject({ tokenHash: null, publicKey: null });
    expect(record?.secretVersions[0]?.tokenHash ?? record?.secretVersions[0]?.publicKey).toBeTruthy();
  });

  it('reminds 30, 7 and 1 days before an expiry, at the ms and once each, and says that it came', async () => {
    await start();
    const expiresAt = T0 + 40 * DAY_MS;
    const key = await make({ expiresAt });
    const before = (days: number) => expiresAt - days * DAY_MS;
    for (const days of [30, 7, 1]) {
      await keepUp(before(days) - 1);
      const soFar = (await told(key.id)).length;
      await keepUp(before(days));
      await keepUp(before(days) + 1);
      await bench.restart();
      await keepUp(before(days) + 2);
      expect((await told(key.id)).slice(soFar)).toEqual([
        { at: before(days) - T0, type: 'key.expiring', daysLeft: days, expiresAt: iso(40 * DAY_MS) },
      ]);
    }
    await keepUp(expiresAt - 1);
    expect(await keys().get(key.id)).toMatchObject({ status: 'active' });
    expect(await told(key.id)).toHaveLength(3);
    await keepUp(expiresAt);
    await keepUp(expiresAt + DAY_MS);
    expect((await told(key.id)).slice(3)).toEqual([
      { at: 40 * DAY_MS, type: 'key.expired', reason: 'time', expiresAt: iso(40 * DAY_MS) },
    ]);
    expect(await keys().get(key.id)).toMatchObject({ status: 'expired' });
  });

  it('tells the nearest reminder alone of those that were missed, and none of a key that has expired', async () => {
    await start();
    const [late, over] = [
      await make({ expiresAt: T0 + 40 * DAY_MS }),
      await make({ expiresAt: T0 + 35 * DAY_MS }),
    ];
    await keepUp(T0 + 35.5 * DAY_MS);
    expect(await told(late.id)).toMatchObject([{ type: 'key.expiring', daysLeft: 5 }]);
    expect(await told(over.id)).toMatchObject([{ type: 'key.expired' }]);
    await keepUp(T0 + 39 * DAY_MS);
    expect(await told(late.id)).toMatchObject([{ daysLeft: 5 }, { daysLeft: 1 }]);
  });

  it('does not remind of what was made for less time than that', async () => {
    await start();
    const key = await make({ expiresAt: T0 + 7 * DAY_MS });
    await keepUp(T0 + 6 * DAY_MS - 1);
    expect(await told(key.id)).toEqual([]);
    await keepUp(T0 + 6 * DAY_MS);
    expect(await told(key.id)).toMatchObject([{ daysLeft: 1 }]);
  });

  it('begins anew when the expiry is put off, and after it', async () => {
    await start();
    const key = await make({ expiresAt: T0 + 31 * DAY_MS });
    await keepUp(T0 + DAY_MS);
    const edit = async (expiresAt: number | null) => {
      const { revision } = (await keys().get(key.id)) ?? { revision: 0 };
      return done(await keys().edit(key.id, { expiresAt }, revision, SERVICE));
    };
    await edit(T0 + 90 * DAY_MS);
    await keepUp(T0 + 60 * DAY_MS);
    await keepUp(T0 + 90 * DAY_MS);
    expect(await order(key)).toBe('credential_expired');
    await edit(T0 + 130 * DAY_MS);
    expect(await order(key, T0 + 91 * DAY_MS)).toBe('allowed');
    await keepUp(T0 + 100 * DAY_MS);
    await edit(null);
    await keepUp(T0 + 200 * DAY_MS);
    expect((await told(key.id)).map(({ at, type }) => [at / DAY_MS, type])).toEqual([
      [1, 'key.expiring'],
      [60, 'key.expiring'],
      [90, 'key.expired'],
      [100, 'key.expiring'],
    ]);
  });

  it('reminds of active keys alone, of others once they are enabled, and of revoked ones never', async () => {
    await start({ manifest: policed('rotateEvery: 5d') });
    const [key, gone] = [
      await make({ expiresAt: T0 + 31 * DAY_MS }),
      await make({ expiresAt: T0 + 31 * DAY_MS }),
    ];
    done(await keys().changeStanding(key.id, 'disable', 'r', SERVICE));
    done(await keys().revoke(gone.id, 'r', SERVICE));
    await keepUp(T0 + 10 * DAY_MS);
    expect(await told(key.id)).toEqual([]);
    done(await keys().changeStanding(key.id, 'enable', 'r', SERVICE));
    await keepUp();
    expect((await told(key.id)).map(({ type }) => type)).toEqual(['key.expiring', 'key.rotation_due']);
    await keepUp(T0 + 40 * DAY_MS);
    expect(await told(gone.id)).toEqual([]);
  });

  it('says once of each version of a secret that it is old, at the ms', async () => {
    await start({ manifest: policed('rotateEvery: 5d') });
    const [key, other] = [await make(), await make({ permissions: ['read'] })];
    await keepUp(T0 + 5 * DAY_MS - 1);
    expect(await told(key.id)).toEqual([]);
    await keepUp(T0 + 5 * DAY_MS);
    await keepUp(T0 + 6 * DAY_MS);
    expect(await told(key.id)).toEqual([
      { at: 5 * DAY_MS, type: 'key.rotation_due', version: 1, madeAt: iso(0) },
    ]);
    done(await keys().rotate(key.id, 0, SERVICE));
    await bench.restart();
    await keepUp(T0 + 11 * DAY_MS - 1);
    expect(await told(key.id)).toHaveLength(1);
    await keepUp(T0 + 11 * DAY_MS);
    expect((await told(key.id))[1]).toMatchObject({ type: 'key.rotation_due', version: 2 });
    expect(await told(other.id)).toEqual([]);
  });

  it('ends a key that nobody used, as of the ms at which it was refused first', async () => {
    await start({ manifest: policed('idleExpiry: 14d') });
    const [key, other] = [await make(), await make({ permissions: ['read'] })];
    expect(await order(key, T0 + 5_000)).toBe('allowed');
    const endsAt = T0 + 5_000 + 14 * DAY_MS;
    await keepUp(endsAt - 1);
    expect(await keys().get(key.id)).toMatchObject({ status: 'active', expiresAt: null });
    await keepUp(endsAt);
    expect(await order(key)).toBe('credential_expired');
    await keepUp(endsAt + DAY_MS);
    expect(await told(key.id)).toEqual([
      {
        at: endsAt - T0,
        type: 'key.expired',
        reason: 'idle',
        expiresAt: iso(endsAt - T0),
        unusedSince: iso(5_000),
      },
    ]);
    expect(await keys().get(key.id)).toMatchObject({ status: 'expired', expiresAt: iso(endsAt - T0) });
    expect(await keys().get(other.id)).toMatchObject({ status: 'active' });
    // It lasts, whatever the manifest says later.
    await bench.restart({ manifest: policed('rotateEvery: 400d') });
    expect(await order(key)).toBe('credential_expired');
  });

  it('lets a key that nobody used be brought back by a later expiry, which widens it, and counts anew', async () => {
    await start({ manifest: policed('idleExpiry: 14d, coolDown: 24h') });
    const key = await make();
    const back = T0 + 20 * DAY_MS;
    await keepUp(back);
    const edit = async (change: KeyEdit) =>
      done(await keys().edit(key.id, change, (await keys().get(key.id))?.revision ?? 0, SERVICE));
    // What does not say when it ends brings nothing back, even if it allows more.
    await edit({ label: 'mine', rateLimits: [] });
    expect(await order(key, back)).toBe('credential_expired');
    const { key: view } = await edit({ expiresAt: null });
    expect(view).toMatchObject({ status: 'active', expiresAt: null, widenedAt: iso(20 * DAY_MS) });
    await keepUp();
    expect(await order(key, back + DAY_MS - 1)).toBe('constraint_violated');
    await bench.restart();
    expect(await order(key, back + DAY_MS)).toBe('allowed');
    await keepUp(back + 15 * DAY_MS - 1);
    expect(await keys().get(key.id)).toMatchObject({ status: 'active' });
    await keepUp(back + 15 * DAY_MS);
    expect(await order(key)).toBe('credential_expired');
    expect((await told(key.id)).map(({ at, type }) => [at / DAY_MS, type])).toEqual([
      [20, 'key.expired'],
      [35, 'key.expired'],
    ]);
    // A day more than it has is enough, and without any use it ends with that.
    await edit({ expiresAt: bench.nowMs + DAY_MS });
    await keepUp(back + 16 * DAY_MS);
    expect((await told(key.id)).at(-1)).toMatchObject({ type: 'key.expired', reason: 'time' });
  });

  it('takes each use into account, also one that was not saved yet when the service was stopped', async () => {
    await start({ manifest: policed('idleExpiry: 14d') });
    const key = await make();
    for (const day of [13, 26, 39]) {
      expect(await order(key, T0 + day * DAY_MS)).toBe('allowed');
      await keepUp();
    }
    await bench.restart();
    await keepUp(T0 + 53 * DAY_MS - 1);
    expect(await order(key)).toBe('allowed');
    await keepUp(T0 + 67 * DAY_MS - 2);
    expect(await order(key)).toBe('allowed');
    expect(await told(key.id)).toEqual([]);
  });

  it('follows a manifest with other policies, for keys that were there before it', async () => {
    await start();
    const made: ClientKey[] = [];
    for (let i = 0; i < 250; i++) made.push(await make({ passphrase: undefined }));
    await keepUp();
    await bench.restart({ manifest: policed('idleExpiry: 14d, rotateEvery: 10d') });
    await keepUp(T0 + 10 * DAY_MS);
    expect(await bench.store.dueCredentials(T0 + 14 * DAY_MS - 1, 500)).toEqual([]);
    expect(await bench.store.dueCredentials(T0 + 14 * DAY_MS, 500)).toHaveLength(250);
    await keepUp(T0 + 14 * DAY_MS);
    for (const { id } of [made[0], made[249]] as ClientKey[]) {
      expect((await told(id)).map(({ type }) => type)).toEqual(['key.rotation_due', 'key.expired']);
    }
    await bench.restart();
    await keepUp();
    expect(await bench.store.dueCredentials(Number.MAX_SAFE_INTEGER, 500)).toEqual([]);
  });

  it('holds no policy against operators, whose permissions may have the same names', async () => {
    const text = `version: 1
permissions:
  keys.read: { risk: low, policy: { idleExpiry: 1d, rotateEvery: 1d } }
routes:
  - { route: GET /balance, permission: keys.read }
`;
    await start({ manifest: manifestOf(text) });
    const operator = await make({
      accountId: 'operator',
      permissions: ['keys.read'],
      kind: 'bearer',
      passphrase: undefined,
    });
    const customer = await make({ permissions: ['keys.read'], kind: 'bearer', passphrase: undefined });
    await keepUp(T0 + DAY_MS);
    expect(await told(operator.id)).toEqual([]);
    expect(await told(customer.id)).toMatchObject([{ type: 'key.expired' }]);
    const request = (token: string) => ({
      method: 'GET',
      target: '/balance',
      headers: ['Authorization', `Bearer ${token}`],
      body: Buffer.alloc(0),
    });
    const ask = { audience: 'operators', permission: 'keys.read' } as const;
    expect(said(await bench.engine.verify(request(operator.secret), ask))).toBe('allowed');
    expect(said(await bench.engine.verify(request(customer.secret)))).toBe('credential_expired');
  });

  it('leaves a key to whoever changes it at the same moment, and comes back to it', async () => {
    let meddle: (() => Promise<unknown>) | undefined;
    await start({}, (store) => ({
      ...store,
      async commit(change) {
        const once = change.entries[0]?.type === 'key.expired' ? meddle : undefined;
        if (once !== undefined) meddle = undefined;
        await once?.();
        return store.commit(change);
      },
    }));
    const [key, other] = [await make({ expiresAt: T0 + 1 }), await make({ expiresAt: T0 + 1 })];
    meddle = async () => {
      const { revision } = (await keys().get(key.id)) ?? { revision: 0 };
      done(await keys().edit(key.id, { label: 'renamed' }, revision, SERVICE));
    };
    await keepUp(T0 + 1);
    expect(await told(other.id)).toHaveLength(1);
    await keepUp();
    expect(await told(key.id)).toHaveLength(1);
    expect(await keys().get(key.id)).toMatchObject({ label: 'renamed', status: 'expired' });
  });

  it('is tried again after a fault, says meanwhile what is wrong, and tells nothing twice', async () => {
    let isBroken = false;
    await start({}, (store) => ({
      ...store,
      async schedule(appointments) {
        if (isBroken) throw new Error('the disk is full');
        return store.schedule(appointments);
      },
    }));
    const key = await make({ expiresAt: T0 + 1 });
    await make();
    isBroken = true;
    await expect(keepUp(T0 + 1)).rejects.toThrow('the disk is full');
    expect(bench.engine.health().upkeepFault).toBe('the disk is full');
    isBroken = false;
    await keepUp(T0 + 2);
    expect(bench.engine.health().upkeepFault).toBeNull();
    expect(await told(key.id)).toHaveLength(1);
  });

  it('does in one call all that is due, however much it is', async () => {
    await start();
    const made: ClientKey[] = [];
    for (let i = 0; i < 450; i++) made.push(await make({ passphrase: undefined, expiresAt: T0 + DAY_MS }));
    await keepUp(T0 + DAY_MS);
    const entries = await wholeLog(bench.store);
    const expired = entries
      .filter(({ type }) => type === 'key.expired')
      .map(({ credentialId }) => credentialId);
    expect(expired.sort()).toEqual(made.map(({ id }) => id).sort());
    expect(await bench.store.dueCredentials(Number.MAX_SAFE_INTEGER, 1)).toEqual([]);
  });

  it('lets what is lived on go on when nothing is decided anew, and ends it with an unused key', async () => {
    await start({ manifest: policed('idleExpiry: 31d') });
    const key = await make({ expiresAt: T0 + 70 * DAY_MS });
    const decision = await bench.engine.verify(bitgetRequest(key, { nowMs: T0 }));
    if (!decision.allowed) throw new Error(decision.code);
    let ended = 0;
    bench.engine.watch(decision, () => ended++);
    done(await keys().rotate(key.id, 3600, SERVICE));
    expect(ended).toBe(1); // A rotation is a change.
    const next = await bench.engine.verify(bitgetRequest(key, { nowMs: T0, target: '/orders?2' }));
    if (!next.allowed) throw new Error(next.code);
    bench.engine.watch({ ...next, validUntil: undefined }, () => ended++);
    await keepUp(T0 + 3_600_000);
    expect(await told(key.id)).toHaveLength(1);
    expect(ended).toBe(1);
    await keepUp(T0 + 31 * DAY_MS);
    expect(ended).toBe(2);
  });
}
