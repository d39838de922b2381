import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AnswerKey, type Client, type ClientOptions, createClient } from '@countersign/client';
import { newAnswerKeyPem } from '@countersign/server';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  api,
  cleanUp,
  newFolder,
  operatorOf,
  type ServiceProcess,
  startProcess,
} from '../../server/test/service-process.ts';
import { type Loopback, startLoopback } from './loopback.ts';
import {
  headerOf,
  type ManInTheMiddle,
  type PassingAnswer,
  startManInTheMiddle,
  untouched,
  withHeader,
} from './man-in-the-middle.ts';

const MANIFEST = `
version: 1
permissions:
  trade: { risk: medium }
  withdraw: { risk: medium }
routes:
  - { route: "GET /orders", permission: trade }
  - { route: "POST /orders", permission: trade }
  - { route: "POST /withdrawals", permission: withdraw }
  - { route: "POST /open/*", public: true }
  - { route: "POST /exchange/v1/private/*", permission: trade }
`;
const PASSPHRASE = 'Passphrase1';

let upstream: Loopback;
let service: ServiceProcess;
let settings: Record<string, string>;
let operator: { id: string; secret: string };
let folder: string;
let toProxy: ManInTheMiddle;
let toApi: ManInTheMiddle;
let verifyAnswers: AnswerKey;

beforeAll(async () => {
  upstream = await startLoopback((request, response, count) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ code: '00000', count, sent: request.body }));
  });
  folder = newFolder();
  writeFileSync(join(folder, 'manifest.yaml'), MANIFEST);
  settings = {
    DATA_DIR: join(folder, 'data'),
    MANIFEST: join(folder, 'manifest.yaml'),
    UPSTREAM: upstream.url,
    SIGN_ANSWERS: 'true',
  };
  service = await startProcess(settings);
  operator = operatorOf(join(folder, 'data'));
  toProxy = await startManInTheMiddle(() => service.proxyPort);
  toApi = await startManInTheMiddle(() => service.port);
  verifyAnswers = await manage('GET', '/v1/answer-key');
}, 60_000);

afterEach(() => {
  toProxy.meddle = untouched;
  toApi.meddle = untouched;
});

afterAll(async () => {
  await Promise.all([upstream, toProxy, toApi].map((server) => server.close()));
  await cleanUp();
});

async function manage(method: string, path: string, body?: unknown) {
  const answer = await api(service.url, operator.secret, method, path, body);
  if (answer.status >= 300) throw new Error(answer.text);
  return answer.json;
}

/** A client with a new key of its own, behind the man in the middle. */
async function newClient(dialect: string, over: Partial<ClientOptions> = {}): Promise<Client> {
  const isOperator = over.baseUrl === toApi.url;
  const { id, secret } = await manage('POST', '/v1/keys', {
    accountId: isOperator ? 'operator' : 'acct_1',
    label: dialect,
    environment: 'live',
    kind: dialect === 'bearer' ? 'bearer' : 'hmac',
    dialects: [dialect],
    permissions: isOperator ? ['keys.read'] : ['trade'],
    ...(dialect === 'bitget' ? { passphrase: PASSPHRASE } : {}),
  });
  const passphrase = dialect === 'bitget' ? PASSPHRASE : undefined;
  // Each request a few ms later than the one before, so that no two are equal.
  let at = 0;
  const clock = () => Date.now() + at++;
  const given = { dialect, keyId: id, secret, passphrase, baseUrl: toProxy.url, verifyAnswers, retries: 0 };
  return createClient({ ...given, clock, ...over } as ClientOptions);
}

const digestOf = (body: Buffer) => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
const other = Buffer.from('{"code":"00000","balance":"1000000"}');

