/**
 * So many of something a second.
 *
 * @module
 */

/** A bucket that holds the allowance of one second. */
export class RateLimit {
  readonly #perSec: number
  #allowance: number
  #filledMs: number

  constructor(perSec: number, nowMs: number) {
    this.#perSec = perSec
    this.#allowance = perSec
    this.#filledMs = nowMs
  }

  /** Whether another one is allowed; if so, it counts. */
  take(nowMs: number): boolean {
    const earned = (Math.max(0, nowMs - this.#filledMs) * this.#perSec) / 1000
    this.#allowance = Math.min(this.#perSec, this.#allowance + earned)
    this.#filledMs = nowMs
    if (this.#allowance < 1) return false
    this.#allowance--
    return true
  }
}
