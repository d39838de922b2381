import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Bench,
  benchOn,
  clientKey,
  done,
  type IssuedKey,
  issue,
  keyInput,
  refusalOf,
  SERVICE,
  said,
} from './engine-setup.ts';
import { T0, wholeLog } from './records.ts';
import { STORES } from './store-adapters.ts';
import { bearerRequest, bitgetRequest, type ClientKey } from './wire.ts';

for (const adapter of STORES) {
  describe(`the life of a key, over ${adapter.name}`, () => {
    let bench: Bench;
    let key: IssuedKey;
    let n = 0;
    beforeEach(async () => {
      bench = await benchOn(adapter);
      key = await issue(bench);
    });
    afterEach(() => bench.close());
    const keys = () => bench.engine.keys;
    const order = (client: ClientKey) =>
      bench.engine.verify(bitgetRequest(client, { nowMs: bench.nowMs, body: `{"n":${n++}}` }));
    const word = async (client: ClientKey) => said(await order(client));

    it('begins with an id, a secret and a passphrase that belong to its environment', async () => {
      expect(key.id).toMatch(/^ck_live_[0-9A-Za-z]{36}$/);
      expect(key.secret).toMatch(/^cs_live_[0-9A-Za-z]{49}$/);
      const test = await issue(bench, { environment: 'test', kind: 'bearer', passphrase: undefined });
      expect([test.id.slice(0, 8), test.secret.slice(0, 8)]).toEqual(['ck_test_', 'cb_test_']);
      const permissionUsage = key.view.permissions.map((permission) => ({ permission, lastUsedAt: null }));
      expect(await keys().get(key.id)).toEqual({ ...key.view, permissionUsage });
      expect(key.view).toMatchObject({
        accountId: 'acct_1',
        label: 'grid bot',
        kind: 'hmac',
        status: 'active',
        dialects: null,
        allowedIps: null,
        createdAt: new Date(T0).toISOString(),
        expiresAt: null,
        lastUsedAt: null,
        lastUsedIp: null,
        secretVersions: [
          { version: 1, createdAt: new Date(T0).toISOString(), retiresAt: null, lastUsedAt: null },
        ],
      });
    });

    it('has two secret versions during grace, to the ms, and says which one matched', async () => {
      const next = clientKey(await keys().rotate(key.id, 10, SERVICE), key.passphrase);
      expect(next.secret).not.toBe(key.secret);
      expect(next.view.secretVersions).toMatchObject([
        { version: 2, retiresAt: null },
        { version: 1, retiresAt: new Date(T0 + 10_000).toISOString() },
      ]);
      for (const atMs of [T0, T0 + 9_999]) {
        bench.nowMs = atMs;
        expect(await order(key)).toMatchObject({ allowed: true, secretVersion: 1 });
        expect(await order(next)).toMatchObject({ allowed: true, secretVersion: 2 });
      }
      bench.nowMs = T0 + 10_000;
      expect(await word(key)).toBe('signature_mismatch');
      expect(await order(next)).toMatchObject({ secretVersion: 2 });
      await bench.restart();
      expect(await word(key)).toBe('signature_mismatch');
      expect(await keys().get(key.id)).toMatchObject({
        secretVersions: [
          { version: 2, lastUsedAt: new Date(T0 + 10_000).toISOString() },
          { version: 1, lastUsedAt: new Date(T0 + 9_999).toISOString() },
        ],
      });
    });

    it('ends the old secret at once with a grace of 0', async () => {
      const next = clientKey(await keys().rotate(key.id, 0, SERVICE), key.passphrase);
      expect(await word(key)).toBe('signature_mismatch');
      expect(await word(next)).toBe('allowed');
    });

    it('has two live secrets at most: a second rotation ends the oldest', async () => {
      const second = clientKey(await keys().rotate(key.id, 100, SERVICE), key.passphrase);
      const third = clientKey(await keys().rotate(key.id, 100, SERVICE), key.passphrase);
      expect([await word(key), await word(second), await word(third)]).toEqual([
        'signature_mismatch',
        'allowed',
        'allowed',
      ]);
    });

    it('keeps the record of ten versions, and secrets of the live ones only', async () => {
      let last = key;
      for (let i = 0; i < 14; i++) last = clientKey(await keys().rotate(key.id, 60, SERVICE), key.passphrase);
      expect(last.view.secretVersions.map(({ version }) => version)).toEqual([
        15, 14, 13, 12, 11, 10, 9, 8, 7, 6,
      ]);
      const record = await bench.store.loadCredential(key.id);
      expect(record?.secretVersions.map(({ sealed }) => sealed !== null)).toEqual([
        true,
        true,
        ...Array(8).fill(false),
      ]);
      expect(await bench.store.sealedItem(`credential/${key.id}/1`)).toBeUndefined();
      expect(await word(last)).toBe('allowed');
    });

    it('can retire the previous secret before its time, once', async () => {
      const next = clientKey(await keys().rotate(key.id, 1_000, SERVICE), key.passphrase);
      expect(await word(key)).toBe('allowed');
      for (const other of [0, 2, 3]) {
        expect(refusalOf(await keys().retirePrevious(key.id, SERVICE, other))).toBe('state_conflict');
      }
      expect(await word(key)).toBe('allowed');
      done(await keys().retirePrevious(key.id, SERVICE, 1));
      expect([await word(key), await word(next)]).toEqual(['signature_mismatch', 'allowed']);
      expect(refusalOf(await keys().retirePrevious(key.id, SERVICE))).toBe('state_conflict');
      const again = await issue(bench);
      expect(refusalOf(await keys().retirePrevious(again.id, SERVICE))).toBe('state_conflict');
      done(await keys().rotate(again.id, 1, SERVICE));
      bench.nowMs += 1_000;
      expect(refusalOf(await keys().retirePrevious(again.id, SERVICE))).toBe('state_conflict');
    });

    it('rotates bearer tokens and public keys', async () => {
      const token = await issue(bench, { kind: 'bearer', passphrase: undefined });
      const next = clientKey(await keys().rotate(token.id, 10, SERVICE));
      const ask = async (secret: string) => said(await bench.engine.verify(bearerRequest(secret)));
      expect([await ask(token.secret), await ask(next.secret)]).toEqual(['allowed', 'allowed']);
      bench.nowMs += 10_000;
      expect([await ask(token.secret), await ask(next.secret)]).toEqual(['signature_mismatch', 'allowed']);
      expect(refusalOf(await keys().rotate(token.id, 0, SERVICE, 'a public key'))).toBe('invalid_body');
    });

    const DEEDS = [
      ['disable', 'disabled', 'credential_disabled', 'enable'],
      ['quarantine', 'quarantined', 'credential_quarantined', 'release'],
    ] as const;
    for (const [deed, status, code, undo] of DEEDS) {
      it(`can be ${status}, at once, and back`, async () => {
        expect(await word(key)).toBe('allowed');
        expect(done(await keys().changeStanding(key.id, deed, 'looks odd', SERVICE)).key.status).toBe(status);
        expect(await word(key)).toBe(code);
        await bench.restart();
        expect(await word(key)).toBe(code);
        expect(refusalOf(await keys().changeStanding(key.id, deed, 'again', SERVICE))).toBe('state_conflict');
        expect(done(await keys().changeStanding(key.id, undo, 'was me', SERVICE)).key.status).toBe('active');
        expect(await word(key)).toBe('allowed');
        expect(refusalOf(await keys().changeStanding(key.id, undo, 'again', SERVICE))).toBe('state_conflict');
      });
    }

    it('cannot be enabled out of a quarantine, nor released out of a disablement', async () => {
      done(await keys().changeStanding(key.id, 'disable', '', SERVICE));
      expect(refusalOf(await keys().changeStanding(key.id, 'release', '', SERVICE))).toBe('state_conflict');
      done(await keys().changeStanding(key.id, 'quarantine', '', SERVICE));
      expect(refusalOf(await keys().changeStanding(key.id, 'enable', '', SERVICE))).toBe('state_conflict');
    });

    it('ends with a revocation: nothing brings it back', async () => {
      expect(await word(key)).toBe('allowed');
      const revoked = done(await keys().revoke(key.id, 'leaked', SERVICE));
      expect(revoked).toMatchObject({ revoked: 1, everywhere: true });
      expect(await word(key)).toBe('credential_revoked');
      expect(refusalOf(await keys().revoke(key.id, 'again', SERVICE))).toBe('key_revoked');
      expect(refusalOf(await keys().rotate(key.id, 0, SERVICE))).toBe('key_revoked');
      expect(refusalOf(await keys().retirePrevious(key.id, SERVICE))).toBe('key_revoked');
      expect(refusalOf(await keys().edit(key.id, { label: 'x' }, revoked.revision, SERVICE))).toBe(
        'key_revoked',
      );
      for (const deed of ['disable', 'enable', 'quarantine', 'release'] as const) {
        expect(refusalOf(await keys().changeStanding(key.id, deed, '', SERVICE))).toBe('key_revoked');
      }
      const same = { ...keyInput(), id: key.id, secret: key.secret };
      expect(refusalOf(await keys().importKey(same, SERVICE))).toBe('id_taken');
      await bench.restart();
      expect(await word(key)).toBe('credential_revoked');
      expect(await keys().get(key.id)).toMatchObject({
        status: 'revoked',
        secretVersions: [{ retiresAt: new Date(T0).toISOString() }],
      });
    });

    it('looks to a stranger, once revoked, as if it had never been', async () => {
      done(await keys().revoke(key.id, 'leaked', SERVICE));
      const unknown = { ...key, id: `${key.id.slice(0, -1)}${key.id.endsWith('a') ? 'b' : 'a'}` };
      for (const secret of [key.secret, 'a guess']) {
        const [mine, nobodys] = [await order({ ...key, secret }), await order({ ...unknown, secret })];
        if (mine.allowed || nobodys.allowed) throw new Error('was allowed');
        expect(nobodys.code).toBe('credential_unknown');
        expect(mine.response).toEqual(nobodys.response);
        expect(mine.credentialId).toBeUndefined();
      }
    });

    it('leaves an entry of each deed in the log, in the same commit', async () => {
      const by = { actor: 'ck_operator', requestId: 'req_1' };
      done(await keys().edit(key.id, { label: 'other', metadata: { a: 'b' } }, key.view.revision, by));
      done(await keys().rotate(key.id, 5, by));
      done(await keys().retirePrevious(key.id, by));
      done(await keys().changeStanding(key.id, 'disable', 'why not', by));
      done(await keys().revoke(key.id, 'the end', by));
      const log = await wholeLog(bench.store);
      expect(log.map(({ type }) => type)).toEqual([
        'key.issued',
        'key.edited',
        'key.rotated',
        'key.previous_retired',
        'key.disabled',
        'key.revoked',
      ]);
      for (const entry of log.slice(1)) {
        expect(entry).toMatchObject({ at: T0, credentialId: key.id, accountId: 'acct_1', ...by });
      }
      expect(log[1]?.data).toEqual({ fields: ['label', 'metadata'] });
      expect(log[3]?.data).toEqual({ version: 1 });
      expect(log[4]?.data).toEqual({ reason: 'why not' });
    });

    it('is unknown to every deed where there is none: not_found', async () => {
      const id = 'ck_live_nobody';
      expect(await keys().get(id)).toBeUndefined();
      for (const result of [
        await keys().edit(id, {}, 1, SERVICE),
        await keys().rotate(id, 0, SERVICE),
        await keys().retirePrevious(id, SERVICE),
        await keys().changeStanding(id, 'disable', '', SERVICE),
        await keys().revoke(id, '', SERVICE),
      ]) {
        expect(refusalOf(result)).toBe('not_found');
      }
    });
  });

  describe(`edits and many keys, over ${adapter.name}`, () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await benchOn(adapter);
    });
    afterEach(() => bench.close());
    const keys = () => bench.engine.keys;

    it('edits hold at once, keep what is absent, and take restrictions away with null', async () => {
      const key = await issue(bench, { allowedIps: ['203.0.113.0/24'], expiresAt: T0 + 1_000 });
      const order = async () => said(await bench.engine.verify(bitgetRequest(key, { nowMs: bench.nowMs++ })));
      expect(await order()).toBe('ip_not_allowed');
      const edited = done(
        await keys().edit(key.id, { allowedIps: null, expiresAt: null }, key.view.revision, SERVICE),
      );
      expect(edited.key).toMatchObject({
        allowedIps: null,
        expiresAt: null,
        label: 'grid bot',
        permissions: ['read', 'trade', 'move'],
      });
      expect(await order()).toBe('allowed');
      done(await keys().edit(key.id, { permissions: ['read'] }, edited.key.revision, SERVICE));
      expect(await order()).toBe('permission_denied');
    });

    it('an edit of an older revision is refused: revision_mismatch', async () => {
      const key = await issue(bench);
      done(await keys().edit(key.id, { label: 'second' }, key.view.revision, SERVICE));
      expect(refusalOf(await keys().edit(key.id, { label: 'third' }, key.view.revision, SERVICE))).toBe(
        'revision_mismatch',
      );
      expect((await keys().get(key.id))?.label).toBe('second');
    });

    it('revokes all that match, in one revision, and no operator', async () => {
      const mine = [
        await issue(bench, { metadata: { app: 'bots' } }),
        await issue(bench, { metadata: { app: 'bots' }, accountId: 'acct_2' }),
      ];
      const others = [
        await issue(bench, { metadata: { app: 'other' } }),
        await issue(bench, { metadata: { app: 'bots' }, environment: 'test' }),
        await issue(bench, { metadata: { app: 'bots' }, accountId: 'operator', permissions: ['verify'] }),
      ];
      bench.nowMs += 1;
      const late = await issue(bench, { metadata: { app: 'bots' } });
      const filter = { metadata: { app: 'bots' }, environment: 'live', createdBefore: T0 + 1 };
      const { revision, revoked } = done(await keys().revokeAll(filter, 'app was breached', SERVICE));
      expect(revoked).toBe(2);
      for (const { id } of mine) expect(await keys().get(id)).toMatchObject({ status: 'revoked', revision });
      for (const { id } of [...others, late]) expect((await keys().get(id))?.status).toBe('active');
      const entries = await bench.store.readLog({ after: 0, limit: 99, type: 'key.revoked' });
      expect(entries).toHaveLength(2);
    });

    it('lists by account and status, as its owner sees them', async () => {
      const [a, b] = [await issue(bench), await issue(bench, { accountId: 'acct_2' })];
      done(await keys().changeStanding(b.id, 'disable', '', SERVICE));
      const ids = async (filter: object) =>
        (await keys().list({ afterId: '', limit: 10, ...filter })).map(({ id }) => id);
      expect(await ids({})).toEqual([a.id, b.id].sort());
      expect(await ids({ accountId: 'acct_2' })).toEqual([b.id]);
      expect(await ids({ status: 'active' })).toEqual([a.id]);
      expect(await ids({ status: 'disabled', accountId: 'acct_1' })).toEqual([]);
    });
  });
}
