import {
  createHash,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import {
  addressOfPrivateKey,
  createSigningKey,
  DIALECTS,
  prehashBytes,
  recoverAddress,
  SCHEMES,
} from '../../packages/core/dist/index.js';
import { REQUESTS } from '../dialect-requests.mjs';
import { IP, issueKey, KEY, PASSPHRASE, startEngine, verifyAll } from '../exchange.mjs';
import { compare } from '../harness.mjs';

const MANIFEST = `version: 1
permissions:
  spot.trade: { risk: high }
routes:
${[...new Set(Object.values(REQUESTS).map((make) => make().target.split('?')[0]))]
  .map((path) => `  - { route: POST ${path}, permission: spot.trade }`)
  .join('\n')}
`;

/** A key of a kind: what the service is told, and what its holder signs with. */
const PAIRS = {
  ed25519: () => pemPair(generateKeyPairSync('ed25519')),
  p256: () => pemPair(generateKeyPairSync('ec', { namedCurve: 'P-256' })),
  secp256k1: () => {
    const { d } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey.export({ format: 'jwk' });
    const privateKey = Buffer.from(d, 'base64url');
    return { publicKey: addressOfPrivateKey(privateKey), secret: `0x${privateKey.toString('hex')}` };
  },
};

function pemPair({ publicKey, privateKey }) {
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }),
    secret: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };
}

/**
 * A whole decision in each dialect, against nothing but the primitive that it contains, over the bytes that were
 * signed: `createHmac` and `timingSafeEqual`, `verify`, a recovered address, or a hashed token. The peer reads no
 * request, and is handed its bytes ready-made.
 */
export async function run({ quick }) {
  const results = [];
  for (const dialect of DIALECTS) {
    const [kind] = Object.keys(dialect.schemes);
    const isSlow = kind !== 'hmac' && kind !== 'bearer';
    const customer = await customerOf(dialect, kind);
    const figures = await compare({
      ours: {
        prepare: (count) => Array.from({ length: count }, () => customer.signedRequest()),
        run: (requests) => verifyAll(customer.engine, requests),
        settle: customer.settle,
      },
      peer: {
        prepare: (count) => Array.from({ length: count }, () => customer.signed()),
        run(block) {
          for (const each of block) if (!customer.proves(each)) throw new Error('the primitive refused');
        },
      },
      rounds: quick ? 3 : 10,
      ourCount: isSlow ? 1_000 : 5_000,
      peerCount: isSlow ? 1_000 : 5_000,
      warmups: 2,
    });
    await customer.close();
    const { scheme } = dialect.schemes[kind];
    results.push({ row: `dialect ${dialect.name}`, ...figures, unit: '/s', peerName: `bare ${scheme}` });
  }
  return results;
}

/** Issues a key for a dialect, and signs with it. */
async function customerOf(dialect, kind) {
  const { engine, dropLog, settle, close } = await startEngine({ manifest: MANIFEST });
  dropLog();
  const pair = PAIRS[kind]?.();
  const issued = await issueKey(engine, {
    ...KEY,
    kind,
    dialects: [dialect.name],
    permissions: ['spot.trade'],
    passphrase: dialect.hasPassphrase ? PASSPHRASE : undefined,
    publicKey: pair?.publicKey,
  });
  const secret = pair?.secret ?? issued.secret;
  const key = createSigningKey({ keyId: issued.id, kind, secret, passphrase: PASSPHRASE });
  // Where the highest ones are kept, they are times in ms.
  let nonce = BigInt(Date.now()) * (dialect.replay.order === 'highest' ? 1n : 1_000_000n);

  function signed() {
    let made;
    const sign = (use, prehash, derivation) => {
      const signature = key.sign(use, prehash, derivation);
      made = { bytes: prehashBytes(prehash), prehash, signature, derivation };
      return signature;
    };
    const request = {
      ...REQUESTS[dialect.name](),
      headers: ['Host', 'api.example.com', 'Content-Type', 'application/json'],
      ip: IP,
    };
    const context = { nowMs: Date.now(), nonce: String(++nonce), environment: 'live' };
    const { target, headers, body } = dialect.sign(request, { ...key, sign }, context);
    return {
      ...made,
      request: { ...request, target, headers: [...request.headers, ...Object.entries(headers).flat()], body },
    };
  }

  return {
    engine,
    settle,
    close,
    signed,
    signedRequest: () => signed().request,
    proves: primitive(dialect.schemes[kind], secret, pair),
  };
}

/** Nothing but the primitive, over bytes that are there. */
function primitive({ scheme, encoding, key: form }, secret, pair) {
  const { kind, hash, dsaEncoding } = SCHEMES[scheme];
  if (kind === 'hmac') {
    const bytes = form === 'base64' ? Buffer.from(secret, 'base64') : Buffer.from(secret);
    return ({ bytes: signedBytes, signature, derivation = [] }) => {
      let key = form === 'aws4' ? Buffer.concat([Buffer.from('AWS4'), bytes]) : bytes;
      if (form === 'aws4')
        for (const step of [...derivation, 'aws4_request'])
          key = createHmac('sha256', key).update(step).digest();
      const digest = createHmac(hash, key).update(signedBytes).digest();
      return timingSafeEqual(digest, Buffer.from(signature, encoding));
    };
  }
  if (kind === 'secp256k1') {
    return ({ prehash, signature }) => recoverAddress([...prehash], signature) === pair.publicKey;
  }
  if (kind === 'bearer') {
    const expected = createHash('sha256').update(secret).digest();
    return ({ signature }) => timingSafeEqual(createHash('sha256').update(signature).digest(), expected);
  }
  const key = { key: createPublicKey(pair.publicKey), ...(dsaEncoding === undefined ? {} : { dsaEncoding }) };
  return ({ bytes, signature }) => verify(hash, bytes, key, Buffer.from(signature, encoding));
}
