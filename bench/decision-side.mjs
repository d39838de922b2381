import { issueKey, secretKeyOf, signedOrder, startEngine, verifyAll } from './exchange.mjs';

/**
 * Our side of a comparison: whole decisions on orders, all stages, and the log written.
 *
 * @param {{
 *   store: 'memory' | 'sqlite', manifest?: string, key?: object, sign?: (id: string, secretKey: any) => object
 * }} options
 */
export function decisionSide({ store, manifest, key: changes, sign = signsBitget }) {
  let started;
  let key;
  let secretKey;
  return {
    async prepare(count) {
      if (started === undefined) {
        started = await startEngine({ store, manifest });
        // Lines are made as for any store, and dropped: a heap full of log would be measured too.
        if (store === 'memory') started.dropLog();
        key = await issueKey(started.engine, changes);
        secretKey = secretKeyOf(key.secret);
      }
      return Array.from({ length: count }, () => sign(key.id, secretKey));
    },
    run: (requests) => verifyAll(started.engine, requests),
    settle: () => started.settle(),
  };
}

function signsBitget(id, secretKey) {
  return signedOrder(id, secretKey).request;
}
