/** Widths of the columns at least. With two spaces between them they fill 110 characters. */
const COLUMNS = { what: 30, client: 10, expected: 29, got: 29, ok: 3 };

/**
 * Makes the table of some cases, as wide as what they expect.
 *
 * @returns `head`, and `row`, which takes a case and what came of it
 */
export function tableOf(cases) {
  const widths = { ...COLUMNS };
  for (const { what, client, expect } of cases) {
    const expected = describe(expect);
    for (const [name, text] of Object.entries({ what, client, expected, got: expected }))
      widths[name] = Math.max(widths[name], text.length);
  }
  const width = Object.values(widths).reduce((sum, each) => sum + each + 2, -2);
  const names = Object.keys(widths).map((name) => [name, name]);
  return {
    head: `${line(widths, Object.fromEntries(names))}\n${'─'.repeat(width)}`,
    row: (given, outcome) => rowOf(widths, given, outcome),
  };
}

/** One case and what came of it. Below a line that is not ok stands why. */
function rowOf(widths, { what, client, expect }, outcome) {
  const ok = outcome.faults.length === 0;
  const got = describe(outcome);
  const row = line(widths, { what, client, expected: describe(expect), got, ok: ok ? 'ok' : 'NO!' });
  return [row, ...outcome.faults.map((fault) => `    → ${fault}`)].join('\n');
}

/** Status, exchange code, and what the client made of it. */
function describe({ status, code, thrown }) {
  const parts = [status, code, thrown === 'none' ? undefined : thrown];
  return parts.filter((part) => part !== undefined && part !== '').join(' ');
}

function line(widths, cells) {
  return Object.entries(widths)
    .map(([name, width]) => cells[name].padEnd(width))
    .join('  ')
    .trimEnd();
}
