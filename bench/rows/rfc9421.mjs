import { createHmac, randomBytes } from 'node:crypto';
import { createVerifier, httpbis } from 'http-message-signatures';
import { dialectNamed } from '../../packages/core/dist/index.js';
import { decisionSide } from '../decision-side.mjs';
import { IP, orderBody, secretKeyOf, TARGET } from '../exchange.mjs';
import { compare } from '../harness.mjs';

const secretKey = secretKeyOf('cs_live_0123456789012345678901234567890123456789012abcdef');
const dialect = dialectNamed('rfc9421');

/** The same request for both: `@method`, `@target-uri`, `content-digest`; `created`, `nonce`, `keyid`. */
function signedRequest(id, key) {
  const headers = [
    'Host',
    'api.example.com',
    'Content-Type',
    'application/json',
    'User-Agent',
    'python-requests/2.32.3',
  ];
  const request = { method: 'POST', target: TARGET, headers, body: orderBody(), ip: IP };
  const sign = (_use, prehash) => {
    const mac = createHmac('sha256', key);
    for (const part of prehash) mac.update(part);
    return mac.digest('base64');
  };
  const context = { nowMs: Date.now(), nonce: randomBytes(16).toString('base64url') };
  const { headers: added } = dialect.sign(request, { keyId: id, kind: 'hmac', sign }, context);
  return { ...request, headers: [...headers, ...Object.entries(added).flat()] };
}

const verifier = { id: 'ck', algs: ['hmac-sha256'], verify: createVerifier(secretKey, 'hmac-sha256') };
const CONFIG = {
  keyLookup: async () => verifier,
  requiredFields: ['@method', '@target-uri', 'content-digest'],
  requiredParams: ['created', 'nonce', 'keyid'],
  maxAge: 60,
  tolerance: 5,
};

const peer = {
  prepare: (count) =>
    Array.from({ length: count }, () => {
      const { method, headers: raw } = signedRequest(
        'ck_live_0123456789012345678901234567890abcde',
        secretKey,
      );
      const headers = {};
      for (let i = 0; i < raw.length; i += 2) headers[raw[i].toLowerCase()] = raw[i + 1];
      return { method, headers, url: `https://api.example.com${TARGET}` };
    }),
  async run(block) {
    for (const message of block) {
      if ((await httpbis.verifyMessage(CONFIG, message)) !== true) throw new Error('not verified');
    }
  },
};

/** Against `http-message-signatures`, which checks neither the body's digest, nor replay, nor limits. */
export async function run({ quick }) {
  const figures = await compare({
    ours: decisionSide({
      store: 'memory',
      key: { dialects: ['rfc9421'], passphrase: undefined },
      sign: signedRequest,
    }),
    peer,
    rounds: quick ? 6 : 20,
    ourCount: 10_000,
    peerCount: 3_000,
  });
  return [{ row: 'RFC 9421, hmac-sha256', ...figures, unit: '/s', peerName: 'http-message-signatures' }];
}
