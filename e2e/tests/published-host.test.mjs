import { writeFileSync } from 'node:fs';
import { Agent, request as sendRequest } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { CBAdvancedTradeClient } from 'coinbase-api';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { asFromCoinbase } from '../exchanges/coinbase-cdp/private-key.mjs';
import { startUpstream } from '../sandbox/upstream.mjs';
import { makePair } from '../stage/key-pairs.mjs';
import { loadExchange } from '../stage/load-exchange.mjs';
import { selfMadeCertificate } from '../stage/self-made-certificate.mjs';
import { removeFolder, startService, temporaryFolder } from '../stage/service.mjs';

/*
 * The service with a certificate of its own, and under a name that it does not know itself by: a client that signs the
 * host believes to talk to its exchange, and nothing about it is changed but where its connections go.
 */

const PUBLISHED = 'api.coinbase.com';
const folder = temporaryFolder();
let upstream;
let service;
let ca;
beforeAll(async () => {
  const { answer, manifest } = await loadExchange('coinbase-cdp');
  upstream = await startUpstream(answer);
  const { cert, key } = selfMadeCertificate();
  ca = cert;
  const [certPath, keyPath] = ['cert.pem', 'key.pem'].map((name) => join(folder, name));
  writeFileSync(certPath, cert);
  writeFileSync(keyPath, key, { mode: 0o600 });
  const settings = { TLS_CERT: certPath, TLS_KEY: keyPath, PUBLIC_HOST: PUBLISHED };
  service = await startService({ upstream: upstream.url, manifest, settings });
});
afterAll(async () => {
  await service?.stop();
  await upstream?.close();
  removeFolder(folder);
});

/** Calls the management API over TLS, as far as this file needs it. */
function call(path, body) {
  const headers = { authorization: `Bearer ${service.operator}`, 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const request = sendRequest(service.url + path, { method: 'POST', headers, ca, agent: false });
    request.on('error', reject);
    request.on('response', async (response) => {
      let text = '';
      for await (const part of response) text += part;
      resolve(JSON.parse(text));
    });
    request.end(JSON.stringify(body));
  });
}

/** An agent whose every connection goes to the reverse proxy, whatever the address of a request says. */
class ToProxy extends Agent {
  createConnection(options, connected) {
    const { hostname: host, port } = new URL(service.proxyUrl);
    return connect({ ...options, host, port, servername: '', ca }, connected);
  }
}

async function clientWith(more = {}) {
  const pair = makePair('p256');
  const { publicKey } = pair;
  const permissions = ['read'];
  const key = {
    accountId: 'acct_1',
    label: 'bot',
    environment: 'live',
    kind: 'p256',
    publicKey,
    permissions,
  };
  const { id } = await call('/v1/keys', key);
  const apiSecret = asFromCoinbase({ kind: 'p256', privateKey: pair.privateKey });
  return new CBAdvancedTradeClient({ apiKey: id, apiSecret, ...more }, { httpsAgent: new ToProxy() });
}

it('lets a client through that signs the published name', async () => {
  const client = await clientWith();
  const { accounts } = await client.getAccounts();
  expect(accounts[0].uuid).toBe('acct_1');
});

it('refuses a client that signs another name, though it writes that in Host', async () => {
  const client = await clientWith({ baseUrl: 'https://api.example.com' });
  const before = upstream.received.length;
  await expect(client.getAccounts()).rejects.toMatchObject({ code: 401, body: { error: 'unauthorized' } });
  expect(upstream.received).toHaveLength(before);
});
