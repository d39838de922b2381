// Measures `countersign scan` of a tree of 20,000 files against reading it: in turns in one process, by the processor
// time of all its threads. The files are copies of those that are installed here.
//   npm run build && node tools/measure-scan.mjs
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runScan } from '../packages/cli/dist/scan/run-scan.js';
import { everyFile } from '../packages/cli/dist/scan/sources/every-file.js';

const FILES = 20_000;
const ROUNDS = 5;
const LARGEST = 200_000;
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');

const folder = mkdtempSync(join(tmpdir(), 'measure-scan-'));
try {
  const bytes = fill(folder);
  const rounds = [];
  await measured(scanned);
  for (let i = 0; i < ROUNDS; i++) rounds.push({ read: await measured(read), scan: await measured(scanned) });
  const reading = median(rounds.map(({ read: ms }) => ms));
  const scanning = median(rounds.map(({ scan: ms }) => ms));
  const ratio = median(rounds.map(({ read: a, scan: b }) => b / a));
  console.log(`${FILES} files, ${Math.round(bytes / 1e6)} MB; medians of ${ROUNDS} rounds, processor time:`);
  console.log(
    `reading ${Math.round(reading)} ms, scanning ${Math.round(scanning)} ms: ${ratio.toFixed(1)} times`,
  );
} finally {
  rmSync(folder, { recursive: true });
}

function fill(into) {
  const sources = readdirSync(join(ROOT, 'node_modules'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:[cm]?[jt]s|json|md)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => statSync(path).size <= LARGEST);
  let sum = 0;
  for (let i = 0; i < FILES; i++) {
    const source = sources[i % sources.length];
    const target = join(into, String(i % 100), `${i}-${source.split('/').at(-1)}`);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(source, target);
    sum += statSync(target).size;
  }
  return sum;
}

async function measured(work) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

async function read() {
  let count = 0;
  for await (const given of everyFile(folder, [], (path) => path)) if ('content' in given) count++;
  if (count !== FILES) throw new Error(`${count} files were read`);
}

async function scanned() {
  const source = everyFile(folder, [], (path) => path);
  const { contents } = await runScan({ source, allowances: [], baseline: new Set() });
  if (contents !== FILES) throw new Error(`${contents} files were scanned`);
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
