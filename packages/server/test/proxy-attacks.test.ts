import { Problem } from '@countersign/contract';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { exchange, request, requestHead } from './raw-http.ts';
import { RunningProxy } from './running-proxy.ts';
import { sign } from './signing.ts';

let proxy: RunningProxy;

beforeAll(async () => {
  proxy = await RunningProxy.start({ requestTimeoutMs: 400 });
});
afterAll(() => proxy.close());
beforeEach(() => {
  proxy.received.length = 0;
});
afterEach(async () => {
  expect((await request(proxy.port, 'GET /open/still-there')).status).toBe(200);
});

const SMUGGLED = 'GET /orders HTTP/1.1\r\nhost: api.test\r\nx-countersign-account: acct_1\r\n\r\n';

describe('request smuggling', () => {
  it.each([
    ['a length beside chunks', 'content-length: 4\r\ntransfer-encoding: chunked', `0\r\n\r\n${SMUGGLED}`],
    ['chunks beside a length', 'transfer-encoding: chunked\r\ncontent-length: 4', `0\r\n\r\n${SMUGGLED}`],
    ['two lengths that differ', `content-length: 0\r\ncontent-length: ${SMUGGLED.length}`, SMUGGLED],
    ['two lengths that agree', 'content-length: 1\r\ncontent-length: 1', 'a'],
    ['a list of lengths', 'content-length: 1, 1', 'a'],
    ['a length with a sign', 'content-length: +1', 'a'],
    ['a hexadecimal length', 'content-length: 0x1', 'a'],
    ['an unknown transfer coding', 'transfer-encoding: cow', 'a'],
    ['chunked before another coding', 'transfer-encoding: chunked, identity', '0\r\n\r\n'],
    ['chunked with a vertical tab', 'transfer-encoding: \vchunked', '0\r\n\r\n'],
    ['a folded transfer coding', 'transfer-encoding:\r\n chunked', '0\r\n\r\n'],
    ['a folded header', 'x-a: b\r\n c', ''],
    ['a space before the colon', 'content-length : 1', 'a'],
    ['a header without a colon', 'content-length', 'a'],
    ['a bare LF in the head', 'x-a: b\ncontent-length: 1', 'a'],
    ['a NUL in a header', 'x-a: b\0c', ''],
    ['a chunk whose size overflows', 'transfer-encoding: chunked', 'fffffffffffffffff\r\na\r\n0\r\n\r\n'],
    ['a chunk that is longer than it says', 'transfer-encoding: chunked', '1\r\nabc\r\n0\r\n\r\n'],
    ['a chunk that ends with a bare LF', 'transfer-encoding: chunked', '1\na\n0\n\n'],
  ])('by %s reaches no upstream', async (_what, headers, body) => {
    const { answers, isClosed } = await exchange(
      proxy.port,
      `POST /open/a HTTP/1.1\r\nhost: api.test\r\n${headers}\r\n\r\n${body}`,
    );
    expect(isClosed).toBe(true);
    expect(answers.map(({ status }) => status)).toEqual([400]);
    expect(Problem.parse(JSON.parse(answers[0]?.body ?? ''))).toMatchObject({ code: 'malformed_request' });
    expect(proxy.received).toEqual([]);
  });

  it('by a body that holds a request sends it on as a body', async () => {
    await request(proxy.port, 'POST /open/a', [], SMUGGLED);
    expect(proxy.received.map(({ target, body }) => [target, body.toString()])).toEqual([
      ['/open/a', SMUGGLED],
    ]);
  });

  it('by a body on a GET sends it on as a body', async () => {
    await request(proxy.port, 'GET /open/a', [], SMUGGLED);
    expect(proxy.received.map(({ target }) => target)).toEqual(['/open/a']);
  });

  it('by what follows a body that was refused reaches no upstream', async () => {
    const { answers } = await exchange(proxy.port, [
      requestHead('POST /open/a', ['content-length', '100001', 'connection', 'keep-alive'], 0),
      SMUGGLED.repeat(3),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([413]);
    expect(proxy.received).toEqual([]);
  });
});

describe('targets that two parsers read differently', () => {
  it.each([
    ['http://api.test/open/a', 400],
    ['http://evil.test/open/a', 400],
    ['//evil.test/open/a', 401],
    ['/open/../orders', 401],
    ['/open/%2e%2e/orders', 401],
    ['/open/..%2forders', 401],
    ['/open/..;/orders', 401],
    ['/open//a', 401],
    ['/open\\..\\orders', 401],
    ['/%6fpen/a', 401],
    ['/OPEN/a', 401],
    ['/open/%00', 401],
    ['/open/%', 400],
    ['/open/%ff', 400],
    ['/open/a#b', 400],
    ['/open/a"b', 400],
    ['*', 400],
    ['open/a', 400],
  ])('%s reaches no upstream', async (target, status) => {
    const { answers } = await exchange(proxy.port, requestHead(`GET ${target}`, [], 0));
    expect(answers[0]?.status).toBe(status);
    expect(proxy.received).toEqual([]);
  });

  it.each(['get', 'Get', 'TRACE', 'CONNECT', 'M-SEARCH', 'PROPFIND', 'PURGE', 'PUT'])(
    'with the method %s reach no upstream',
    async (method) => {
      await exchange(proxy.port, requestHead(`${method} /open/a`, [], 0));
      expect(proxy.received).toEqual([]);
    },
  );
});

describe('broken requests', () => {
  it('with headers over 16 KiB are headers_too_large', async () => {
    const answer = await request(proxy.port, 'GET /open/a', ['x-long', 'a'.repeat(20_000)]);
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([431, 'headers_too_large']);
  });

  it('that never end are cut off', async () => {
    for (const part of ['GET /open/a HT', requestHead('POST /open/a', ['content-length', '10'], 0)]) {
      const { answers, isClosed } = await exchange(proxy.port, part);
      expect([isClosed, answers[0]?.status]).toEqual([true, 400]);
    }
    expect(proxy.received).toEqual([]);
  });

  it('with a header named __proto__ do no harm', async () => {
    expect((await request(proxy.port, 'GET /open/a', ['__proto__', 'a', 'constructor', 'b'])).status).toBe(
      200,
    );
  });
});

describe('refusals', () => {
  it('speak the dialect of the request, and carry the id of the decision', async () => {
    const answer = await request(proxy.port, 'GET /orders', [
      'ACCESS-KEY',
      'nobody',
      'ACCESS-SIGN',
      'x',
      'ACCESS-TIMESTAMP',
      String(Date.now()),
      'ACCESS-PASSPHRASE',
      'Passphrase1',
    ]);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(JSON.parse(answer.body)).toMatchObject({ code: expect.stringMatching(/^\d+$/), data: null });
    expect(answer.headers['x-countersign-request-id']).toMatch(/^req_/);
    expect(proxy.received).toEqual([]);
  });

  it('of a request that speaks none is a problem with a challenge', async () => {
    const answer = await request(proxy.port, 'GET /orders');
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([401, 'credential_missing']);
    expect(answer.headers['www-authenticate']).toContain('Signature');
  });

  it('of a repeated request are in its dialect, and the upstream sees it once', async () => {
    const body = '{"once":1}';
    const headers = Object.entries(
      sign('bitget', proxy.key, { method: 'POST', target: '/orders', body }),
    ).flat();
    const answers = await Promise.all(
      [1, 2, 3].map(() => request(proxy.port, 'POST /orders', headers, body)),
    );
    expect(answers.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1);
    expect(proxy.received).toHaveLength(1);
  });
});
