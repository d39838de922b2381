import { constants, createHash, createHmac, randomUUID, sign, verify, webcrypto } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { component, createSignature, webcrypto as provider, verifySignature } from 'http-message-sig';
import { createSigner, createVerifier, httpbis } from 'http-message-signatures';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signResponse, verifyResponse } from '../../packages/core/dist/index.js';
import { startUpstream } from '../sandbox/upstream.mjs';
import { inTurn, isTaken, makeKey, proofOf, signedHeaders, signerOf } from '../stage/library-side.mjs';
import { send } from '../stage/send.mjs';
import { startService } from '../stage/service.mjs';

/*
 * RFC 9421 both ways with two libraries that share no code with Countersign: what the one signs, the other takes,
 * and neither takes it changed.
 */

const ALGORITHMS = {
  hmac: 'hmac-sha256',
  ed25519: 'ed25519',
  p256: 'ecdsa-p256-sha256',
  rsa: 'rsa-pss-sha512',
};
const KINDS = Object.keys(ALGORITHMS);
const KEYS = Object.fromEntries(KINDS.map((kind) => [kind, makeKey(kind, `key "${kind}"`)]));

const digestOf = (body) => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
const REQUESTS = [
  ['GET', '/v1/orders/17', ''],
  ['GET', '/v1/orders/all?note=%F0%9F%9A%80%20a%2Bb%2Fc%27d&limit=20', ''],
  ['DELETE', '/v1/orders/17?reason=stale', ''],
  ['POST', '/v1/orders', '{"note":"☃ 🚀 \\"quoted\\" a+b/c \'d\'"}'],
].map(([method, target, body]) => ({ method, target, body }));
const titled = REQUESTS.map((request) => [`${request.method} ${request.target}`, request]);

/** A request as it would go to an address, without proof, and with the digest of its body. */
function unsignedTo(url, { method, target, body }) {
  const headers = { Host: new URL(url).host, ...(body === '' ? {} : { 'Content-Digest': digestOf(body) }) };
  return { method, url: url + target, headers, body };
}

/** The same on the wire. */
function onTheWire({ method, url, headers, body }) {
  const { origin, protocol } = new URL(url);
  const target = url.slice(origin.length);
  return { method, target, headers: inTurn(headers), body: Buffer.from(body), scheme: protocol.slice(0, -1) };
}

/** What a thief makes of a request. */
function changed(request) {
  const others = [
    { ...request, method: request.method === 'PUT' ? 'POST' : 'PUT' },
    { ...request, target: `${request.target}1` },
    { ...request, body: Buffer.concat([request.body, Buffer.from(' ')]) },
    {
      ...request,
      headers: request.headers.map((text) => (text === 'api.example.com' ? 'evil.example' : text)),
    },
  ];
  return others;
}

const componentsOf = ({ body }) => ['@method', '@target-uri', ...(body === '' ? [] : ['content-digest'])];
const OF_REQUEST = ['@method', '@target-uri'];

/** `http-message-signatures`: messages are objects, and it makes its own signers. */
const httpMessageSignatures = {
  /** Node's default for RSA-PSS is the longest salt; RFC 9421 section 3.3.1 wants 64 bytes. */
  signer({ kind, id, secret, privateKey }) {
    const made = createSigner(secret ?? privateKey, ALGORITHMS[kind], id);
    if (kind === 'rsa') made.sign = async (data) => pssOf(privateKey, data);
    return made;
  },
  lookup: (key) => async () => ({
    id: key.id,
    algs: [ALGORITHMS[key.kind]],
    verify: createVerifier(key.secret ?? key.publicKey, ALGORITHMS[key.kind]),
  }),
  async sign(request, key) {
    const fields = componentsOf(request);
    const params = ['created', 'nonce', 'keyid', 'alg'];
    const config = { key: this.signer(key), fields, params, paramValues: { nonce: randomUUID() } };
    return httpbis.signMessage(config, request);
  },
  takes: (request, key) =>
    orRefuses(httpbis.verifyMessage({ keyLookup: httpMessageSignatures.lookup(key) }, request)),
  async signResponse(response, request, key) {
    const fields = ['@status', 'content-digest', ...boundTo(request).map((name) => `"${name}";req`)];
    const { headers } = await httpbis.signMessage(
      { key: this.signer(key), fields, params: ['created', 'keyid'] },
      response,
      request,
    );
    return headers;
  },
  takesResponse: (response, request, key) =>
    orRefuses(httpbis.verifyMessage({ keyLookup: httpMessageSignatures.lookup(key) }, response, request)),
};

