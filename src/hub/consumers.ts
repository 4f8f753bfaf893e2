/**
 * The in-process readers of a source, by what they wait for, so that a packet costs only those whom it concerns.
 *
 * @module
 */
import type { Consumer, ConsumerStats } from './consumer.ts'

/** Consumers of one source. */
export class Consumers {
  readonly #all: Set<Consumer>
  /** Those without a place in the log: they wait for their first keyframe. */
  readonly #starting: Set<Consumer>
  /** Those that somebody awaits. */
  readonly #waiting: Set<Consumer>
  readonly #onRemoved: () => void

  /** @param onRemoved - a consumer has left. */
  constructor(onRemoved: () => void) {
    this.#all = new Set()
    this.#starting = new Set()
    this.#waiting = new Set()
    this.#onRemoved = onRemoved
  }

  /** How many there are. */
  get size(): number {
    return this.#all.size
  }

  /** The largest lag, ms. */
  get lagMs(): number {
    let lagMs = 0
    for (const consumer of this.#all) lagMs = Math.max(lagMs, consumer.lagMs)
    return lagMs
  }

  /** Adds a consumer and gives it a place in the log, if there is one. */
  add(consumer: Consumer): void {
    this.#all.add(consumer)
    if (!consumer.tryStart()) this.#starting.add(consumer)
  }

  /** `consumer` is to be woken with the next packet. */
  addWaiting(consumer: Consumer): void {
    this.#waiting.add(consumer)
  }

  /** `consumer` has left. */
  remove(consumer: Consumer): void {
    this.#starting.delete(consumer)
    this.#waiting.delete(consumer)
    if (this.#all.delete(consumer)) this.#onRemoved()
  }

  /** A packet was appended: whoever can start with it takes its place. */
  start(): void {
    for (const consumer of this.#starting) if (consumer.tryStart()) this.#starting.delete(consumer)
  }

  /** Wakes those that somebody awaits. */
  wake(): void {
    if (this.#waiting.size === 0) return
    for (const consumer of this.#waiting) consumer.wake()
    this.#waiting.clear()
  }

  /** The sequence number that the slowest one needs that is still waited for; `Infinity` if none. */
  sweep(): number {
    let needed = Infinity
    for (const consumer of this.#all) needed = Math.min(needed, consumer.sweep() ?? Infinity)
    return needed
  }

  /** The source is over: what is left can still be read. */
  close(): void {
    for (const consumer of this.#all) consumer.close()
    this.#all.clear()
    this.#starting.clear()
    this.#waiting.clear()
  }

  /** Stats of each. */
  stats(): ConsumerStats[] {
    return Array.from(this.#all, (consumer) => consumer.stats())
  }
}
