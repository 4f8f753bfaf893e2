/**
 * Times of units that may lack them.
 *
 * @module
 */

/** Gives a unit without a time the one that its neighbours leave for it. One for each track. */
export class UnitClock {
  #last: number | undefined
  #step: number

  constructor() {
    this.#last = undefined
    this.#step = 0
  }

  /** The time of the next unit in ms: its own, else as far from the one before as that was from its own; `undefined` at the start. */
  next(time: number | undefined): number | undefined {
    const last = this.#last
    const now = time ?? (last === undefined ? undefined : last + this.#step)
    if (now !== undefined && last !== undefined && now > last) this.#step = now - last
    this.#last = now
    return now
  }
}