const FORGERIES: [string, (answer: PassingAnswer) => PassingAnswer][] = [
  ['another status', (answer) => ({ ...answer, status: 201 })],
  ['another body', (answer) => ({ ...answer, body: other })],
  [
    'another body and its digest',
    (answer) => withHeader({ ...answer, body: other }, 'content-digest', digestOf(other)),
  ],
  ['no body', (answer) => ({ ...answer, body: Buffer.alloc(0) })],
  ['another media type', (answer) => withHeader(answer, 'content-type', 'text/plain')],
  ['no media type', (answer) => withHeader(answer, 'content-type')],
  ['no digest', (answer) => withHeader(answer, 'content-digest')],
  ['no signature', (answer) => withHeader(withHeader(answer, 'signature'), 'signature-input')],
  ['half a signature', (answer) => withHeader(answer, 'signature-input')],
  [
    'a word about why it is not signed',
    (answer) =>
      withHeader(
        withHeader(withHeader(answer, 'signature'), 'signature-input'),
        'x-countersign-unsigned',
        'too-long',
      ),
  ],
  [
    'less that is covered',
    (answer) =>
      withHeader(
        answer,
        'signature-input',
        headerOf(answer, 'signature-input')?.replace(' "content-type"', '') ?? '',
      ),
  ],
  [
    'a later time',
    (answer) =>
      withHeader(
        answer,
        'signature-input',
        headerOf(answer, 'signature-input')?.replace(
          /created=(\d+)/,
          (_, at) => `created=${Number(at) + 1}`,
        ) ?? '',
      ),
  ],
];

const FACES = [
  ['the proxy, to bitget', 'bitget', () => toProxy, '/orders'],
  ['the proxy, to rfc9421', 'rfc9421', () => toProxy, '/orders'],
  ['the service', 'rfc9421', () => toApi, '/v1/keys?accountId=acct_1'],
] as const;

describe.each(FACES)('an answer of %s', (_, dialect, middle, target) => {
  const ours = () => newClient(dialect, { baseUrl: middle().url });

  it('is signed, and verified by the client', async () => {
    const client = await ours();
    const answer = await client.fetch(target);
    expect([answer.status, answer.headers.get('signature-input')]).toEqual([
      200,
      expect.stringContaining(`"@method";req "@target-uri";req`),
    ]);
    expect(answer.headers.get('signature-input')).toContain(`keyid="${verifyAnswers.keyId}"`);
  });

  it.each(FORGERIES)('with %s is noticed', async (_what, forge) => {
    const client = await ours();
    middle().meddle = forge;
    await expect(client.fetch(target)).rejects.toMatchObject({ code: 'answer_unverified' });
  });

  it('in the place of another one is noticed, later and at once', async () => {
    const client = await ours();
    await client.fetch(target);
    const [old] = middle().seen.slice(-1) as [PassingAnswer];
    middle().meddle = () => old;
    // The same request again, and the one answer is all that there is for it.
    await expect(client.fetch(target)).rejects.toMatchObject({ code: 'answer_unverified' });
  });

  it('that is a refusal is signed like any other', async () => {
    const client = await ours();
    const refused = middle() === toApi ? ['GET', '/v1/audit/entries'] : ['POST', '/withdrawals'];
    const call = () => client.fetch(refused[1] ?? '', { method: refused[0] ?? '' });
    await expect(call()).rejects.toMatchObject({ code: 'refused', denials: ['permission_denied'] });
    middle().meddle = (answer) => ({ ...answer, status: 401 });
    await expect(call()).rejects.toMatchObject({ code: 'answer_unverified' });
  });
});

it.each([
  ['/v1/nothing', 404],
  ['/livez', 200],
])('the answer of the service to %s, for which nobody is asked, is verified', async (target, status) => {
  const client = await newClient('rfc9421', { baseUrl: toApi.url });
  expect((await client.fetch(target)).status).toBe(status);
});

