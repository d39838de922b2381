import { createHash, createHmac } from 'node:crypto';
import { isBase64Secret } from '@countersign/core';
import type { KeyInput } from '@countersign/engine';
import { afterEach, describe, expect, it } from 'vitest';
import { type RawAnswer, request } from './raw-http.ts';
import { RunningProxy } from './running-proxy.ts';
import { type BotKey, sign } from './signing.ts';

const ROUTES = `
version: 1
permissions:
  spot.trade: { risk: medium }
routes:
  - { route: "GET /orders", permission: spot.trade }
  - { route: "POST /orders", permission: spot.trade }
  - { route: "POST /transfers", permission: spot.trade }
`;
/** Gate's form under names of its own. */
const LIKE_GATE = `dialects: [acme]
ownDialects:
  acme:
    headers: { key: X-Acme-Key, signature: X-Acme-Sign, timestamp: X-Acme-Time }
    timestamp: { unit: seconds, pastSeconds: 60, futureSeconds: 60 }
    prehash: [method, "\\n", path, "\\n", query, "\\n", body-sha512-hex, "\\n", timestamp]
    schemes:
      hmac: { scheme: hmac-sha512, encoding: hex, secret: base64 }
    refusal:
      status: 400
      codes: { signature_mismatch: BAD_SIGN, replayed: 7, unavailable: AWAY }
      body: { label: '{code}', message: '{message}' }
`;

let proxy: RunningProxy;
afterEach(() => proxy.close());
const started = async (manifest: string, upstream?: URL) => {
  proxy = await RunningProxy.start({
    manifest: ROUTES + manifest,
    ...(upstream === undefined ? {} : { upstream }),
  });
};

async function newKey(more: Partial<KeyInput> = {}): Promise<BotKey> {
  const made = await proxy.engine.keys.issue(
    {
      accountId: 'acct_1',
      label: '',
      environment: 'live',
      kind: 'hmac',
      permissions: ['spot.trade'],
      ...more,
    },
    { actor: 'service' },
  );
  if (!made.ok) throw new Error(`${made.detail} ${JSON.stringify(made.errors)}`);
  return { id: made.key.id, secret: made.secret?.expose(), passphrase: more.passphrase };
}

/** Signs as gate's documentation says, under a key that is base64. */
function acmeHeaders(
  key: BotKey,
  line: string,
  body: string,
  time = Math.floor(Date.now() / 1000),
): string[] {
  const [method = '', target = ''] = line.split(' ');
  const [path, query = ''] = target.split('?');
  const digest = createHash('sha512').update(body).digest('hex');
  const signature = createHmac('sha512', Buffer.from(key.secret ?? '', 'base64'))
    .update(`${method}\n${path}\n${query}\n${digest}\n${time}`)
    .digest('hex');
  return ['X-Acme-Key', key.id, 'X-Acme-Sign', signature, 'X-Acme-Time', String(time)];
}
const send = (line: string, headers: readonly string[], body = ''): Promise<RawAnswer> =>
  request(proxy.port, line, headers, body);
const BODY = '{"symbol":"BTC_USDT","text":"t-ü€😀"}';

