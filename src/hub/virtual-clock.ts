/**
 * A clock that moves when told to, for tests that must be fast and always the same.
 *
 * @module
 */
import type { Clock, Timer } from './clock.ts'

interface Waiting {
  readonly atMs: number
  readonly order: number
  readonly callback: () => void
}

/**
 * Time for tests: nothing happens until {@link VirtualClock.advance} or {@link VirtualClock.turn}.
 *
 * @example
 * ```ts
 * import { Hub, VirtualClock } from 'millrace/hub'
 *
 * const clock = new VirtualClock()
 * const hub = new Hub({ graceMs: 5_000 }, clock)
 * hub.publish('/live/show').unpublish()
 * clock.advance(5_000)
 * console.log(hub.stats().sources) // 0
 * ```
 */
export class VirtualClock implements Clock {
  #now: number
  #order: number
  readonly #timers: Set<Waiting>
  #deferred: (() => void)[]

  /** @param startMs - the time at first. @defaultValue 0 */
  constructor(startMs = 0) {
    this.#now = startMs
    this.#order = 0
    this.#timers = new Set()
    this.#deferred = []
  }

  /** Timers and deferred calls that wait: 0 when everything was cleaned up. */
  get pending(): number {
    return this.#timers.size + this.#deferred.length
  }

  /** {@inheritDoc Clock.now} */
  now(): number {
    return this.#now
  }

  /** {@inheritDoc Clock.setTimeout} */
  setTimeout(callback: () => void, delayMs: number): Timer {
    const timer: Waiting = { atMs: this.#now + Math.max(0, delayMs), order: this.#order++, callback }
    this.#timers.add(timer)
    return {
      cancel: () => {
        this.#timers.delete(timer)
      },
    }
  }

  /** {@inheritDoc Clock.defer} */
  defer(callback: () => void): void {
    this.#deferred.push(callback)
  }

  /** Runs what was deferred, and what that defers, without moving time. */
  turn(): void {
    for (let next = this.#deferred.shift(); next !== undefined; next = this.#deferred.shift()) next()
  }

  /** Moves time on by `ms` and runs nothing, as for a process that is stopped; what was due is late at the next {@link VirtualClock.advance}. */
  standStill(ms: number): void {
    this.#now += ms
  }

  /** Moves time on by `ms`, running deferred calls first and then each timer at its time, in order. */
  advance(ms: number): void {
    const until = this.#now + ms
    this.turn()
    for (;;) {
      let next: Waiting | undefined
      for (const timer of this.#timers) {
        if (timer.atMs > until) continue
        if (
          next === undefined ||
          timer.atMs < next.atMs ||
          (timer.atMs === next.atMs && timer.order < next.order)
        ) {
          next = timer
        }
      }
      if (next === undefined) break
      const due = next
      this.#timers.delete(due)
      this.#now = Math.max(this.#now, due.atMs)
      due.callback()
      this.turn()
    }
    this.#now = until
  }
}