/** `http-message-sig`: messages are lists of fields, and the caller brings what it has no WebCrypto for. */
const httpMessageSig = {
  async sign(request, key) {
    const parameters = { created: now(), nonce: randomUUID(), keyid: key.id, alg: ALGORITHMS[key.kind] };
    const made = await createSignature(described(request), {
      components: componentsOf(request),
      parameters,
      signer: await signerFor(key),
    });
    return { ...request, headers: { ...request.headers, ...fieldsOf(made) } };
  },
  takes: (request, key) =>
    orRefuses(verifySignature(described(request), policyFor(key, componentsOf(request)))),
  async signResponse(response, request, key) {
    const components = [
      '@status',
      'content-digest',
      ...boundTo(request).map((name) => component(name, { req: true })),
    ];
    const parameters = { created: now(), keyid: key.id };
    const made = await createSignature(describedAnswer(response, request), {
      components,
      parameters,
      signer: await signerFor(key),
    });
    return { ...response.headers, ...fieldsOf(made) };
  },
  takesResponse: (response, request, key) =>
    orRefuses(
      verifySignature(describedAnswer(response, request), policyFor(key, ['@status', 'content-digest'])),
    ),
};

const now = () => Math.floor(Date.now() / 1000);
const fieldsOf = ({ signature, signatureInput }) => ({
  Signature: signature,
  'Signature-Input': signatureInput,
});
const fieldList = (headers) => Object.entries(headers).map(([name, value]) => ({ name, value }));
const described = ({ method, url, headers }) => ({
  kind: 'request',
  method,
  targetUri: url,
  requestTarget: url.slice(new URL(url).origin.length),
  fields: fieldList(headers),
});
const describedAnswer = ({ status, headers }, request) => ({
  kind: 'response',
  status,
  fields: fieldList(headers),
  request: described(request),
});

function policyFor(key, requiredComponents) {
  const policy = {
    algorithms: [ALGORITHMS[key.kind]],
    requiredComponents,
    requiredParameters: ['created'],
    clockSkew: 5,
  };
  return { policy, resolveVerifier: () => verifierFor(key) };
}

const WEB_CRYPTO = { ed25519: { name: 'Ed25519' }, rsa: { name: 'RSA-PSS', hash: 'SHA-512' } };

async function signerFor({ kind, secret, privateKey }) {
  if (kind in WEB_CRYPTO) return provider.signer(await imported('pkcs8', kind, privateKey, 'sign'));
  const algorithm = ALGORITHMS[kind];
  if (kind === 'hmac')
    return { algorithm, sign: async (data) => createHmac('sha256', secret).update(data).digest() };
  return {
    algorithm,
    sign: async (data) => sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
  };
}

async function verifierFor({ kind, secret, publicKey }) {
  if (kind in WEB_CRYPTO) return provider.verifier(await imported('spki', kind, publicKey, 'verify'));
  const algorithm = ALGORITHMS[kind];
  if (kind === 'hmac') {
    const macOf = (data) => createHmac('sha256', secret).update(data).digest();
    return { algorithm, verify: async (data, signature) => macOf(data).equals(signature) };
  }
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' };
  return { algorithm, verify: async (data, signature) => verify('sha256', data, key, signature) };
}

function imported(format, kind, pem, usage) {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  return webcrypto.subtle.importKey(format, der, WEB_CRYPTO[kind], false, [usage]);
}

function pssOf(key, data) {
  return sign('sha512', data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 });
}

/** Both libraries throw where they refuse. */
async function orRefuses(verdict) {
  try {
    return Boolean(await verdict);
  } catch {
    return false;
  }
}

function boundTo({ headers }) {
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  return [
    ...OF_REQUEST,
    ...['content-digest', 'signature-input', 'signature'].filter((name) => names.includes(name)),
  ];
}

const LIBRARIES = [
  ['http-message-signatures', httpMessageSignatures],
  ['http-message-sig', httpMessageSig],
];

