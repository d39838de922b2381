import { createHmac } from 'node:crypto';
import { DIALECTS, type WireRequest } from '@countersign/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ask, DENIALS_SO_FAR } from './denials-so-far.ts';
import { type Bench, benchOn, done, issue, SERVICE, said } from './engine-setup.ts';
import { T0 } from './records.ts';
import { STORES } from './store-adapters.ts';
import { bearerRequest, bitgetRequest, okxRequest, withHeader } from './wire.ts';

/** What can be wrong with a request or its key, each on its own. All false: it is allowed. */
type Wrong = Partial<Record<(typeof DENIALS_SO_FAR)[number], boolean>>;

for (const adapter of STORES) {
  describe(`denials, over ${adapter.name}`, () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await benchOn(adapter, {
        maxBodyBytes: 1_000,
        failureBudget: { failures: 2, windowSeconds: 60 },
      });
    });
    afterEach(() => bench.close());
    const verify = (request: WireRequest, ask?: Ask) => bench.engine.verify(request, ask);

    let asked = 0;
    /** Asks with everything wrong that is named, and nothing else. */
    async function outcomeOf(wrong: Wrong): Promise<string> {
      const isIntruder = wrong.too_many_failures === true;
      // Each from an address of its own, so that failures do not add up.
      const ip = `${wrong.ip_not_allowed ? '198.51.100' : '192.0.2'}.${++asked}`;
      if (isIntruder) for (let i = 0; i < 2; i++) await verify(bearerRequest('invented', { ip }));
      const key = await issue(bench, {
        dialects: wrong.dialect_not_allowed ? ['okx'] : ['bitget'],
        permissions: ['trade'],
        allowedIps: ['192.0.2.0/24'],
        rateLimits: [{ name: 'orders', quota: 1, windowSeconds: 60 }],
      });
      const client = {
        ...key,
        id: wrong.credential_unknown ? `${key.id.slice(0, -1)}${key.id.endsWith('0') ? '1' : '0'}` : key.id,
        secret: wrong.signature_mismatch ? 'another secret' : key.secret,
        passphrase: wrong.passphrase_mismatch ? 'passphrase2' : key.passphrase,
      };
      const sent = {
        nowMs: bench.nowMs - (wrong.timestamp_out_of_window ? 60_000 : 0),
        target: wrong.route_unknown ? '/nowhere' : '/orders',
        body: wrong.body_too_large ? 'x'.repeat(1_001) : '{"symbol":"BTCUSDT"}',
        method: wrong.malformed_request ? 'post' : 'POST',
        ip,
      };
      let request = bitgetRequest(client, sent);
      if (wrong.timestamp_invalid) request = withHeader(request, 'ACCESS-TIMESTAMP', 'yesterday');
      if (wrong.credential_missing) request = withHeader(request, 'ACCESS-KEY', '');
      const ask: Ask = {
        ...(wrong.dialect_unknown ? { dialect: 'klingon' } : {}),
        ...(wrong.environment_mismatch ? { environment: 'test' as const } : {}),
      };
      if (wrong.replayed || wrong.rate_limited) {
        const before = said(await verify(bitgetRequest(key, { nowMs: bench.nowMs, ip: '192.0.2.250' })));
        expect(before).toBe(wrong.dialect_not_allowed ? 'dialect_not_allowed' : 'allowed');
        if (!wrong.replayed) request = bitgetRequest(client, { ...sent, nowMs: sent.nowMs + 1 });
      }
      const restrictions = {
        permissions: wrong.permission_denied ? ['read'] : ['trade'],
        constraints: wrong.constraint_violated ? { instruments: ['ETHUSDT'] } : {},
      };
      done(await bench.engine.keys.edit(key.id, restrictions, key.view.revision, SERVICE));
      if (wrong.credential_disabled)
        done(await bench.engine.keys.changeStanding(key.id, 'disable', 'test', SERVICE));
      return said(await verify(request, ask));
    }

    it('come in the order of the stages: of two faults, the earlier one is told', async () => {
      expect(await outcomeOf({})).toBe('allowed');
      for (const [i, code] of DENIALS_SO_FAR.entries()) {
        expect(await outcomeOf({ [code]: true }), `${code} alone`).toBe(code);
        const next = DENIALS_SO_FAR[i + 1];
        if (next === undefined) continue;
        expect(await outcomeOf({ [code]: true, [next]: true }), `${code} and ${next}`).toBe(code);
      }
      const all = Object.fromEntries(DENIALS_SO_FAR.map((code) => [code, true]));
      expect(await outcomeOf(all)).toBe('body_too_large');
    });

    it('say nothing of a key before its secret was proved', async () => {
      const key = await issue(bench, { allowedIps: ['203.0.113.1'], expiresAt: T0 + 10, permissions: [] });
      done(await bench.engine.keys.changeStanding(key.id, 'quarantine', 'test', SERVICE));
      bench.nowMs = T0 + 10;
      const sent = { nowMs: bench.nowMs, target: '/nowhere', ip: '192.0.2.99' };
      expect(await verify(bitgetRequest({ ...key, secret: 'guessed' }, sent))).toMatchObject({
        code: 'signature_mismatch',
        credentialId: undefined,
      });
      expect(await verify(bitgetRequest(key, sent))).toMatchObject({
        code: 'credential_quarantined',
        credentialId: key.id,
      });
    });

    it('tell the standing of a key: disabled, quarantined, expired', async () => {
      const key = await issue(bench, { expiresAt: T0 + 1_000 });
      let n = 0;
      const ask = async () =>
        said(await verify(bitgetRequest(key, { nowMs: bench.nowMs, body: `{"n":${n++}}` })));
      expect(await ask()).toBe('allowed');
      done(await bench.engine.keys.changeStanding(key.id, 'disable', 'x', SERVICE));
      expect(await ask()).toBe('credential_disabled');
      done(await bench.engine.keys.changeStanding(key.id, 'quarantine', 'x', SERVICE));
      expect(await ask()).toBe('credential_quarantined');
      done(await bench.engine.keys.changeStanding(key.id, 'release', 'x', SERVICE));
      expect(await ask()).toBe('credential_disabled');
      done(await bench.engine.keys.changeStanding(key.id, 'enable', 'x', SERVICE));
      expect(await ask()).toBe('allowed');
      bench.nowMs = T0 + 999;
      expect(await ask()).toBe('allowed');
      bench.nowMs = T0 + 1_000;
      expect(await ask()).toBe('credential_expired');
    });

    it("refuse an algorithm that is not the key's: algorithm_not_allowed", async () => {
      const key = await issue(bench, { passphrase: undefined });
      const rfc9421 = DIALECTS.find(({ name }) => name === 'rfc9421')!;
      const bare: WireRequest = {
        method: 'GET',
        target: '/balance',
        headers: ['Host', 'api.test'],
        body: Buffer.alloc(0),
      };
      const sign = (_use: unknown, prehash: readonly (string | Uint8Array)[]) => {
        const mac = createHmac('sha256', key.secret);
        for (const part of prehash) mac.update(part);
        return mac.digest('base64');
      };
      const { headers: made } = rfc9421.sign(
        bare,
        { keyId: key.id, kind: 'hmac', sign },
        { nowMs: T0, nonce: 'n0n0n0n0n0n0n0n0' },
      );
      const request = { ...bare, headers: [...bare.headers, ...Object.entries(made).flat()] };
      expect(said(await verify(request))).toBe('allowed');
      expect(said(await verify(request))).toBe('replayed');
      const name = Object.keys(made).find((header) => header.toLowerCase() === 'signature-input') as string;
      const input = (made[name] as string).replace(/;alg="[^"]*"/, '');
      const renamed = withHeader(request, name, `${input};alg="ed25519"`);
      expect(said(await verify(renamed))).toBe('algorithm_not_allowed');
    });

    it('refuse a header that carries the proof twice: malformed_request', async () => {
      const key = await issue(bench);
      const request = bitgetRequest(key, { nowMs: T0 });
      for (let i = 0; i < 8; i += 2) {
        const headers = [
          ...request.headers,
          (request.headers[i] as string).toLowerCase(),
          request.headers[i + 1] as string,
        ];
        expect(said(await verify({ ...request, headers }))).toBe('malformed_request');
      }
      expect(said(await verify(request))).toBe('allowed');
    });

    it('refuse an address that is unknown or unreadable where there is an allowlist: ip_not_allowed', async () => {
      const key = await issue(bench, { allowedIps: ['192.0.2.0/24', '2001:db8::/48'] });
      const from = async (ip: string | undefined) =>
        said(await verify({ ...bitgetRequest(key, { nowMs: bench.nowMs++ }), ip }));
      expect(await from('192.0.2.255')).toBe('allowed');
      expect(await from('::ffff:192.0.2.1')).toBe('allowed');
      expect(await from('2001:db8:0:ffff::1')).toBe('allowed');
      for (const ip of [
        undefined,
        '',
        '192.0.3.0',
        '2001:db8:1::1',
        '192.0.2.1, 10.0.0.1',
        '0xc0000201',
        '192.0.2.01x',
      ]) {
        expect(await from(ip), String(ip)).toBe('ip_not_allowed');
      }
    });

    it('refuse what a constraint forbids, or what is not said: constraint_violated', async () => {
      const key = await issue(bench, {
        constraints: { instruments: ['BTCUSDT'], maxNotionalPerOrder: '100.5' },
      });
      const order = async (body: string) =>
        said(await verify(bitgetRequest(key, { nowMs: bench.nowMs++, body })));
      expect(await order('{"symbol":"BTCUSDT","amount":"100.50"}')).toBe('allowed');
      for (const body of [
        '{"symbol":"ETHUSDT","amount":"1"}',
        '{"symbol":"BTCUSDT","amount":"100.51"}',
        '{"symbol":"BTCUSDT"}',
        '{"amount":"1"}',
        '{"symbol":"BTCUSDT","amount":"1e2"}',
        '{"symbol":"BTCUSDT","amount":"-1"}',
        'not json',
      ]) {
        expect(await order(body), body).toBe('constraint_violated');
      }
      expect(
        said(await verify(bitgetRequest(key, { method: 'GET', target: '/balance', nowMs: bench.nowMs }))),
      ).toBe('allowed');
    });
  });
}

describe('an exchange that speaks one dialect', () => {
  it('does not hear another, and answers strangers in its own', async () => {
    const { manifestOf } = await import('./engine-setup.ts');
    const text =
      'version: 1\ndialects: [okx]\npermissions: { p: { risk: low } }\nroutes: [{ route: GET /x, permission: p }]\n';
    const bench = await benchOn(STORES[0]!, { manifest: manifestOf(text) });
    const key = await issue(bench, { permissions: ['p'] });
    const sent = { nowMs: T0, method: 'GET', target: '/x' };
    expect(said(await bench.engine.verify(okxRequest(key, sent)))).toBe('allowed');
    const denied = await bench.engine.verify(bitgetRequest(key, sent));
    if (denied.allowed) throw new Error('was allowed');
    expect(denied.code).toBe('credential_missing');
    expect(JSON.parse(denied.response.body)).toMatchObject({ code: '50103' });
    await bench.close();
  });
});
