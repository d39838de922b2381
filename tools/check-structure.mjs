// Holds the structure of the project: who may import whom, who may name an adapter, and the habits that a
// linter has no rule for. Exits with 1 and a list when something is out of place.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const MAX_LINES = 400;

/** Each package, and the packages that it may import. */
const MAY_IMPORT = {
  core: [],
  engine: ['core'],
  contract: ['core'],
  server: ['core', 'engine', 'contract'],
  client: ['core'],
  cli: ['core', 'contract', 'server', 'engine', 'client'],
};
/** Everything that core may import from outside. */
const CORE_OUTSIDE = new Set([
  'node:crypto',
  'ipaddr.js',
  '@noble/curves/secp256k1.js',
  '@noble/hashes/sha3.js',
]);
const ADAPTERS = ['@countersign/engine/sqlite', 'better-sqlite3'];
const MAY_NAME_ADAPTERS = ['packages/engine/src/sqlite/', 'packages/server/src/adapters.ts'];
/** Everything from outside that a command may load before it does something: who asks for help waits for it too. */
const COMMAND_OUTSIDE = new Set(['commander', 'picocolors', 'cli-table3', '@countersign/core/credential']);
const BAD_NAMES = /(^|\/)(utils?|helpers?|common|misc|shared)(\/|\.ts$)/;

const faults = [];
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(ROOT, file)));
const sources = tracked.filter((file) => /^packages\/[^/]+\/src\/.*\.ts$/.test(file));
const programs = sources.filter((file) => !/\.(test|contract)\.ts$/.test(file));
const imports = new Map(programs.map((file) => [file, importsOf(file)]));

for (const [file, names] of imports) {
  const own = file.split('/')[1];
  for (const name of names) {
    const other = /^@countersign\/([^/]+)/.exec(name)?.[1];
    if (other !== undefined && !MAY_IMPORT[own].includes(other)) fault(file, `${own} may not import ${name}`);
    if (own === 'core' && !name.startsWith('.') && !CORE_OUTSIDE.has(name))
      fault(file, `core is pure: ${name} is not for it`);
    if (ADAPTERS.includes(name) && !MAY_NAME_ADAPTERS.some((place) => file.startsWith(place))) {
      fault(file, `names the adapter ${name}; only ${MAY_NAME_ADAPTERS.join(' and ')} do`);
    }
    if (file.includes('/ports/') && /\/(sqlite|memory|keyring)\//.test(name))
      fault(file, 'a port imports an adapter');
  }
}
for (const [file, command] of loadedWithCommands()) {
  for (const name of loadedBy(file)) {
    if (!/^(\.|node:)/.test(name) && !COMMAND_OUTSIDE.has(name))
      fault(
        file,
        `is loaded with ${command}, and loads ${name}: what only an action needs is import()ed there`,
      );
  }
}
for (const cycle of cyclesIn(imports)) fault(cycle[0], `is in an import cycle: ${cycle.join(' → ')}`);

for (const file of programs) {
  const text = read(file);
  const lines = text.split('\n').length;
  if (lines > MAX_LINES) fault(file, `has ${lines} lines: over ${MAX_LINES} it is two things`);
  if (/timingSafeEqual\(/.test(text))
    fault(file, 'secrets are compared in packages/core/src/constant-time.ts only');
}
for (const file of tracked) {
  if (BAD_NAMES.test(file)) fault(file, 'a thing is named for what it is');
  if (/package-lock\.json$/.test(file) && /"resolved": "https?:/.test(read(file)))
    fault(file, 'names a registry host');
}
for (const file of programs.filter((name) => /core\/src\/dialects\//.test(name))) {
  const name = /export const (\w+)(?:: Dialect)? = (?:concatenated\()?\{/.exec(read(file))?.[1];
  if (name === undefined || !/name: '/.test(read(file))) continue;
  const dialect = /name: '([a-z0-9-]+)'/.exec(read(file))?.[1];
  const hasVectors = tracked.some(
    (other) => other.startsWith(`vectors/${dialect}`) && other.endsWith('.json'),
  );
  if (!hasVectors) fault(file, `the dialect ${dialect} has no vectors`);
  if (!tracked.includes(`docs/dialects/${dialect}.md`))
    fault(file, `the dialect ${dialect} has no page in docs/dialects`);
}

if (faults.length > 0) {
  console.error(faults.join('\n'));
  console.error(`\n${faults.length} thing(s) out of place`);
  process.exit(1);
}
console.log(
  `Structure: ${programs.length} files in ${Object.keys(MAY_IMPORT).length} packages, all in their place`,
);

function fault(file, message) {
  faults.push(`${file}: ${message}`);
}

function read(file) {
  return readFileSync(join(ROOT, file), 'utf8');
}

function importsOf(file) {
  const names = [];
  for (const [, name] of read(file).matchAll(/^(?:import|export)\s(?:[^'";]*?\sfrom\s)?'([^']+)'/gm))
    names.push(name);
  for (const [, name] of read(file).matchAll(/\bimport\('([^']+)'\)/g)) names.push(name);
  return names;
}

/** What is loaded when a file is: neither types, nor what is loaded later. */
function loadedBy(file) {
  const names = /^(?:import|export)\s(?!type\s)(?:[^'";]*?\sfrom\s)?'([^']+)'/gm;
  return [...read(file).matchAll(names)].map(([, name]) => name);
}

/** What is loaded before a command does something, each with the file that it is loaded with. */
function loadedWithCommands() {
  const found = new Map();
  const visit = (file, first) => {
    if (found.has(file)) return;
    found.set(file, first);
    for (const name of loadedBy(file).filter((other) => other.startsWith('.')))
      visit(relative(ROOT, resolve(ROOT, dirname(file), name)), first);
  };
  for (const file of programs.filter((name) => /^packages\/cli\/src\/(main\.ts$|commands\/)/.test(name)))
    visit(file, file);
  return found;
}

/** Cycles through relative imports, each reported once. */
function cyclesIn(graph) {
  const found = [];
  const state = new Map();
  const visit = (file, path) => {
    if (state.get(file) === 'done') return;
    const at = path.indexOf(file);
    if (at !== -1) {
      found.push([...path.slice(at), file]);
      return;
    }
    for (const name of graph.get(file) ?? []) {
      if (name.startsWith('.')) visit(relative(ROOT, resolve(ROOT, dirname(file), name)), [...path, file]);
    }
    state.set(file, 'done');
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}
