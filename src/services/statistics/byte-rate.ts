/**
 * Bitrates over the last half minute, from totals that are sampled now and then.
 *
 * @module
 */

/** The time that a bitrate is measured over, ms, as in the `recv_30s` and `send_30s` of SRS. */
export const RATE_WINDOW_MS = 30_000

/** Samples that are kept: with one in 10 s the window is 20 to 30 s long. */
const SAMPLES = 3

/** Rate of one growing total. */
export class ByteRate {
  /** Oldest first; times and totals by turns. */
  readonly #samples: number[]

  /**
   * @param sinceMs - when the total was `bytes`.
   * @param bytes - where it began.
   */
  constructor(sinceMs: number, bytes = 0) {
    this.#samples = [sinceMs, bytes]
  }

  /** Notes a total: with each tick of the sampler. */
  sample(nowMs: number, bytes: number): void {
    this.#samples.push(nowMs, bytes)
    if (this.#samples.length > 2 * SAMPLES) this.#samples.splice(0, 2)
  }

  /**
   * Kilobits a second from the oldest sample within the window, or else the newest, to now; 0 at the very
   * beginning.
   */
  kbps(nowMs: number, bytes: number): number {
    let at = 0
    while (at + 2 < this.#samples.length && nowMs - this.#samples[at]! > RATE_WINDOW_MS) at += 2
    const elapsedMs = nowMs - this.#samples[at]!
    return elapsedMs <= 0 ? 0 : Math.max(0, Math.round(((bytes - this.#samples[at + 1]!) * 8) / elapsedMs))
  }
}
