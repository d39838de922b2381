import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const EXCHANGES_FOLDER = fileURLToPath(new URL('../exchanges/', import.meta.url));

/** The exchanges that are played here: every folder in `exchanges/`, and no list of them anywhere. */
export const EXCHANGE_NAMES = readdirSync(EXCHANGES_FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();
