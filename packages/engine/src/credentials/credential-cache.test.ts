import { type KeyRow, KeySlab } from '@countersign/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { createEnvKeyring } from '../keyring/env.ts';
import { createMemoryStore } from '../memory/store.ts';
import type { CredentialRecord, SecretVersionRecord } from '../ports/record.ts';
import type { ChangeNotice, Store } from '../ports/store.ts';
import { CredentialCompiler, sealedName } from './compile-credential.ts';
import { CredentialCache } from './credential-cache.ts';
import { seal } from './envelope.ts';

const unreported = (fault: unknown) => {
  throw fault;
};

const NOW = 1_800_000_000_000;
const keyring = createEnvKeyring(`kek-1:${Buffer.alloc(32, 1).toString('base64')}`);

/** A slab that remembers every row that it gave out. */
class WatchedSlab extends KeySlab {
  readonly rows: KeyRow[] = [];
  override store(secret: Uint8Array, passphrase?: string): KeyRow {
    const row = super.store(secret, passphrase);
    this.rows.push(row);
    return row;
  }
  get live(): number {
    return this.rows.filter((row) => {
      try {
        return row.length >= 0;
      } catch {
        return false;
      }
    }).length;
  }
}

/** A store whose loads begin when they are asked for, and are answered when and how the test says. */
class HeldStore {
  readonly loads: {
    id: string;
    answer: (record: CredentialRecord | undefined) => Promise<void>;
    fail: () => void;
  }[] = [];
  readonly store: Store = {
    ...createMemoryStore(),
    loadCredential: (id) =>
      new Promise((resolve, reject) => {
        this.loads.push({
          id,
          answer: async (record) => {
            resolve(record);
            await settled();
          },
          fail: () => reject(new Error('the store does not answer')),
        });
      }),
  };
  get last() {
    return this.loads.at(-1) as (typeof this.loads)[number];
  }
}

const settled = () => new Promise<void>((resolve) => setTimeout(resolve, 5));

async function recordOf(
  id: string,
  revision: number,
  more: Partial<CredentialRecord> = {},
): Promise<CredentialRecord> {
  const sealed = await seal(
    keyring,
    sealedName(id, 1),
    Buffer.from(JSON.stringify({ secret: `secret of ${id}` })),
  );
  const version: SecretVersionRecord = {
    version: 1,
    createdAt: NOW,
    retiresAt: null,
    sealed,
    tokenHash: null,
    publicKey: null,
  };
  return {
    id,
    accountId: 'a',
    label: `r${revision}`,
    environment: 'live',
    kind: 'hmac',
    dialects: null,
    permissions: [],
    allowedIps: null,
    constraints: {},
    rateLimits: [],
    metadata: {},
    standing: 'active',
    createdAt: NOW,
    expiresAt: null,
    secretVersions: [version],
    revision,
    ...more,
  };
}

async function revoked(id: string, revision: number): Promise<CredentialRecord> {
  const [version] = (await recordOf(id, revision)).secretVersions as [SecretVersionRecord];
  return recordOf(id, revision, { standing: 'revoked', secretVersions: [{ ...version, sealed: null }] });
}

const noticeOf = (...records: CredentialRecord[]): ChangeNotice => ({
  revision: Math.max(...records.map(({ revision }) => revision)),
  records,
  foreignNames: [],
});

let held: HeldStore;
let slab: WatchedSlab;
beforeEach(() => {
  held = new HeldStore();
  slab = new WatchedSlab();
});
const cacheOf = (capacity: number, store = held.store) =>
  new CredentialCache(
    store,
    new CredentialCompiler(keyring, slab, undefined, unreported),
    capacity,
    () => NOW,
  );

