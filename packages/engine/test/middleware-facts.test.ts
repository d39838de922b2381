import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { countersign } from '@countersign/engine/express';
import express from 'express';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Bench, benchOn, type IssuedKey, issue } from './engine-setup.ts';
import { STORES } from './store-adapters.ts';
import { bitgetRequest } from './wire.ts';

/** What the handler acted on. */
const orders: unknown[] = [];
const app = express();
const server = createServer(app);
let bench: Bench;
let key: IssuedKey;
let url: string;

beforeAll(async () => {
  bench = await benchOn(STORES[0]!);
  key = await issue(bench, { constraints: { instruments: ['BTCUSDT'], maxNotionalPerOrder: '100' } });
  app.use(countersign({ engine: bench.engine }));
  app.post('/orders', (req, res) => {
    orders.push(req.body);
    res.json({});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders`;
});
afterAll(async () => {
  server.close();
  await bench.close();
});

const send = (body: string, type: string) => post(key, body, type);

async function post(by: IssuedKey, body: string, type: string): Promise<string> {
  bench.nowMs++;
  const { headers } = bitgetRequest(by, { nowMs: bench.nowMs, body });
  const pairs = headers.flatMap((name, i): [string, string][] =>
    i % 2 === 0 ? [[name, headers[i + 1] ?? '']] : [],
  );
  const answer = await fetch(url, { method: 'POST', headers: [...pairs, ['content-type', type]], body });
  return answer.ok ? 'done' : await answer.text();
}

const FORM = 'application/x-www-form-urlencoded';
const BOTH = '{"symbol":"BTCUSDT","amount":"1","note":"&symbol=ETHUSDT&amount=1000000&"}';

it('Express: what a handler reads in a body is what the constraints were held against', async () => {
  expect(await send(BOTH, FORM)).toContain('outside of the limits');
  expect(orders).toEqual([]);
  expect(await send(BOTH, 'application/json')).toBe('done');
  expect(orders).toEqual([JSON.parse(BOTH)]);
  // As curl -d sends it: read as a form it has no order in it.
  expect(await send('{"symbol":"BTCUSDT","amount":"1"}', FORM)).toBe('done');
  expect(orders[1]).not.toHaveProperty('symbol');
});

it('Express: a name in a form keeps a mark that it begins with', async () => {
  const other = await issue(bench);
  await post(other, '?symbol=ETHUSDT&amount=1', FORM);
  expect({ ...(orders.at(-1) as object) }).toEqual({ '?symbol': 'ETHUSDT', amount: '1' });
});
