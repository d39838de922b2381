import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { createSigningKey, DIALECTS, dialectTable, type WireRequest } from '@countersign/core';
import { newAnswerKeyPem, readAnswerKey } from '../src/signed-answers/answer-key.ts';
import { type AnswerSigner, createAnswerSigner } from '../src/signed-answers/answer-signer.ts';

/** What a bot holds: an id, and a secret or a private key. */
export interface BotKey {
  readonly id: string;
  readonly secret?: string | undefined;
  readonly privateKey?: KeyObject | undefined;
  readonly passphrase?: string | undefined;
}

export interface ToSign {
  readonly method: string;
  readonly target: string;
  readonly headers?: readonly string[];
  readonly body?: string | Buffer | undefined;
  readonly scheme?: 'http' | 'https' | undefined;
  readonly nowMs?: number | undefined;
  readonly nonce?: string | undefined;
}

/** Signs a request in a dialect; the answer is the headers to add. */
export function sign(dialectName: string, key: BotKey, request: ToSign): Record<string, string> {
  const dialect = DIALECTS.find(({ name }) => name === dialectName);
  if (dialect === undefined) throw new Error(`there is no dialect ${dialectName}`);
  const { method, target, headers = [], body = '', scheme = 'http' } = request;
  const wire: WireRequest = { method, target, headers, body: Buffer.from(body as string), scheme };
  const signingKey = createSigningKey({
    keyId: key.id,
    kind: key.privateKey === undefined ? 'hmac' : 'ed25519',
    secret:
      (key.privateKey?.export({ type: 'pkcs8', format: 'pem' }) as string | undefined) ?? key.secret ?? '',
    passphrase: key.passphrase,
  });
  const context = { nowMs: request.nowMs ?? Date.now(), nonce: request.nonce ?? randomUUID() };
  return { ...dialect.sign(wire, signingKey, context).headers };
}

/** A signer of answers with a key of its own. */
export function anAnswerSigner(clock: () => number = Date.now): AnswerSigner {
  return createAnswerSigner(readAnswerKey(newAnswerKeyPem(), 'the test'), dialectTable(), clock);
}

export function ed25519Pair(): { privateKey: KeyObject; pem: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { privateKey, pem: publicKey.export({ type: 'spki', format: 'pem' }) as string };
}
