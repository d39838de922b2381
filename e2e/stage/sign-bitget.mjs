import { createHmac } from 'node:crypto';

/**
 * Signs a request as Bitget's documentation says, byte for byte as given. For what no client would ever send: the
 * cases use real clients.
 */
export function signBitget(
  key,
  { method, target, body = Buffer.alloc(0), headers = [] },
  nowMs = Date.now(),
) {
  const timestamp = String(nowMs);
  const signature = createHmac('sha256', key.secret)
    .update(`${timestamp}${method}${target}`)
    .update(body)
    .digest('base64');
  const proof = ['ACCESS-KEY', key.id, 'ACCESS-SIGN', signature, 'ACCESS-TIMESTAMP', timestamp];
  return { method, target, body, headers: [...headers, ...proof, 'ACCESS-PASSPHRASE', key.passphrase] };
}
