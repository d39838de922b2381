import Hawk from 'hawk';
import { decisionSide } from '../decision-side.mjs';
import { orderBody, TARGET } from '../exchange.mjs';
import { compare } from '../harness.mjs';

const CREDENTIALS = {
  id: 'dh37fgj492je',
  key: 'cs_live_0123456789012345678901234567890123456789012abcdef',
  algorithm: 'sha256',
};
const URI = `https://api.example.com${TARGET}`;

const hawk = {
  prepare: (count) =>
    Array.from({ length: count }, () => {
      const payload = orderBody();
      const contentType = 'application/json';
      const { header } = Hawk.client.header(URI, 'POST', { credentials: CREDENTIALS, payload, contentType });
      const request = {
        method: 'POST',
        url: TARGET,
        host: 'api.example.com',
        port: 443,
        authorization: header,
        contentType,
      };
      return { request, payload };
    }),
  async run(block) {
    for (const { request, payload } of block) {
      await Hawk.server.authenticate(request, async () => CREDENTIALS, { payload }); // Rejects when it is wrong.
    }
  },
};

/** Against Hawk's `server.authenticate` with the payload checked: no nonce memory, no limits, no routes, no log. */
export async function run({ quick }) {
  const figures = await compare({
    ours: decisionSide({ store: 'memory' }),
    peer: hawk,
    rounds: quick ? 6 : 20,
    ourCount: 10_000,
    peerCount: 3_000,
  });
  return [
    {
      row: 'against hawk',
      ...figures,
      unit: '/s',
      peerName: 'hawk authenticate, payload',
      budget: { atLeast: 4 },
    },
  ];
}
