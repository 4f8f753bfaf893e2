/**
 * Who works next: the rounds of all sources of a hub share the turns of the event loop.
 *
 * Each source could defer its own slice, but a runtime runs everything that was deferred in one go: a hundred sources that
 * work for a few milliseconds each would hold up all input for as long as all of them together.
 *
 * @module
 */
import type { Clock } from './clock.ts'

/** How long one turn may take before other input gets its own, ms. */
const TURN_MS = 4

/** Visits between two looks at the clock. */
const VISITS_PER_CHECK = 16

/** Something that has more to do than fits a turn. */
export interface Work {
  /**
   * Goes on where it was, at least one step.
   * @param deadlineMs - when to stop, ms on the clock.
   * @returns whether it is done.
   */
  work(deadlineMs: number): boolean
}

/** Takes turns among what is to be done, in the order in which it came. */
export class Turns {
  readonly #clock: Clock
  readonly #waiting: Set<Work>
  readonly #onTurn: () => void
  #deferred: boolean
  /** On what was done at once since the last turn, ms. */
  #spentMs: number

  /** @param clock - time and turns. */
  constructor(clock: Clock) {
    this.#clock = clock
    this.#waiting = new Set()
    this.#onTurn = () => this.#turn()
    this.#deferred = false
    this.#spentMs = 0
  }

  /** `work` is to be done once the input at hand is read. Harmless when it waits already. */
  add(work: Work): void {
    this.#waiting.add(work)
    this.#defer()
  }

  /**
   * Visits each of `items`, as many of them at once as fit a turn and the rest in turns. A hundred such lists fit one turn together, no
   * more. What `visit` throws ends a turn; the others are visited all the same.
   * @param items - goes on being read while turns pass: a copy, where what comes in later is not meant.
   */
  each<T>(items: Iterable<T>, visit: (item: T) => void): void {
    const work = new Visits(this, this.#clock, items, visit)
    const startMs = this.#clock.now()
    const leftMs = TURN_MS - this.#spentMs
    const done = leftMs > 0 && work.work(startMs + leftMs)
    this.#spentMs += this.#clock.now() - startMs
    if (!done) this.add(work)
  }

  #defer(): void {
    if (this.#deferred) return
    this.#deferred = true
    this.#clock.defer(this.#onTurn)
  }

  #turn(): void {
    this.#deferred = false
    this.#spentMs = 0
    const deadlineMs = this.#clock.now() + TURN_MS
    try {
      // Whoever is not done goes to the end of the line, where this loop finds it again.
      for (const work of this.#waiting) {
        this.#waiting.delete(work)
        if (!work.work(deadlineMs)) this.#waiting.add(work)
        if (this.#clock.now() >= deadlineMs) break
      }
    } finally {
      if (this.#waiting.size > 0) this.#defer()
    }
  }
}

/** What {@link Turns.each} has to do. */
class Visits<T> implements Work {
  readonly #turns: Turns
  readonly #clock: Clock
  readonly #items: Iterator<T>
  readonly #visit: (item: T) => void

  constructor(turns: Turns, clock: Clock, items: Iterable<T>, visit: (item: T) => void) {
    this.#turns = turns
    this.#clock = clock
    this.#items = items[Symbol.iterator]()
    this.#visit = visit
  }

  work(deadlineMs: number): boolean {
    try {
      for (let visits = 1; ; visits++) {
        const next = this.#items.next()
        if (next.done === true) return true
        this.#visit(next.value)
        if (visits % VISITS_PER_CHECK === 0 && this.#clock.now() >= deadlineMs) return false
      }
    } catch (error) {
      this.#turns.add(this)
      throw error
    }
  }
}
