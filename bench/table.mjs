/**
 * What a row reports: a comparison has `peer` and `ratio`, a measurement only `ours`. A budget is a bound of the
 * ratio, or of the measurement where there is no peer.
 *
 * @typedef {object} Result
 * @property {string} row
 * @property {number} ours
 * @property {string} unit
 * @property {number} [peer]
 * @property {string} [peerName]
 * @property {number} [ratio]
 * @property {readonly number[]} [ratios]
 * @property {{ atLeast?: number, atMost?: number }} [budget]
 * @property {string} [failure]
 */

/** Adds whether a result meets its budget; nothing where it has none. */
export function withVerdict(result) {
  const { budget, ratio, ours } = result;
  if (budget === undefined) return result;
  const figure = ratio ?? ours;
  return {
    ...result,
    isMet: figure >= (budget.atLeast ?? -Infinity) && figure <= (budget.atMost ?? Infinity),
  };
}

/** The comparisons, and whatever failed. */
export function ratioTable(results) {
  const rows = results.filter(({ ratio, failure }) => ratio !== undefined || failure !== undefined);
  if (rows.length === 0) return '';
  return table(
    ['row', 'ours', 'peer', '', 'ratio', 'rounds from-to', 'budget', ''],
    rows.map((result) =>
      result.failure !== undefined
        ? [result.row, result.failure, '', '', '', '', '', 'NOT MEASURED']
        : [
            result.row,
            rate(result.ours),
            rate(result.peer),
            result.peerName,
            `${number(result.ratio)} x`,
            `${number(Math.min(...result.ratios))}-${number(Math.max(...result.ratios))}`,
            bound(result.budget, ' x'),
            verdict(result),
          ],
    ),
  );
}

/** Everything that has no peer. */
export function memoryTable(results) {
  const rows = results.filter(({ ratio, failure }) => ratio === undefined && failure === undefined);
  if (rows.length === 0) return '';
  return table(
    ['row', 'figure', 'budget', ''],
    rows.map((result) => [
      result.row,
      `${number(result.ours)} ${result.unit}`,
      bound(result.budget, ''),
      verdict(result),
    ]),
  );
}

function table(head, rows) {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i].length)));
  const line = (row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]))
      .join('  ')
      .trimEnd();
  return `${[line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n')}\n`;
}

function rate(perSecond) {
  return `${Math.round(perSecond).toLocaleString('en')}/s`;
}

function number(value) {
  return value >= 100 ? String(Math.round(value)) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function bound(budget, unit) {
  if (budget === undefined) return '';
  return budget.atLeast === undefined ? `<= ${budget.atMost}${unit}` : `>= ${budget.atLeast}${unit}`;
}

function verdict({ isMet }) {
  return isMet === undefined ? '' : isMet ? 'met' : 'MISSED';
}
