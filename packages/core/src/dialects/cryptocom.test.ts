import { describe, expect, it } from 'vitest';
import { aCredential, aRequest, aSigningKey, ask, denialOf, NOW, signed } from '../../test/given.ts';
import { DENIAL_CODES, denial } from '../denial.ts';
import { cryptocom } from './cryptocom.ts';
import { signedTextOf } from './cryptocom-parameters.ts';
import type { WebSocketLogin } from './dialect.ts';

const login = cryptocom.webSocket as WebSocketLogin;
const context = { nowMs: NOW, requestId: 'req-1' };
const target = '/exchange/v1/private/create-order';
const order = (body: string, over = {}) =>
  aRequest({ method: 'POST', target, body: Buffer.from(body), ...over });

describe('cryptocom', () => {
  it.each([
    ['{"sig":""}', true],
    ['{"api_key":1', true],
    ['', false],
    ['{"signature":"","id":1}', false],
  ])('is recognised by the body %s: %s', (body, is) => expect(cryptocom.recognises(order(body))).toBe(is));

  it('signs the parameters as they are written, and sends them so', () => {
    const params = ' { "price" : 1.10, "client_oid" : "Z\\u00fcrich" } ';
    const request = signed(cryptocom, order(params));
    expect(Buffer.from(request.body).toString()).toContain(`"params":${params.trim()},`);
    expect(ask(cryptocom, request, aCredential(), { nowMs: NOW }).ok).toBe(true);
  });

  it.each([
    ['a GET', order('{}', { method: 'GET' })],
    ['a query', order('{}', { target: `${target}?a=1` })],
    ['another path', order('{}', { target: '/v2/private/create-order' })],
    ['a path that is no method', order('{}', { target: '/exchange/v1/private/A1' })],
    ['parameters in a list', order('[]')],
    ['parameters that could be read otherwise', order('{"client_oidc":"afe"}')],
    ['bytes that are not UTF-8', order('', { body: Buffer.from([0xff]) })],
  ])('does not sign %s', (_, request) =>
    expect(() => cryptocom.sign(request, aSigningKey(), { ...context, nonce: '' })).toThrow(TypeError),
  );

  it('refuses a signed body on the path of another method', () => {
    const { body } = signed(cryptocom, order('{}'));
    const elsewhere = order('', { body, target: '/exchange/v1/private/create-withdrawal' });
    const refusal = denialOf(ask(cryptocom, elsewhere, aCredential(), { nowMs: NOW }));
    expect(refusal.code).toBe('malformed_request');
  });

  it.each([
    [
      'parameters',
      `{${Array.from({ length: 501 }, (_, i) => `"${'a'.repeat(1 + (i % 60))}_${'b'.repeat(1 + i / 60)}":1`)}}`,
    ],
    ['elements', `{"a":[${Array.from({ length: 1001 }, () => '"b"')}]}`],
    ['levels', `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
  ])('reads no more %s than there may be', (_, params) =>
    expect(signedTextOf(params)).toHaveProperty('fault'),
  );

  it('reads no body that is longer than it may be', () => {
    const sized = (length: number) => {
      const { body } = signed(cryptocom, order('{}'));
      return order('', { body: Buffer.concat([body, Buffer.alloc(length - body.length, ' ')]) });
    };
    expect(ask(cryptocom, sized(65_536), aCredential(), { nowMs: NOW }).ok).toBe(true);
    const refusal = denialOf(ask(cryptocom, sized(65_537), aCredential(), { nowMs: NOW }));
    expect(refusal).toMatchObject({
      code: 'malformed_request',
      detail: 'It is longer than 65536 characters.',
    });
  });
});

describe('borders between parameters', () => {
  /** Params whose text is the same: the border at `at` is moved by some characters. */
  function moved(parts: readonly string[], at: number, by: number): string {
    const text = parts.join('');
    const ends = parts.map((_, i) => parts.slice(0, i + 1).join('').length);
    ends[at] = (ends[at] as number) + by;
    const [names, values]: [string[], string[]] = [[], []];
    let start = 0;
    for (const [i, end] of ends.entries()) {
      (i % 2 === 0 ? names : values).push(text.slice(start, end));
      start = end;
    }
    return `{${names.map((name, i) => `${JSON.stringify(name)}:${JSON.stringify(values[i])}`).join()}}`;
  }

  const parts = ['client_oid', 'c5f682ede', 'exec_inst', 'POST_ONLY', 'instrument_name', 'BTC_USD'];
  const shifts = [-7, -6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6, 7];
  const borders = parts.slice(1).map((_, at) => at);
  const cases = borders.flatMap((at) => shifts.map((by) => [at, by] as const));

  it('stand where they were signed', () =>
    expect(signedTextOf(moved(parts, 0, 0))).toEqual({ text: parts.join('') }));

  // Where a name then stands elsewhere in the order, the text is another one.
  it.each(cases)('do not move: border %i by %i', (at, by) =>
    expect(signedTextOf(moved(parts, at, by))).not.toEqual({ text: parts.join('') }),
  );

  // What the page says is left open: a name of one word, and the end of a value of small letters.
  it.each(['{"pric":"e50000"}', '{"price":"50000q","uantity":"1"}', '{"client_oid":"ab","c":"d"}'])(
    'may have been moved: %s',
    (params) => expect(signedTextOf(params)).toHaveProperty('text'),
  );
});

describe('the login of cryptocom', () => {
  it.each([
    ['{"method":"public/auth"}', true],
    ['{"method":"subscribe","sig":"a"}', true],
    ['{"method":"public/respond-heartbeat","id":1}', false],
    ['public/auth', false],
  ])('is recognised in %s: %s', (message, is) => expect(login.recognises(message)).toBe(is));

  it('opens the connection, and is answered with its own id', () => {
    const message = login.sign(aSigningKey(), { ...context, nonce: '' });
    expect(login.opensConnection(message)).toBe(true);
    expect(login.accept(message, context)).toBe(`{"id":${NOW},"method":"public/auth","code":0}`);
    expect(login.accept('{"id":"7","method":"public/auth"}', context)).toContain('{"id":"7",');
  });

  it.each(DENIAL_CODES)('is refused with JSON and the code of a request: %s', (code) => {
    const refusal = denial(code, 'A detail.');
    const over = JSON.parse(cryptocom.refuse(refusal, context).body);
    for (const message of ['{"id":1,"method":"subscribe"}', '{"id":[1]}', 'no JSON']) {
      const answer = JSON.parse(login.refuse(refusal, message, context));
      expect(answer).toMatchObject(over);
    }
  });
});
