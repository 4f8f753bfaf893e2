/**
 * Maps a publisher's timestamps to the source's clock, one offset for audio and video together.
 *
 * Deltas are kept. A source starts at 0; a republish goes on after the last packet by the time that really passed;
 * a jump (backwards, or ahead by more than `maxJumpMs`) is closed. Anything finer is the publisher's own timing.
 *
 * @module
 */
import type { MediaPacket } from '../media/index.ts'

/** How far a kind may step back before it counts as a restarted clock: encoders jitter by a frame or two. */
const JITTER_MS = 500

/** What a jump is replaced by, about one video frame. */
const JUMP_STEP_MS = 20

/** Options of {@link SourceClock}. */
export interface SourceClockOptions {
  /** A step ahead beyond this is closed. @defaultValue 10000 */
  readonly maxJumpMs?: number
  /** Keep the publisher's own clock: no start at 0, no repair ("absolute time" in SRS). @defaultValue false */
  readonly atc?: boolean
}

/** Timestamp state of one source. */
export class SourceClock {
  readonly #maxJumpMs: number
  readonly #atc: boolean
  #offset: number | undefined
  #audio: number
  #video: number
  #last: number
  #jumps: number

  /** @param options - see {@link SourceClockOptions}. */
  constructor(options: SourceClockOptions = {}) {
    this.#maxJumpMs = options.maxJumpMs ?? 10_000
    this.#atc = options.atc ?? false
    this.#offset = undefined
    this.#audio = 0
    this.#video = 0
    this.#last = 0
    this.#jumps = 0
  }

  /** The latest dts given out, ms on the source's clock. */
  get last(): number {
    return this.#last
  }

  /** How many jumps were closed so far. */
  get jumps(): number {
    return this.#jumps
  }

  /** A new publisher takes over: its first packet follows the last one by `gapMs`, the time that passed. */
  republish(gapMs: number): void {
    this.#offset = undefined
    this.#last += Math.max(0, Math.round(gapMs))
  }

  /** The dts of `packet` on the source's clock. Audio never goes back behind audio, video never behind video. */
  map(packet: MediaPacket): number {
    const { kind } = packet
    if (packet.configuration || kind === 'data') return this.#mapConfiguration(packet.dts)
    const previous = kind === 'audio' ? this.#audio : this.#video
    let dts: number
    if (this.#offset === undefined) {
      dts = this.#atc ? packet.dts : this.#last
      this.#offset = dts - packet.dts
    } else {
      dts = packet.dts + this.#offset
      if (!this.#atc && (dts < previous - JITTER_MS || dts > this.#last + this.#maxJumpMs)) {
        dts = this.#last + JUMP_STEP_MS
        this.#offset = dts - packet.dts
        this.#jumps++
      }
      // Within the jitter a kind waits for itself, so that no player sees time go back.
      if (dts < previous) dts = previous
    }
    if (kind === 'audio') this.#audio = dts
    else this.#video = dts
    if (dts > this.#last) this.#last = dts
    return dts
  }

  /**
   * Configuration and data have no say in the clock: encoders send them with 0, with the time of the next frame or
   * with leftovers of another session.
   */
  #mapConfiguration(dts: number): number {
    if (this.#offset === undefined) return this.#atc ? dts : this.#last
    const mapped = dts + this.#offset
    return mapped < this.#last || mapped > this.#last + this.#maxJumpMs ? this.#last : mapped
  }
}
