/**
 * Finds peers that no longer take bytes: a suspended phone, a pulled cable, a reader that forgot its stream. The system's own limit is a quarter of an
 * hour.
 *
 * @module
 */
import { LimitError } from '../../errors/index.ts'
import type { Player } from '../../hub/index.ts'
import type { Expiring } from './sweep.ts'

/** Looks per timeout: a stall is found at most this part of it late. */
const LOOKS = 4

/** Watches the queue of one stream. Costs nothing while it is empty. */
export class StallWatch {
  readonly #timeoutMs: number
  #writtenBytes: number
  #takenBytes: number
  #movedMs: number
  #lookedMs: number
  /** Nobody has looked since the queue was empty: its time begins with the next look. */
  #isFirstLook: boolean

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
    this.#isFirstLook = true
  }

  /** `bytes` were handed to the stream. */
  wrote(bytes: number): void {
    this.#writtenBytes += bytes
  }

  /** When to call {@link StallWatch.check}, for a queue of `queuedBytes`. To be asked at each look of a sweep. */
  nextCheckMs(queuedBytes: number): number | undefined {
    if (queuedBytes === 0) this.#isFirstLook = true
    if (this.#timeoutMs === 0 || queuedBytes === 0) return undefined
    return this.#lookedMs + this.#timeoutMs / LOOKS
  }

  /** The error that ends a connection whose peer takes nothing. */
  check(nowMs: number, queuedBytes: number): LimitError | undefined {
    if (this.#timeoutMs === 0) return undefined
    const takenBytes = this.#writtenBytes - queuedBytes
    this.#lookedMs = nowMs
    if (takenBytes !== this.#takenBytes || queuedBytes === 0 || this.#isFirstLook) {
      this.#isFirstLook = false
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

/**
 * Watches the sink of a player: a viewer that takes none of the bytes that wait for it is ended by `onStall`.
 * @param timeoutMs - as {@link StallWatch} has it.
 */
export function stallOf(player: Player, timeoutMs: number, nowMs: number, onStall: () => void): Expiring {
  const watch = new StallWatch(timeoutMs, nowMs)
  let countedBytes = 0
  return {
    get nextTimeoutMs() {
      return watch.nextCheckMs(player.stats().queuedBytes)
    },
    handleTimeout: (now) => {
      const { sentBytes, queuedBytes } = player.stats()
      watch.wrote(sentBytes - countedBytes)
      countedBytes = sentBytes
      if (watch.check(now, queuedBytes) !== undefined) onStall()
    },
  }
}
