import { decisionSide } from '../decision-side.mjs';
import { TARGET } from '../exchange.mjs';
import { compare } from '../harness.mjs';

const MANIFEST = `version: 1
permissions:
  spot.read: { risk: low }
  spot.trade: { risk: high }
  wallet.withdraw: { risk: critical }
routes:
  - route: POST ${TARGET}
    permission: spot.trade
    facts:
      instrument: { json: /symbol }
      side: { json: /side }
      orderType: { json: /orderType }
      notional: { product: [{ json: /price }, { json: /size }] }
  - { route: POST /withdrawals, permission: wallet.withdraw, facts: { address: { json: /address } } }
`;

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const EXPRESSION = 'facts.side == "buy" || facts.notional <= decimal("1000000")';
const ALL = {
  instruments: ['BTCUSDT', 'ETHUSDT', 'SOLUSDT'],
  sides: ['buy', 'sell'],
  orderTypes: ['limit', 'market'],
  maxNotionalPerOrder: '100000',
  maxNotionalPerDay: '99999999999999999999',
  maxNotionalPer30Days: '999999999999999999999',
  withdrawalAddresses: ['bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq'],
  hours: { timeZone: 'Europe/Berlin', windows: [{ days: DAYS, from: '00:00', to: '24:00' }] },
  expression: EXPRESSION,
};
const { expression: _, ...WITHOUT_EXPRESSION } = ALL;

/** What constraints cost: a decision under all of them against one under none, and what of it is the expression. */
export async function run({ quick }) {
  const side = (constraints) => decisionSide({ store: 'memory', manifest: MANIFEST, key: { constraints } });
  const options = { rounds: quick ? 6 : 20, ourCount: 10_000, peerCount: 10_000 };
  const all = await compare({ ours: side(ALL), peer: side({}), ...options });
  const expression = await compare({ ours: side(ALL), peer: side(WITHOUT_EXPRESSION), ...options });
  return [
    { row: 'decision, every constraint', ...all, unit: '/s', peerName: 'without any' },
    { row: 'decision, every constraint', ...expression, unit: '/s', peerName: 'without the expression' },
  ];
}
