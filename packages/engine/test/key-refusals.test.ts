import { generateKeyPairSync } from 'node:crypto';
import {
  createEngine,
  createMemoryStore,
  type Fault,
  type ImportInput,
  type KeyEdit,
  type KeyInput,
} from '@countersign/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, benchOn, issue, keyInput, refusalOf, SERVICE } from './engine-setup.ts';
import { keyringOf, T0 } from './records.ts';
import { STORES } from './store-adapters.ts';

const pem = (pair: { publicKey: import('node:crypto').KeyObject }) =>
  pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const ED25519 = generateKeyPairSync('ed25519');
const P256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const P384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const RSA_1024 = generateKeyPairSync('rsa', { modulusLength: 1024 });

let bench: Bench;
beforeAll(async () => {
  bench = await benchOn(STORES[0]!);
});
afterAll(() => bench.close());

function faultsOf(result: { ok: boolean; code?: string; errors?: readonly Fault[] | undefined }): string[] {
  expect(refusalOf(result)).toBe('invalid_body');
  return (result.errors ?? []).map(({ pointer, message }) => `${pointer} ${message}`);
}

describe('a new key with a fault is refused: invalid_body', () => {
  const FAULTS: readonly [Partial<KeyInput>, RegExp][] = [
    [{ dialects: ['klingon'] }, /^\/dialects\/0 is not one of bitget/],
    [{ dialects: ['okx', 'bearer'] }, /^\/dialects\/1 does not sign with kind hmac/],
    [{ dialects: ['bitget'], passphrase: undefined }, /^\/passphrase is needed for bitget/],
    [{ passphrase: 'with space' }, /^\/passphrase must be printable/],
    [{ passphrase: 'x'.repeat(65) }, /^\/passphrase must be/],
    [{ kind: 'bearer' }, /^\/passphrase a bearer key has none/],
    [{ publicKey: pem(ED25519) }, /^\/publicKey a key of kind hmac has none/],
    [{ kind: 'ed25519', passphrase: undefined }, /^\/publicKey is needed/],
    [{ kind: 'ed25519', publicKey: 'no key' }, /^\/publicKey is not a public key in PEM/],
    [{ kind: 'ed25519', publicKey: pem(P256) }, /^\/publicKey is not of kind ed25519/],
    [{ kind: 'p256', publicKey: pem(P384) }, /^\/publicKey is not of kind p256/],
    [{ kind: 'rsa', publicKey: pem(RSA_1024) }, /^\/publicKey is not of kind rsa/],
    [{ permissions: ['read', 'fly'] }, /^\/permissions\/1 is not one of read, trade, move/],
    [{ permissions: ['keys.write'] }, /^\/permissions\/0 is not one of/],
    [{ allowedIps: ['192.0.2.1', '192.0.2.1/24'] }, /^\/allowedIps\/1 is not an address/],
    [{ expiresAt: T0 }, /^\/expiresAt is in the past/],
    [{ expiresAt: T0 * 1000 }, /^\/expiresAt is more than 100 years away/],
    [
      { rateLimits: [1, 2].map(() => ({ name: 'a', quota: 1, windowSeconds: 1 })) },
      /^\/rateLimits\/1\/name occurs twice/,
    ],
    [{ constraints: { maxNotionalPerOrder: '1e3' } }, /^\/constraints\/maxNotionalPerOrder is not a decimal/],
  ];
  for (const [fault, message] of FAULTS) {
    it(`for ${JSON.stringify(fault).slice(0, 70)}`, async () => {
      expect(faultsOf(await bench.engine.keys.issue(keyInput(fault), SERVICE))).toEqual([
        expect.stringMatching(message),
      ]);
    });
  }

  it('that is a private key, and does not repeat it', async () => {
    const privateKey = ED25519.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const result = await bench.engine.keys.issue(
      keyInput({ kind: 'ed25519', passphrase: undefined, publicKey: privateKey }),
      SERVICE,
    );
    expect(faultsOf(result)).toEqual([expect.stringMatching(/private key: treat it as leaked/)]);
    expect(JSON.stringify(result)).not.toContain(privateKey.split('\n')[1]);
  });

  it('with all its faults at once', async () => {
    const result = await bench.engine.keys.issue(
      keyInput({ permissions: ['fly'], expiresAt: 0, allowedIps: ['x'] }),
      SERVICE,
    );
    expect(faultsOf(result)).toHaveLength(3);
  });

  it('and nothing of it is stored', async () => {
    const before = await bench.store.countCredentials();
    await bench.engine.keys.issue(keyInput({ permissions: ['fly'] }), SERVICE);
    expect(await bench.store.countCredentials()).toBe(before);
  });
});

