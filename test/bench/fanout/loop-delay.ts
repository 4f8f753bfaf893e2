/** How late the event loop of this process is. */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'

const RESOLUTION_MS = 5

/** Lateness of a timer of 5 ms. Node's histogram has the whole time between two of its calls, those 5 ms included. */
export class LoopDelay {
  readonly #histogram: IntervalHistogram

  constructor() {
    this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
    this.#histogram.enable()
  }

  get maxMs(): number {
    return lateness(this.#histogram.max)
  }

  percentileMs(percent: number): number {
    return lateness(this.#histogram.percentile(percent))
  }

  reset(): void {
    this.#histogram.reset()
  }
}

function lateness(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS)
}
