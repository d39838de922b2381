import { createHash } from 'node:crypto';
import type { ErrorCode } from '@countersign/contract';
import {
  answerName,
  type Keyring,
  prepareSealer,
  type RememberedAnswer,
  type Store,
  unseal,
} from '@countersign/engine';

/** An answer to be sent: status and JSON text. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

export type Begun =
  | { readonly kind: 'new'; readonly attempt: Attempt }
  | { readonly kind: 'known'; readonly answer: Answer }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly detail: string };

/** One request with an idempotency key, on its way. */
export interface Attempt {
  /** Makes what is stored of an answer, so that it can be stored with the change that it tells of. */
  remember(answer: Answer): RememberedAnswer;
  /** Stores an answer that no change stored. Does nothing when one did. */
  keep(answer: Answer): Promise<void>;
  end(): void;
}

const KEY = /^[\x21-\x7e]{1,128}$/;

/**
 * Gives the same answer to the same request: the key and the body decide. Answers are kept for a day, sealed,
 * because one may hold a secret. Only successes are kept: what was refused changed nothing and may be tried
 * again.
 */
export class Idempotency {
  readonly #store: Store;
  readonly #keyring: Keyring;
  readonly #clock: () => number;
  readonly #underway = new Set<string>();

  constructor(store: Store, keyring: Keyring, clock: () => number) {
    this.#store = store;
    this.#keyring = keyring;
    this.#clock = clock;
  }

  /** @param scope who asks, and for what: the same key elsewhere is another one */
  async begin(scope: string, key: string, body: Uint8Array): Promise<Begun> {
    if (!KEY.test(key)) {
      return refusal(
        'idempotency_key_invalid',
        'Idempotency-Key must be 1 to 128 printable characters without spaces.',
      );
    }
    const name = answerName(scope, key);
    if (this.#underway.has(name)) {
      return refusal('idempotency_in_flight', 'A request with this key is under way: wait for its answer.');
    }
    this.#underway.add(name);
    try {
      const bodyHash = createHash('sha256').update(body).digest('hex');
      const kept = await this.#store.rememberedAnswer(scope, key, this.#clock());
      if (kept === undefined)
        return { kind: 'new', attempt: await this.#attempt(name, scope, key, bodyHash) };
      this.#underway.delete(name);
      if (kept.bodyHash !== bodyHash) {
        return refusal('idempotency_key_reused', 'This key was used with another body: take a new one.');
      }
      const text = (await unseal(this.#keyring, name, kept.sealed)).toString('utf8');
      return { kind: 'known', answer: JSON.parse(text) as Answer };
    } catch (error) {
      this.#underway.delete(name);
      throw error;
    }
  }

  async #attempt(name: string, scope: string, key: string, bodyHash: string): Promise<Attempt> {
    const sealer = await prepareSealer(this.#keyring);
    let isKept = false;
    const remember = (answer: Answer): RememberedAnswer => {
      isKept = true;
      const sealed = sealer(name, Buffer.from(JSON.stringify(answer)));
      return { scope, key, bodyHash, sealed, createdAt: this.#clock() };
    };
    return {
      remember,
      keep: async (answer) => {
        if (!isKept) await this.#store.rememberAnswer(remember(answer));
      },
      end: () => this.#underway.delete(name),
    };
  }
}

function refusal(code: ErrorCode, detail: string): Begun {
  return { kind: 'refused', code, detail };
}
