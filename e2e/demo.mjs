import { CASES } from './cases.mjs';
import { runCase } from './stage/run-case.mjs';
import { setStage } from './stage/stage.mjs';
import { tableHead, tableRow } from './stage/table.mjs';

const INTRO = `
Unmodified exchange clients (ccxt, bitget-api, okx-api) against two sandbox exchanges, each behind Countersign's
reverse proxy. Expected and got: HTTP status, the exchange's own code, and the class of what the client threw
(bitget-api and okx-api throw plain objects).`;

/** Runs all cases of an exchange on a stage of its own. */
async function play(exchange, groups) {
  const stage = await setStage(exchange);
  const outcomes = [];
  try {
    for (const { title, cases } of groups) {
      console.log(`\n${title}`);
      for (const given of cases) {
        const outcome = await runCase(stage, given);
        console.log(tableRow(given, outcome));
        outcomes.push(outcome);
      }
    }
  } finally {
    await stage.close();
  }
  return outcomes;
}

const begun = performance.now();
console.log(`${INTRO}\n\n${tableHead()}`);
const outcomes = [];
for (const [exchange, groups] of Object.entries(CASES)) outcomes.push(...(await play(exchange, groups)));
const wrong = outcomes.filter(({ faults }) => faults.length > 0).length;
const seconds = ((performance.now() - begun) / 1000).toFixed(1);
console.log(
  `\n${outcomes.length} cases, ${wrong === 0 ? 'all as expected' : `${wrong} NOT as expected`}, in ${seconds} s`,
);
// Clients keep connections and timers of their own; what was started here is stopped by now.
process.exit(wrong === 0 ? 0 : 1);
