/** Widths of the columns. With two spaces between them they fill 110 characters. */
const COLUMNS = { what: 30, client: 10, expected: 29, got: 29, ok: 3 };
const WIDTH = Object.values(COLUMNS).reduce((sum, width) => sum + width + 2, -2);

export function tableHead() {
  const names = Object.keys(COLUMNS).map((name) => [name, name]);
  return `${line(Object.fromEntries(names))}\n${'─'.repeat(WIDTH)}`;
}

/** One case and what came of it. Below a line that is not ok stands why. */
export function tableRow({ what, client, expect }, outcome) {
  const ok = outcome.faults.length === 0;
  const row = line({
    what,
    client,
    expected: describe(expect),
    got: describe(outcome),
    ok: ok ? 'ok' : 'NO!',
  });
  return [row, ...outcome.faults.map((fault) => `    → ${fault}`)].join('\n');
}

/** Status, exchange code, and what the client made of it. */
function describe({ status, code, thrown }) {
  return `${status} ${code} ${thrown === 'none' ? '' : thrown}`.trimEnd();
}

function line(cells) {
  return Object.entries(COLUMNS)
    .map(([name, width]) => cells[name].padEnd(width))
    .join('  ')
    .trimEnd();
}
