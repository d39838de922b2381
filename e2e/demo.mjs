import { EXCHANGE_NAMES } from './stage/exchange-names.mjs';
import { loadCases } from './stage/load-exchange.mjs';
import { runCase } from './stage/run-case.mjs';
import { setStage } from './stage/stage.mjs';
import { tableOf } from './stage/table.mjs';

const INTRO = `
Unmodified exchange clients against sandbox exchanges, each behind Countersign's reverse proxy. Expected and got:
HTTP status, the exchange's own code, and the class of what the client threw (some throw plain objects).`;

/** Runs all cases of an exchange on a stage of its own. */
async function play(exchange) {
  const groups = await loadCases(exchange);
  const table = tableOf(groups.flatMap(({ cases }) => cases));
  const stage = await setStage(exchange);
  const outcomes = [];
  console.log(`\n${table.head}`);
  try {
    for (const { title, cases } of groups) {
      console.log(`\n${title}`);
      for (const given of cases) {
        const outcome = await runCase(stage, given);
        console.log(table.row(given, outcome));
        outcomes.push(outcome);
      }
    }
  } finally {
    await stage.close();
  }
  return outcomes;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !EXCHANGE_NAMES.includes(name));
if (unknown.length > 0) {
  console.error(`There is no exchange ${unknown.join(', ')}. There are: ${EXCHANGE_NAMES.join(', ')}`);
  process.exit(2);
}
const begun = performance.now();
console.log(INTRO);
const outcomes = [];
for (const exchange of wanted.length > 0 ? wanted : EXCHANGE_NAMES) outcomes.push(...(await play(exchange)));
const wrong = outcomes.filter(({ faults }) => faults.length > 0).length;
const seconds = ((performance.now() - begun) / 1000).toFixed(1);
console.log(
  `\n${outcomes.length} cases, ${wrong === 0 ? 'all as expected' : `${wrong} NOT as expected`}, in ${seconds} s`,
);
// Clients keep connections and timers of their own; what was started here is stopped by now.
process.exit(wrong === 0 ? 0 : 1);
