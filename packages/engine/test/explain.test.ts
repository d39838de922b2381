import type { WireRequest } from '@countersign/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, benchOn, done, type IssuedKey, issue, SERVICE, said } from './engine-setup.ts';
import { T0 } from './records.ts';
import { STORES } from './store-adapters.ts';
import { bitgetRequest, okxRequest, withHeader } from './wire.ts';

let bench: Bench;
let key: IssuedKey;
beforeEach(async () => {
  bench = await benchOn(STORES[0] as (typeof STORES)[number]);
  key = await issue(bench);
});
afterEach(() => bench.close());

const explain = async (request: WireRequest, clientPrehash?: string, ask = {}) => {
  const answer = await bench.engine.explain(request, ask, clientPrehash, SERVICE);
  return done(answer);
};
const order = (of = key, nowMs = T0) => bitgetRequest(of, { nowMs });
const signedWith = (secret: string) => order({ ...key, secret });

describe('a request that nothing speaks against', () => {
  it('is said to be right, with the text that its signature covers', async () => {
    const text = `${T0}POST/orders{"symbol":"BTCUSDT"}`;
    expect(await explain(order(), text)).toEqual({
      ok: true,
      code: null,
      detail: 'Nothing speaks against the request.',
      clockDeltaMs: undefined,
      dialect: 'bitget',
      credentialId: key.id,
      matched: 'wire',
      prehash: { text, bytes: text.length },
      mistake: null,
      alignment: { isEqual: true },
    });
  });

  it('can be used afterwards: nothing was used up', async () => {
    for (let i = 0; i < 3; i++) await explain(order());
    expect(said(await bench.engine.verify(order()))).toBe('allowed');
    expect((await explain(order())).code).toBeNull();
  });
});

describe('a request that is refused', () => {
  it('has its mistake named', async () => {
    const { code, mistake, matched } = await explain(signedWith(`${key.secret}\n`));
    expect([code, mistake?.name, matched]).toEqual(['signature_mismatch', 'secret_with_spaces', null]);
  });

  it('was made with the secret before, whose grace is over', async () => {
    done(await bench.engine.keys.rotate(key.id, 60, SERVICE));
    bench.nowMs = T0 + 60_000;
    const { code, mistake } = await explain(order(key, T0 + 60_000));
    expect([code, mistake?.name]).toEqual(['signature_mismatch', 'secret_retired']);
  });

  it('was made with the secret of another key of the account, and not of another account', async () => {
    const sibling = await issue(bench);
    const stranger = await issue(bench, { accountId: 'acct_2' });
    const { mistake } = await explain(signedWith(sibling.secret));
    expect([mistake?.name, mistake?.keyId]).toEqual(['secret_of_another_key', sibling.id]);
    expect((await explain(signedWith(stranger.secret))).mistake).toBeNull();
  });

  it('is explained when its time is over too', async () => {
    const late = await explain({ ...order(key, T0 - 3_600_000) });
    expect([late.code, late.clockDeltaMs, late.matched]).toEqual([
      'timestamp_out_of_window',
      -3_600_000,
      'wire',
    ]);
    const wrong = await explain(order({ ...key, secret: `"${key.secret}"` }, T0 - 3_600_000));
    expect([wrong.code, wrong.matched, wrong.mistake?.name]).toEqual([
      'timestamp_out_of_window',
      null,
      'secret_quoted',
    ]);
  });

  it.each([
    ['credential_unknown', () => order({ ...key, id: 'nobody' })],
    ['passphrase_mismatch', () => order({ ...key, passphrase: 'another-one' })],
    ['malformed_request', () => ({ ...order(), target: 'orders' })],
    ['credential_missing', () => ({ ...order(), headers: [] })],
    ['timestamp_invalid', () => withHeader(order(), 'ACCESS-TIMESTAMP', 'now')],
    ['route_unknown', () => bitgetRequest(key, { nowMs: T0, target: '/nowhere' })],
  ])('is told %s', async (code, request) => {
    const answer = await explain(request());
    expect(answer.code).toBe(code);
    expect(answer.mistake).toBeNull();
  });

  it('is told about permission, address and standing as a decision would', async () => {
    const reader = await issue(bench, { permissions: ['read'], allowedIps: ['203.0.113.0/24'] });
    expect((await explain(order(reader))).code).toBe('ip_not_allowed');
    expect((await explain({ ...order(reader), ip: '203.0.113.9' })).code).toBe('permission_denied');
    done(await bench.engine.keys.changeStanding(reader.id, 'disable', 'test', SERVICE));
    expect((await explain(order(reader))).code).toBe('credential_disabled');
  });

  it('is not let through by it, and nobody is locked out', async () => {
    for (let i = 0; i < 50; i++) await explain({ ...signedWith('wrong'), ip: '192.0.2.7' });
    expect(said(await bench.engine.verify(signedWith('wrong')))).toBe('signature_mismatch');
    expect(said(await bench.engine.verify(order()))).toBe('allowed');
  });
});

describe('the answer', () => {
  it('shows where the signed texts part', async () => {
    const { alignment } = await explain(order(), `${T0}post/orders{"symbol":"BTCUSDT"}`);
    expect(alignment).toMatchObject({ isEqual: false, differsAt: 13, server: 'POST', client: 'post' });
  });

  it('marks what does not show', async () => {
    const { prehash } = await explain(bitgetRequest(key, { nowMs: T0, body: '{"a":"\u200b"}\n' }));
    expect(prehash?.text).toBe(`${T0}POST/orders{"a":"\\u{200b}"}\\n`);
  });

  it('never holds a secret, a passphrase, or a signature that would be right', async () => {
    const sibling = await issue(bench);
    const right = order().headers[3] as string;
    const requests = [
      signedWith(`${key.secret}\n`),
      signedWith(sibling.secret),
      signedWith('wrong'),
      order({ ...key, passphrase: 'another-one' }),
    ];
    for (const request of requests) {
      const text = JSON.stringify(await explain(request, 'x'));
      for (const secret of [key.secret, sibling.secret, 'passphrase1', right])
        expect(text).not.toContain(secret);
    }
  });

  it('is logged with who asked, and what came of it', async () => {
    await explain(signedWith(`${key.secret}\n`));
    await bench.engine.explain(okxRequest(key, { nowMs: T0 }), {}, undefined, {
      actor: 'ck_live_op',
      requestId: 'req_1',
    });
    await bench.restart();
    const entries = await bench.store.readLog({ after: 0, limit: 100, type: 'key.explained' });
    expect(entries.map(({ bytes }) => JSON.parse(bytes))).toEqual([
      expect.objectContaining({
        actor: 'service',
        credentialId: key.id,
        data: { code: 'signature_mismatch', dialect: 'bitget', mistake: 'secret_with_spaces' },
      }),
      expect.objectContaining({
        actor: 'ck_live_op',
        requestId: 'req_1',
        data: { code: null, dialect: 'okx', mistake: null },
      }),
    ]);
  });
});

it('is given to one operator sixty times in a minute', async () => {
  for (let i = 0; i < 60; i++) await explain(order());
  const ask = (actor: string) => bench.engine.explain(order(), {}, undefined, { actor });
  expect(await ask('service')).toMatchObject({ ok: false, code: 'rate_limited' });
  expect(await ask('another')).toMatchObject({ ok: true });
  bench.nowMs += 1_000;
  expect(await ask('service')).toMatchObject({ ok: true });
});
