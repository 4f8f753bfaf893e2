/**
 * A cooperative scheduler: the tasks of all sources of a hub share the turns of the event loop.
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

/** Something that may take longer than a turn. */
export interface Task {
  /**
   * Continues where it was, at least one step.
   * @param deadlineMs - when to stop, ms on the clock.
   * @returns whether it is done.
   */
  run(deadlineMs: number): boolean
}

/** Runs tasks round robin, in time slices. */
export class Scheduler {
  readonly #clock: Clock
  readonly #tasks: Set<Task>
  readonly #onTurn: () => void
  #deferred: boolean
  /** Time that {@link Scheduler.forEach} has taken outside of turns since the last one, ms. */
  #spentMs: number

  /** @param clock - time and turns. */
  constructor(clock: Clock) {
    this.#clock = clock
    this.#tasks = new Set()
    this.#onTurn = () => this.#turn()
    this.#deferred = false
    this.#spentMs = 0
  }

  /** Runs `task` once the input at hand is read. Harmless if it is scheduled already. */
  schedule(task: Task): void {
    this.#tasks.add(task)
    this.#defer()
  }

  /**
   * Visits each of `items`, as many at once as fit a turn and the rest in later turns. A hundred such lists fit one turn together, no
   * more. What `visit` throws ends a turn; the others are visited all the same.
   * @param items - read while turns pass: pass a copy if later additions are not meant.
   */
  forEach<T>(items: Iterable<T>, visit: (item: T) => void): void {
    const task = new Visits(this, this.#clock, items, visit)
    const startMs = this.#clock.now()
    const leftMs = TURN_MS - this.#spentMs
    const done = leftMs > 0 && task.run(startMs + leftMs)
    this.#spentMs += this.#clock.now() - startMs
    if (!done) this.schedule(task)
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
      // A task that is not done goes to the end of the queue, where this loop finds it again.
      for (const task of this.#tasks) {
        this.#tasks.delete(task)
        if (!task.run(deadlineMs)) this.#tasks.add(task)
        if (this.#clock.now() >= deadlineMs) break
      }
    } finally {
      if (this.#tasks.size > 0) this.#defer()
    }
  }
}

/** The task of {@link Scheduler.forEach}. */
class Visits<T> implements Task {
  readonly #scheduler: Scheduler
  readonly #clock: Clock
  readonly #items: Iterator<T>
  readonly #visit: (item: T) => void

  constructor(scheduler: Scheduler, clock: Clock, items: Iterable<T>, visit: (item: T) => void) {
    this.#scheduler = scheduler
    this.#clock = clock
    this.#items = items[Symbol.iterator]()
    this.#visit = visit
  }

  run(deadlineMs: number): boolean {
    try {
      for (let visits = 1; ; visits++) {
        const next = this.#items.next()
        if (next.done === true) return true
        this.#visit(next.value)
        if (visits % VISITS_PER_CHECK === 0 && this.#clock.now() >= deadlineMs) return false
      }
    } catch (error) {
      this.#scheduler.schedule(this)
      throw error
    }
  }
}
