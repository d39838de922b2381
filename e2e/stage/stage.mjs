import { startUpstream } from '../sandbox/upstream.mjs';
import { issueKeys } from './keys.mjs';
import { loadExchange } from './load-exchange.mjs';
import { selfMadeCertificate } from './self-made-certificate.mjs';
import { startService } from './service.mjs';
import { startTap } from './tap.mjs';

/**
 * Puts up all that one exchange's cases need: client → tap → Countersign's reverse proxy → the exchange.
 *
 * @param name of a folder in `exchanges/`
 */
export async function setStage(name) {
  const exchange = await loadExchange(name);
  const { answer, webSocket, manifest, settings, tls } = exchange;
  const upstream = await startUpstream(answer, webSocket);
  const service = await startService({ upstream: upstream.url, manifest, settings });
  const tap = await startTap(service.proxyUrl, tls ? selfMadeCertificate() : undefined);
  const keys = await issueKeys(service, exchange.keys);
  return {
    exchange,
    upstream,
    service,
    tap,
    keys,
    async close() {
      await tap.close();
      await service.stop();
      await upstream.close();
    },
  };
}
