import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { busyMsOf, ownBusyMs } from '../busy-time.mjs';
import { KEY, scratchFolder } from '../exchange.mjs';
import { startService } from '../service-process.mjs';

const CLI = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url));
const PROBE_MS = 5;
/** Everything that an import writes. */
const TABLES = ['credentials', 'sealed', 'lookups', 'log'];

/**
 * `countersign keys import` of a file of JSON lines, from the first byte that is read to the last key on disk: the
 * command and the service are processes of their own, and secrets are sealed one by one. A second run finds every key
 * there. Meanwhile the service is asked whether it lives: how long that takes at most is how long any request may have
 * had to wait. The rate is that of the service's main thread. The peer inserts the rows that came of it into an empty database, in one transaction and with nothing else
 * to do.
 */
export async function run({ quick }) {
  const count = quick ? 20_000 : 100_000;
  const folder = scratchFolder();
  const service = await startService();
  const file = join(folder, 'keys.jsonl');
  await writeKeys(file, count);
  const probe = startProbe(`${service.url}/livez`);
  const busyBefore = busyMsOf(service.pid) ?? performance.now();
  const first = await importing(service, file, `Imported ${count}, already there 0, failed 0.`);
  const busyMs = (busyMsOf(service.pid) ?? performance.now()) - busyBefore;
  const longestMs = await probe.stop();
  const second = await importing(service, file, `Imported 0, already there ${count}, failed 0.`);
  const ended = new Promise((resolve) => service.onExit(resolve));
  service.stop();
  await ended;
  const ours = (count * 1000) / busyMs;
  const peer =
    (count * 1000) / bareInsertMs(join(service.dataDir, 'countersign.db'), join(folder, 'bare.db'));
  const name = `import of ${count.toLocaleString('en')} keys`;
  return [
    {
      row: name,
      ours,
      peer,
      ratio: ours / peer,
      ratios: [ours / peer],
      unit: '/s',
      peerName: 'the same rows, inserted',
    },
    { row: name, ours: first / 1000, unit: 's' },
    { row: `${name}, all of them there`, ours: second / 1000, unit: 's' },
    { row: `${name}: longest wait of another request`, ours: longestMs, unit: 'ms' },
  ];
}

async function writeKeys(path, count) {
  const file = createWriteStream(path, { mode: 0o600 });
  for (let n = 0; n < count; n++) {
    const number = String(n).padStart(7, '0');
    const key = { ...KEY, id: `their-key-${number}`, accountId: `acct_${number}` };
    const line = JSON.stringify({ ...key, secret: `their-secret-${number}-0123456789abcdef` });
    if (!file.write(`${line}\n`)) await new Promise((resolve) => file.once('drain', resolve));
  }
  file.end();
  await finished(file);
}

/** Runs the command, and returns how many ms it took. */
async function importing({ url, token }, file, expected) {
  const start = performance.now();
  const child = spawn(process.execPath, [CLI, 'keys', 'import', '--from', file], {
    env: { PATH: process.env.PATH, COUNTERSIGN_URL: url, COUNTERSIGN_SECRET: token },
    stdio: ['ignore', 'pipe', 2],
  });
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  await new Promise((resolve) => child.once('close', resolve));
  if (said.trim() !== expected) throw new Error(`the command said: ${said}`);
  return performance.now() - start;
}

/** Calls again and again, and remembers the longest answer. */
function startProbe(url) {
  let isOver = false;
  let longest = 0;
  const probing = (async () => {
    for (let i = 0; !isOver; i++) {
      const start = performance.now();
      await (await fetch(url)).arrayBuffer();
      if (i > 10) longest = Math.max(longest, performance.now() - start); // The first ones open the connection.
      await sleep(PROBE_MS);
    }
  })();
  return {
    async stop() {
      isOver = true;
      await probing;
      return longest;
    },
  };
}

/** Inserts all rows of a database into an empty one of the same form. Returns the ms. */
function bareInsertMs(from, to) {
  const source = new Database(from, { readonly: true });
  const target = new Database(to);
  target.pragma('journal_mode = WAL');
  target.pragma('synchronous = FULL');
  const names = TABLES.map((name) => `'${name}'`).join(', ');
  const forms = source
    .prepare(`SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name IN (${names}) ORDER BY rowid`)
    .pluck();
  for (const sql of forms.all()) target.exec(sql);
  const tables = TABLES.map((name) => {
    const rows = source.prepare(`SELECT * FROM ${name}`).raw().all();
    const places = rows[0].map(() => '?').join(', ');
    return { rows, insert: target.prepare(`INSERT INTO ${name} VALUES (${places})`) };
  });
  const insertAll = target.transaction(() => {
    for (const { rows, insert } of tables) for (const row of rows) insert.run(row);
  });
  const start = ownBusyMs();
  insertAll();
  return ownBusyMs() - start;
}
