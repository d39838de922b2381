import type { Proof } from '../credential/credential.ts';
import type { Claim, Dialect, ReadContext } from '../dialects/dialect.ts';
import type { WireRequest } from '../message.ts';
import type { Prehash } from '../schemes/prehash.ts';
import type { SchemeUse } from '../schemes/scheme.ts';

/** A request whose signature does not match, and how it should have been signed. */
export interface Attempt {
  readonly dialect: Dialect;
  readonly request: WireRequest;
  readonly context: ReadContext;
  readonly claim: Claim;
  readonly use: SchemeUse;
}

/** What a client may have done instead. Whatever is absent is as it should be. */
export interface Variation {
  /** The request that it may have signed: it is read anew. */
  readonly request?: WireRequest | undefined;
  /** The host name that it may have taken for the published one. */
  readonly publicHost?: string | undefined;
  /** The text that it may have signed. */
  readonly prehash?: Prehash | undefined;
  /** The secret that it may have had: made from the right one's bytes. The result is overwritten after use. */
  readonly secret?: ((right: Buffer) => Buffer) | undefined;
  /** Whose secret it may have had. */
  readonly from?: 'retired' | 'siblings' | undefined;
  readonly use?: SchemeUse | undefined;
  /** Checks a signature that it may have made in another way than the dialect's. */
  readonly proves?: ((proof: Proof, prehash: Prehash, signature: string) => boolean) | undefined;
}

/** Something that clients do wrong: a name, advice in one sentence, and how it would look here. */
export interface Mistake {
  readonly name: string;
  readonly advice: string;
  readonly variations: (attempt: Attempt) => readonly Variation[];
}

/** The request with another target, and nothing else changed. */
export function withTarget({ request }: Attempt, target: string): Variation {
  return { request: { ...request, target } };
}

export function withBody({ request }: Attempt, body: string): Variation {
  return { request: { ...request, body: Buffer.from(body, 'utf8') } };
}
