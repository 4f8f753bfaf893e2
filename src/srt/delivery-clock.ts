/**
 * When a packet is due: timestamp-based packet delivery. draft-sharabayko-srt-01 §4.5. A packet is delivered `latency` after it would have arrived over
 * the path of the handshake, so that the receiver sees the intervals of the sender.
 *
 * @module
 */

const DRIFT_SAMPLES = 1000
/** Drift up to here is added to each time; what goes beyond moves the base. µs */
const MAX_DRIFT_US = 5000

/** Maps timestamps of the peer to times of this side. */
export class DeliveryClock {
  #baseUs: number
  #latestUs: number
  readonly #latencyUs: number
  #driftUs: number
  #sampleSumUs: number
  #samples: number
  #firstRttUs: number | undefined

  /**
   * @param arrivalUs - when the handshake packet arrived.
   * @param timestamp - its timestamp.
   * @param latencyUs - how long after that packets are delivered.
   */
  constructor(arrivalUs: number, timestamp: number, latencyUs: number) {
    this.#baseUs = arrivalUs - timestamp
    this.#latestUs = timestamp
    this.#latencyUs = latencyUs
    this.#driftUs = 0
    this.#sampleSumUs = 0
    this.#samples = 0
    this.#firstRttUs = undefined
  }

  /** A timestamp as µs since the peer began, beyond 2³²: the nearest to the greatest one so far. Keep-alives keep it up in silence. */
  extend(timestamp: number): number {
    const extendedUs = this.#latestUs + ((timestamp - this.#latestUs) | 0)
    if (extendedUs > this.#latestUs) this.#latestUs = extendedUs
    return extendedUs
  }

  /** When a packet of this extended timestamp is due. */
  dueUs(extendedUs: number): number {
    return this.#baseUs + this.#driftUs + extendedUs + this.#latencyUs
  }

  /** A packet that the peer sent at once: an ACKACK. Half of what the round trip has grown is the path's delay, the rest is drift. */
  sample(arrivalUs: number, timestamp: number, rttUs: number): void {
    this.#firstRttUs ??= rttUs
    this.#sampleSumUs += arrivalUs - (this.#baseUs + this.extend(timestamp)) - (rttUs - this.#firstRttUs) / 2
    if (++this.#samples < DRIFT_SAMPLES) return
    const drift = Math.round(this.#sampleSumUs / DRIFT_SAMPLES)
    const excess = Math.abs(drift) > MAX_DRIFT_US ? Math.sign(drift) * MAX_DRIFT_US : 0
    this.#baseUs += excess
    this.#driftUs = drift - excess
    this.#sampleSumUs = 0
    this.#samples = 0
  }
}
