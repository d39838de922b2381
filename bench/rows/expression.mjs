import { compileExpression } from '../../packages/engine/dist/index.js';
import { ownBusyMs } from '../busy-time.mjs';
import { decisionSide } from '../decision-side.mjs';
import { compare, median } from '../harness.mjs';

const KNOWN = {
  facts: new Map([
    ['side', 'string'],
    ['instrument', 'string'],
    ['notional', 'decimal'],
  ]),
  permissions: new Set(['spot.trade']),
};

/** What an operator might write: a side, an amount, a list of instruments, hours. */
const USUAL = `(facts.side == "sell" || facts.notional <= decimal("25000.50"))
  && facts.instrument in ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
  && now.getHours("Europe/Berlin") >= 0`;

/** What somebody might write to make it slow, each over a batch of 1,000. */
const DIGITS = `${'9'.repeat(30)}.${'9'.repeat(30)}`;
const SLOW = [
  ['facts.side.contains(facts.instrument)', { side: 'a'.repeat(2_048), instrument: 'aaaaab' }],
  ['facts.side.lowerAscii() == "x"', { side: 'éA'.repeat(1_024) }],
  ['facts.notional * facts.notional < facts.notional', { notional: DIGITS }],
  ['(now + duration("1h")).getHours("Asia/Tokyo") > now.getHours("Asia/Tokyo") + 99', { side: 'a' }],
];

function compiled(source) {
  const result = compileExpression(source, KNOWN);
  if (!result.ok) throw new Error(result.message);
  return result.expression;
}

function inputOf(facts) {
  return { facts, permission: 'spot.trade', method: 'POST', path: '/orders', nowMs: Date.now() };
}

function usualSide() {
  const expression = compiled(USUAL);
  return {
    prepare: (count) =>
      Array.from({ length: count }, (_, i) =>
        inputOf({ side: 'buy', instrument: 'SOLUSDT', notional: `${i}.25` }),
      ),
    run(inputs) {
      for (const input of inputs) {
        if (expression.evaluate(input) !== 'true') throw new Error('it is not true');
      }
    },
  };
}

/** Ms that the slowest of the slow ones takes, until it is refused. */
function slowestMs(times) {
  const each = SLOW.map(([condition, facts]) => {
    const named = Object.keys(facts).map((name) => `has(facts.${name})`);
    const expression = compiled([...named, ...Array(20).fill(`!(${condition})`)].join(' && '));
    const batch = Object.fromEntries(
      Object.entries(facts).map(([name, text]) => [name, Array(1_000).fill(text)]),
    );
    return median(
      Array.from({ length: times }, () => {
        const start = ownBusyMs();
        if (expression.evaluate(inputOf(batch)) !== 'fault') throw new Error('it was not refused');
        return ownBusyMs() - start;
      }),
    );
  });
  return Math.max(...each);
}

/**
 * The expression's share: evaluations of a usual one against whole decisions, so 10x is a tenth of a decision. And the
 * worst that an evaluation can take, whatever is written and sent.
 */
export async function run({ quick }) {
  const figures = await compare({
    ours: usualSide(),
    peer: decisionSide({ store: 'memory' }),
    rounds: quick ? 6 : 20,
    ourCount: 10_000,
    peerCount: 10_000,
  });
  return [
    {
      row: 'a usual expression',
      ...figures,
      unit: '/s',
      peerName: 'the whole decision, memory',
      budget: { atLeast: 10 },
    },
    {
      row: 'the slowest evaluation that there is',
      ours: slowestMs(quick ? 10 : 50),
      unit: 'ms',
      budget: { atMost: 20 },
    },
  ];
}
