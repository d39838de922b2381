import { fileURLToPath } from 'node:url';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startUpstream } from '../sandbox/upstream.mjs';
import { inTurn, isTaken, makeKey, signedHeaders } from '../stage/library-side.mjs';
import { send } from '../stage/send.mjs';
import { startService } from '../stage/service.mjs';

/*
 * AWS Signature Version 4 both ways with the signer of the AWS SDK for JavaScript. It has no verifier: it takes what we
 * sign if it makes the same signature of the same request at the same time.
 */

const KEY = makeKey('hmac', 'sigv4-key');
const REQUESTS = [
  { method: 'GET', path: '/v1/orders/17' },
  {
    method: 'GET',
    path: '/v1/orders/all',
    query: { note: "🚀 a+b/c'd!(*)", limit: '20', 'a-b': '', a: 'x=y&z' },
  },
  { method: 'GET', path: '/v1/orders/all', query: { id: ['1', '10', '2'] } },
  { method: 'DELETE', path: '/v1/orders/Z%C3%BCrich%20a+b:c' },
  { method: 'POST', path: '/v1/orders', body: '{"note":"☃ 🚀 \\"quoted\\" a+b/c \'d\'"}' },
  { method: 'POST', path: '/v1/orders/bytes', body: Uint8Array.of(0, 255, 128, 195, 40) },
  { method: 'POST', path: '/v1/orders/empty' },
];
const titled = REQUESTS.map((request) => [
  `${request.method} ${request.path} ${Object.keys(request.query ?? {})}`,
  request,
]);

function signerFor({ id, secret }, more = {}) {
  const credentials = { accessKeyId: id, secretAccessKey: secret };
  return new SignatureV4({
    service: 'execute-api',
    region: 'us-east-1',
    sha256: Sha256,
    credentials,
    ...more,
  });
}

