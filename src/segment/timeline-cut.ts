/**
 * Cuts for one variant of a stream: where those of the other variants are. RFC 8216 §6.2.4.
 *
 * @module
 */
import type { CutRule, Frame, Placement } from './cut-rule.ts'
import type { OpenSegment } from './open-segment.ts'
import type { Segment } from './segment.ts'
import type { Cut, Timeline } from './timeline.ts'

/**
 * Cuts one variant with the numbers and dates of a {@link Timeline}, which the rules of the other variants share. Numbers can be missing
 * between two of its segments, where this variant was away and others were not.
 *
 * What a single stream marks as a discontinuity (a publisher that left, other codecs, a jump in time) is an interruption here: the variant
 * leaves the timeline and takes it up again where the others begin a segment. Only when all have left, a new discontinuity sequence number
 * begins, for all of them. Times are never shifted: packets of all variants must come with the same clock.
 */
export class TimelineCut implements CutRule {
  readonly changeInterrupts = true
  readonly #timeline: Timeline
  /** Where the open segment began; `undefined` outside the timeline. */
  #cut: Cut | undefined
  /** Where the next one begins, while the open one is finished. */
  #next: Cut | undefined
  #lastSequence: number
  /** The newest place when this variant began to wait; `undefined` while it does not. */
  #waitSequence: number | undefined
  #isFirstOfRun: boolean

  /**
   * @param timeline - of the stream that this is a variant of.
   * @param lastSequence - number of the last segment that another rule has cut of this variant: it begins after that; −1 for none.
   */
  constructor(timeline: Timeline, lastSequence = -1) {
    this.#timeline = timeline
    this.#cut = undefined
    this.#next = undefined
    this.#lastSequence = lastSequence
    this.#waitSequence = undefined
    this.#isFirstOfRun = true
  }

  /** Whether it has entered its timeline, and not left. */
  get running(): boolean {
    return this.#cut !== undefined
  }

  timeOf(dtsMs: number, ctsMs: number): number {
    return dtsMs + ctsMs
  }

  place(frame: Frame, open: OpenSegment | undefined): Placement {
    const { video, keyframe, timeMs, expectsVideo, expectsKeyframe } = frame
    // Sound waits for video, at the beginning for longer: a keyframe is on its way, and other variants have pictures meanwhile.
    const waitsForOthers = this.#cut === undefined && expectsKeyframe && this.#timeline.runningCount > 0
    const isStart = video ? keyframe : !expectsVideo && !waitsForOthers
    if (this.#cut === undefined) return isStart && this.#enter(frame) ? 'in' : 'out'
    const next = this.#timeline.next(this.#cut.sequence, timeMs, isStart)
    if (next === undefined) return 'in'
    if (next === 'lost') return 'lost'
    this.#next = next
    if (open !== undefined) return 'cut'
    this.#advance()
    return 'in'
  }

  split(timeMs: number): boolean {
    this.#next = this.#timeline.force(this.#cut!.sequence, timeMs)
    return this.#next !== undefined
  }

  begin(): boolean {
    const { first, discontinuitySequence } = this.#cut!
    return first && discontinuitySequence > 0
  }

  /** A track may join the first segment: a discontinuity in the middle is one that the other variants do not have. */
  join(): boolean {
    return this.#isFirstOfRun
  }

  observe({ timeMs, nowMs }: Frame): void {
    this.#timeline.observe(timeMs, nowMs)
  }

  finish(
    { startDts }: OpenSegment,
    endMs: number,
  ): Pick<Segment, 'sequence' | 'discontinuitySequence' | 'programDateTimeMs'> {
    const cut = this.#cut!
    this.#lastSequence = cut.sequence
    this.#isFirstOfRun = false
    this.#advance()
    return {
      sequence: cut.sequence,
      discontinuitySequence: cut.discontinuitySequence,
      programDateTimeMs: this.#timeline.finish(cut, startDts, endMs),
    }
  }

  interrupt(): void {
    this.#waitSequence = undefined
    if (this.#cut === undefined) return
    this.#cut = undefined
    this.#isFirstOfRun = true
    this.#timeline.leave()
  }

  #enter({ timeMs, nowMs }: Frame): boolean {
    this.#waitSequence ??= this.#timeline.nextSequence - 1
    const missedCount = this.#timeline.passedSince(this.#waitSequence)
    this.#cut = this.#timeline.enter(timeMs, nowMs, this.#lastSequence, missedCount)
    if (this.#cut === undefined) return false
    this.#waitSequence = undefined
    return true
  }

  #advance(): void {
    this.#cut = this.#next ?? this.#cut
    this.#next = undefined
  }
}
