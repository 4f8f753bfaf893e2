/**
 * Maps a publisher's timestamps to the source's clock.
 *
 * Deltas are kept. A source starts at 0; a republish goes on after the last packet by the time that really passed. Each kind is
 * judged by its own times. One that does not go on from the one before it decides nothing until the next of its kind, or the other
 * kind, confirms it: until then it follows the newest packet. What is not confirmed is an outlier and takes no time. What is
 * confirmed is a gap, which is kept, or a jump (back, or ahead by more than `maxJumpMs`), which is closed. Audio and video that
 * jump alike are moved alike; a kind that jumps alone has a clock of its own. Anything finer is the publisher's own timing.
 *
 * @module
 */
import type { MediaPacket } from '../media/index.ts'

/** How far a kind may step back before it counts as a restarted clock: encoders jitter by a frame or two. */
const JITTER_MS = 500

/** How far a kind may step ahead without doubt: a frame a second is in use. */
const DOUBT_MS = 1000

/** How far an unconfirmed time is put after the newest packet, about one video frame. */
const JUMP_STEP_MS = 20

/** Options of {@link SourceClock}. */
export interface SourceClockOptions {
  /** A step ahead beyond this is closed. @defaultValue 10000 */
  readonly maxJumpMs?: number | undefined
  /** Keep the publisher's own clock: no start at 0, no repair ("absolute time" in SRS). @defaultValue false */
  readonly atc?: boolean | undefined
}

/** Where audio or video of a publisher is. Times are on the source's clock unless they are the publisher's own. */
class KindClock {
  /** What is added to the publisher's times. */
  offset: number
  /** What the last jump of this kind alone added to `offset`, until the other kind has followed. */
  shift: number
  /** The latest time that was not in doubt. */
  line: number
  /** From there to the one before it. */
  step: number
  /** The latest time given out. */
  dts: number
  /** Whether the publisher has sent any. */
  hasBegun: boolean
  /** The publisher's time of a packet in doubt. */
  oddTime: number | undefined
  /** The time it was given. */
  oddDts: number

  constructor(dts: number) {
    this.offset = 0
    this.shift = 0
    this.line = dts
    this.step = 0
    this.dts = dts
    this.hasBegun = false
    this.oddTime = undefined
    this.oddDts = 0
  }

  /** Whether `dts` undoes the step ahead of the packet before it. */
  takesBack(dts: number): boolean {
    const beyond = dts - (this.line - this.step)
    return dts < this.line - JITTER_MS && beyond >= -JITTER_MS && beyond <= JITTER_MS / 2
  }

  /** Whether `dts` lies before the line, nearer to the packet in doubt than to the line. */
  isNearerOdd(dts: number): boolean {
    if (this.oddTime === undefined) return false
    return Math.abs(dts - this.oddTime - this.offset) < this.line - dts
  }

  /** Takes a time that is not in doubt. */
  advance(dts: number): void {
    const line = this.takesBack(dts) ? dts : Math.max(this.line, dts)
    this.step = Math.max(0, line - this.line)
    this.line = line
    this.hasBegun = true
    this.oddTime = undefined
  }
}

/** Timestamp state of one source. */
export class SourceClock {
  #maxJumpMs!: number
  #nextAtc!: boolean
  #atc: boolean
  /** Whether the present publisher has sent media. */
  #hasBegun: boolean
  #audio: KindClock
  #video: KindClock
  #data: number
  #last: number
  #arrivedMs: number
  #jumps: number

