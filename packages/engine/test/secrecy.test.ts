import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { createEngine } from '@countersign/engine';
import { createSqliteStore } from '@countersign/engine/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { benchOn, clientKey, done, type IssuedKey, keyInput, manifestOf, SERVICE } from './engine-setup.ts';
import { keyringOf, T0 } from './records.ts';
import { STORES, temporaryFolder } from './store-adapters.ts';
import { bearerRequest, bitgetRequest, okxRequest, withHeader } from './wire.ts';

/** Pieces of a secret that nothing may hold: any 12 characters of it are too many. */
function piecesOf(secret: string): string[] {
  const random = secret.replace(/^c[sb]_(live|test)_/, '');
  return Array.from({ length: Math.floor(random.length / 12) }, (_, i) => random.slice(i * 12, i * 12 + 12));
}

for (const adapter of STORES) {
  describe(`no secret, over ${adapter.name}`, () => {
    it('is in any log entry, view, decision, error or printed object', async () => {
      const bench = await benchOn(adapter);
      const { keys } = bench.engine;
      const input = { passphrase: 'pass-phrase-of-a-customer', metadata: { bot: 'x' } };
      const results: unknown[] = [];
      const keep = <R>(result: R): R => {
        results.push(result);
        return result;
      };
      const first = clientKey(keep(await keys.issue(keyInput(input), SERVICE)), input.passphrase);
      const second = clientKey(keep(await keys.rotate(first.id, 60, SERVICE)), input.passphrase);
      const token = clientKey(
        keep(await keys.issue(keyInput({ kind: 'bearer', passphrase: undefined }), SERVICE)),
      );
      const imported = { id: 'their key', secret: 'their-secret-of-32-characters-or-so' };
      keep(await keys.importKey({ ...keyInput(input), ...imported }, SERVICE));
      keep(await keys.importKey({ ...keyInput(input), ...imported }, SERVICE));

      const requests = [first, second, { ...imported, passphrase: input.passphrase }].flatMap((key) => [
        bitgetRequest(key, { nowMs: T0 }),
        bitgetRequest(key, { nowMs: T0 }),
        withHeader(okxRequest(key, { nowMs: T0 }), 'OK-ACCESS-PASSPHRASE', 'another-passphrase'),
        bitgetRequest(key, { nowMs: T0 - 99_999 }),
      ]);
      requests.push(
        bearerRequest(token.secret),
        bearerRequest(`${token.secret}x`),
        bearerRequest(token.secret, { target: '/x' }),
      );
      for (const request of requests) keep(await bench.engine.verify(request));
      keep(await keys.get(first.id));
      keep(await keys.list({ afterId: '', limit: 10 }));
      keep(await keys.revoke(token.id, 'x', SERVICE));
      await bench.restart();
      const log = await bench.store.readLog({ after: 0, limit: 999 });
      expect(log.length).toBeGreaterThan(15);

      const shown = [
        ...log.map(({ bytes }) => bytes),
        JSON.stringify(results),
        inspect(results, { depth: 12, showHidden: true }),
        inspect(bench.errors, { depth: 12 }),
        inspect(bench.engine, { depth: 12, showHidden: true }),
        String(results),
      ].join('\n');
      const secrets = [
        first.secret,
        second.secret,
        token.secret.slice(44),
        imported.secret,
        input.passphrase,
        'another-passphrase',
      ];
      for (const secret of secrets) for (const piece of piecesOf(secret)) expect(shown).not.toContain(piece);
      const signatures = requests.flatMap(({ headers }) =>
        headers.filter((text) => /^[A-Za-z0-9+/]{43}=$/.test(text)),
      );
      expect(signatures).toHaveLength(12);
      for (const signature of signatures) expect(shown).not.toContain(signature);
      await bench.close();
    });
  });
}

describe('in the files of a SQLite store', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = temporaryFolder();
    path = join(folder, 'countersign.db');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const filesWith = (bytes: Buffer | string) =>
    readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(bytes));

  async function inEngine(
    work: (engine: ReturnType<typeof createEngine>, load: (id: string) => Promise<Buffer>) => Promise<void>,
  ) {
    const store = await createSqliteStore({ path });
    const engine = createEngine({
      store,
      keyring: keyringOf('kek-1'),
      manifest: manifestOf(),
      clock: () => T0,
    });
    await engine.start();
    await work(engine, async (id) =>
      Buffer.from((await store.loadCredential(id))?.secretVersions[0]?.sealed ?? []),
    );
    await engine.close();
    await store.close();
  }

  it('no secret stands in clear while the key lives, and not a sealed byte once it is revoked', async () => {
    let key!: IssuedKey;
    let sealed!: Buffer;
    await inEngine(async (engine, load) => {
      key = clientKey(
        await engine.keys.issue(keyInput({ passphrase: 'pass-phrase-of-a-customer' }), SERVICE),
        'pass-phrase-of-a-customer',
      );
      await engine.verify(bitgetRequest(key, { nowMs: T0 }));
      sealed = await load(key.id);
      for (const piece of [...piecesOf(key.secret), ...piecesOf('pass-phrase-of-a-customer')])
        expect(filesWith(piece)).toEqual([]);
    });
    const secretPart = sealed.subarray(9);
    expect(secretPart.length).toBeGreaterThan(100);
    expect(filesWith(secretPart)).toEqual(['countersign.db']);
    await inEngine(async (engine) => {
      done(await engine.keys.revoke(key.id, 'leaked', SERVICE));
    });
    for (let at = 0; at + 12 <= secretPart.length; at += 4)
      expect(filesWith(secretPart.subarray(at, at + 12))).toEqual([]);
    expect(filesWith(key.id)).toContain('countersign.db');
  });

  it('the hash of a bearer token is gone once it is revoked', async () => {
    const { createHash } = await import('node:crypto');
    let key!: IssuedKey;
    await inEngine(async (engine) => {
      key = clientKey(await engine.keys.issue(keyInput({ kind: 'bearer', passphrase: undefined }), SERVICE));
    });
    const hash = createHash('sha256').update(key.secret).digest('hex');
    expect(filesWith(hash)).toEqual(['countersign.db']);
    expect(filesWith(key.secret.slice(44))).toEqual([]);
    await inEngine(async (engine) => {
      done(await engine.keys.revoke(key.id, 'leaked', SERVICE));
    });
    expect(filesWith(hash)).toEqual([]);
  });
});
