import { createHmac, randomUUID, sign } from 'node:crypto';

/**
 * Signs a request without a body by RFC 9421, written after the standard's section 2.5 and sharing no code with
 * Countersign.
 *
 * @param key `id`, and a `privateKey` (Ed25519) or a `secret` (HMAC-SHA256)
 * @returns headers by name
 */
export function signRfc9421(key, { method, url }, nowMs = Date.now()) {
  const created = Math.floor(nowMs / 1000);
  const params = `("@method" "@target-uri");created=${created};nonce="${randomUUID()}";keyid="${key.id}"`;
  const base = `"@method": ${method}\n"@target-uri": ${url}\n"@signature-params": ${params}`;
  const signature =
    key.privateKey === undefined
      ? createHmac('sha256', key.secret).update(base).digest()
      : sign(null, Buffer.from(base), key.privateKey);
  return { 'signature-input': `sig1=${params}`, signature: `sig1=:${signature.toString('base64')}:` };
}
