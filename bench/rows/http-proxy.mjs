import { secretKeyOf, signedOrder } from '../exchange.mjs';
import { compareServers } from '../harness.mjs';
import { openLoad, rawRequest } from '../http-load.mjs';
import { startBenchServer, startService } from '../service-process.mjs';

/** A small signed POST through the reverse proxy, against the same proxy with a verifier that allows everything. */
export async function run({ quick }) {
  const upstream = await startBenchServer('upstream');
  const service = await startService(
    { COUNTERSIGN_UPSTREAM: upstream.url },
    { allowedIps: ['127.0.0.0/8', '::1'] },
  );
  const open = await startBenchServer('open-proxy', { BENCH_UPSTREAM: upstream.url });
  const secretKey = secretKeyOf(service.secret);
  const figures = await compareServers({
    ours: await openLoad({ url: service.proxyUrl, pid: service.pid }, isPassed),
    peer: await openLoad(open, isPassed),
    request: () => order(service.id, secretKey),
    rounds: quick ? 5 : 15,
    count: quick ? 4_000 : 8_000,
  });
  return [
    {
      row: 'reverse proxy, small POST',
      ...figures,
      unit: '/s',
      peerName: 'same proxy, no verification',
      budget: { atLeast: 0.6 },
    },
  ];
}

function isPassed(answer) {
  return answer.startsWith('HTTP/1.1 200 ') && answer.includes('"code":"00000"');
}

function order(id, secretKey) {
  const { method, target, headers, body } = signedOrder(id, secretKey).request;
  return rawRequest(method, target, withoutLength(headers), body);
}

/** `rawRequest` sets it. */
function withoutLength(headers) {
  const at = headers.indexOf('Content-Length');
  return headers.toSpliced(at, 2);
}
