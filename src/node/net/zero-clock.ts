/**
 * Times of a publish that starts at 0, whatever the clock of what it sends.
 *
 * @module
 */
import type { MediaPacket } from '../../media/index.ts'

/** A kind that begins so far before the first media is on a clock of its own: interleaving and B-frames take less. In ms. */
const MAX_BEFORE_MS = 1_000

/** The first media has time 0, and what comes with it goes on from there. */
export class ZeroClock {
  #firstDts: number | undefined
  #audioZero: number | undefined
  #videoZero: number | undefined
  #latestMs: number

  constructor() {
    this.#firstDts = undefined
    this.#audioZero = undefined
    this.#videoZero = undefined
    this.#latestMs = 0
  }

  /** Time of the next packet, ms from 0 on. Metadata and configuration may carry any time; what a stream starts with is its media. */
  timeOf({ kind, coded, dts }: MediaPacket): number {
    if (!coded) return Math.max(0, dts - (this.#zeroOf(kind) ?? dts))
    this.#firstDts ??= dts
    const zero = this.#zeroOf(kind)!
    // It would stand still at 0 until its clock has come to that of the other kind, which it may never do.
    const own = zero - dts > MAX_BEFORE_MS ? dts - this.#latestMs : zero
    if (kind === 'video') this.#videoZero ??= own
    else this.#audioZero ??= own
    const ms = Math.max(0, dts - this.#zeroOf(kind)!)
    this.#latestMs = Math.max(this.#latestMs, ms)
    return ms
  }

  #zeroOf(kind: MediaPacket['kind']): number | undefined {
    return (
      (kind === 'video' ? this.#videoZero : kind === 'audio' ? this.#audioZero : undefined) ?? this.#firstDts
    )
  }
}
