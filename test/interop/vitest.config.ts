import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

// Tests with foreign programs, and of the examples: one file at a time, on the built package (no `millrace-source`). Two at a time took
// half as long, and tests that count milliseconds and connections failed now and then.
export default defineConfig({
  root: resolve(import.meta.dirname, '../..'),
  test: {
    include: ['test/interop/**/*.test.ts', 'test/examples/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
    setupFiles: ['./test/support/stop-processes.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default', './test/support/summary-reporter.ts'],
  },
})
