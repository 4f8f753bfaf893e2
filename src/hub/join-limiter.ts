/**
 * Limits how many players begin at once: thousands that wait for a publisher all get their stream at the same moment, and to
 * begin takes 50 to 80 µs each.
 *
 * @module
 */
import type { Clock } from './clock.ts'
import type { Source } from './source.ts'

/** Players that begin at once: the next ones wait for a turn of the event loop, which admits as many again. */
const JOINS_PER_TURN = 32

/** Spreads the players that join the sources of a hub over turns of the event loop. */
export class JoinLimiter {
  readonly #clock: Clock
  readonly #queue: (() => void)[]
  readonly #onTurn: () => void
  /** Joins since the last turn that was waited for: to count turns in which nobody waits would cost a deferred call each. */
  #joins: number

  /** @param clock - its turns. */
  constructor(clock: Clock) {
    this.#clock = clock
    this.#queue = []
    this.#onTurn = () => this.#turn()
    this.#joins = 0
  }

  /**
   * `source` for a player, as soon as the limit allows it to join.
   * @param signal - aborts when the player has gone.
   * @returns `undefined` if the player has gone, or the source has closed, before that.
   */
  join(source: Source, signal: AbortSignal): Source | Promise<Source | undefined> {
    if (this.#joins < JOINS_PER_TURN) {
      this.#joins++
      return source
    }
    if (this.#queue.length === 0) this.#clock.defer(this.#onTurn)
    return new Promise((resolve) => {
      this.#queue.push(() => resolve(signal.aborted || source.closed ? undefined : source))
    })
  }

  #turn(): void {
    const next = this.#queue.splice(0, JOINS_PER_TURN)
    this.#joins = next.length
    if (this.#queue.length > 0) this.#clock.defer(this.#onTurn)
    for (const join of next) join()
  }
}
