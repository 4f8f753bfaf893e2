/**
 * Live congestion control: packets leave at a bandwidth, not in bursts. draft-sharabayko-srt-01 §5.1.
 *
 * @module
 */

/** IPv4 and UDP headers, and that of SRT. */
const OVERHEAD_BYTES = 28 + 16
const INITIAL_PAYLOAD_BYTES = 1316
/** What may be sent at once after a pause: the packets of one tick. µs */
const CREDIT_US = 10_000
const WINDOW_US = 1_000_000
/** What loss recovery gets beside the stream itself. */
const INPUT_OVERHEAD = 1.25
const UNLIMITED_KBPS = 1_000_000

/** Says when the next packet may be sent. */
export class SendPacer {
  readonly #maxBandwidthKbps: number | 'input'
  #averagePayloadBytes: number
  #nextUs: number
  #windowStartUs: number
  #windowBytes: number
  #inputKbps: number

  constructor(maxBandwidthKbps: number | 'input', nowUs: number) {
    this.#maxBandwidthKbps = maxBandwidthKbps
    this.#averagePayloadBytes = INITIAL_PAYLOAD_BYTES
    this.#nextUs = 0
    this.#windowStartUs = nowUs
    this.#windowBytes = 0
    this.#inputKbps = 0
  }

  /** When the next packet may be sent. */
  get nextUs(): number {
    return this.#nextUs
  }

  /** The bandwidth there is, for statistics. */
  get bandwidthKbps(): number {
    if (this.#maxBandwidthKbps !== 'input') return this.#maxBandwidthKbps
    return this.#inputKbps === 0 ? UNLIMITED_KBPS : this.#inputKbps * INPUT_OVERHEAD
  }

  /** A message of so many bytes was submitted. */
  submitted(bytes: number, nowUs: number): void {
    const elapsedUs = nowUs - this.#windowStartUs
    if (elapsedUs >= WINDOW_US) {
      const kbps = (this.#windowBytes * 8000) / elapsedUs
      // A source that pauses comes back at its old rate.
      this.#inputKbps = Math.max(kbps, this.#inputKbps * 0.75)
      this.#windowStartUs = nowUs
      this.#windowBytes = 0
    }
    this.#windowBytes += bytes + OVERHEAD_BYTES
  }

  /** A packet was sent. */
  sent(payloadBytes: number, nowUs: number): void {
    this.#averagePayloadBytes += (payloadBytes - this.#averagePayloadBytes) / 128
    const periodUs = ((this.#averagePayloadBytes + OVERHEAD_BYTES) * 8000) / this.bandwidthKbps
    this.#nextUs = Math.max(this.#nextUs, nowUs - CREDIT_US) + periodUs
  }
}
