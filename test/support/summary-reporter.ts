import type { Reporter, SerializedError, TestModule, TestRunEndReason } from 'vitest/node'

/** Prints, as the run's very last line, `N passed, N failed, N skipped`. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(
    modules: readonly TestModule[],
    errors: readonly SerializedError[],
    reason: TestRunEndReason,
  ): void {
    let passed = 0
    let failed = errors.length
    let skipped = 0
    for (const module of modules) {
      let failedHere = 0
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') passed++
        else if (state === 'failed') failedHere++
        else skipped++
      }
      // A file that could not be loaded, or a hook that threw, has no failing test of its own.
      if (failedHere === 0 && module.state() === 'failed') failedHere = 1
      failed += failedHere
    }
    if (reason === 'failed' && failed === 0) failed = 1
    // After the default reporter's own lines.
    process.on('exit', () => console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`))
  }
}
