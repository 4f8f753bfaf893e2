/** What a soak must show, told as it is found. */

/** Counts what held and what did not. */
export class Checks {
  #passed = 0
  #failed = 0
  #skipped = 0

  /** One thing that must be so; `detail` says what was found. */
  check(what: string, holds: boolean, detail = ''): void {
    if (holds) this.#passed++
    else this.#failed++
    console.log(`${holds ? 'ok    ' : 'FAILED'}  ${what}${detail === '' ? '' : `: ${detail}`}`)
  }

  /** None of `found` may be there. */
  none(what: string, found: readonly string[]): void {
    const shown = found.slice(0, 5).join(' | ')
    this.check(what, found.length === 0, found.length === 0 ? '' : `${found.length}: ${shown}`)
  }

  skip(what: string, why: string): void {
    this.#skipped++
    console.log(`skipped ${what}: ${why}`)
  }

  /** The last line. @returns whether nothing failed. */
  summarize(): boolean {
    console.log(`${this.#passed} passed, ${this.#failed} failed, ${this.#skipped} skipped`)
    return this.#failed === 0
  }
}

/** The middle one of some figures. */
export function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN
}
