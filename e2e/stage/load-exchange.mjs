import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXCHANGE_NAMES, EXCHANGES_FOLDER } from './exchange-names.mjs';
import { temporaryFolder } from './service.mjs';

/** What holds for an exchange that does not say otherwise. */
const DEFAULTS = {
  codeOf: (body) => String(JSON.parse(body.toString('utf8')).code ?? 'no code'),
  thrownNamesCode: true,
  proofHeaders: /^(ok-)?access-|^authorization$/,
  settings: {},
};

/**
 * Loads one exchange, and none of the others: a folder that somebody is working on breaks nobody else's.
 *
 * @returns its `EXCHANGE` (see `exchanges/README.md`) with all defaults, its name, and the path of its manifest
 */
export async function loadExchange(name) {
  const { EXCHANGE } = await load(name, 'sandbox.mjs');
  return { ...DEFAULTS, ...EXCHANGE, name, manifest: manifestOf(name, EXCHANGE) };
}

/** Loads the cases of one exchange, in groups: the demo prints them as a table, the tests run them one by one. */
export async function loadCases(name) {
  const { CASES } = await load(name, 'cases.mjs');
  return CASES;
}

function load(name, file) {
  if (!EXCHANGE_NAMES.includes(name)) {
    throw new Error(`There is no exchange ${name}, but ${EXCHANGE_NAMES.join(', ')}`);
  }
  return import(join(EXCHANGES_FOLDER, name, file));
}

function manifestOf(name, { manifest, manifestText }) {
  if (manifestText === undefined) return manifest ?? join(EXCHANGES_FOLDER, name, 'manifest.yaml');
  const path = join(temporaryFolder(), 'manifest.yaml');
  writeFileSync(path, manifestText);
  return path;
}
