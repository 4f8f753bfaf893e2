/**
 * From the stream's clock to the wall clock, for EXT-X-PROGRAM-DATE-TIME.
 *
 * @module
 */

/**
 * Keeps the offset of wall clock minus stream clock from one discontinuity to the next, so that dates advance by exactly the durations
 * whatever is done to the wall clock. The smallest offset seen in the first segment counts: a packet can come late, behind a burst from
 * a cache or in a slow network, but not early.
 */
export class WallClock {
  readonly #wallOffsetMs: () => number
  #offset: number | undefined
  #smallest: number

  /** @param wallOffsetMs - wall clock minus the clock of the arrivals. */
  constructor(wallOffsetMs: () => number = () => 0) {
    this.#wallOffsetMs = wallOffsetMs
    this.#offset = undefined
    this.#smallest = Infinity
  }

  /** A packet came. */
  observe(dts: number, nowMs: number): void {
    this.#smallest = Math.min(this.#smallest, nowMs - dts)
  }

  /** The wall-clock time of `dts` in a segment that has ended. */
  take(dts: number): number {
    this.#offset ??= (this.#smallest === Infinity ? 0 : this.#smallest) + Math.round(this.#wallOffsetMs())
    return dts + this.#offset
  }

  /** A discontinuity: another clock may begin. */
  reset(): void {
    this.#offset = undefined
    this.#smallest = Infinity
  }
}
