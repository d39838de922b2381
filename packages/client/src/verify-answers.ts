import { createPublicKey, type KeyObject } from 'node:crypto';
import {
  type CredentialKind,
  fits,
  type ResponseSigner,
  verifyResponse,
  type WireRequest,
} from '@countersign/core';
import { CountersignError } from './errors.ts';
import { targetOf } from './origin.ts';
import type { SignedCall } from './signer.ts';
import type { Answer } from './transport.ts';

/** A key that the service signs its answers with (RFC 9421). */
export interface AnswerKey {
  readonly keyId: string;
  /** PEM: Ed25519, ECDSA on P-256, or RSA. */
  readonly publicKey: string;
}

/** Checks answers. */
export interface AnswerVerifier {
  /** Why an answer to a request cannot be believed, at a time; undefined when it can. */
  faultIn(answer: Answer, request: SignedCall, nowMs: number): CountersignError | undefined;
  /** Whether it would be good but for its time. */
  isGoodAt(answer: Answer, request: SignedCall, nowMs: number): boolean;
}

const KINDS: readonly CredentialKind[] = ['ed25519', 'p256', 'rsa'];

/**
 * Makes the check of answers: signed with one of the keys, over status, body and the request that it answers, within a
 * minute of now. Headers that the service does not cover may still be forged.
 *
 * @throws {@link CountersignError} `options_invalid`
 */
export function createAnswerVerifier(keys: readonly AnswerKey[]): AnswerVerifier {
  const signers = new Map(keys.map(({ keyId, publicKey }) => [keyId, signerOf(keyId, publicKey)]));
  const verdict = (answer: Answer, request: SignedCall, nowMs: number) => {
    const { status, headers, body } = answer;
    const response = { status, headers: [...headers].flat(), body };
    return verifyResponse(response, wireOf(request), (keyId) => signers.get(keyId), nowMs);
  };
  return {
    isGoodAt: (answer, request, nowMs) => verdict(answer, request, nowMs).ok,
    faultIn(answer, request, nowMs) {
      const checked = verdict(answer, request, nowMs);
      if (checked.ok) return undefined;
      const { status } = answer;
      return new CountersignError(
        'answer_unverified',
        `The answer cannot be believed: it is ${checked.code}.`,
        { status },
      );
    },
  };
}

function wireOf({ method, url, headers, body }: SignedCall): WireRequest {
  const address = new URL(url);
  return {
    method,
    target: targetOf(address),
    headers: ['Host', address.host, ...Object.entries(headers).flat()],
    body,
    scheme: address.protocol === 'http:' ? 'http' : 'https',
  };
}

function signerOf(keyId: string, pem: string): ResponseSigner {
  let publicKey: KeyObject;
  try {
    publicKey = createPublicKey(pem);
  } catch {
    throw new CountersignError('options_invalid', `verifyAnswers: the public key ${keyId} is no PEM.`);
  }
  const kind = KINDS.find((candidate) => fits(candidate, publicKey));
  if (kind === undefined || /PRIVATE KEY/.test(pem)) {
    throw new CountersignError(
      'options_invalid',
      `verifyAnswers: ${keyId} is no public key for signing answers.`,
    );
  }
  return { kind, proofs: [{ version: 1, publicKey }] };
}
