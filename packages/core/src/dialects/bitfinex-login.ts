import { type Denial, denial } from '../denial.ts';
import { bitfinexError } from './bitfinex-errors.ts';
import type { Claim, Dialect, WebSocketLogin } from './dialect.ts';
import { hasRepeatedName, type JsonMember, jsonMembers, scalarText } from './json-members.ts';
import { isRisingNonce } from './rising-nonce.ts';

const MAX_LENGTH = 512;

/**
 * Bitfinex's login inside a WebSocket: `{"event":"auth","apiKey","authSig","authNonce","authPayload"}`. The payload is
 * `AUTH` and the nonce, and is what is signed; the nonce rises together with those of the requests.
 */
export function bitfinexLogin(schemes: Dialect['schemes']): WebSocketLogin {
  return {
    recognises: (message) => (jsonMembers(message) ?? []).some(isLogin),
    read,
    opensConnection: () => true,
    accept: (_message, { requestId }) =>
      JSON.stringify({ event: 'auth', status: 'OK', chanId: 0, userId: 0, auth_id: requestId, caps: {} }),
    refuse(refusal) {
      const { code, message } = bitfinexError(refusal);
      return JSON.stringify({ event: 'auth', status: 'FAILED', chanId: 0, code: Number(code), msg: message });
    },
    sign({ kind, keyId, sign }, { nonce }) {
      const use = schemes[kind];
      if (use === undefined) throw new TypeError(`bitfinex has no scheme for kind ${kind}`);
      const authPayload = `AUTH${nonce}`;
      const authSig = sign(use, [authPayload]);
      return JSON.stringify({ event: 'auth', apiKey: keyId, authSig, authNonce: nonce, authPayload });
    },
  };
}

/** One `event` of several, too: which of them counts, every parser decides for itself. */
function isLogin({ name, value }: JsonMember): boolean {
  return name === 'event' && scalarText(value) === 'auth';
}

function read(message: string): Claim | Denial {
  const members = jsonMembers(message) ?? [];
  if (hasRepeatedName(members)) return denial('malformed_request', 'The message has a name twice.');
  const [keyId = '', signature = '', nonce = '', payload] = [
    'apiKey',
    'authSig',
    'authNonce',
    'authPayload',
  ].map((name) => memberText(message, name));
  if (keyId === '') return denial('credential_missing', 'apiKey is missing.', { part: 'key' });
  if (signature === '') return denial('credential_missing', 'authSig is missing.', { part: 'signature' });
  if (nonce === '') return denial('credential_missing', 'authNonce is missing.', { part: 'timestamp' });
  if (keyId.length > MAX_LENGTH || signature.length > MAX_LENGTH) {
    return denial('malformed_request', `apiKey or authSig is longer than ${MAX_LENGTH}.`);
  }
  if (!isRisingNonce(nonce)) {
    return denial('timestamp_invalid', 'authNonce is not a whole number of up to 64 bits.', {
      part: 'timestamp',
    });
  }
  if (payload !== `AUTH${nonce}`)
    return denial('malformed_request', 'authPayload is not AUTH and the nonce.');
  return { ok: true, keyId, signature, nonce, prehash: [payload] };
}

function memberText(message: string, name: string): string | undefined {
  const value = jsonMembers(message)?.find((member) => member.name === name)?.value;
  return value === undefined ? undefined : scalarText(value);
}
