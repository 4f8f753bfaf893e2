/**
 * From the stream's clock to the wall clock, for EXT-X-PROGRAM-DATE-TIME.
 *
 * @module
 */

/** A wall clock that moves by less than this against the stream keeps its offset, so that dates advance by exactly the durations. */
const TOLERANCE_MS = 500

/**
 * Keeps the offset of wall clock minus stream clock. The smallest offset seen in a segment counts: a packet can come late, behind a
 * burst from a cache or in a slow network, but not early.
 */
export class WallClock {
  #offset: number | undefined
  #smallest: number | undefined

  constructor() {
    this.#offset = undefined
    this.#smallest = undefined
  }

  /** A packet of the open segment came. */
  observe(dts: number, nowMs: number): void {
    const offset = nowMs - dts
    if (this.#smallest === undefined || offset < this.#smallest) this.#smallest = offset
  }

  /** The wall-clock time of `dts` in the segment that ends now; the next one begins. */
  take(dts: number): number {
    const smallest = this.#smallest ?? this.#offset ?? 0
    if (this.#offset === undefined || Math.abs(smallest - this.#offset) > TOLERANCE_MS)
      this.#offset = smallest
    this.#smallest = undefined
    return dts + this.#offset
  }

  /** Another clock begins. */
  reset(): void {
    this.#offset = undefined
    this.#smallest = undefined
  }
}