describe('filling the cache', () => {
  it('reads a credential once, however many ask for it at the same time', async () => {
    const cache = cacheOf(10);
    const asked = Array.from({ length: 50 }, () => cache.get('a'));
    expect(held.loads).toHaveLength(1);
    await held.last.answer(await recordOf('a', 1));
    const entries = await Promise.all(asked);
    expect(new Set(entries).size).toBe(1);
    expect(entries[0]?.credential).toMatchObject({ id: 'a', revision: 1 });
    expect(cache.peek('a')).toBe(entries[0]);
    expect(slab.rows).toHaveLength(1);
    await cache.get('a');
    expect(held.loads).toHaveLength(1);
  });

  it('remembers nothing of a credential that is not there, or could not be read', async () => {
    const cache = cacheOf(10);
    const missing = cache.get('a');
    await held.last.answer(undefined);
    expect(await missing).toBeUndefined();
    const failing = cache.get('a');
    held.last.fail();
    await expect(failing).rejects.toThrow('does not answer');
    const third = cache.get('a');
    await held.last.answer(await recordOf('a', 1));
    expect(await third).toMatchObject({ credential: { id: 'a' } });
  });

  it('is repeated when a change overtook it', async () => {
    const cache = cacheOf(10);
    const asked = cache.get('a');
    const applied = cache.apply(noticeOf(await recordOf('a', 2)));
    await held.last.answer(await recordOf('a', 1));
    expect(held.loads).toHaveLength(2);
    expect(cache.peek('a')).toBeUndefined();
    await held.last.answer(await recordOf('a', 2));
    expect((await asked)?.credential.revision).toBe(2);
    await applied;
    expect(slab.live).toBe(1);
  });

  it('is repeated until nothing overtook it, also when an older change is told late', async () => {
    const cache = cacheOf(10);
    const asked = cache.get('a');
    void cache.apply(noticeOf(await recordOf('a', 3)));
    void cache.apply(noticeOf(await recordOf('a', 2)));
    await held.last.answer(await recordOf('a', 2));
    expect(cache.peek('a')).toBeUndefined();
    await held.last.answer(await recordOf('a', 3));
    expect((await asked)?.credential.revision).toBe(3);
  });

  it('never brings a revoked credential back', async () => {
    const cache = cacheOf(10);
    const asked = cache.get('a');
    void cache.apply(noticeOf(await revoked('a', 5)));
    await held.last.answer(await recordOf('a', 4));
    await held.last.answer(await revoked('a', 5));
    expect((await asked)?.credential).toMatchObject({ standing: 'revoked', proofs: [], revision: 5 });
    // A change from before the revocation, told late.
    await cache.apply(noticeOf(await recordOf('a', 4)));
    expect(cache.peek('a')?.credential.standing).toBe('revoked');
    expect(slab.live).toBe(0);
  });

  it('leaves no key behind where one of two secret versions does not open', async () => {
    const cache = cacheOf(10);
    const record = await recordOf('a', 1);
    const [good] = record.secretVersions as [SecretVersionRecord];
    const damaged = { ...good, version: 2, sealed: good.sealed };
    const asked = cache.get('a');
    const rejected = expect(asked).rejects.toThrow('sealed as something else');
    await held.last.answer({ ...record, secretVersions: [good, damaged] });
    await rejected;
    expect(slab.rows).toHaveLength(1);
    expect(slab.live).toBe(0);
  });
});

describe('a change from the feed', () => {
  it('drops the older state at once, and releases its keys', async () => {
    const cache = cacheOf(10);
    const asked = cache.get('a');
    await held.last.answer(await recordOf('a', 1));
    await asked;
    void cache.apply(noticeOf(await recordOf('a', 2)));
    expect(cache.peek('a')).toBeUndefined();
    expect(slab.live).toBe(0);
  });

  it('leaves a state that is as new, and credentials that it does not name', async () => {
    const cache = cacheOf(10);
    for (const id of ['a', 'b']) {
      const asked = cache.get(id);
      await held.last.answer(await recordOf(id, 5));
      await asked;
    }
    await cache.apply(noticeOf(await recordOf('a', 5), await recordOf('c', 6)));
    expect([cache.peek('a'), cache.peek('b')].map((entry) => entry?.credential.revision)).toEqual([5, 5]);
    expect(cache.size).toBe(2);
  });

  it('is applied once no fill can bring the older state any more', async () => {
    const cache = cacheOf(10);
    const asked = cache.get('a');
    let isApplied = false;
    void cache.apply(noticeOf(await recordOf('a', 2))).then(() => {
      isApplied = true;
    });
    await settled();
    expect(isApplied).toBe(false);
    await held.last.answer(await recordOf('a', 1));
    expect(isApplied).toBe(false);
    await held.last.answer(await recordOf('a', 2));
    await asked;
    expect(isApplied).toBe(true);
  });
});

describe('a full cache', () => {
  async function storeWith(count: number): Promise<Store> {
    const store = createMemoryStore();
    for (let i = 0; i < count; i++)
      await store.commit({ records: [await recordOf(`k${i}`, 0)], entries: [] });
    return store;
  }

  it('keeps its capacity, releases what it drops, and still finds everything', async () => {
    const cache = cacheOf(8, await storeWith(40));
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 40; i++) {
        expect((await cache.get(`k${i}`))?.credential.id).toBe(`k${i}`);
        expect(cache.size).toBeLessThanOrEqual(8);
        expect(slab.live).toBe(cache.size);
      }
    }
    expect(cache.size).toBe(8);
  });

  it('drops what was not used since the hand last came by', async () => {
    const cache = cacheOf(4, await storeWith(8));
    // The hand goes all round once, and stops before k1.
    for (let i = 0; i < 5; i++) await cache.get(`k${i}`);
    cache.peek('k1');
    await cache.get('k5');
    cache.peek('k4');
    await cache.get('k6');
    const there = [1, 2, 3, 4, 5, 6].filter((i) => cache.peek(`k${i}`) !== undefined);
    expect(there).toEqual([1, 4, 5, 6]);
  });

  it('holds with many fills at a time', async () => {
    const cache = cacheOf(5, await storeWith(30));
    await Promise.all(Array.from({ length: 300 }, (_, i) => cache.get(`k${(i * 7) % 30}`)));
    expect(cache.size).toBe(5);
    expect(slab.live).toBe(5);
  });
});
