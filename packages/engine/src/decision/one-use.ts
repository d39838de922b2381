import {
  type Claim,
  type Credential,
  type Dialect,
  endOfWindow,
  isSafeMethod,
  sha256Hex,
  type WireRequest,
} from '@countersign/core';
import { fingerprint } from '../credentials/fingerprint.ts';
import type { OneUse, RisingNonce } from '../ports/claim-and-meter.ts';
import type { LongestMemory } from './longest-memory.ts';

export interface OneUseSettings {
  readonly fingerprintSeed: number;
  /** Whether read-only requests too may be used once only. */
  readonly claimSafeMethods: boolean;
  readonly longestMemory: LongestMemory;
}

/**
 * Says what a request uses up, by its dialect's rule, so that it cannot be used again. Undefined: nothing.
 *
 * Where a signature leaves open what a request is for, a read-only request is remembered too, together with what it
 * was for: it may come again, and only as it came, or as another read-only request where the dialect lets those share
 * a signature. It cannot be carried to a route that does something.
 */
export function oneUseOf(
  request: WireRequest,
  claim: Claim,
  dialect: Dialect,
  credential: Credential,
  nowMs: number,
  { fingerprintSeed, claimSafeMethods, longestMemory }: OneUseSettings,
): OneUse | undefined {
  const { replay } = dialect;
  if (replay.kind === 'none') return undefined;
  if (replay.kind === 'rising') {
    if (claim.nonce === undefined) return undefined;
    return { rising: risingNonce(claim.nonce, dialect, credential), nonceExpiresAt: nowMs };
  }
  // Whatever it is remembered by must end at one time in all dialects: the memory looks for it there.
  const nonceExpiresAt = Math.max(
    endOfWindow(claim, dialect, nowMs),
    longestMemory(claim, dialect, credential),
  );
  // A signature has one spelling only, so it stands for the request where there is no nonce.
  const text = claim.nonce === undefined ? claim.signature : `${credential.id}\n${claim.nonce}`;
  const mayRepeat =
    request.message === undefined
      ? replay.kind === 'signature' && !claimSafeMethods && isSafeMethod(request.method)
      : // From where nobody knows, nothing comes again: it could be from anywhere.
        request.ip !== undefined && (claim.isReadOnly || dialect.webSocket?.opensConnection(request.message));
  if (!mayRepeat) return { nonce: fingerprint(text, fingerprintSeed), nonceExpiresAt };
  const binding = bindingOf(request, dialect);
  if (binding === undefined) return undefined;
  const nonce = fingerprint(text, fingerprintSeed);
  // What stands in a binding is the sender's choice, so it is hashed before it is fingerprinted.
  return { nonce, bound: fingerprint(sha256Hex(`${text}\n${binding}`), fingerprintSeed), nonceExpiresAt };
}

/**
 * The parts of a request that its signature leaves open, as one text; undefined when it covers what it is for. A login
 * has no effect but its connection, and a message that only asks to see something none at all: both may come again from
 * where they came, on any of the exchange's WebSockets and with other words around them. Bots open several in one second
 * and ask several things at once, and where little more than a time is signed, their signatures are equal.
 */
function bindingOf(
  { method, target, body, ip, message }: WireRequest,
  { uncovered, replay, webSocket }: Dialect,
): string | undefined {
  if (message !== undefined) {
    return `${webSocket?.opensConnection(message) ? 'login' : 'read'} from ${ip}`;
  }
  if (replay.kind === 'signature' && replay.readsShare) return 'read-only';
  const isOpen = uncovered.some((part) => part !== 'host');
  return isOpen ? `${method} ${target} ${body.length === 0 ? '' : sha256Hex(body)}` : undefined;
}

function risingNonce(nonce: string, { name, replay }: Dialect, { id, profile }: Credential): RisingNonce {
  if (replay.kind !== 'rising') throw new TypeError(`the nonces of ${name} do not rise`);
  const window = replay.order === 'windowed' ? profile.nonceWindow : undefined;
  return {
    series: `${id} ${name}`,
    value: BigInt(nonce),
    window: window === undefined ? undefined : BigInt(window),
    // Where nothing below the highest is taken, nothing but the highest need be known.
    keep: window === 0 ? 1 : replay.keep,
  };
}
