import { defineConfig } from 'vitest/config';
import { EXCHANGE_NAMES } from './stage/exchange-names.mjs';

/** Each exchange is a project, so that they run in parallel, and one alone: `vitest run --project okx`. */
const exchanges = EXCHANGE_NAMES.map((name) => ({
  extends: true,
  test: { name, include: ['tests/each-exchange/*.test.mjs'], provide: { exchange: name } },
}));
const service = { extends: true, test: { name: 'service', include: ['tests/*.test.mjs'] } };

export default defineConfig({
  test: {
    projects: [service, ...exchanges],
    // Vitest would leave one processor free for watching.
    maxWorkers: '100%',
    // Each file has services of its own; the limit is for machines that are busy with something else.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
