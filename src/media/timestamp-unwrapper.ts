/**
 * From the u32 milliseconds on the wire (49.7 days) to a time that does not wrap.
 *
 * @module
 */

/**
 * How far below zero a clock may start; an encoder with B-frames or priming samples starts a little before
 * its own zero.
 */
const MAX_NEGATIVE_MS = 65_536

/**
 * Turns u32 timestamps into integer milliseconds that continue past 2³². One per clock: audio and video of
 * one publisher share it.
 */
export class TimestampUnwrapper {
  #last: number
  #started: boolean

  constructor() {
    this.#last = 0
    this.#started = false
  }

  /**
   * The time that is nearest to the one before, so that packets may come out of order, and a wrap in either
   * direction is seen as one. The first timestamp is taken as it is. A step back to more than a minute below
   * zero is read as a step forward: sequence headers often say 0 before media at an absolute time of 2³¹ ms
   * or more.
   * @param timestampU32 - 0 to 2³² − 1.
   */
  unwrap(timestampU32: number): number {
    if (!this.#started) {
      this.#started = true
      this.#last = timestampU32
      return timestampU32
    }
    const near = this.#last + ((timestampU32 - this.#last) | 0)
    this.#last = near < -MAX_NEGATIVE_MS ? near + 2 ** 32 : near
    return this.#last
  }
}