  /** @param options - see {@link SourceClockOptions}. */
  constructor(options: SourceClockOptions = {}) {
    this.setOptions(options)
    this.#atc = this.#nextAtc
    this.#hasBegun = false
    this.#audio = new KindClock(0)
    this.#video = new KindClock(0)
    this.#data = 0
    this.#last = 0
    this.#arrivedMs = 0
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

  /** How many jumps and outliers were closed so far. */
  get jumps(): number {
    return this.#jumps
  }

  /** A new publisher takes over: its first packet follows the last one by `gapMs`, the time that passed. */
  republish(gapMs: number): void {
    this.#atc = this.#nextAtc
    this.#hasBegun = false
    if (this.#atc) return
    this.#last += Math.max(0, Math.round(gapMs))
    // Nothing of the new publisher lies before its own beginning.
    this.#audio = new KindClock(this.#last)
    this.#video = new KindClock(this.#last)
    this.#data = Math.max(this.#data, this.#last)
  }

  /**
   * The dts of `packet` on the source's clock. Without `atc`, audio never goes back behind audio, video never behind video, data
   * never behind data.
   * @param arrivedMs - when it came, in ms on any monotonic clock, the same for all packets. A pause of the publisher is then known
   * from its first packet; without it, from the second.
   */
  map(packet: MediaPacket, arrivedMs = 0): number {
    if (this.#atc) return this.#mapAbsolute(packet)
    if (packet.kind === 'data') return (this.#data = this.#mapData(packet.dts))
    const own = packet.kind === 'audio' ? this.#audio : this.#video
    const dts = packet.coded ? this.#mapMedia(own, packet.dts, arrivedMs) : this.#mapTimeless(own, packet.dts)
    own.dts = dts
    return dts
  }

  #mapAbsolute(packet: MediaPacket): number {
    if (packet.coded) {
      this.#hasBegun = true
      this.#last = packet.dts
      return packet.dts
    }
    const isOdd = this.#hasBegun && Math.abs(packet.dts - this.#last) > this.#maxJumpMs
    return isOdd ? this.#last : packet.dts
  }

  #mapMedia(own: KindClock, time: number, arrivedMs: number): number {
    if (!this.#hasBegun) {
      this.#hasBegun = true
      this.#audio.offset = this.#last - time
      this.#video.offset = this.#last - time
      this.#arrivedMs = arrivedMs
    }
    const waitedMs = arrivedMs - this.#arrivedMs
    this.#arrivedMs = arrivedMs
    let dts: number
    if (this.#follows(own, time + own.offset, waitedMs) || this.#settle(own, time)) {
      dts = time + own.offset
      if (own.oddTime !== undefined || own.takesBack(dts)) this.#jumps++
      own.advance(dts)
      // Within the jitter a kind waits for itself, so that no player sees time go back.
      dts = Math.max(dts, own.dts)
    } else {
      if (own.oddTime !== undefined) this.#jumps++
      dts = this.#last + JUMP_STEP_MS
      own.oddTime = time
      own.oddDts = dts
    }
    if (dts > this.#last) this.#last = dts
    return dts
  }

  /** Whether `dts` needs no confirmation: steps ahead as long as the one before, and as long as the wait for the packet, are in order. */
  #follows(own: KindClock, dts: number, waitedMs = 0): boolean {
    if (dts < own.line - JITTER_MS || own.isNearerOdd(dts)) return own.takesBack(dts)
    return (
      dts <=
      this.#last + Math.min(this.#maxJumpMs, Math.max(DOUBT_MS, own.step + JITTER_MS, waitedMs + JITTER_MS))
    )
  }

  /** Sets the offsets so that `time` has a place, if what came before it and the other kind tell which. */
  #settle(own: KindClock, time: number): boolean {
    const other = own === this.#audio ? this.#video : this.#audio
    return (
      this.#confirms(own, time) ||
      this.#agrees(own, other, time) ||
      this.#adopts(own, other, time) ||
      this.#beginsEarly(own, time)
    )
  }

  /** The packet in doubt before this one was no outlier: both go on from the same place. */
  #confirms(own: KindClock, time: number): boolean {
    const { oddTime } = own
    if (oddTime === undefined || time < oddTime - JITTER_MS) return false
    if (this.#isGap(own, oddTime) && time + own.offset <= this.#last + this.#maxJumpMs) {
      own.oddTime = undefined
      return true
    }
    const step = time - oddTime
    if (step > DOUBT_MS + own.step || step > this.#maxJumpMs - JUMP_STEP_MS) return false
    own.shift = own.oddDts - oddTime - own.offset
    own.offset += own.shift
    return true
  }

  /** A packet of the other kind is in doubt, and this one has the same time, or has made the same step on a clock of its own. */
  #agrees(own: KindClock, other: KindClock, time: number): boolean {
    const { oddTime } = other
    if (oddTime === undefined) return false
    const sameClock = Math.abs(time - oddTime) <= JITTER_MS
    const distance = sameClock ? 0 : other.offset - own.offset
    if (Math.abs(time - oddTime - distance) > JITTER_MS) return false
    if (this.#isGap(other, oddTime)) {
      if (time - distance + other.offset > this.#last + this.#maxJumpMs) return false
    } else {
      other.offset = other.oddDts - oddTime
      this.#jumps++
    }
    own.offset = other.offset - distance
    other.advance(oddTime + other.offset)
    own.oddTime = undefined
    return true
  }

  /** The other kind has jumped: to a clock that this kind is on now, or as far as this kind has. */
  #adopts(own: KindClock, other: KindClock, time: number): boolean {
    for (const offset of [other.offset, own.offset + other.shift]) {
      if (offset === own.offset || !this.#follows(own, time + offset)) continue
      own.offset = offset
      other.shift = 0
      return true
    }
    return false
  }

  /** The first packet of a kind lies before the first of the other, on the same clock: all move, so that it can stay in front of them. */
  #beginsEarly(own: KindClock, time: number): boolean {
    const dts = time + own.offset
    if (own.hasBegun || own.oddTime !== undefined || dts > own.line || dts < own.line - this.#maxJumpMs)
      return false
    const shift = this.#last + JUMP_STEP_MS - dts
    this.#audio.offset += shift
    this.#video.offset += shift
    this.#jumps++
    return true
  }

  /** Whether the step to the packet in doubt is the publisher's own, not that to another clock. */
  #isGap(kind: KindClock, oddTime: number): boolean {
    const step = oddTime + kind.offset - kind.oddDts + JUMP_STEP_MS
    return step > 0 && step <= this.#maxJumpMs
  }

  /**
   * What is not coded media has no say in the clock: encoders send configuration, metadata and ends of sequence with 0, with the
   * time of the next frame, or with leftovers of another session. A time that fits is kept, another becomes that of the kind's last
   * packet.
   */
  #mapTimeless(own: KindClock, time: number): number {
    if (!this.#hasBegun) return Math.max(own.dts, this.#last)
    const dts = time + own.offset
    return dts < own.dts || dts > this.#last ? own.dts : dts
  }

  /** Data may be a little ahead of the media it belongs to, which is the kind whose clock it is nearer to. */
  #mapData(time: number): number {
    if (!this.#hasBegun) return Math.max(this.#data, this.#last)
    const byAudio = time + this.#audio.offset
    const byVideo = time + this.#video.offset
    const isAudio = Math.abs(byAudio - this.#last) < Math.abs(byVideo - this.#last)
    const dts = isAudio ? byAudio : byVideo
    return Math.max(this.#data, dts > this.#last + JITTER_MS ? this.#last : dts)
  }
}