describe('an import with a fault is refused: invalid_body', () => {
  const good: ImportInput = { ...keyInput(), id: 'theirs', secret: 'x'.repeat(16) };
  const bearer: ImportInput = {
    ...keyInput({ kind: 'bearer', passphrase: undefined }),
    id: 'theirs',
    secret: 'x'.repeat(16),
  };
  const FAULTS: readonly [string, ImportInput, RegExp][] = [
    [
      'an id that we never issued',
      { ...good, id: `ck_live_${'A'.repeat(36)}` },
      /^\/id has the form of an id of this service/,
    ],
    ['no secret', { ...good, secret: undefined }, /^\/secret must have 16 to 256 bytes/],
    ['a short secret', { ...good, secret: 'x'.repeat(15) }, /^\/secret must have/],
    ['a long secret', { ...good, secret: 'x'.repeat(257) }, /^\/secret must have/],
    ['a long secret in bytes', { ...good, secret: 'é'.repeat(129) }, /^\/secret must have/],
    [
      'a token with a space',
      { ...bearer, secret: 'x'.repeat(16).concat(' y') },
      /^\/secret a bearer token is printable/,
    ],
    [
      'a secret beside a public key',
      { ...good, kind: 'ed25519', publicKey: pem(ED25519) },
      /^\/secret a key of kind ed25519 has no secret/,
    ],
  ];
  for (const [fault, input, message] of FAULTS) {
    it(`for ${fault}`, async () => {
      expect(faultsOf(await bench.engine.keys.importKey(input, SERVICE))).toEqual([
        expect.stringMatching(message),
      ]);
    });
  }

  it('for a token of ours under another id', async () => {
    const token = await issue(bench, { kind: 'bearer', passphrase: undefined });
    const result = await bench.engine.keys.importKey({ ...bearer, secret: token.secret }, SERVICE);
    expect(faultsOf(result)).toEqual([expect.stringMatching(/token of this service for another id/)]);
  });

  it('and with id_taken for an id or a token that is there', async () => {
    expect(refusalOf(await bench.engine.keys.importKey(good, SERVICE))).toBe('done');
    expect(refusalOf(await bench.engine.keys.importKey(good, SERVICE))).toBe('id_taken');
    expect(refusalOf(await bench.engine.keys.importKey({ ...bearer, id: 'b1' }, SERVICE))).toBe('done');
    expect(refusalOf(await bench.engine.keys.importKey({ ...bearer, id: 'b2' }, SERVICE))).toBe('id_taken');
    expect(await bench.engine.keys.get('b2')).toBeUndefined();
  });
});

describe('an edit or a rotation with a fault is refused: invalid_body', () => {
  it('like a new key', async () => {
    const key = await issue(bench);
    const faulty: KeyEdit[] = [
      { permissions: ['fly'] },
      { allowedIps: ['x'] },
      { expiresAt: T0 },
      { constraints: { maxNotionalPerOrder: '' } },
    ];
    for (const edit of faulty) {
      expect(faultsOf(await bench.engine.keys.edit(key.id, edit, key.view.revision, SERVICE))).toHaveLength(
        1,
      );
    }
    const signing = await issue(bench, { kind: 'ed25519', passphrase: undefined, publicKey: pem(ED25519) });
    expect(faultsOf(await bench.engine.keys.rotate(signing.id, 0, SERVICE))).toEqual([
      expect.stringMatching(/^\/publicKey is needed/),
    ]);
    expect(faultsOf(await bench.engine.keys.rotate(signing.id, 0, SERVICE, pem(P256)))).toHaveLength(1);
    const next = generateKeyPairSync('ed25519');
    expect(refusalOf(await bench.engine.keys.rotate(signing.id, 0, SERVICE, pem(next)))).toBe('done');
  });
});

describe('an engine that was not started', () => {
  it('issues no key: its id could never be told from an invented one', async () => {
    const engine = createEngine({ store: createMemoryStore(), keyring: keyringOf('kek-1') });
    await expect(engine.keys.issue(keyInput(), SERVICE)).rejects.toBeInstanceOf(TypeError);
    await engine.start();
    expect(refusalOf(await engine.keys.issue(keyInput(), SERVICE))).toBe('done');
    await engine.close();
  });
});
