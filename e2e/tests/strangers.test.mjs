import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeClient, nameOfThrown } from '../stage/clients.mjs';
import { send } from '../stage/send.mjs';
import { signBitget } from '../stage/sign-bitget.mjs';
import { setStage } from '../stage/stage.mjs';

const ASSETS = '/api/v2/spot/account/assets';
let stage;
beforeAll(async () => {
  stage = await setStage('bitget');
});
afterAll(() => stage?.close());

const wallet = (key) => makeClient('ccxt', { exchange: 'bitget', url: stage.service.proxyUrl, key });

it('who lacks the secret can neither use up a limit of the key nor burn its nonces', async () => {
  const { metered } = stage.keys;
  const thief = await wallet({ ...metered, secret: 'guessed' });
  for (let i = 0; i < 8; i++) {
    await expect(thief.privateSpotGetV2SpotAccountAssets()).rejects.toThrow(/40009/);
  }
  const owner = await wallet(metered);
  await owner.privateSpotGetV2SpotAccountAssets();
  await owner.privateSpotGetV2SpotAccountAssets();
});

it('a request over the limit does not burn its nonce', async () => {
  const { metered, trader } = stage.keys;
  const order = {
    method: 'POST',
    target: '/api/v2/spot/trade/place-order',
    body: Buffer.from('{"size":"1"}'),
  };
  const request = signBitget(metered, order);
  expect((await send(stage.service.proxyUrl, request)).status).toBe(429);
  const again = await send(stage.service.proxyUrl, request);
  expect({ status: again.status, code: JSON.parse(again.body).code }).toEqual({ status: 429, code: '429' });
  expect((await send(stage.service.proxyUrl, signBitget(trader, order))).status).toBe(200);
});

it('guessing ends with "too many", for the network that guesses, but not for keys that were used from there', async () => {
  const { reader, trader } = stage.keys;
  const guess = () => signBitget({ ...reader, secret: 'guessed' }, { method: 'GET', target: ASSETS });
  const guesser = await wallet({ ...reader, secret: 'guessed' });
  const owner = () => signBitget(trader, { method: 'GET', target: ASSETS });
  expect((await send(stage.service.proxyUrl, owner())).status).toBe(200);
  let refusals = 0;
  let answer;
  do {
    answer = await send(stage.service.proxyUrl, guess());
    refusals++;
  } while (answer.status !== 429 && refusals < 200);
  expect(answer.status).toBe(429);
  expect(answer.rawHeaders.map((text) => text.toLowerCase())).toContain('retry-after');
  const thrown = await guesser.privateSpotGetV2SpotAccountAssets().catch((error) => error);
  expect(nameOfThrown(thrown)).toMatch(/DDoSProtection|RateLimitExceeded/);
  expect((await send(stage.service.proxyUrl, owner())).status).toBe(200);
  if (process.platform !== 'linux') return;
  const fromElsewhere = signBitget(reader, { method: 'GET', target: ASSETS });
  expect((await send(stage.service.proxyUrl, fromElsewhere, { localAddress: '127.0.0.2' })).status).toBe(200);
});
