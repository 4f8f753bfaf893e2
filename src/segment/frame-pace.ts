/**
 * How long the last frame of a track lasts when none follows.
 *
 * @module
 */

/** A frame's length where nothing tells. */
const DEFAULT_MS = 40
/** Longer steps are pauses. */
const LONGEST_MS = 2000

/** Follows the times of one track. */
export class FramePace {
  #dts: number
  #frameMs: number
  #started: boolean

  constructor() {
    this.#dts = 0
    this.#frameMs = DEFAULT_MS
    this.#started = false
  }

  /** Time of the last frame. */
  get dts(): number {
    return this.#dts
  }

  /** Length of a frame, as the last step between two says. */
  get frameMs(): number {
    return this.#frameMs
  }

  /** A frame came. */
  observe(dts: number): void {
    const step = dts - this.#dts
    if (this.#started && step > 0 && step <= LONGEST_MS) this.#frameMs = step
    this.#dts = dts
    this.#started = true
  }
}
