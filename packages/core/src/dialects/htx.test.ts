import { describe, expect, it } from 'vitest';
import { aCredential, aRequest, aSigningKey, ask, claimOf, denialOf, NOW, signed } from '../../test/given.ts';
import { DENIAL_CODES, denial } from '../denial.ts';
import type { WebSocketLogin } from './dialect.ts';
import { htx } from './htx.ts';

const login = htx.webSocket as WebSocketLogin;
const context = { nowMs: NOW, requestId: 'req-1' };
const headers = ['Host', 'api.example.com'];
const request = aRequest({ target: '/v1/account/accounts?symbol=btcusdt', headers });

describe('htx', () => {
  it.each([
    ['/v1/a?AccessKeyId=', true],
    ['/v1/a?b=1&Signature=x', true],
    ['/v1/a?SignatureMethod=HmacSHA256', true],
    ['/v1/a?signature=x&timestamp=1', false],
    ['/v1/a?MySignature=x', false],
    ['/v1/Signature=', false],
  ])('is recognised by %s: %s', (target, is) => expect(htx.recognises(aRequest({ target }))).toBe(is));

  it('has one signature, however its letters are written', () => {
    const { target } = signed(htx, request);
    const written = [target, target.replaceAll('%3D', '='), target.replaceAll('%3D', '%3d')];
    const signatures = written.map((each) => claimOf(htx, aRequest({ target: each, headers })).signature);
    expect(new Set(written).size).toBe(3);
    expect(new Set(signatures).size).toBe(1);
  });

  it('leaves the body of a POST open, and nothing else of it', () => {
    const sent = signed(htx, aRequest({ ...request, method: 'POST', body: Buffer.from('{"a":1}') }));
    const asked = (over: object) => ask(htx, { ...sent, ...over }, aCredential(), { nowMs: NOW });
    expect(asked({ body: Buffer.from('{"a":2}') }).ok).toBe(true);
    expect(denialOf(asked({ target: sent.target.replace('btc', 'eth') })).code).toBe('signature_mismatch');
  });

  it.each([
    ['a name twice', aRequest({ target: '/v1/a?b=1&b=2', headers })],
    ['a query with a proof', aRequest({ target: '/v1/a?AccessKeyId=b', headers })],
    ['a request without Host', aRequest({ target: '/v1/a' })],
  ])('does not sign %s', (_, unsigned) =>
    expect(() => htx.sign(unsigned, aSigningKey(), { ...context, nonce: '' })).toThrow(TypeError),
  );

  it.each(DENIAL_CODES)('answers as the contract APIs on their paths: %s', (code) => {
    const refusal = denial(code, 'A detail.');
    const spot = htx.refuse(refusal, { ...context, request });
    const contract = htx.refuse(refusal, {
      ...context,
      request: aRequest({ target: '/linear-swap-api/v1/swap_order' }),
    });
    expect(contract.status).toBe(spot.status);
    const { 'err-code': ofSpot, 'err-msg': text } = JSON.parse(spot.body);
    const expected = ofSpot === 'api-signature-not-valid' ? 403 : ofSpot;
    expect(JSON.parse(contract.body)).toEqual({
      status: 'error',
      err_code: expected,
      err_msg: text,
      ts: NOW,
    });
  });
});

/** The proof of a login, with a lone surrogate for its key. */
function fields(key: string, signature: string, version: string): string {
  const isSpot = key === 'accessKey';
  const named = (name: string) => (isSpot ? name : name[0]?.toUpperCase() + name.slice(1));
  return JSON.stringify({
    [key]: '\ud800',
    [signature]: 'x',
    [named('timestamp')]: '2026-11-24T06:00:00',
    [named('signatureMethod')]: 'HmacSHA256',
    [named('signatureVersion')]: version,
  });
}

describe('the logins of htx', () => {
  const spot = '{"action":"req","ch":"auth","params":{}}';
  const contract = '{"op":"auth","type":"api","cid":"7"}';

  it.each([
    [spot, true],
    [contract, true],
    ['{"action":"sub","ch":"auth"}', false],
    ['{"op":"pong","ts":"1"}', false],
    ['auth', false],
  ])('are recognised in %s: %s', (message, is) => expect(login.recognises(message)).toBe(is));

  it.each([
    ['accessKey', `{"action":"req","ch":"auth","params":${fields('accessKey', 'signature', '2.1')}}`],
    ['AccessKeyId', `{"op":"auth","type":"api",${fields('AccessKeyId', 'Signature', '2').slice(1)}`],
  ])('are read without throwing when %s is not Unicode', (_, message) => {
    const read = login.read(message, { handshake: aRequest({ target: '/ws/v2', headers }) });
    expect(denialOf(read)).toMatchObject({ code: 'malformed_request', part: 'key' });
  });

  it('are answered each in its own form', () => {
    expect(login.accept(spot, context)).toBe('{"action":"req","code":200,"ch":"auth","data":{}}');
    expect(login.accept(contract, context)).toBe(
      `{"op":"auth","type":"api","err-code":0,"ts":${NOW},"data":{}}`,
    );
  });

  it('are refused each in its own form', () => {
    const refusal = denial('signature_mismatch', '');
    const text = 'Signature not valid: Verification failure [校验失败]';
    expect(JSON.parse(login.refuse(refusal, spot, context))).toEqual({
      action: 'req',
      code: 2002,
      ch: 'auth',
      message: text,
    });
    expect(JSON.parse(login.refuse(refusal, contract, context))).toEqual({
      op: 'auth',
      cid: '7',
      'err-code': 2002,
      'err-msg': text,
      ts: NOW,
    });
    expect(() => JSON.parse(login.refuse(refusal, 'no JSON', context))).not.toThrow();
  });

  it('need a host to be signed', () =>
    expect(() => login.sign(aSigningKey(), { ...context, nonce: '' })).toThrow(/publicHost/));
});
