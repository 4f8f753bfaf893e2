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
  #maxJumpMs!: number
  #nextAtc!: boolean
  #atc: boolean
  #offset: number | undefined
  #audio: number
  #video: number
  #data: number
  #last: number
  #jumps: number

  /** @param options - see {@link SourceClockOptions}. */
  constructor(options: SourceClockOptions = {}) {
    this.setOptions(options)
    this.#atc = this.#nextAtc
    this.#offset = undefined
    this.#audio = 0
    this.#video = 0
    this.#data = 0
    this.#last = 0
    this.#jumps = 0
  }

  /** Other options; `atc` counts from the next {@link SourceClock.republish}. What is not given has its default. */
  setOptions(options: SourceClockOptions): void {
    this.#maxJumpMs = options.maxJumpMs ?? 10_000
    this.#nextAtc = options.atc ?? false
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
    this.#atc = this.#nextAtc
    this.#offset = undefined
    if (this.#atc) return
    this.#last += Math.max(0, Math.round(gapMs))
    // Nothing of the new publisher lies before its own beginning.
    this.#audio = this.#last
    this.#video = this.#last
    this.#data = Math.max(this.#data, this.#last)
  }

  /**
   * The dts of `packet` on the source's clock. Without `atc`, audio never goes back behind audio, video never behind video, data
   * never behind data.
   */
  map(packet: MediaPacket): number {
    if (this.#atc) return this.#mapAbsolute(packet)
    const dts = packet.coded ? this.#mapMedia(packet) : this.#mapTimeless(packet)
    if (packet.kind === 'audio') this.#audio = dts
    else if (packet.kind === 'video') this.#video = dts
    else this.#data = dts
    return dts
  }

  #mapAbsolute(packet: MediaPacket): number {
    if (packet.coded) {
      this.#offset = 0
      this.#last = packet.dts
      return packet.dts
    }
    const isOdd = this.#offset !== undefined && Math.abs(packet.dts - this.#last) > this.#maxJumpMs
    return isOdd ? this.#last : packet.dts
  }

  #mapMedia(packet: MediaPacket): number {
    let dts = this.#last
    if (this.#offset === undefined) {
      this.#offset = dts - packet.dts
    } else {
      const previous = packet.kind === 'audio' ? this.#audio : this.#video
      dts = packet.dts + this.#offset
      if (dts < previous - JITTER_MS || dts > this.#last + this.#maxJumpMs) {
        dts = this.#last + JUMP_STEP_MS
        this.#offset = dts - packet.dts
        this.#jumps++
      }
      // Within the jitter a kind waits for itself, so that no player sees time go back.
      if (dts < previous) dts = previous
    }
    if (dts > this.#last) this.#last = dts
    return dts
  }

  /**
   * What is not coded media has no say in the clock: encoders send configuration, metadata and ends of sequence with 0, with the
   * time of the next frame, or with leftovers of another session. A time that fits is kept, another becomes that of the kind's last
   * packet. Data may be a little ahead of the media it belongs to.
   */
  #mapTimeless(packet: MediaPacket): number {
    const { kind } = packet
    const previous = kind === 'audio' ? this.#audio : kind === 'video' ? this.#video : this.#data
    if (this.#offset === undefined) return Math.max(previous, this.#last)
    const dts = packet.dts + this.#offset
    if (kind === 'data') {
      if (dts > this.#last + JITTER_MS) return Math.max(previous, this.#last)
      return Math.max(previous, dts)
    }
    return dts < previous || dts > this.#last ? previous : dts
  }
}
