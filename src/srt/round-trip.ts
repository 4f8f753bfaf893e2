/**
 * Round-trip time. draft-sharabayko-srt-01 §4.10.
 *
 * @module
 */

const INITIAL_RTT_US = 100_000
const INITIAL_VARIANCE_US = 50_000

/** The smoothed round-trip time of a connection, and how much it varies. */
export class RoundTrip {
  /** µs */
  rttUs: number
  /** µs */
  varianceUs: number
  #measured: boolean

  constructor() {
    this.rttUs = INITIAL_RTT_US
    this.varianceUs = INITIAL_VARIANCE_US
    this.#measured = false
  }

  /** A round trip of our own. */
  sample(us: number): void {
    if (!this.#measured) {
      this.#measured = true
      this.rttUs = us
      this.varianceUs = us / 2
      return
    }
    this.varianceUs = 0.75 * this.varianceUs + 0.25 * Math.abs(this.rttUs - us)
    this.rttUs = 0.875 * this.rttUs + 0.125 * us
  }

  /** What the peer has measured: all that one who only sends can know. */
  adopt(rttUs: number, varianceUs: number): void {
    if (this.#measured || (rttUs === INITIAL_RTT_US && varianceUs === INITIAL_VARIANCE_US)) return
    this.rttUs = Math.min(rttUs, MAX_ADOPTED_US)
    this.varianceUs = Math.min(varianceUs, MAX_ADOPTED_US)
  }

  /** What an answer takes at most. µs */
  get patienceUs(): number {
    return this.rttUs + 4 * this.varianceUs
  }
}
// A peer may claim anything; nothing may wait for longer than this.
const MAX_ADOPTED_US = 10_000_000
