/**
 * One timer for the timeouts of all connections of a server.
 *
 * @module
 */

/** How often deadlines are looked at, ms: a timeout may fire that much late. */
const SWEEP_INTERVAL_MS = 250

/** Something with a deadline. */
export interface Expiring {
  /** When {@link Expiring.handleTimeout} is due, ms on the clock of `performance.now`; `undefined`: never. */
  readonly nextTimeoutMs: number | undefined
  /** The deadline has passed. */
  handleTimeout(nowMs: number): void
}

/** Calls what has expired. Holds no timer while it is empty, and does not keep the process alive. */
export class TimeoutSweep {
  readonly #items: Set<Expiring>
  #timer: NodeJS.Timeout | undefined

  constructor() {
    this.#items = new Set()
    this.#timer = undefined
  }

  /** Watches `item` from now on. */
  add(item: Expiring): void {
    this.#items.add(item)
    this.#timer ??= setInterval(() => this.#sweep(), SWEEP_INTERVAL_MS).unref()
  }

  /** No longer watches `item`. */
  delete(item: Expiring): void {
    this.#items.delete(item)
    if (this.#items.size > 0 || this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #sweep(): void {
    const now = performance.now()
    for (const item of this.#items) {
      const { nextTimeoutMs } = item
      if (nextTimeoutMs !== undefined && nextTimeoutMs <= now) item.handleTimeout(now)
    }
  }
}
