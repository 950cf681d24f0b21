import { defineConfig } from 'vitest/config';

/** `make screenshots`: the pictures of README and docs, taken of the demo by the real binary. */
export default defineConfig({
  root: import.meta.dirname,
  test: {
    include: ['take.ts'],
    environment: 'node',
    testTimeout: 300_000,
    hookTimeout: 180_000,
  },
});
