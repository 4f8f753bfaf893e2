/**
 * Where the segments of all variants of one stream begin: the same places, numbers and dates for each of them.
 *
 * RFC 8216 §6.2.4 asks that matching content of variants has matching timestamps and discontinuity sequence numbers. So the places are
 * a matter of the stream's clock, not of the order in which packets arrive: the variant that is first with a keyframe past the target
 * duration says where a segment begins, and every other one begins the segment of that number there. A variant that comes late takes up
 * the numbers at the next place; one that was away leaves its numbers out.
 *
 * @module
 */
import { TargetDuration, type TargetDurationOptions } from './target-duration.ts'
import { WallClock } from './wall-clock.ts'

/** How a {@link Timeline} places segments. */
export interface TimelineOptions extends TargetDurationOptions {
  /** Sequence number of the first segment. @defaultValue 0 */
  readonly startSequence?: number | undefined
  /**
   * A variant whose packets are further from their arrival than those of the others, by more than this, is on another clock: it waits
   * until the others have left. Encoders of one ladder differ by their delay alone. In ms.
   * @defaultValue 30_000
   */
  readonly maxSkewMs?: number | undefined
  /**
   * Wall clock, in ms since 1970, minus the clock of the `nowMs` that come with packets: asked for where dates begin, at the start and after
   * each discontinuity. With a monotonic clock for `nowMs`, somebody who sets the wall clock moves no date in between.
   * @defaultValue 0: `nowMs` is the wall clock
   */
  readonly wallOffsetMs?: (() => number) | undefined
}

/** The beginning of a segment in all variants. */
export interface Cut {
  /** Media sequence number. */
  readonly sequence: number
  /** Discontinuity sequence number. */
  readonly discontinuitySequence: number
  /** Presentation time of the keyframe of the variant that was first there, in ms. */
  readonly timeMs: number
  /** Whether it is the first of its discontinuity sequence number. */
  readonly first: boolean
  /** Wall clock minus stream clock, once the first segment that begins here is finished: all of them have their dates by it. */
  dateOffsetMs: number | undefined
}

/** Places that are remembered: a variant that is further behind begins anew. */
const MAX_CUTS = 64
/** Keyframes of different variants that are so near are the same one: encoders with and without B-frames differ by some frames. */
const MAX_TOLERANCE_MS = 250
/** A variant whose keyframes are elsewhere has seen so many places go by. */
const PATIENCE_CUTS = 2

/** The places of one stream; its variants' segmenters share it. */
export class Timeline {
  readonly #target: TargetDuration
  readonly #toleranceMs: number
  readonly #maxSkewMs: number
  readonly #wallClock: WallClock
  #cuts: Cut[]
  #nextSequence: number
  #discontinuitySequence: number
  #runningCount: number
  #leastOffsetMs: number
  #longestSec: number

  /**
   * @param options - durations.
   * @throws RangeError if a duration or factor is out of range.
   */
  constructor(options: TimelineOptions = {}) {
    const { startSequence = 0, maxSkewMs = 30_000 } = options
    this.#target = new TargetDuration(options)
    this.#toleranceMs = Math.min(MAX_TOLERANCE_MS, this.#target.targetMs / 4)
    this.#maxSkewMs = maxSkewMs
    this.#wallClock = new WallClock(options.wallOffsetMs)
    this.#cuts = []
    this.#nextSequence = startSequence
    // The first segment after another packager's is a discontinuity, as with a single stream.
    this.#discontinuitySequence = startSequence > 0 ? 0 : -1
    this.#runningCount = 0
    this.#leastOffsetMs = Infinity
    this.#longestSec = 0
  }

  /** Sequence number of the next place that is not known yet. */
  get nextSequence(): number {
    return this.#nextSequence
  }

  /** Variants that are inside it: entered and not left. */
  get runningCount(): number {
    return this.#runningCount
  }

  /** The longest segment of any variant, in seconds: EXT-X-TARGETDURATION is the same for all. */
  get longestSec(): number {
    return this.#longestSec
  }

