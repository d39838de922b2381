// npm run bench [-- --quick] [-- --only name[,name]]
// Runs each row in a process of its own and prints one table. Missed budgets are said, not punished: exit code 0.
import { fork } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { memoryTable, ratioTable } from './table.mjs';

/** In the order of the table. A row that is not listed comes last. */
const ORDER = [
  'decision',
  'expression',
  'hawk',
  'rfc9421',
  'dialects',
  'constraints',
  'better-auth',
  'http-verify',
  'http-proxy',
  'scale',
  'import',
  'revocation',
  'memory-credential',
  'memory-nonce',
  'constant-time',
];
const HEAP_MB = 8192; // A million keys in the memory store.

const { values: args } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

function rowNames() {
  const there = readdirSync(new URL('./rows/', import.meta.url)).map((file) => file.replace(/\.mjs$/, ''));
  const wanted = args.only?.split(',') ?? there;
  const unknown = wanted.filter((name) => !there.includes(name));
  if (unknown.length > 0)
    throw new Error(`no row ${unknown.join(', ')}; there are ${there.sort().join(', ')}`);
  const place = (name) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return wanted.sort((a, b) => place(a) - place(b));
}

/** Resolves to the row's results, or to one that says what went wrong. */
function runRow(name) {
  return new Promise((resolve) => {
    let results;
    const child = fork(
      fileURLToPath(new URL('./run-row.mjs', import.meta.url)),
      [name, ...(args.quick ? ['--quick'] : [])],
      { execArgv: ['--expose-gc', `--max-old-space-size=${HEAP_MB}`], stdio: ['ignore', 2, 2, 'ipc'] },
    );
    child.on('message', (message) => {
      results = message;
    });
    child.on('exit', (code) => {
      resolve(results ?? [{ row: name, failure: `it failed (exit code ${code}); its message stands above` }]);
    });
  });
}

const results = [];
for (const name of rowNames()) {
  process.stderr.write(`${name} …\n`);
  results.push(...(await runRow(name)));
}

const machine = `${cpus()[0].model.trim()}, ${cpus().length} cores; Node ${process.version}, OpenSSL ${process.versions.openssl}`;
if (args.json) {
  console.log(JSON.stringify({ machine, quick: args.quick, results }, null, 2));
} else {
  const missed = results.filter((result) => result.isMet === false);
  console.log(`\n${ratioTable(results)}\n${memoryTable(results)}`);
  console.log('Rates are per second in which the measured thread had the processor.');
  console.log(`machine: ${machine}${args.quick ? '; quick run: shorter, and noisier' : ''}`);
  console.log(
    missed.length === 0 ? 'All budgets are met.' : `MISSED: ${missed.map(({ row }) => row).join('; ')}.`,
  );
}
