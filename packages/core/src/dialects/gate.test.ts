import { describe, expect, it } from 'vitest';
import { aRequest, NOW } from '../../test/given.ts';
import { type Denial, denial } from '../denial.ts';
import type { WebSocketLogin } from './dialect.ts';
import { gate } from './gate.ts';

const context = { nowMs: NOW, requestId: 'req-1' };
const messages = gate.webSocket as WebSocketLogin;
const time = NOW / 1000;

const subscription = (more: object = {}) =>
  JSON.stringify({
    time,
    channel: 'spot.orders',
    event: 'subscribe',
    auth: { KEY: 'key-1', SIGN: 's' },
    ...more,
  });
const call = (channel: string, more: object = {}) =>
  JSON.stringify({
    time,
    channel,
    event: 'api',
    payload: {
      req_id: 'r1',
      timestamp: String(time),
      api_key: 'key-1',
      signature: 's',
      req_param: {},
      ...more,
    },
  });
const read = (message: string) => messages.read(message, { handshake: aRequest() });

describe('a message', () => {
  it.each([
    subscription(),
    call('spot.login'),
    '{"auth":{},"event":"x"}',
    '{"auth":{"KEY":"key-1"},"auth":1}',
    '{"payload":{"sign\\u0061ture":"s"},"payload":[]}',
  ])('carries a proof: %s', (text) => expect(messages.recognises(text)).toBe(true));

  it.each([
    '',
    'auth',
    '["auth",{}]',
    '{"auth":"signature"}',
    '{"auth":["KEY"]}',
    '{"payload":["signature"]}',
    '{"payload":{"req_param":{"signature":"s"}}}',
    '{"time":1,"channel":"spot.ping"}',
  ])('carries none: %s', (text) => expect(messages.recognises(text)).toBe(false));

  it.each([
    subscription().replace('{', '{"Channel":"spot.order_place",'),
    subscription().replace('{', '{"EVENT":"api",'),
    subscription().replace('{', '{"Auth":{},'),
    subscription().replace('"KEY"', '"\u212aey":"a","KEY"'),
    call('spot.order_place').replace('{', '{"Payload":{},'),
    call('spot.order_place', { Req_Param: { amount: '9' } }),
    call('spot.order_place', { Api_Key: 'key-2' }),
  ])('has no two names that a parser could take for one: %s', (text) => {
    expect(read(text)).toMatchObject({ ok: false, code: 'malformed_request' });
  });

  it.each([
    [subscription(), true],
    [subscription({ event: 'unsubscribe' }), true],
    [subscription({ event: 'update' }), false],
    [call('spot.order_status'), true],
    [call('futures.order_list'), true],
    [call('spot.order_place'), false],
    [call('spot.order_cancel'), false],
    [call('spot.order_status_x'), false],
    [call('x.spot.order_list'), false],
    [call('spot.login'), false],
  ])('only asks to see something: %s, %s', (text, isReadOnly) => {
    expect(read(text)).toMatchObject({ ok: true, isReadOnly });
  });

  it.each([
    [call('spot.login'), true],
    [call('futures.login'), true],
    [call('spot.order_place'), false],
    [subscription(), false],
    [subscription({ channel: 'spot.logins' }), false],
  ])('opens the connection: %s, %s', (text, opens) => {
    expect(messages.opensConnection(text)).toBe(opens);
    expect(messages.accept(text, context) !== undefined).toBe(opens);
  });

  it('that logs in is answered as by Gate', () => {
    expect(JSON.parse(messages.accept(call('spot.login'), context) as string)).toEqual({
      request_id: 'r1',
      ack: false,
      header: {
        response_time: String(NOW),
        status: '200',
        channel: 'spot.login',
        event: 'api',
        conn_id: 'req-1',
      },
      data: { result: { api_key: 'key-1' } },
    });
  });
});

describe('a refusal', () => {
  const refuse = (message: string, refusal: Denial = denial('signature_mismatch', 'A detail.')) =>
    JSON.parse(messages.refuse(refusal, message, context));

  it('of a subscription has its number and its channel, and the label in a text', () => {
    const answer = refuse(subscription({ id: 12 }));
    expect(answer).toMatchObject({ id: 12, time, channel: 'spot.orders', event: 'subscribe', result: null });
    expect(answer.error.code).toBe(4);
    expect(JSON.parse(answer.error.message)).toEqual({
      label: 'INVALID_SIGNATURE',
      message: 'Signature mismatch',
    });
  });

  it('of an API message has its request_id, and the label by itself', () => {
    const answer = refuse(call('spot.order_place'));
    expect(answer).toMatchObject({
      request_id: 'r1',
      header: { status: '401', channel: 'spot.order_place', event: 'api' },
      data: { errs: { label: 'INVALID_SIGNATURE', message: 'Signature mismatch' } },
    });
  });

  it.each(['', 'ping', '[]', '{}', '{"id":', '{"id":{"a":1}}'])('has an id of null for %s', (message) => {
    expect(refuse(message).id).toBe(null);
  });
});
