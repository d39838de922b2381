import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exchange, request, requestHead } from './raw-http.ts';
import { aKey } from './running-app.ts';
import { api, cleanUp, newFolder, operatorOf, type ServiceProcess, startProcess } from './service-process.ts';
import { ed25519Pair, sign } from './signing.ts';

/** Everything that must be found nowhere, by what it is. */
const forbidden = new Map<string, string>();
const folder = newFolder();
const data = join(folder, 'data');
let service: ServiceProcess;

const keep = (what: string, text: string | undefined): string => {
  if (text === undefined || text.length < 8) throw new Error(`${what} is no text to look for`);
  forbidden.set(`${what} ${forbidden.size}`, text);
  return text;
};

beforeAll(async () => {
  const upstream = createServer((_request, response) => response.destroy());
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const { port } = upstream.address() as AddressInfo;
  service = await startProcess({ DATA_DIR: data, UPSTREAM: `http://127.0.0.1:${port}`, LOG_LEVEL: 'trace' });
  await beBusy();
  await new Promise((resolve) => upstream.close(resolve));
});
afterAll(cleanUp);

/** Makes every kind of call, good and bad, and notes what in it was secret. */
async function beBusy(): Promise<void> {
  const token = keep('operator token', operatorOf(data).secret);
  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    api(service.url, token, method, path, body, headers);
  const passphrase = keep('passphrase', 'Passphrase-not-to-be-seen');
  const made = (await call('POST', '/v1/keys', { ...aKey(), passphrase }, { 'idempotency-key': 'once' }))
    .json;
  await call('POST', '/v1/keys', { ...aKey(), passphrase }, { 'idempotency-key': 'once' });
  const secret = keep('secret', made.secret);
  const rotated = (await call('POST', `/v1/keys/${made.id}/rotate`, {}, { 'idempotency-key': 'twice' })).json;
  const rotatedSecret = keep('rotated secret', rotated.secret);
  const customer = (await call('POST', '/v1/keys', { ...aKey(), kind: 'bearer', passphrase: undefined }))
    .json;
  const customerToken = keep('customer token', customer.secret);
  const imported = keep('imported secret', 'an-imported-secret-of-long-ago');
  await call('POST', '/v1/keys/import', { ...aKey(), id: 'old-1', secret: imported, passphrase });
  const importedToken = keep('imported token', 'an-imported-token-of-long-ago');
  await call('POST', '/v1/keys/import', {
    ...aKey(),
    kind: 'bearer',
    passphrase: undefined,
    id: 'old-2',
    secret: importedToken,
  });
  await call('POST', '/v1/keys/import', { ...aKey(), id: 'old-1', secret: imported, passphrase });

  // Refused bodies, which parsers and schemas like to quote.
  const unparsable = keep('broken body', 'text-of-a-broken-body');
  await request(
    service.port,
    'POST /v1/keys',
    { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    `{"passphrase":"${unparsable}" oops`,
  );
  await call('POST', '/v1/keys', { ...aKey(), passphrase: keep('refused passphrase', 'x'.repeat(40)) });
  const { privateKey } = ed25519Pair();
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  keep('private key', pem.split('\n')[1]);
  await call('POST', '/v1/keys', { ...aKey(), kind: 'ed25519', passphrase: undefined, publicKey: pem });

  // Signed requests: through the API and through the proxy, let through, denied and broken.
  for (const [i, bot] of [
    { ...made, secret },
    rotated,
    { id: 'old-1', secret: imported },
    { id: made.id, secret: keep('wrong secret', 'not-the-right-secret') },
  ].entries()) {
    const body = `{"note":"${keep('request body', `a-body-that-is-private-${i}`)}"}`;
    const target = `/orders?token=${keep('query', `a-query-that-is-private-${i}`)}`;
    const headers = sign('bitget', { ...bot, passphrase }, { method: 'POST', target, body });
    keep('signature', headers['ACCESS-SIGN']);
    for (const _ of [1, 2])
      await call('POST', '/v1/verify', { request: { method: 'POST', target, body, headers } });
    const viaProxy = sign('okx', { ...bot, passphrase }, { method: 'POST', target, body });
    keep('signature', viaProxy['OK-ACCESS-SIGN']);
    await request(service.proxyPort, `POST ${target}`, Object.entries(viaProxy).flat(), body);
  }
  for (const bearer of [
    customerToken,
    importedToken,
    keep('guessed token', 'a-token-that-was-guessed'),
    token,
  ]) {
    await request(service.proxyPort, 'GET /orders', { authorization: `Bearer ${bearer}` });
    await exchange(service.proxyPort, [
      requestHead('POST /orders', ['authorization', `Bearer ${bearer}`, 'transfer-encoding', 'chunked'], 0),
      'zz\r\n',
    ]);
  }
  const cookie = keep('cookie', 'a-session-cookie-of-somebody');
  await request(service.port, 'GET /v1/nothing', {
    cookie,
    authorization: `Basic ${keep('basic', 'c29tZWJvZHk6cGFzc3dvcmQ=')}`,
  });
  await call(
    'GET',
    `/v1/keys?${new URLSearchParams({ accountId: keep('odd query', 'an odd query, privately') })}`,
  );
  await call('POST', `/v1/keys/${made.id}/revoke`, { reason: 'done' });
  expect(rotatedSecret).not.toBe(secret);
}

describe('after a busy run', () => {
  it('nothing secret is in what the service printed', () => {
    expect(service.stderr).toContain('a fault inside the service');
    const seen = [...forbidden].filter(([, text]) => service.output.includes(text));
    expect(seen.map(([what]) => what)).toEqual([]);
  });

  it('nothing secret is in any file of the database, while it runs and after', async () => {
    const look = () =>
      readdirSync(data)
        .filter((file) => file.startsWith('countersign.db'))
        .flatMap((file) => {
          const bytes = readFileSync(join(data, file));
          return [...forbidden]
            .filter(([, text]) => bytes.includes(text))
            .map(([what]) => `${what} in ${file}`);
        });
    expect(look()).toEqual([]);
    await service.signal('SIGTERM');
    expect(look()).toEqual([]);
    const words = [...forbidden.values()];
    expect(words.filter((text) => service.output.includes(text))).toEqual([]);
  });

  it('the scan finds what is there: the id of a key, the path of a request', () => {
    const bytes = readFileSync(join(data, 'countersign.db'));
    expect(bytes.includes('old-1')).toBe(true);
    expect(bytes.includes('/orders')).toBe(true);
  });
});
