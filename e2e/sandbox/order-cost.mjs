/** What one coin costs in the sandbox, where an order does not say it. */
const LAST_PRICE = 50_000;

/**
 * Whether an order would cost more than its own `maxCost`. The manifests take that field for the notional of an
 * order, so the exchange has to hold the order to it; otherwise a thief would just write a small one.
 */
export function exceedsOwnLimit({ size, price, sizeIsCost, maxCost }) {
  if (maxCost === undefined) return false;
  return Number(size) * (sizeIsCost ? 1 : Number(price ?? LAST_PRICE)) > Number(maxCost);
}