describe('two answers that are exchanged are noticed, of requests that differ in', () => {
  /** Sends both, and gives the second the answer of the first. */
  async function exchange(dialect: string, target: string, bodies: readonly [string, string]) {
    const client = await newClient(dialect);
    const send = (body: string) => client.fetch(target, { method: 'POST', body });
    expect((await send(bodies[0])).status).toBe(200);
    const first = toProxy.seen.at(-1) as PassingAnswer;
    toProxy.meddle = () => first;
    await expect(send(bodies[1])).rejects.toMatchObject({ code: 'answer_unverified' });
    return first;
  }

  it('the proof that is in headers', async () => {
    const first = await exchange('bitget', '/orders', ['{"size":"1"}', '{"size":"1"}']);
    const input = headerOf(first, 'signature-input');
    expect(input).toContain('"access-sign";req');
    // A secret: a signature over it would be something to try guesses on.
    expect(input).not.toContain('passphrase');
  });

  it('the nonce', () => exchange('rfc9421', '/orders', ['{"size":"1"}', '{"size":"1"}']));

  it('the body alone, which holds the proof', async () => {
    const first = await exchange('cryptocom', '/exchange/v1/private/create-order', [
      '{"quantity":"1"}',
      '{"quantity":"1"}',
    ]);
    expect(headerOf(first, 'x-countersign-request-digest')).toBeDefined();
    expect(headerOf(first, 'signature-input')).toContain('"x-countersign-request-digest"');
  });
});

it('a request that was changed on its way is noticed by its answer, though nobody verified the request', async () => {
  const client = await newClient('bitget');
  toProxy.meddleRequest = () => Buffer.from('{"size":"9"}');
  const body = '{"size":"1"}';
  for (const headers of [{}, { 'Content-Digest': digestOf(Buffer.from(body)) }]) {
    const sent = client.fetch('/open/echo', { method: 'POST', body, headers });
    await expect(sent).rejects.toMatchObject({ code: 'answer_unverified' });
  }
  toProxy.meddleRequest = () => Buffer.alloc(0);
  const stripped = client.fetch('/open/echo', { method: 'POST', body });
  await expect(stripped).rejects.toMatchObject({ code: 'answer_unverified' });
  toProxy.meddleRequest = (given) => given;
  expect((await client.fetch('/open/echo', { method: 'POST', body })).status).toBe(200);
});

it('an answer to a bearer token, which proves nothing of a request, is good for a minute', async () => {
  let offset = 0;
  const client = await newClient('bearer', { clock: () => Date.now() + offset });
  await client.fetch('/orders');
  const old = toProxy.seen.at(-1) as PassingAnswer;
  expect(headerOf(old, 'signature-input')).not.toContain('authorization');
  toProxy.meddle = () => old;
  expect((await client.fetch('/orders')).status).toBe(200);
  offset = 62_000;
  await expect(client.fetch('/orders')).rejects.toMatchObject({ code: 'answer_unverified' });
});

it('the key is for its owner alone, in no output, and shown by the route in its public half only', async () => {
  const path = join(folder, 'data', 'answer-key.pem');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const secret = readFileSync(path, 'utf8').split('\n')[1] as string;
  expect(service.output).not.toContain(secret);
  expect(JSON.stringify(verifyAnswers)).not.toContain(secret);
  expect(service.stdout).toContain(`Answers are signed with the key ${verifyAnswers.keyId}`);
});

it('the key is rotated: clients that know both hear both, and the others neither forgery nor new key', async () => {
  const file = join(folder, 'next.pem');
  writeFileSync(file, newAnswerKeyPem(), { mode: 0o600 });
  const before = verifyAnswers;
  expect((await (await newClient('bitget')).fetch('/orders')).status).toBe(200);
  await service.signal('SIGTERM');
  service = await startProcess({ ...settings, ANSWER_KEY_FILE: file });
  const after = await manage('GET', '/v1/answer-key');
  expect(after.keyId).not.toBe(before.keyId);
  const both = await newClient('bitget', { verifyAnswers: [before, after] });
  expect((await both.fetch('/orders')).status).toBe(200);
  const old = await newClient('bitget', { verifyAnswers: before });
  await expect(old.fetch('/orders')).rejects.toMatchObject({ code: 'answer_unverified' });
}, 60_000);
