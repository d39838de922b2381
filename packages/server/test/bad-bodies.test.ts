import { Problem } from '@countersign/contract';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, aKey, RunningApp } from './running-app.ts';
import { sign } from './signing.ts';

let app: RunningApp;

beforeAll(async () => {
  app = await RunningApp.start({ maxBodyBytes: 10_000 });
});
afterAll(() => app.close());

afterEach(async () => {
  expect((await app.get('/readyz', { token: undefined })).json).toEqual({ status: 'ok', reasons: [] });
  expect(app.log.filter((line) => /"level":(50|60)/.test(line))).toEqual([]);
});

/** Every refusal is a problem of the registry, and tells nothing of our insides. */
function refusal(answer: Answer): string {
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(answer.text).not.toMatch(/node_modules|\.ts:\d|\.js:\d|at \w+ \(/);
  const problem = Problem.parse(answer.json);
  expect(problem.status).toBe(answer.status);
  return `${answer.status} ${problem.code}`;
}

const pointersOf = (answer: Answer) => answer.json.errors.map((error: { pointer: string }) => error.pointer);
const deep = (open: string, close: string, times: number) => open.repeat(times) + close.repeat(times);

describe('a body', () => {
  it.each([
    ['that is cut off', '{"accountId": "a"'],
    ['that is no JSON', 'accountId=acct_42'],
    ['with a trailing comma', '{"reason": "x",}'],
    ['with single quotes', "{'reason': 'x'}"],
    ['with NaN', '{"quota": NaN}'],
    ['with two values', '{} {}'],
    ['of a bare word', 'undefined'],
    ['with a raw line break in a text', '{"reason": "a\nb"}'],
    ['with half a surrogate escape', '{"reason": "\\uD8"}'],
    ['with a byte-order mark only', '\uFEFF'],
    ['with __proto__', '{"__proto__": {"permissions": ["keys.write"]}}'],
    ['with an escaped __proto__', '{"\\u005f_proto__": {}}'],
    ['with a nested __proto__', '{"metadata": {"__proto__": {}}}'],
    ['with constructor.prototype', '{"constructor": {"prototype": {"a": 1}}}'],
  ])('%s is invalid_json', async (_what, body) => {
    expect(refusal(await app.post('/v1/keys', body))).toBe('400 invalid_json');
  });

  it('of bytes that are not UTF-8 is invalid_json', async () => {
    for (const bytes of [
      [0xff, 0xfe],
      [0xc0, 0xaf],
      [0xed, 0xa0, 0x80],
      [0xf5, 0x80, 0x80, 0x80],
    ]) {
      const body = Buffer.concat([Buffer.from('{"label":"'), Buffer.from(bytes), Buffer.from('"}')]);
      expect(refusal(await app.post('/v1/keys', body))).toBe('400 invalid_json');
    }
  });

  it('does not have its text repeated in the answer', async () => {
    const answer = await app.post('/v1/keys', '{"passphrase": "do not repeat me" oops}');
    expect(answer.text).not.toContain('repeat me');
  });

  it.each(['[]', '"text"', '1', 'null', 'true', '[{}]', deep('[', ']', 4000)])(
    'that is %.20s is invalid_body',
    async (body) => {
      expect(refusal(await app.post('/v1/keys', body))).toBe('400 invalid_body');
    },
  );

  it('names fields that there are not', async () => {
    const answer = await app.post('/v1/keys', {
      ...aKey(),
      admin: true,
      'a/b~c': 1,
      constraints: { maxOrders: 1 },
    });
    expect(refusal(answer)).toBe('400 invalid_body');
    expect(pointersOf(answer).sort()).toEqual(['/admin', '/a~1b~0c', '/constraints/maxOrders']);
  });

  it('of harmless look names no prototype', async () => {
    for (const name of ['constructor', 'toString', 'hasOwnProperty', 'then']) {
      expect(pointersOf(await app.post('/v1/keys', { ...aKey(), [name]: 'x' }))).toContain(`/${name}`);
      const made = await app.newKey({ metadata: { [name]: 'x' } });
      expect(made.metadata).toEqual({ [name]: 'x' });
    }
  });

  it.each([
    ['a quota of 0', { quota: 0 }],
    ['a quota below 0', { quota: -1 }],
    ['a gigantic quota', { quota: 1e308 }],
    ['a quota beyond safe integers', { quota: Number.MAX_SAFE_INTEGER + 1 }],
    ['a fraction', { quota: 0.5 }],
    ['a quota as a text', { quota: '10' }],
    ['a gigantic window', { windowSeconds: 1e9 }],
    ['a window below 0', { windowSeconds: -60 }],
  ])('with %s is invalid_body', async (_what, over) => {
    const rateLimits = [{ name: 'orders', quota: 1, windowSeconds: 1, ...over }];
    const answer = await app.post('/v1/keys', { ...aKey(), rateLimits });
    expect(refusal(answer)).toBe('400 invalid_body');
    expect(new Set(pointersOf(answer))).toEqual(new Set([`/rateLimits/0/${Object.keys(over)[0]}`]));
  });

  it('with numbers that overflow is invalid_body', async () => {
    const text = JSON.stringify({ ...aKey(), rateLimits: [{ name: 'a', quota: 12345, windowSeconds: 1 }] });
    for (const number of ['1e400', '-1e400', `1${'0'.repeat(400)}`]) {
      expect(refusal(await app.post('/v1/keys', text.replace('12345', number)))).toBe('400 invalid_body');
    }
  });

  it('with a name twice counts as its last, like in any JSON parser', async () => {
    const made = await app.post(
      '/v1/keys',
      `{"label":"first",${JSON.stringify({ ...aKey(), label: 'last' }).slice(1)}`,
    );
    expect(made.json.label).toBe('last');
  });

  it('over the limit is body_too_large', async () => {
    const body = JSON.stringify({ ...aKey(), label: 'x'.repeat(100_000) });
    expect(refusal(await app.post('/v1/keys', body))).toBe('413 body_too_large');
  });

  it('of nothing, where there must be one, is invalid_body', async () => {
    expect(refusal(await app.post('/v1/keys'))).toBe('400 invalid_body');
    expect(refusal(await app.post('/v1/keys', ''))).toBe('400 invalid_body');
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonp',
    'multipart/form-data; boundary=x',
    'nonsense',
    '',
  ])('of type %j is unsupported_media_type', async (type) => {
    const answer = await app.post('/v1/keys', JSON.stringify(aKey()), { headers: { 'content-type': type } });
    expect(refusal(answer)).toBe('415 unsupported_media_type');
  });

  it.each(['application/json; charset=utf-8', 'Application/JSON', 'application/json;charset=UTF-8'])(
    'of type %s is read',
    async (type) => {
      const answer = await app.post('/v1/keys', JSON.stringify(aKey()), {
        headers: { 'content-type': type },
      });
      expect(answer.status).toBe(201);
    },
  );

  it('of a GET is not looked at', async () => {
    expect((await app.call('GET', '/v1/keys', '{"status": "revoked"')).status).toBe(200);
  });
});

describe('methods', () => {
  it.each([
    ['OPTIONS', '/v1/keys'],
    ['PUT', '/v1/keys'],
    ['DELETE', '/v1/keys/x'],
    ['GET', '/v1/keys/x/rotate'],
    ['GET', '/v1/nothing'],
    ['GET', '/V1/keys'],
    ['GET', '/v1/keys/'],
    ['GET', '//v1/keys'],
    ['GET', '/v1/keys/x/y/z'],
    ['GET', '/docs/errors/..%2f..%2fpackage'],
    ['GET', '/docs/errors/nothing'],
    ['GET', '/'],
  ])('%s %s is not_found', async (method, url) => {
    expect(refusal(await app.call(method, url))).toBe('404 not_found');
  });

  it('HEAD answers like GET, without the body', async () => {
    const [head, get] = [await app.call('HEAD', '/v1/keys?limit=1'), await app.get('/v1/keys?limit=1')];
    expect([head.status, head.text]).toEqual([200, '']);
    expect(head.headers['content-length']).toBe(get.headers['content-length']);
    expect((await app.call('HEAD', '/v1/keys', undefined, { token: undefined })).status).toBe(401);
  });
});

describe('POST /v1/verify', () => {
  const ask = (request: object, more: object = {}) =>
    app.post('/v1/verify', { request: { method: 'GET', target: '/', headers: {}, ...request }, ...more });
  const denied = async (request: object, more: object = {}) => {
    const { json, status } = await ask(request, more);
    expect([status, json.allowed]).toEqual([200, false]);
    return json.code;
  };

  it.each([
    ['no request', { request: undefined }, '/request'],
    ['cost 0', { cost: 0 }, '/cost'],
    ['a gigantic cost', { cost: 1e9 }, '/cost'],
    ['facts that are no texts', { facts: { notional: 12 } }, '/facts/notional'],
    ['an unknown environment', { environment: 'prod' }, '/environment'],
    ['an audience of its own', { audience: 'operators' }, '/audience'],
  ])('with %s is invalid_body', async (_what, over, pointer) => {
    const answer = await ask({}, over);
    expect(refusal(answer)).toBe('400 invalid_body');
    expect(pointersOf(answer)).toContain(pointer);
  });

  it.each([
    ['both bodies', { body: 'a', bodyBase64: 'YQ==' }, '/request/bodyBase64'],
    ['base64 that is none', { bodyBase64: '!' }, '/request/bodyBase64'],
    ['headers that are no pairs', { headers: [['a']] }, '/request/headers'],
    ['a header that is a number', { headers: { a: 1 } }, '/request/headers'],
    ['too many headers', { headers: Array(201).fill(['a', 'b']) }, '/request/headers'],
    ['a huge target', { target: `/${'a'.repeat(16_384)}` }, '/request/target'],
    ['a scheme of its own', { scheme: 'ws' }, '/request/scheme'],
  ])('of a request with %s is invalid_body', async (_what, over, pointer) => {
    const answer = await ask(over);
    expect(refusal(answer)).toBe('400 invalid_body');
    expect(pointersOf(answer).some((found: string) => found.startsWith(pointer))).toBe(true);
  });

  it.each([
    ['a method in small letters', { method: 'get' }],
    ['an empty method', { method: '' }],
    ['an absolute target', { target: 'https://api.test/' }],
    ['an empty target', { target: '' }],
    ['raw UTF-8 in the target', { target: '/ü' }],
    ['a broken percent-encoding', { target: '/%zz' }],
    ['a percent-encoding that is not UTF-8', { target: '/%ff' }],
    ['a line break in the target', { target: '/a\r\nx: y' }],
  ])('of a request with %s is malformed_request', async (_what, over) => {
    expect(await denied(over)).toBe('malformed_request');
  });

  it('of a body over the limit is body_too_large, and of one that just fits is not', async () => {
    expect(await denied({ method: 'POST', body: 'x'.repeat(10_001) })).toBe('body_too_large');
    expect(await denied({ method: 'POST', body: 'x'.repeat(10_000) })).toBe('credential_missing');
    expect(await denied({ method: 'POST', bodyBase64: Buffer.alloc(10_000).toString('base64') })).toBe(
      'credential_missing',
    );
  });

  it('in a dialect that there is not is dialect_unknown', async () => {
    expect(await denied({}, { dialect: 'nasdaq' })).toBe('dialect_unknown');
    expect(await denied({}, { dialect: '__proto__' })).toBe('dialect_unknown');
  });

  it('with a security header twice is malformed_request, in both spellings of headers', async () => {
    expect(
      await denied({
        headers: [
          ['ACCESS-KEY', 'a'],
          ['access-key', 'a'],
        ],
      }),
    ).toBe('malformed_request');
    expect(await denied({ headers: { 'ACCESS-KEY': ['a', 'a'] } })).toBe('malformed_request');
  });

  it.each([
    ['seconds', (ms: number) => String(Math.floor(ms / 1000)), 'timestamp_out_of_window'],
    ['microseconds', (ms: number) => `${ms}000`, 'timestamp_out_of_window'],
    ['nanoseconds', (ms: number) => `${ms}000000`, 'timestamp_invalid'],
    ['ISO 8601', (ms: number) => new Date(ms).toISOString(), 'timestamp_invalid'],
    ['a fraction', (ms: number) => `${ms}.5`, 'timestamp_invalid'],
    ['a sign', (ms: number) => `+${ms}`, 'timestamp_invalid'],
    ['an exponent', () => '1e12', 'timestamp_invalid'],
    ['hexadecimal', (ms: number) => `0x${ms.toString(16)}`, 'timestamp_invalid'],
    ['a leading zero', (ms: number) => `0${ms}`, 'timestamp_invalid'],
  ])('of a timestamp in %s is a denial that says so', async (_unit, write, code) => {
    const key = await app.newKey();
    const headers = sign('bitget', { ...key, passphrase: 'Passphrase1' }, { method: 'GET', target: '/' });
    expect(await denied({ headers: { ...headers, 'ACCESS-TIMESTAMP': write(Date.now()) } })).toBe(code);
  });
});
