import { createSigningKey, type Dialect, type Window, type WireRequest } from '@countersign/core';

/** Base64 too; it opens nothing. */
const ANY_SECRET = 'bm8ga2V5IG9mIGFueWJvZHk=';
const REQUEST: WireRequest = {
  method: 'GET',
  target: '/',
  headers: ['Host', 'a.example'],
  body: new Uint8Array(),
};

/**
 * The window of a dialect's usual requests. Where a request can ask for another one (`recvWindow`), a dialect's own window
 * is the widest that it takes: then what counts is what requests say that say nothing special.
 */
export function usualWindow(dialect: Dialect): Window | undefined {
  const { schemes, window } = dialect;
  if (window === undefined || schemes.hmac === undefined) return window;
  const key = createSigningKey({ keyId: 'any', kind: 'hmac', secret: ANY_SECRET, passphrase: 'any' });
  try {
    const signed = dialect.sign(REQUEST, key, { nowMs: 1_700_000_000_000, nonce: '1700000000000' });
    const headers = [...REQUEST.headers, ...Object.entries(signed.headers).flat()];
    const claim = dialect.read({ ...REQUEST, ...signed, headers });
    return (claim.ok ? claim.window : undefined) ?? window;
  } catch {
    return window; // Signs requests of some paths only: none of these has a window that requests choose.
  }
}
