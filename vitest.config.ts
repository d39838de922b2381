import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'docs/**/*.test.ts'],
    // Vitest would leave one processor free for watching.
    maxWorkers: '100%',
    // The limits are for machines that are busy with something else.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
