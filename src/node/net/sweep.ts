/**
 * One timer for the timeouts of all connections of a server.
 *
 * @module
 */
import { type Clock, setDeadline, systemClock, type Timer } from '../../hub/index.ts'

/** How often deadlines are looked at, ms: a timeout may fire that much late, and after a standstill as much as {@link setDeadline} gives. */
const SWEEP_INTERVAL_MS = 250

/** Items that are looked at in one go: a look is some microseconds, and 10,000 of them would hold the event loop up for 30 ms. */
const ITEMS_PER_STEP = 512

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
  /** Where the present pass goes on. */
  #pass: Iterator<Expiring> | undefined

  /** @param clock - time and timers. @defaultValue the runtime's own */
  constructor(clock: Clock = systemClock) {
    this.#clock = clock
    this.#items = new Set()
    this.#onDue = () => this.#sweep()
    this.#timer = undefined
    this.#pass = undefined
  }

  /** How many items are watched. */
  get size(): number {
    return this.#items.size
  }

  /** Watches `item` from now on. */
  add(item: Expiring): void {
    this.#items.add(item)
    this.#schedule()
  }

  /** No longer watches `item`. */
  delete(item: Expiring): void {
    this.#items.delete(item)
    if (this.#items.size > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** As many steps as it takes to look at everyone once in an interval. */
  #schedule(): void {
    const steps = Math.ceil(this.#items.size / ITEMS_PER_STEP)
    this.#timer ??= setDeadline(this.#clock, this.#onDue, SWEEP_INTERVAL_MS / steps)
  }

  #sweep(): void {
    this.#timer = undefined
    const now = this.#clock.now()
    let pass = this.#pass
    let next = pass?.next()
    if (pass === undefined || next === undefined || next.done === true) {
      pass = this.#items.values()
      next = pass.next()
    }
    this.#pass = pass
    try {
      for (let looked = 1; next.done !== true; looked++) {
        const { nextTimeoutMs } = next.value
        if (nextTimeoutMs !== undefined && nextTimeoutMs <= now) next.value.handleTimeout(now)
        if (looked === ITEMS_PER_STEP) break
        next = pass.next()
      }
    } finally {
      // Also when a handler of the application throws: the other connections keep their timeouts.
      if (this.#items.size > 0) this.#schedule()
    }
  }
}
