/**
 * Lets players in a few at a time: thousands that wait for a publisher all have their stream at the same moment, and to
 * begin to play takes 50 to 80 µs.
 *
 * @module
 */
import type { Clock } from './clock.ts'
import type { Source } from './source.ts'

/** Players that begin at once: the next has to wait for a turn of the event loop, which lets in as many again. */
const PLAYERS_PER_TURN = 32

/** Where players come in, one after the other. */
export class Entrance {
  readonly #clock: Clock
  readonly #queue: (() => void)[]
  readonly #onTurn: () => void
  /** Since the last turn that was waited for: to count turns in which nobody waits would cost a deferred call each. */
  #passed: number

  /** @param clock - its turns. */
  constructor(clock: Clock) {
    this.#clock = clock
    this.#queue = []
    this.#onTurn = () => this.#turn()
    this.#passed = 0
  }

  /**
   * `source` for a player that was to find it, when it is its turn.
   * @param signal - aborts when the player has gone.
   * @returns `undefined` where the player has gone, or the source has closed, before that.
   */
  enter(source: Source, signal: AbortSignal): Source | Promise<Source | undefined> {
    if (this.#passed < PLAYERS_PER_TURN) {
      this.#passed++
      return source
    }
    if (this.#queue.length === 0) this.#clock.defer(this.#onTurn)
    return new Promise((resolve) => {
      this.#queue.push(() => resolve(signal.aborted || source.closed ? undefined : source))
    })
  }

  #turn(): void {
    const next = this.#queue.splice(0, PLAYERS_PER_TURN)
    this.#passed = next.length
    if (this.#queue.length > 0) this.#clock.defer(this.#onTurn)
    for (const enter of next) enter()
  }
}