describe('a dialect that the manifest describes', () => {
  it('is let through, and its proof goes no further', async () => {
    await started(LIKE_GATE);
    const key = await newKey({ dialects: ['acme'] });
    expect(isBase64Secret(key.secret ?? '')).toBe(true);
    const headers = [
      ...acmeHeaders(key, 'POST /orders?a=b%20c', BODY),
      'Authorization',
      'of the upstream',
      'X-Else',
      '1',
    ];
    expect(await send('POST /orders?a=b%20c', headers, BODY)).toMatchObject({ status: 200, body: 'done' });
    expect(proxy.last).toMatchObject({ method: 'POST', target: '/orders?a=b%20c', body: Buffer.from(BODY) });
    expect(Object.keys(proxy.last.headers).filter((name) => name.includes('acme'))).toEqual([]);
    expect(proxy.last.headers).toMatchObject({
      authorization: 'of the upstream',
      'x-else': '1',
      'x-countersign-credential': key.id,
    });
  });

  it('refuses what a thief makes of it, in its own words', async () => {
    await started(LIKE_GATE);
    const key = await newKey();
    const headers = acmeHeaders(key, 'POST /orders', BODY);
    const refused = async (line: string, body: string, label: string | number) => {
      const answer = await send(line, headers, body);
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.body)).toEqual({ label, message: expect.any(String) });
    };
    await refused('POST /transfers', BODY, 'BAD_SIGN');
    await refused('POST /orders?x=1', BODY, 'BAD_SIGN');
    await refused('POST /orders', `${BODY} `, 'BAD_SIGN');
    await refused('GET /orders', '', 'BAD_SIGN');
    expect((await send('POST /orders', headers, BODY)).status).toBe(200);
    await refused('POST /orders', BODY, 7);
    expect(proxy.received).toHaveLength(1);
    const late = await send('POST /orders', acmeHeaders(key, 'POST /orders', '', 1_000_000_000));
    expect(JSON.parse(late.body)).toMatchObject({ label: 'timestamp_out_of_window' });
    const stranger = await send('POST /orders', []);
    expect(JSON.parse(stranger.body)).toMatchObject({ label: 'credential_missing' });
  });

  it('says in its own words that the upstream is away', async () => {
    await started(LIKE_GATE, new URL('http://127.0.0.1:1'));
    const answer = await send('GET /orders', acmeHeaders(await newKey(), 'GET /orders', ''));
    expect(answer).toMatchObject({ status: 400, headers: { 'retry-after': '1' } });
    expect(JSON.parse(answer.body)).toMatchObject({ label: 'AWAY' });
  });

  it('is one that keys can be held to, and the only one where the manifest says so', async () => {
    await started(LIKE_GATE);
    const other = { accountId: 'a', label: '', environment: 'live', kind: 'hmac', permissions: [] } as const;
    const refused = await proxy.engine.keys.issue({ ...other, dialects: ['acne'] }, { actor: 'service' });
    expect(refused).toMatchObject({
      ok: false,
      errors: [{ pointer: '/dialects/0', message: expect.stringMatching(/^is not one of acme, /) }],
    });
    const key = await newKey({ dialects: ['okx'], passphrase: 'Passphrase1' });
    expect((await send('GET /orders', acmeHeaders(key, 'GET /orders', ''))).status).toBe(400);
    const signed = sign('okx', key, { method: 'GET', target: '/orders' });
    expect((await send('GET /orders', Object.entries(signed).flat())).status).toBe(400);
  });

  it('takes the signature that a dialect of Countersign makes, when it describes the same', async () => {
    await started(`ownDialects:
  acme:
    headers: { key: X-Acme-Key, signature: X-Acme-Sign, timestamp: X-Acme-Timestamp, passphrase: X-Acme-Passphrase }
    timestamp: { unit: iso, pastSeconds: 30, futureSeconds: 30 }
    prehash: [timestamp, method, target, json-body]
    schemes: { hmac: { scheme: hmac-sha256, encoding: base64 } }
`);
    const key = await newKey({ passphrase: 'Passphrase1' });
    for (const [method, body] of [
      ['GET', ''],
      ['POST', BODY],
    ] as const) {
      const signed = sign('okx', key, { method, target: '/orders', body });
      const renamed = Object.entries(signed).flatMap(([name, value]) => [
        name.replace('OK-ACCESS', 'X-Acme'),
        value,
      ]);
      expect((await send(`${method} /orders`, renamed, body)).status).toBe(200);
    }
    expect(Object.keys(proxy.last.headers).filter((name) => name.includes('acme'))).toEqual([]);
    const form = sign('okx', key, { method: 'POST', target: '/orders', body: 'a=1' });
    const renamed = Object.entries(form).flatMap(([name, value]) => [
      name.replace('OK-ACCESS', 'X-Acme'),
      value,
    ]);
    expect(JSON.parse((await send('POST /orders', renamed, 'a=1')).body)).toMatchObject({
      code: 'malformed_request',
    });
  });

  it('may carry its signature in Authorization, which then goes no further', async () => {
    await started(LIKE_GATE.replace('X-Acme-Sign', 'Authorization'));
    const headers = acmeHeaders(await newKey(), 'GET /orders', '');
    expect((await send('GET /orders', headers.with(2, 'Authorization'))).status).toBe(200);
    expect(proxy.last.headers).not.toHaveProperty('authorization');
  });

  it('is held to what it came with where its signature leaves something open', async () => {
    const open = LIKE_GATE.replace('query, "\\n", body-sha512-hex, "\\n", ', '').replace(
      '    schemes',
      '    uncovered: [query, body]\n    schemes',
    );
    await started(open);
    const key = await newKey();
    const time = Math.floor(Date.now() / 1000);
    const signature = createHmac('sha512', Buffer.from(key.secret ?? '', 'base64'))
      .update(`GET\n/orders\n${time}`)
      .digest('hex');
    const headers = ['X-Acme-Key', key.id, 'X-Acme-Sign', signature, 'X-Acme-Time', String(time)];
    const statuses: number[] = [];
    for (const target of ['/orders?of=1', '/orders?of=1', '/orders?of=2', '/orders'])
      statuses.push((await send(`GET ${target}`, headers)).status);
    expect(statuses).toEqual([200, 200, 400, 400]);
  });
});
