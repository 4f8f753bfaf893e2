/**
 * Finds peers that have stopped to take bytes: a suspended phone, a pulled cable. The system's own limit is a quarter of an
 * hour.
 *
 * @module
 */
import { LimitError } from '../../errors/index.ts'

/** Looks per timeout: a stall is found at most this part of it late. */
const LOOKS = 4

/** Watches the queue of one stream. Costs nothing while it is empty. */
export class StallWatch {
  readonly #timeoutMs: number
  #writtenBytes: number
  #takenBytes: number
  #movedMs: number
  #lookedMs: number

  /**
   * @param timeoutMs - time without a byte taken while some wait, ms; 0: any.
   * @param nowMs - the present time.
   */
  constructor(timeoutMs: number, nowMs: number) {
    this.#timeoutMs = timeoutMs
    this.#writtenBytes = 0
    this.#takenBytes = 0
    this.#movedMs = nowMs
    this.#lookedMs = nowMs
  }

  /** `bytes` were handed to the stream. */
  wrote(bytes: number): void {
    this.#writtenBytes += bytes
  }

  /** When to call {@link StallWatch.check}, for a queue of `queuedBytes`. */
  nextCheckMs(queuedBytes: number): number | undefined {
    if (this.#timeoutMs === 0 || queuedBytes === 0) return undefined
    return this.#lookedMs + this.#timeoutMs / LOOKS
  }

  /** The error that ends a connection whose peer takes nothing. */
  check(nowMs: number, queuedBytes: number): LimitError | undefined {
    if (this.#timeoutMs === 0) return undefined
    const takenBytes = this.#writtenBytes - queuedBytes
    // Nobody looks while the queue is empty: what went on since the last look is unknown, if that was long ago.
    const isFirstLook = nowMs - this.#lookedMs >= this.#timeoutMs
    this.#lookedMs = nowMs
    if (takenBytes !== this.#takenBytes || queuedBytes === 0 || isFirstLook) {
      this.#takenBytes = takenBytes
      this.#movedMs = nowMs
    }
    if (nowMs - this.#movedMs < this.#timeoutMs) return undefined
    return new LimitError(
      'ERR_RTMP_STALLED',
      `the peer took none of ${queuedBytes} bytes in ${this.#timeoutMs} ms`,
    )
  }
}
