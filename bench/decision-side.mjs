import { issueKey, secretKeyOf, signedOrder, startEngine, verifyAll } from './exchange.mjs';

/**
 * Our side of a comparison: whole decisions on orders, all stages, and the log written.
 *
 * @param {{ store: 'memory' | 'sqlite', key?: object, sign?: (id: string, secretKey: any) => object }} options
 */
export function decisionSide({ store, key: changes, sign = signsBitget }) {
  let started;
  return {
    // A new engine each time, so that no log of earlier rounds weighs on the collector.
    async prepare(count) {
      await started?.close();
      started = await startEngine({ store });
      const key = await issueKey(started.engine, changes);
      const secretKey = secretKeyOf(key.secret);
      await verifyAll(started.engine, [sign(key.id, secretKey)]); // Fills the cache.
      await started.settle();
      return Array.from({ length: count }, () => sign(key.id, secretKey));
    },
    run: (requests) => verifyAll(started.engine, requests),
    settle: () => started.settle(),
  };
}

function signsBitget(id, secretKey) {
  return signedOrder(id, secretKey).request;
}
