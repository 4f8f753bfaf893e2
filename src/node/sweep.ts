/**
 * One timer for the timeouts of all connections of a server.
 *
 * @module
 */
import { type Clock, systemClock, type Timer } from '../hub/index.ts'

/** How often deadlines are looked at, ms: a timeout may fire that much late. */
const SWEEP_INTERVAL_MS = 250

/** Something with a deadline. */
export interface Expiring {
  /** When {@link Expiring.handleTimeout} is due, ms on the clock of the sweep; `undefined`: never. */
  readonly nextTimeoutMs: number | undefined
  /** The deadline has passed. */
  handleTimeout(nowMs: number): void
}

/** Calls what has expired. Holds no timer while it is empty, and does not keep the process alive. */
export class TimeoutSweep {
  readonly #clock: Clock
  readonly #items: Set<Expiring>
  readonly #onDue: () => void
  #timer: Timer | undefined

  /** @param clock - time and timers. @defaultValue the runtime's own */
  constructor(clock: Clock = systemClock) {
    this.#clock = clock
    this.#items = new Set()
    this.#onDue = () => this.#sweep()
    this.#timer = undefined
  }

  /** How many items are watched. */
  get size(): number {
    return this.#items.size
  }

  /** Watches `item` from now on. */
  add(item: Expiring): void {
    this.#items.add(item)
    this.#timer ??= this.#clock.setTimeout(this.#onDue, SWEEP_INTERVAL_MS)
  }

  /** No longer watches `item`. */
  delete(item: Expiring): void {
    this.#items.delete(item)
    if (this.#items.size > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #sweep(): void {
    this.#timer = undefined
    const now = this.#clock.now()
    try {
      for (const item of this.#items) {
        const { nextTimeoutMs } = item
        if (nextTimeoutMs !== undefined && nextTimeoutMs <= now) item.handleTimeout(now)
      }
    } finally {
      // Also when a handler of the application throws: the other connections keep their timeouts.
      if (this.#items.size > 0) this.#timer ??= this.#clock.setTimeout(this.#onDue, SWEEP_INTERVAL_MS)
    }
  }
}
