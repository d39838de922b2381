import { describe, expect, it } from 'vitest';
import { aRequest, aSigningKey, NOW } from '../../test/given.ts';
import { denial } from '../denial.ts';
import { bybit } from './bybit.ts';
import type { WebSocketLogin } from './dialect.ts';

const context = { nowMs: NOW, requestId: 'req-1' };
const login = bybit.webSocket as WebSocketLogin;
const auth = (more: object = {}) => JSON.stringify({ op: 'auth', args: ['key-1', NOW, 's'], ...more });

describe('signing', () => {
  const sign = (request: Parameters<typeof aRequest>[0]) => () =>
    bybit.sign(aRequest(request), aSigningKey(), { nowMs: NOW, nonce: '' });
  const body = (text: string) => Buffer.from(text);

  it.each([
    { method: 'GET', target: '/v5/a?0a=1' },
    { method: 'GET', target: '/v5/a?%30a=1' },
    { method: 'GET', target: '/v5/a?.5a=1' },
    { method: 'GET', target: '/v5/a', body: body('{}') },
    { method: 'POST', target: '/v5/a?a=1' },
    { method: 'POST', target: '/v5/a', body: body('0{}') },
    { method: 'POST', target: '/v5/a', body: body('.5{}') },
  ])('does not sign what would be refused: $method $target', (request) => {
    expect(sign(request)).toThrow(TypeError);
  });

  it.each([
    { method: 'GET', target: '/v5/a?' },
    { method: 'GET', target: '/v5/a?_=1&0a=1' },
    { method: 'POST', target: '/v5/a?', body: body('[1]') },
  ])('signs $method $target', (request) => expect(sign(request)).not.toThrow());
});

describe('a login', () => {
  it.each([auth(), '{"\\u006fp":"\\u0061uth"}', '{"op":"ping","op":"auth"}', '{"op":"auth","op":"ping"}'])(
    'is one: %s',
    (message) => expect(login.recognises(message)).toBe(true),
  );

  it.each(['', 'auth', '"auth"', '["op","auth"]', '{"op":["auth"]}', '{"op":"Auth"}', '{"a":{"op":"auth"}}'])(
    'is none: %s',
    (message) => expect(login.recognises(message)).toBe(false),
  );

  it.each([
    [auth(), { op: 'auth', success: true, ret_msg: '', conn_id: 'req-1' }],
    [auth({ req_id: 'a' }), { op: 'auth', success: true, ret_msg: '', conn_id: 'req-1', req_id: 'a' }],
    [auth({ reqId: 'a' }), { op: 'auth', reqId: 'a', retCode: 0, retMsg: 'OK', connId: 'req-1' }],
  ])('is answered in the form of its socket: %s', (message, answer) => {
    expect(JSON.parse(login.accept(message, context) as string)).toEqual(answer);
  });

  it.each([
    [auth({ req_id: 'a' }), { success: false, ret_code: 10010, op: 'auth', req_id: 'a' }],
    [auth({ reqId: 'a' }), { retCode: 10010, op: 'auth', reqId: 'a' }],
    ['no JSON', { success: false, ret_code: 10010, op: 'auth' }],
  ])('that is refused names the code: %s', (message, answer) => {
    const text = login.refuse(denial('ip_not_allowed', 'A detail.'), message, context);
    expect(JSON.parse(text)).toMatchObject(answer);
    expect(text).toContain('Unmatched IP');
    expect(text).not.toContain('A detail.');
  });
});
