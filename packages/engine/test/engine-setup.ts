import type { Audience } from '@countersign/core';
import {
  type Ask,
  type By,
  createEngine,
  type Decision,
  type Engine,
  type EngineOptions,
  type KeyChanged,
  type KeyInput,
  type KeyRefusal,
  type Keyring,
  type KeyView,
  parseManifest,
  type Store,
} from '@countersign/engine';
import { keyringOf, T0 } from './records.ts';
import type { OpenStore, StoreAdapter } from './store-adapters.ts';
import type { ClientKey } from './wire.ts';

const MANIFEST = `version: 1
permissions:
  read: { risk: low }
  trade: { risk: high }
  move: { risk: critical }
routes:
  - { route: GET /market/*, public: true }
  - { route: GET /balance, permission: read }
  - { route: POST /orders, permission: trade, facts: { instrument: { json: /symbol }, notional: { json: /amount } } }
  - { route: POST /heavy, permission: trade, weight: 4 }
  - { route: POST /withdrawals, permission: move }
`;

export const SERVICE: By = { actor: 'service' };

/** An engine on a clock of its own, over a store that survives it. */
export interface Bench {
  readonly engine: Engine;
  readonly store: Store;
  readonly errors: unknown[];
  nowMs: number;
  /** Closes the engine, and starts another over what the store kept. */
  restart(options?: Partial<EngineOptions>): Promise<void>;
  close(): Promise<void>;
}

export function manifestOf(text = MANIFEST) {
  const parsed = parseManifest(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.manifest;
}

export async function benchOn(
  adapter: StoreAdapter,
  options: Partial<EngineOptions> = {},
  wrap: (store: Store) => Store = (store) => store,
): Promise<Bench> {
  const open: OpenStore = await adapter.open();
  const keyring: Keyring = keyringOf('kek-1');
  const errors: unknown[] = [];
  const bench = { nowMs: T0, errors } as unknown as { -readonly [K in keyof Bench]: Bench[K] };
  const start = async (store: Store, more: Partial<EngineOptions>) => {
    bench.store = store;
    bench.engine = createEngine({
      store,
      keyring,
      manifest: manifestOf(),
      clock: () => bench.nowMs,
      onError: (error) => errors.push(error),
      ...options,
      ...more,
    });
    await bench.engine.start();
  };
  bench.restart = async (more = {}) => {
    await bench.engine.close();
    await start(wrap(await open.reopen()), more);
  };
  bench.close = async () => {
    await bench.engine.close().catch(() => {});
    await open.remove();
  };
  await start(wrap(open.store), {});
  return bench;
}

export function keyInput(more: Partial<KeyInput> = {}): KeyInput {
  return {
    accountId: 'acct_1',
    label: 'grid bot',
    environment: 'live',
    kind: 'hmac',
    passphrase: 'passphrase1',
    permissions: ['read', 'trade', 'move'],
    ...more,
  };
}

/** Makes sure that a management call was done. */
export function done<R extends { readonly ok: boolean }>(result: R): Extract<R, { ok: true }> {
  if (!result.ok) throw new Error(`was refused: ${JSON.stringify(result)}`);
  return result as Extract<R, { ok: true }>;
}

/** The code of a refusal; `done` when there is none. */
export function refusalOf(result: { readonly ok: boolean } | KeyRefusal): string {
  return result.ok ? 'done' : (result as KeyRefusal).code;
}

export interface IssuedKey extends ClientKey {
  readonly view: KeyView;
}

export function clientKey(result: KeyChanged | KeyRefusal, passphrase?: string): IssuedKey {
  const { key, secret } = done(result);
  return { id: key.id, secret: secret?.expose() ?? '', passphrase, view: key };
}

export async function issue(bench: Bench, more: Partial<KeyInput> = {}): Promise<IssuedKey> {
  const input = keyInput(more);
  return clientKey(await bench.engine.keys.issue(input, SERVICE), input.passphrase);
}

/** A decision in one word: `allowed`, or the denial's code. */
export function said(decision: Decision): string {
  return decision.allowed ? 'allowed' : decision.code;
}

export const askAs = (audience: Audience, permission: string): Ask => ({ audience, permission });
