import { defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'

// `npm test`. What needs foreign programs runs with test/interop/vitest.config.ts.
export default defineConfig({
  // Tests import the package by its own name; this condition leads to src rather than dist.
  ssr: { resolve: { conditions: ['millrace-source', ...defaultServerConditions] } },
  test: {
    include: ['test/**/*.test.ts'],
    // Files share their modules: importing them anew for each file took two thirds of the CPU time (201 s, now 63 s).
    isolate: false,
    // A test takes milliseconds; a busy machine takes longer.
    testTimeout: 20_000,
    expect: { poll: { timeout: 10_000 } },
    exclude: ['test/interop/**', 'test/examples/**', '**/node_modules/**'],
    reporters: ['default', './test/support/summary-reporter.ts'],
    coverage: { provider: 'v8', include: ['src/**'] },
  },
})
