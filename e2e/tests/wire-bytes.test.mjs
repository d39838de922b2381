import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { send } from '../stage/send.mjs';
import { signBitget } from '../stage/sign-bitget.mjs';
import { setStage } from '../stage/stage.mjs';

const PLACE_ORDER = '/api/v2/spot/trade/place-order';
const ASSETS = '/api/v2/spot/account/assets';
let stage;
let answer;
beforeAll(async () => {
  stage = await setStage('bitget');
  ({ answer } = stage.upstream);
});
beforeEach(() => {
  stage.upstream.answer = answer;
  stage.upstream.received.length = 0;
});
afterAll(() => stage?.close());

const signed = (request) => signBitget(stage.keys.trader, request);
const pass = (request) => send(stage.service.proxyUrl, request);
/** Header names and values of the one request that the exchange got, in pairs, names in lower case. */
function arrivedHeaders() {
  expect(stage.upstream.received).toHaveLength(1);
  const { rawHeaders } = stage.upstream.received[0];
  return rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), rawHeaders[i + 1]]] : []));
}

describe('the target goes through byte for byte', () => {
  it.each([
    ['mixed case of percent-encodings', `${ASSETS}?coin=%f0%9F%9a%80&x=%C3%bc`],
    ['needless and missing encodings', `${ASSETS}?coin=%41'()!*~,;:@$`],
    ['plus signs, empty parts, no values', `${ASSETS}?coin=a+b%20c%2B&&=&y&=z`],
    ['a lone question mark', `${ASSETS}?`],
    ['an order that nobody sorted', `${ASSETS}?z=1&a=2&z=3`],
    ['6,000 characters', `${ASSETS}?coin=${'x'.repeat(6_000)}`],
  ])('%s', async (_, target) => {
    const { status } = await pass(signed({ method: 'GET', target }));
    expect(status).toBe(200);
    expect(stage.upstream.received[0].target).toBe(target);
  });
});

describe('the body goes through byte for byte', () => {
  it.each([
    ['JSON with spaces, escapes and an order of its own', '{ "z":1,\n\t"a" : "\\u00fc\\/" , "n":1.0e3 }'],
    ['numbers that JavaScript would round', '{"size":123456789012345678901234567890.1234567890123456789}'],
    ['text in Unicode, not normalised', '{"clientOid":"Zu\u0308rich 🚀 \u2028"}'],
    ['no JSON at all', 'a=1&b=%20'],
    ['bytes that are no UTF-8', Buffer.from([0, 255, 254, 0x80, 0xc3, 0x28, 13, 10])],
    ['900 KB', Buffer.alloc(900_000, 'abc')],
  ])('%s', async (_, text) => {
    const body = Buffer.from(text);
    stage.upstream.answer = () => ({ body: {} });
    const { status } = await pass(signed({ method: 'POST', target: PLACE_ORDER, body }));
    expect(status).toBe(200);
    expect(stage.upstream.received[0].body.equals(body)).toBe(true);
    expect(stage.upstream.received[0].headers['content-length']).toBe(String(body.length));
  });

  it('a body over the limit is refused unread, and never reaches the exchange', async () => {
    const body = Buffer.alloc(1_048_577, 'x');
    const { status, body: refusal } = await pass(signed({ method: 'POST', target: PLACE_ORDER, body }));
    expect({ status, code: JSON.parse(refusal).code }).toEqual({ status: 413, code: '40017' });
    expect(stage.upstream.received).toEqual([]);
  });
});

describe('headers', () => {
  it('strips proofs, hop-by-hop headers and all that pretends to come from Countersign', async () => {
    const spoofs = [
      'X-Countersign-Account',
      'x-countersign-permission',
      'X_Countersign_Account',
      'X-COUNTERSIGN-NEW',
    ];
    const forwarded = ['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Real-IP', 'Forwarded'];
    const others = [
      'OK-ACCESS-KEY',
      'OK-ACCESS-SIGN',
      'Signature',
      'Signature-Input',
      'TE',
      'Proxy-Authorization',
    ];
    const headers = [...spoofs, ...forwarded, ...others].flatMap((name) => [name, 'spoofed']);
    const { status } = await pass(signed({ method: 'GET', target: ASSETS, headers }));
    expect(status).toBe(200);
    expect(JSON.stringify(arrivedHeaders())).not.toMatch(/spoofed|access-/);
  });

  it('adds who it was, exactly once', async () => {
    await pass(signed({ method: 'GET', target: ASSETS, headers: ['Host', 'api.example.com'] }));
    const added = arrivedHeaders().filter(([name]) => name.startsWith('x-'));
    expect(Object.fromEntries(added)).toEqual({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'api.example.com',
      'x-countersign-request-id': expect.stringMatching(/^req_/),
      'x-countersign-account': 'acct_trader',
      'x-countersign-credential': stage.keys.trader.id,
      'x-countersign-environment': 'live',
      'x-countersign-permission': 'spot.read',
    });
    expect(added).toHaveLength(8);
  });

  it('keeps all others, with their values, repetitions and order', async () => {
    const headers = [
      'User-Agent',
      'bot/1',
      'B-Bot',
      '2',
      'A-Bot',
      '1',
      'b-bot',
      'ü'.normalize(),
      'locale',
      'en-US',
    ];
    await pass(signed({ method: 'GET', target: ASSETS, headers }));
    const names = new Set(['user-agent', 'b-bot', 'a-bot', 'locale']);
    const kept = arrivedHeaders().filter(([name]) => names.has(name));
    expect(kept.map(([name]) => name)).toEqual(['user-agent', 'b-bot', 'a-bot', 'b-bot', 'locale']);
    expect(kept.map(([, value]) => value)).toEqual(['bot/1', '2', '1', 'ü', 'en-US']);
  });

  it('names no account on a public route, whoever claims one', async () => {
    const headers = ['X-Countersign-Account', 'acct_victim'];
    await pass(signed({ method: 'GET', target: '/api/v2/public/time', headers }));
    const names = arrivedHeaders().map(([name]) => name);
    expect(names.filter((name) => /access-|account|credential/.test(name))).toEqual([]);
    expect(names).toContain('x-countersign-request-id');
  });
});

describe('the answer goes back', () => {
  it('with its status, its headers as often as they came, and its bytes', async () => {
    const bytes = gzipSync('{"code":"00000"}');
    stage.upstream.answer = () => (response) => {
      response.writeHead(418, [
        'Content-Encoding',
        'gzip',
        'Set-Cookie',
        'a=1',
        'Set-Cookie',
        'b=2',
        'X-Rate',
        '9',
      ]);
      response.end(bytes);
    };
    const { status, rawHeaders, body } = await pass(signed({ method: 'GET', target: ASSETS }));
    expect(status).toBe(418);
    expect(body.equals(bytes)).toBe(true);
    expect(rawHeaders.join('\n').toLowerCase()).toContain('set-cookie\na=1\nset-cookie\nb=2\nx-rate\n9');
  });
});