  /**
   * A variant asks where to begin: at `timeMs`, a frame that it can start with. The first of all begins a new discontinuity sequence
   * number; a later one begins where others do.
   * @param nowMs - its arrival.
   * @param afterSequence - the last number that this variant has used; −1 for none.
   * @param missedCount - places that went by while this variant waited, see {@link Timeline.passedSince}.
   * @returns where it begins, `undefined` when it is to wait.
   */
  enter(timeMs: number, nowMs: number, afterSequence: number, missedCount: number): Cut | undefined {
    if (this.#runningCount === 0) this.#restart()
    else if (nowMs - timeMs - this.#leastOffsetMs > this.#maxSkewMs) return undefined
    else if (this.#leastOffsetMs - (nowMs - timeMs) > this.#maxSkewMs) return undefined
    const cut = this.#cutAt(timeMs, missedCount >= PATIENCE_CUTS)
    if (cut === undefined || cut.sequence <= afterSequence) return undefined
    this.#runningCount++
    this.observe(timeMs, nowMs)
    return cut
  }

  /** A variant that had entered is interrupted. */
  leave(): void {
    this.#runningCount--
  }

  /** Places since that of `sequence`. */
  passedSince(sequence: number): number {
    return Math.max(0, this.#nextSequence - 1 - sequence)
  }

  /**
   * Whether the segment of `sequence` ends before a frame at `timeMs`.
   * @param isStart - whether a segment can begin with the frame: a keyframe, or any where there is no video.
   * @returns the place where the next one begins; `undefined` when the segment goes on; `lost` when the variant has jumped over one.
   */
  next(sequence: number, timeMs: number, isStart: boolean): Cut | 'lost' | undefined {
    const next = this.#find(sequence + 1)
    if (next !== undefined) {
      const afterNext = this.#find(sequence + 2)
      if (afterNext !== undefined && timeMs >= afterNext.timeMs - this.#toleranceMs) return 'lost'
      if (timeMs < next.timeMs - this.#toleranceMs) return undefined
      // Keyframes that are not where the others have theirs: it begins with its own, but not too late.
      return isStart || timeMs >= next.timeMs + this.#target.targetMs / 2 ? next : undefined
    }
    const current = this.#find(sequence)
    if (current === undefined) return 'lost'
    const duration = timeMs - current.timeMs
    const isDue = duration >= this.#target.forcedMs || (isStart && duration >= this.#target.keyframeDueMs)
    return isDue ? this.#add(timeMs) : undefined
  }

  /** The segment of `sequence` has to end at `timeMs`. @returns the place, or `undefined` when others have passed it already. */
  force(sequence: number, timeMs: number): Cut | undefined {
    const isNewest = sequence === this.#nextSequence - 1
    return isNewest && timeMs > this.#cuts.at(-1)!.timeMs + this.#toleranceMs ? this.#add(timeMs) : undefined
  }

  /** A frame of a variant came, for the dates. */
  observe(timeMs: number, nowMs: number): void {
    this.#leastOffsetMs = Math.min(this.#leastOffsetMs, nowMs - timeMs)
    this.#wallClock.observe(timeMs, nowMs)
  }

  /**
   * A segment that began at `cut`, with a frame at `timeMs`, is finished and ends at `endMs`.
   * @returns the wall-clock time of `timeMs`, in ms since 1970.
   */
  finish(cut: Cut, timeMs: number, endMs: number): number {
    this.#longestSec = Math.max(this.#longestSec, (endMs - timeMs) / 1000)
    cut.dateOffsetMs ??= this.#wallClock.take(cut.timeMs) - cut.timeMs
    return timeMs + cut.dateOffsetMs
  }

  /** Nobody is inside: the clock may be another one now. */
  #restart(): void {
    this.#cuts = []
    this.#leastOffsetMs = Infinity
    this.#wallClock.reset()
    this.#discontinuitySequence++
  }

  #cutAt(timeMs: number, isPatient: boolean): Cut | undefined {
    const newest = this.#cuts.at(-1)
    if (newest === undefined) return this.#add(timeMs)
    for (let i = this.#cuts.length - 1; i >= 0; i--) {
      const cut = this.#cuts[i]!
      const late = timeMs - cut.timeMs
      if (late < -this.#toleranceMs) continue
      if (late <= this.#toleranceMs) return cut
      if (cut === newest && late >= this.#target.keyframeDueMs) return this.#add(timeMs)
      return isPatient && late < this.#target.targetMs / 2 ? cut : undefined
    }
    return undefined
  }

  #find(sequence: number): Cut | undefined {
    const index = this.#cuts.length - (this.#nextSequence - sequence)
    return index < 0 ? undefined : this.#cuts[index]
  }

  #add(timeMs: number): Cut {
    const newest = this.#cuts.at(-1)
    const first = newest === undefined
    if (newest !== undefined) this.#target.pass(timeMs - newest.timeMs)
    const cut: Cut = {
      sequence: this.#nextSequence++,
      discontinuitySequence: this.#discontinuitySequence,
      timeMs,
      first,
      dateOffsetMs: undefined,
    }
    this.#cuts.push(cut)
    if (this.#cuts.length > MAX_CUTS) this.#cuts.shift()
    return cut
  }
}
