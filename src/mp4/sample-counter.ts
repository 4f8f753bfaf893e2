/**
 * What the tables of a track will have, counted while its samples are found, so that a plan needs no pass
 * over millions of them.
 *
 * @module
 */

/** What the tables of a track have. */
export interface SampleCounts {
  /** Runs of samples of one duration. */
  readonly durationRuns: number
  /** Runs of samples of one composition offset; 0 when all are 0, and the table is left out. */
  readonly offsetRuns: number
  /** Whether an offset is below 0. */
  readonly negativeOffsets: boolean
  /** Sync samples; −1 when all are, and the table is left out. */
  readonly syncSamples: number
  /** Earliest presentation time in ticks. */
  readonly firstPts: number
  /** Latest end of presentation in ticks. */
  readonly endPts: number
}

/** Counts samples one after the other. A sample lasts until the next one, so it is counted with that. */
export class SampleCounter {
  #count: number
  #keyframes: number
  #durationRuns: number
  #lastDuration: number
  #offsetRuns: number
  #lastOffset: number
  #anyOffset: boolean
  #negativeOffsets: boolean
  #firstPts: number
  #endPts: number
  #lastPts: number

  constructor() {
    this.#count = 0
    this.#keyframes = 0
    this.#durationRuns = 0
    this.#lastDuration = -1
    this.#offsetRuns = 0
    this.#lastOffset = 0
    this.#anyOffset = false
    this.#negativeOffsets = false
    this.#firstPts = Infinity
    this.#endPts = -Infinity
    this.#lastPts = 0
  }

  /** Sync samples. */
  get keyframes(): number {
    return this.#keyframes
  }

  /**
   * Takes a sample.
   * @param step - its decode time minus that of the one before, which is how long that one lasts.
   */
  add(dts: number, step: number, offset: number, keyframe: boolean): void {
    if (this.#count > 0) {
      if (step !== this.#lastDuration) this.#durationRuns++
      this.#lastDuration = step
      this.#endPts = Math.max(this.#endPts, this.#lastPts + step)
    }
    if (this.#count === 0 || offset !== this.#lastOffset) this.#offsetRuns++
    this.#lastOffset = offset
    if (offset !== 0) this.#anyOffset = true
    if (offset < 0) this.#negativeOffsets = true
    if (keyframe) this.#keyframes++
    this.#lastPts = dts + offset
    this.#firstPts = Math.min(this.#firstPts, this.#lastPts)
    this.#count++
  }

  /** The counts, with a last sample that lasts `lastDuration`. */
  counts(lastDuration: number): SampleCounts {
    return {
      durationRuns: this.#durationRuns + (lastDuration === this.#lastDuration ? 0 : 1),
      offsetRuns: this.#anyOffset ? this.#offsetRuns : 0,
      negativeOffsets: this.#negativeOffsets,
      syncSamples: this.#keyframes === this.#count ? -1 : this.#keyframes,
      firstPts: this.#firstPts,
      endPts: Math.max(this.#endPts, this.#lastPts + lastDuration),
    }
  }
}
