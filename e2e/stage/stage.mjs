import { fileURLToPath } from 'node:url';
import { answerAsBitget } from '../sandbox/bitget.mjs';
import { answerAsOkx } from '../sandbox/okx.mjs';
import { startUpstream } from '../sandbox/upstream.mjs';
import { issueKeys } from './keys.mjs';
import { startService } from './service.mjs';
import { startTap } from './tap.mjs';

const EXAMPLES = new URL('../../examples/manifests/', import.meta.url);

/** The exchanges that are played here. */
export const EXCHANGES = {
  bitget: {
    manifest: fileURLToPath(new URL('bitget-like.yaml', EXAMPLES)),
    answer: answerAsBitget,
    keys: {
      dialect: 'bitget',
      read: 'spot.read',
      trade: 'spot.trade',
      instrument: 'BTCUSDT',
      more: { unified: { permissions: ['unified.read', 'unified.trade'] } },
    },
  },
  okx: {
    manifest: fileURLToPath(new URL('okx-like.yaml', EXAMPLES)),
    answer: answerAsOkx,
    keys: { dialect: 'okx', read: 'read', trade: 'trade', instrument: 'BTC-USDT' },
  },
};

/**
 * Puts up all that one exchange's cases need: client → tap → Countersign's reverse proxy → the exchange.
 *
 * @param exchange a name of {@link EXCHANGES}
 */
export async function setStage(exchange) {
  const { manifest, answer, keys: profiles } = EXCHANGES[exchange];
  const upstream = await startUpstream(answer);
  const service = await startService({ upstream: upstream.url, manifest });
  const tap = await startTap(service.proxyUrl);
  const keys = await issueKeys(service, profiles);
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
