import { secretKeyOf, signedOrder } from '../exchange.mjs';
import { compareServers } from '../harness.mjs';
import { openLoad, rawRequest } from '../http-load.mjs';
import { startBenchServer, startService } from '../service-process.mjs';

/** `POST /v1/verify`, the operator a bearer token, against the same Fastify server that answers a constant. */
export async function run({ quick }) {
  const service = await startService();
  const secretKey = secretKeyOf(service.secret);
  const call = () => verifyCall(service, secretKey);

  let answer = '';
  const first = await openLoad(service, (text) => {
    answer = text.slice(text.indexOf('\r\n\r\n') + 4);
    return isAllowed(text);
  });
  await first.send([call()]);
  first.close();

  const constant = await startBenchServer('constant', { BENCH_ANSWER: answer });
  const figures = await compareServers({
    ours: await openLoad(service, isAllowed),
    peer: await openLoad(constant, isAllowed),
    request: call,
    rounds: quick ? 5 : 15,
    count: quick ? 6_000 : 10_000,
  });
  return [
    {
      row: 'verify API over HTTP',
      ...figures,
      unit: '/s',
      peerName: 'same server, a constant',
      budget: { atLeast: 0.8 },
    },
  ];
}

function isAllowed(answer) {
  return answer.startsWith('HTTP/1.1 200 ') && answer.includes('{"allowed":true');
}

function verifyCall({ token, id }, secretKey) {
  const { request } = signedOrder(id, secretKey);
  const { method, target, headers: flat, body: signedBody, ip } = request;
  const headers = Array.from({ length: flat.length / 2 }, (_, i) => flat.slice(i * 2, i * 2 + 2));
  const described = { method, target, headers, body: signedBody.toString(), ip };
  const body = Buffer.from(JSON.stringify({ dialect: 'bitget', environment: 'live', request: described }));
  const own = ['Host', '127.0.0.1', 'Authorization', `Bearer ${token}`, 'Content-Type', 'application/json'];
  return rawRequest('POST', '/v1/verify', own, body);
}
