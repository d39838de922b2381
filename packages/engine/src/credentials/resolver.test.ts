import { randomBytes } from 'node:crypto';
import { KeySlab, lookupOfForeignToken, mintBearerToken, mintId } from '@countersign/core';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { createEnvKeyring } from '../keyring/env.ts';
import { createMemoryStore } from '../memory/store.ts';
import type { CredentialRecord } from '../ports/record.ts';
import type { Store } from '../ports/store.ts';
import { CredentialCompiler } from './compile-credential.ts';
import { CredentialCache } from './credential-cache.ts';
import { Resolver } from './resolver.ts';

const unreported = (fault: unknown) => {
  throw fault;
};

const TAG_KEY = Buffer.alloc(32, 7);
const keyring = createEnvKeyring(`kek-1:${Buffer.alloc(32, 1).toString('base64')}`);

let store: Store;
let calls: string[];
let resolver: Resolver;

beforeEach(async () => {
  const inner = createMemoryStore();
  calls = [];
  store = {
    ...inner,
    loadCredential: (id) => {
      calls.push(`load ${id}`);
      return inner.loadCredential(id);
    },
    resolveLookup: (name) => {
      calls.push(`look up ${name}`);
      return inner.resolveLookup(name);
    },
  };
  resolver = await resolverOver(store);
});

async function resolverOver(over: Store, capacity = 10): Promise<Resolver> {
  const cache = new CredentialCache(
    over,
    new CredentialCompiler(keyring, new KeySlab(), undefined, unreported),
    capacity,
    () => 0,
  );
  const made = new Resolver(over, cache, TAG_KEY, 42);
  await made.start();
  return made;
}

const recordOf = (id: string): CredentialRecord => ({
  id,
  accountId: 'a',
  label: '',
  environment: 'live',
  kind: 'bearer',
  dialects: null,
  permissions: [],
  allowedIps: null,
  constraints: {},
  rateLimits: [],
  metadata: {},
  standing: 'active',
  createdAt: 0,
  expiresAt: null,
  revision: 0,
  secretVersions: [
    { version: 1, createdAt: 0, retiresAt: null, sealed: null, tokenHash: 'ab', publicKey: null },
  ],
});

async function put(id: string, ...names: string[]): Promise<void> {
  await store.commit({
    records: [recordOf(id)],
    lookups: names.map((name) => ({ name, credentialId: id })),
    entries: [],
  });
}

describe('an invented name', () => {
  beforeEach(async () => {
    await put('their-key', 'their-key', lookupOfForeignToken('their-token'));
    resolver = await resolverOver(store);
    calls.length = 0;
  });

  it('never touches the store, whatever it looks like', async () => {
    const real = mintId('live', TAG_KEY, randomBytes);
    const forged = fc.oneof(
      fc.string(),
      fc
        .string({ unit: fc.constantFrom(...'0123456789ABCXYZabcxyz'), minLength: 36, maxLength: 36 })
        .map((tail) => `ck_live_${tail}`),
      fc
        .integer({ min: 0, max: real.length - 1 })
        .map((at) => `${real.slice(0, at)}${real[at] === 'x' ? 'y' : 'x'}${real.slice(at + 1)}`),
      // Well-formed, with a good checksum, of another service.
      fc
        .constantFrom('live', 'test')
        .map((environment) => mintId(environment as 'live', Buffer.alloc(32, 8), randomBytes)),
      fc.string().map((token) => lookupOfForeignToken(token)),
      fc.constantFrom('__proto__', 'their-keY', 'their-key ', ''),
    );
    await fc.assert(
      fc.asyncProperty(forged, async (name) => {
        expect(resolver.peek(name)).toBeUndefined();
        expect(await resolver.load(name)).toBe(false);
        expect(resolver.peek(name)).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
    expect(calls).toEqual([]);
  });
});

describe('a name that was given out', () => {
  it('is found by its tag, with one read', async () => {
    const id = mintId('test', TAG_KEY, randomBytes);
    await put(id);
    expect(await resolver.load(id)).toBe(true);
    expect(resolver.peek(id)?.credential.id).toBe(id);
    expect(calls).toEqual([`load ${id}`]);
  });

  it('is looked for when its record is gone, and not found', async () => {
    const id = mintId('live', TAG_KEY, randomBytes);
    expect(await resolver.load(id)).toBe(false);
    expect(calls).toEqual([`load ${id}`]);
  });

  it('is found in a bearer token', async () => {
    const id = mintId('live', TAG_KEY, randomBytes);
    const token = mintBearerToken(id, randomBytes);
    await put(id);
    expect(token.slice(3, 44)).toBe(id.slice(3));
    expect(await resolver.load(id)).toBe(true);
  });
});

describe('a name that was imported', () => {
  it('is found at once when it is the id, and looked up when it is another', async () => {
    await put('their-key', 'their-key', 'sha256:their-token');
    resolver = await resolverOver(store);
    calls.length = 0;
    expect(await resolver.load('their-key')).toBe(true);
    expect(await resolver.load('sha256:their-token')).toBe(true);
    expect(calls).toEqual(['look up their-key', 'load their-key', 'look up sha256:their-token']);
    expect(resolver.peek('sha256:their-token')).toBe(resolver.peek('their-key'));
  });

  it('is known as soon as the feed tells of it', async () => {
    await put('later', 'later');
    expect(await resolver.load('later')).toBe(false);
    resolver.addForeign('later');
    expect(await resolver.load('later')).toBe(true);
  });

  it('is found under an id of our form too: the token of a rotated foreign key carries one', async () => {
    const inToken = mintId('live', TAG_KEY, randomBytes);
    await put('their-key', 'their-key', inToken);
    resolver.addForeign('their-key');
    resolver.addForeign(inToken);
    expect(await resolver.load(inToken)).toBe(true);
    expect(resolver.peek(inToken)?.credential.id).toBe('their-key');
  });
});
