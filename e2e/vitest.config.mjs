import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.mjs'],
    // Each file has services of its own; the limit is for machines that are busy with something else.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