describe.each(LIBRARIES)('%s', (_, library) => {
  describe.each(KINDS)('with keys of kind %s', (kind) => {
    const key = KEYS[kind];
    const other = kind === 'hmac' ? { ...key, secret: 'another' } : makeKey(kind, key.id);

    it.each(titled)('we take what it signs: %s', async (_title, request) => {
      const theirs = onTheWire(await library.sign(unsignedTo('https://api.example.com', request), key));
      expect(isTaken('rfc9421', theirs, key)).toBe(true);
      expect(isTaken('rfc9421', theirs, other)).toBe(false);
      for (const thief of changed(theirs)) expect(isTaken('rfc9421', thief, key)).toBe(false);
    });

    it.each(titled)('it takes what we sign: %s', async (_title, request) => {
      const unsigned = unsignedTo('https://api.example.com', request);
      const ours = {
        ...unsigned,
        headers: { ...unsigned.headers, ...signedHeaders('rfc9421', onTheWire(unsigned), key, randomUUID()) },
      };
      expect(await library.takes(ours, key)).toBe(true);
      expect(await library.takes(ours, other)).toBe(false);
      expect(await library.takes({ ...ours, method: 'PUT' }, key)).toBe(false);
      expect(await library.takes({ ...ours, url: `${ours.url}1` }, key)).toBe(false);
    });

    describe('answers', () => {
      const body = '{"id":"17","note":"🚀"}';
      const response = {
        status: 201,
        headers: { 'Content-Type': 'application/json', 'Content-Digest': digestOf(body) },
      };
      const wire = (headers) => ({ status: 201, headers: inTurn(headers), body: Buffer.from(body) });
      const signerNamed = (of) => (keyId) => (keyId === key.id ? { kind, proofs: [proofOf(of)] } : undefined);
      let request;
      let otherRequest;
      beforeAll(async () => {
        const order = unsignedTo('https://api.example.com', REQUESTS[3]);
        request = await library.sign(order, key);
        otherRequest = await library.sign(order, key);
      });

      it('we take what it signs', async () => {
        const theirs = wire(await library.signResponse(response, request, key));
        const verdict = (answer, to = request, of = key) =>
          verifyResponse(answer, onTheWire(to), signerNamed(of), Date.now()).code ?? 'ok';
        expect(verdict(theirs)).toBe('ok');
        expect(verdict(theirs, request, other)).toBe('mismatch');
        expect(verdict(theirs, otherRequest)).toBe('mismatch');
        expect(verdict({ ...theirs, status: 200 })).toBe('mismatch');
        expect(verdict({ ...theirs, body: Buffer.from('{}') })).toBe('mismatch');
      });

      it('it takes what we sign', async () => {
        const made = signResponse(wire(response.headers), onTheWire(request), signerOf(key), {
          nowMs: Date.now(),
        });
        const ours = { ...response, headers: { ...response.headers, ...made.headers } };
        expect(await library.takesResponse(ours, request, key)).toBe(true);
        expect(await library.takesResponse(ours, request, other)).toBe(false);
        expect(await library.takesResponse(ours, otherRequest, key)).toBe(false);
        expect(await library.takesResponse({ ...ours, status: 200 }, request, key)).toBe(false);
      });
    });
  });
});

it('the RSA-PSS signer of http-message-signatures as it comes has too long a salt, and is refused', async () => {
  const { rsa } = KEYS;
  const config = {
    key: createSigner(rsa.privateKey, 'rsa-pss-sha512', rsa.id),
    fields: ['@method', '@target-uri'],
    params: ['created', 'nonce', 'keyid'],
    paramValues: { nonce: 'n' },
  };
  const request = await httpbis.signMessage(config, unsignedTo('https://api.example.com', REQUESTS[0]));
  expect(isTaken('rfc9421', onTheWire(request), rsa)).toBe(false);
});

describe.each(LIBRARIES)('%s through the service', (_, library) => {
  let upstream;
  let service;
  beforeAll(async () => {
    upstream = await startUpstream(({ method }) => ({ body: { method } }));
    const manifest = fileURLToPath(new URL('../manifests/interop.yaml', import.meta.url));
    service = await startService({ upstream: upstream.url, manifest });
  });
  afterAll(async () => {
    await service?.stop();
    await upstream?.close();
  });

  it.each(KINDS)('a customer with a key of kind %s is let through, once for each signature', async (kind) => {
    const { secret: _secret, ...pair } = makeKey(kind, 'unused');
    const { id, secret } = await service.call('POST', '/v1/keys', {
      accountId: 'acct_interop',
      label: kind,
      environment: 'live',
      kind,
      dialects: ['rfc9421'],
      permissions: ['orders.read', 'orders.write'],
      ...(kind === 'hmac' ? {} : { publicKey: pair.publicKey }),
    });
    const key = { ...pair, id, secret };
    upstream.received.length = 0;
    for (const request of REQUESTS) {
      const signed = onTheWire(await library.sign(unsignedTo(service.proxyUrl, request), key));
      expect((await send(service.proxyUrl, signed)).status).toBe(200);
      const again = await send(service.proxyUrl, signed);
      expect([again.status, JSON.parse(again.body).code]).toEqual([401, 'replayed']);
    }
    expect(upstream.received.map(({ method, target, body }) => [method, target, body.toString()])).toEqual(
      REQUESTS.map(({ method, target, body }) => [method, target, body]),
    );
    const order = onTheWire(await library.sign(unsignedTo(service.proxyUrl, REQUESTS[3]), key));
    for (const thief of [
      { ...order, target: '/v1/orders/17' },
      { ...order, body: Buffer.from('{}') },
    ])
      expect((await send(service.proxyUrl, thief)).status).toBe(401);
    expect(upstream.received).toHaveLength(REQUESTS.length);
  });
});
