/**
 * Which code of the package has run, by V8's own counters.
 *
 * @module
 */
import { Session } from 'node:inspector'

interface CoverageRange {
  readonly startOffset: number
  readonly endOffset: number
  readonly count: number
}

interface Coverage {
  readonly result: readonly {
    readonly scriptId: string
    readonly url: string
    readonly functions: readonly { readonly ranges: readonly CoverageRange[] }[]
  }[]
}

/** Counts blocks of the built package. */
export class BlockCoverage {
  readonly #session: Session
  readonly #seen: Set<string>

  constructor() {
    this.#session = new Session()
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
    this.#seen = new Set()
  }

  /** Blocks that have been seen, each once for an order of magnitude of its count. */
  get size(): number {
    return this.#seen.size
  }

  /** Whether what ran since the last call was new. @param keep - whether it is old from now on. */
  take(keep: boolean): boolean {
    let isNew = false
    this.#session.post('Profiler.takePreciseCoverage', (error, coverage) => {
      if (error !== null) throw new Error(error.message)
      for (const { scriptId, url, functions } of (coverage as unknown as Coverage).result) {
        if (!url.includes('/dist/')) continue
        for (const { ranges } of functions) {
          for (const { startOffset, endOffset, count } of ranges) {
            if (count === 0) continue
            const block = `${scriptId}:${startOffset}:${endOffset}:${Math.ceil(Math.log2(count))}`
            if (this.#seen.has(block)) continue
            isNew = true
            if (keep) this.#seen.add(block)
          }
        }
      }
    })
    return isNew
  }
}
