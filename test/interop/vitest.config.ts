import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

// Tests with foreign programs, and of the examples: on the built package (no `millrace-source`). They wait for media more than they
// compute, so two files share the machine; more of them would make one wait for the others.
export default defineConfig({
  root: resolve(import.meta.dirname, '../..'),
  test: {
    include: ['test/interop/**/*.test.ts', 'test/examples/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
    setupFiles: ['./test/support/stop-processes.ts'],
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default', './test/support/summary-reporter.ts'],
  },
})