/** A request as the SDK has it, before it is signed. */
function unsignedTo(url, { method, path, query, body }) {
  const { hostname, port, host, protocol } = new URL(url);
  const headers = { host, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  return {
    method,
    protocol,
    hostname,
    port: Number(port) || undefined,
    path,
    query: query ?? {},
    headers,
    body,
  };
}

/** The same on the wire: the SDK's HTTP handlers put the query together so. */
function onTheWire({ method, path, query, headers, body }) {
  const encoded = (text) =>
    encodeURIComponent(text).replace(
      /[!'()*]/g,
      (bare) => `%${bare.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  const fields = Object.entries(query).flatMap(([name, values]) =>
    [values].flat().map((value) => `${encoded(name)}=${encoded(value)}`),
  );
  const target = fields.length === 0 ? path : `${path}?${fields.join('&')}`;
  return { method, target, headers: inTurn(headers), body: Buffer.from(body ?? '') };
}

const signed = async (url, request, key, more) =>
  onTheWire(await signerFor(key, more).sign(unsignedTo(url, request)));
const withValue = (request, name, change) => ({
  ...request,
  headers: request.headers.map((text, i) =>
    request.headers[i - 1]?.toLowerCase() === name ? change(text) : text,
  ),
});

describe('@smithy/signature-v4', () => {
  const url = 'https://api.example.com';

  it.each(titled)('we take what it signs: %s', async (_, request) => {
    for (const more of [{}, { applyChecksum: false }, { region: 'eu-central-1', service: 'orders' }])
      expect(isTaken('sigv4', await signed(url, request, KEY, more), KEY)).toBe(true);
    const theirs = await signed(url, request, KEY);
    const thieves = [
      { ...theirs, method: 'PUT' },
      { ...theirs, target: `${theirs.target}${theirs.target.includes('?') ? '&' : '?'}zz=1` },
      { ...theirs, target: theirs.target.replace('/v1/', '/v2/') },
      { ...theirs, body: Buffer.concat([theirs.body, Buffer.from(' ')]) },
      withValue(theirs, 'host', () => 'evil.example'),
      withValue(theirs, 'authorization', (text) => text.replace('us-east-1', 'us-east-2')),
    ];
    for (const thief of thieves) expect(isTaken('sigv4', thief, KEY)).toBe(false);
    expect(isTaken('sigv4', theirs, { ...KEY, secret: 'another' })).toBe(false);
  });

  it.each(titled)('it makes the signature that we make: %s', async (_, request) => {
    const unsigned = unsignedTo(url, request);
    const ours = signedHeaders('sigv4', onTheWire(unsigned), KEY);
    const [y, mo, d, h, mi, s] = /(....)(..)(..)T(..)(..)(..)/.exec(ours['X-Amz-Date']).slice(1);
    const signingDate = new Date(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
    const { headers } = await signerFor(KEY).sign(unsigned, { signingDate });
    expect(ours.Authorization).toBe(headers.authorization);
    expect(ours['X-Amz-Content-Sha256']).toBe(headers['x-amz-content-sha256']);
  });

  it('signs an untidy path like another one, and we refuse it', async () => {
    for (const path of ['/v1/x/../orders/17', '/v1//orders/17', '/v1/./orders/17'])
      expect(isTaken('sigv4', await signed(url, { method: 'GET', path }, KEY), KEY)).toBe(false);
  });

  it('encodes the path once where the service is S3, and we do so there only', async () => {
    const request = { method: 'GET', path: '/bucket/a%20b//c/../d' };
    const once = { uriEscapePath: false };
    expect(isTaken('sigv4', await signed(url, request, KEY, { ...once, service: 's3' }), KEY)).toBe(true);
    const encoded = { method: 'GET', path: '/v1/a%20b' };
    expect(isTaken('sigv4', await signed(url, encoded, KEY, once), KEY)).toBe(false);
    expect(isTaken('sigv4', await signed(url, encoded, KEY), KEY)).toBe(true);
  });

  it('makes presigned URLs, and they are refused', async () => {
    const presigned = await signerFor(KEY).presign(unsignedTo(url, REQUESTS[0]));
    expect(isTaken('sigv4', onTheWire(presigned), KEY)).toBe(false);
  });
});

describe('@smithy/signature-v4 through the service', () => {
  let upstream;
  let service;
  let key;
  beforeAll(async () => {
    upstream = await startUpstream(({ method }) => ({ body: { method } }));
    const manifest = fileURLToPath(new URL('../manifests/interop.yaml', import.meta.url));
    service = await startService({ upstream: upstream.url, manifest });
    key = await service.call('POST', '/v1/keys', {
      accountId: 'acct_interop',
      label: 'sigv4',
      environment: 'live',
      kind: 'hmac',
      dialects: ['sigv4'],
      permissions: ['orders.read', 'orders.write'],
    });
  });
  afterAll(async () => {
    await service?.stop();
    await upstream?.close();
  });

  const answerTo = async (request) => {
    const { status, rawHeaders, body } = await send(service.proxyUrl, request);
    const at = rawHeaders.findIndex((text) => text.toLowerCase() === 'x-amzn-errortype');
    if (status !== 200) expect(rawHeaders[at + 1]).toBe(JSON.parse(body).__type);
    return [status, JSON.parse(body).__type];
  };

  it('a customer is let through, and nothing of the proof goes on', async () => {
    upstream.received.length = 0;
    for (const request of REQUESTS)
      expect(await answerTo(await signed(service.proxyUrl, request, key))).toEqual([200, undefined]);
    expect(upstream.received).toHaveLength(REQUESTS.length);
    for (const { headers } of upstream.received) {
      expect(headers['x-countersign-account']).toBe('acct_interop');
      for (const name of ['authorization', 'x-amz-date', 'x-amz-content-sha256'])
        expect(headers).not.toHaveProperty(name);
    }
    expect(upstream.received[5].body).toEqual(Buffer.from(REQUESTS[5].body));
  });

  it('a thief is not', async () => {
    // The time is in whole seconds: two equal orders would have the same signature.
    const order = await signed(service.proxyUrl, { ...REQUESTS[4], body: '{"one":1}' }, key);
    expect(await answerTo(order)).toEqual([200, undefined]);
    upstream.received.length = 0;
    expect(await answerTo(order)).toEqual([403, 'InvalidSignatureException']);
    const fresh = await signed(service.proxyUrl, { ...REQUESTS[4], body: '{"another":1}' }, key);
    for (const thief of [
      { ...fresh, target: '/v1/orders/bytes' },
      { ...fresh, body: Buffer.from('{}') },
      { ...fresh, method: 'DELETE', target: '/v1/orders/17' },
    ])
      expect(await answerTo(thief)).toEqual([403, 'InvalidSignatureException']);
    expect(upstream.received).toHaveLength(0);
    expect(await answerTo(fresh)).toEqual([200, undefined]);
  });

  it('mistakes are told as AWS tells them', async () => {
    const read = REQUESTS[0];
    const sign = (more, of = key) => signed(service.proxyUrl, read, of, more);
    expect(await answerTo(await sign({}, { ...key, secret: 'another' }))).toEqual([
      403,
      'InvalidSignatureException',
    ]);
    expect(await answerTo(await sign({}, { ...key, id: 'AKIDEXAMPLE' }))).toEqual([
      403,
      'UnrecognizedClientException',
    ]);
    const late = await signerFor(key).sign(unsignedTo(service.proxyUrl, read), {
      signingDate: new Date(Date.now() - 302_000),
    });
    expect(await answerTo(onTheWire(late))).toEqual([403, 'InvalidSignatureException']);
    const presigned = await signerFor(key).presign(unsignedTo(service.proxyUrl, read));
    expect(await answerTo(onTheWire(presigned))).toEqual([403, 'IncompleteSignature']);
    const unknown = { method: 'GET', path: '/v2/elsewhere' };
    expect(await answerTo(await signed(service.proxyUrl, unknown, key))).toEqual([
      404,
      'UnknownOperationException',
    ]);
  });
});
