/** How late the event loop of this process is, and how much of that is its own work. */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { mainThreadMicros } from './process-usage.ts'

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

/**
 * CPU time that the main thread took for the longest turn of the event loop: how long it held itself up, whatever else had the core. Looks
 * at every timer, so what it says is a turn or two at most.
 */
export class TurnWatch {
  #maxMs: number
  #lastMicros: number
  readonly #timer: NodeJS.Timeout

  constructor() {
    this.#maxMs = 0
    this.#lastMicros = mainThreadMicros()
    this.#timer = setInterval(() => {
      const micros = mainThreadMicros()
      this.#maxMs = Math.max(this.#maxMs, (micros - this.#lastMicros) / 1000)
      this.#lastMicros = micros
    }, RESOLUTION_MS)
    this.#timer.unref()
  }

  /** The longest since the last call. */
  takeMaxMs(): number {
    const maxMs = this.#maxMs
    this.#maxMs = 0
    return maxMs
  }
}
