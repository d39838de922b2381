import { once } from 'node:events';
import { WebSocket } from 'ws';
import { caseMakers } from '../../stage/case.mjs';
import * as thefts from '../../stage/thefts.mjs';

const { refused, overWebSocket } = caseMakers('200000');
const SIGNATURE = [401, '400005', 'AuthenticationError'];
const EXPIRED = [401, '400002', 'InvalidNonce'];
const UNKNOWN = [401, '400003', 'AuthenticationError'];

/** Opens a private stream by a token, and returns the first message of it. */
async function openStream({ tap }, token) {
  const socket = new WebSocket(`${tap.url.replace('http', 'ws')}/endpoint?token=${token}`);
  const [first] = await once(socket, 'message');
  return { socket, first: JSON.parse(first.toString('utf8')) };
}

async function nextMessage(socket) {
  const [text] = await once(socket, 'message');
  return JSON.parse(text.toString('utf8'));
}

export const STREAMS = {
  title: 'KuCoin: streams by a token',
  cases: [
    overWebSocket('a token, then what is pushed', 'ccxt.pro', 1, (c) => c.watchBalance(), {
      more: { options: { watchBalance: { fetchBalanceSnapshot: false } } },
      check: (balance, { tap, upstream }) =>
        balance.USDT.free === 900 &&
        tap.exchanges.some(({ request }) => request.target === '/api/v1/bullet-private') &&
        upstream.upgrades.at(-1).headers['x-countersign-account'] === undefined,
      expect: { code: 'message', upgrades: 1 },
    }),
    overWebSocket(
      'a public stream',
      'ccxt.pro',
      1,
      async (client, stage) => {
        const { data } = await client.publicPostBulletPublic();
        const { socket, first } = await openStream(stage, data.token);
        socket.send('{"id":"1","type":"subscribe","topic":"/market/ticker:BTC-USDT"}');
        const { type } = await nextMessage(socket);
        socket.close();
        return [first.type, type];
      },
      { check: (types) => types.join() === 'welcome,ack' },
    ),
    overWebSocket(
      'private, with a public token',
      'ccxt.pro',
      1,
      async (client, stage) => {
        const { data } = await client.publicPostBulletPublic();
        const { socket } = await openStream(stage, data.token);
        socket.send('{"id":"1","type":"subscribe","topic":"/account/balance"}');
        const { code } = await nextMessage(socket);
        socket.close();
        return code;
      },
      { check: (code) => code === 403, expect: { code: 'error' } },
    ),
    overWebSocket(
      'a token that nobody was given',
      'ccxt.pro',
      0,
      async (_, stage) => {
        const { socket, first } = await openStream(stage, 'made-up');
        socket.close();
        return first.data;
      },
      { check: (text) => text === 'token is invalid', expect: { code: 'error' } },
    ),
    refused('a token for a wrong secret', 'ccxt.pro', SIGNATURE, (c) => c.privatePostBulletPrivate(), {
      key: 'wrongSecret',
      proxyOnly: true,
    }),
    refused('a token for a request sent again', 'ccxt.pro', EXPIRED, (c) => c.privatePostBulletPrivate(), {
      theft: thefts.replay,
      proxyOnly: true,
      expect: { passed: 1 },
    }),
    // The proxy cannot tell whose the stream is: it stays open, and no new one opens.
    refused(
      'a stream, and its key revoked',
      'ccxt.pro',
      UNKNOWN,
      async (client, stage) => {
        const { data } = await client.privatePostBulletPrivate();
        const { socket } = await openStream(stage, data.token);
        const path = `/v1/keys/${encodeURIComponent(stage.key.id)}/revoke`;
        await stage.service.call('POST', path, { reason: 'stolen', wait: 'everywhere' });
        socket.send('{"id":"1","type":"ping"}');
        const { type } = await nextMessage(socket);
        socket.close();
        if (type !== 'pong') throw new Error(`The stream answered ${type}`);
        return client.privatePostBulletPrivate();
      },
      { key: 'streamer', proxyOnly: true, expect: { passed: 1, upgrades: 1 } },
    ),
  ],
};
