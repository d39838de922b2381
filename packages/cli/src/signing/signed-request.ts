import type { SignedCall } from '@countersign/client';
import {
  type Claim,
  type Denial,
  type Dialect,
  type Environment,
  prehashBytes,
  visible,
  type WireRequest,
} from '@countersign/core';
import { CommandError } from '../command-error.ts';

/** What stands in the place of the passphrase, where it is not to be seen. */
export const PASSPHRASE_PLACE = '$COUNTERSIGN_PASSPHRASE';

/** The text that was signed. */
export interface SignedText {
  /** With line ends and other characters that do not show as escapes. */
  readonly text: string;
  readonly bytes: number;
}

/** Says what a signed request's signature covers, as a server reads it. */
export function signedTextOf(
  call: SignedCall,
  dialect: Dialect,
  environment: Environment | undefined,
): SignedText {
  const { host, pathname, search, protocol } = new URL(call.url);
  const request: WireRequest = {
    method: call.method,
    target: pathname + search,
    headers: ['Host', host, ...Object.entries(call.headers).flat()],
    body: call.body,
    scheme: protocol === 'http:' ? 'http' : 'https',
  };
  return textOf(dialect.read(request, { environment }));
}

/** Says what a login's signature covers. */
export function signedTextOfLogin(
  message: string,
  dialect: Dialect,
  host: string,
  challenge: string | undefined,
): SignedText {
  const handshake: WireRequest = {
    method: 'GET',
    // That of HTX, the only one that is signed.
    target: '/ws/v2',
    headers: ['Host', host],
    body: new Uint8Array(),
    challenge,
  };
  const claim = dialect.webSocket?.read(message, { handshake });
  if (claim === undefined) throw new CommandError(`The dialect ${dialect.name} has no login message.`);
  return textOf(claim);
}

function textOf(claim: Claim | Denial): SignedText {
  // What we sign, we read: a test holds that over all dialects.
  if (!claim.ok) throw new CommandError(`What was signed cannot be read back: ${claim.detail}`);
  const bytes = prehashBytes(claim.prehash);
  return { text: visible(bytes), bytes: bytes.length };
}

/** A signed request without the passphrase, which some dialects send beside the signature. */
export function withoutPassphrase(call: SignedCall, passphrase: string | undefined): SignedCall {
  if (passphrase === undefined) return call;
  const headers = Object.entries(call.headers).map(([name, value]) => [
    name,
    value === passphrase ? PASSPHRASE_PLACE : value,
  ]);
  return { ...call, headers: Object.fromEntries(headers) };
}

/** A login message without the passphrase. */
export function loginWithoutPassphrase(message: string, passphrase: string | undefined): string {
  if (passphrase === undefined) return message;
  return JSON.stringify(JSON.parse(message, (_, value) => (value === passphrase ? PASSPHRASE_PLACE : value)));
}
