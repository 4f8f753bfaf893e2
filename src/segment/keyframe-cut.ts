/**
 * Cuts for a stream by itself: at its own keyframes.
 *
 * A segment is cut before a video keyframe once the target duration is reached, before any frame if there is no video or it has stalled,
 * and by force if no keyframe comes.
 *
 * @module
 */
import type { CutRule, Frame, Placement } from './cut-rule.ts'
import type { OpenSegment } from './open-segment.ts'
import type { Segment } from './segment.ts'
import { TargetDuration, type TargetDurationOptions } from './target-duration.ts'
import { WallClock } from './wall-clock.ts'

/** How a {@link KeyframeCut} cuts. */
export interface KeyframeCutOptions extends TargetDurationOptions {
  /**
   * Sequence number of the first segment. A rule that takes up where another stopped gets that one's {@link KeyframeCut.nextSequence}; its
   * first segment is then marked as a discontinuity.
   * @defaultValue 0
   */
  readonly startSequence?: number | undefined
  /**
   * Wall clock, in ms since 1970, minus the clock of the `nowMs` that come with packets: asked for where dates begin, at the start and after
   * each discontinuity. With a monotonic clock for `nowMs`, somebody who sets the wall clock moves no date in between.
   * @defaultValue 0: `nowMs` is the wall clock
   */
  readonly wallOffsetMs?: (() => number) | undefined
}

/** A keyframe joins a segment that audio opened so much earlier; after that it gets a segment of its own. */
const VIDEO_JOIN_MS = 500

/** Cuts a stream at its keyframes. */
export class KeyframeCut implements CutRule {
  readonly changeInterrupts = false
  readonly #target: TargetDuration
  readonly #wallClock: WallClock
  #sequence: number
  #discontinuitySequence: number
  /** Since the last discontinuity: finished segments, and whether video was seen. */
  #runCount: number
  #runHasVideo: boolean
  #isDiscontinuity: boolean

  /**
   * @param options - durations and numbers.
   * @throws RangeError if a duration or factor is out of range.
   */
  constructor(options: KeyframeCutOptions = {}) {
    this.#target = new TargetDuration(options)
    this.#wallClock = new WallClock(options.wallOffsetMs)
    this.#sequence = options.startSequence ?? 0
    this.#discontinuitySequence = 0
    this.#runCount = 0
    this.#runHasVideo = false
    this.#isDiscontinuity = this.#sequence > 0
  }

  /** Sequence number that the next finished segment gets. */
  get nextSequence(): number {
    return this.#sequence
  }

  timeOf(dtsMs: number): number {
    return dtsMs
  }

  place(frame: Frame, open: OpenSegment | undefined): Placement {
    const { video, keyframe, timeMs, needsKeyframe, expectsVideo } = frame
    if (open === undefined) return !video && needsKeyframe && expectsVideo ? 'out' : 'in'
    if (timeMs - open.firstDts(video, timeMs) >= this.#target.forcedMs) return 'cut'
    const durationMs = timeMs - open.startDts
    if (!video) {
      const isDue = durationMs >= this.#target.dueMs && (needsKeyframe || !expectsVideo)
      return isDue ? 'cut' : 'in'
    }
    if (!keyframe) return 'in'
    if (open.videoCount === 0 && durationMs > VIDEO_JOIN_MS) {
      if (!this.#runHasVideo) this.#isDiscontinuity = true
      return 'cut'
    }
    return durationMs >= this.#target.keyframeDueMs ? 'cut' : 'in'
  }

  split(): boolean {
    return true
  }

  begin(): boolean {
    const isDiscontinuity = this.#isDiscontinuity
    this.#isDiscontinuity = false
    return isDiscontinuity
  }

  /** The tables are written at the end of the segment, so that it can have one more track. */
  join(open: OpenSegment): boolean {
    if (this.#runCount > 0) open.discontinuity = true
    return true
  }

  observe({ video, timeMs, nowMs }: Frame): void {
    if (video) this.#runHasVideo = true
    this.#wallClock.observe(timeMs, nowMs)
  }

  finish(
    { startDts, discontinuity }: OpenSegment,
    endMs: number,
  ): Pick<Segment, 'sequence' | 'discontinuitySequence' | 'programDateTimeMs'> {
    if (discontinuity) this.#discontinuitySequence++
    this.#target.pass(endMs - startDts)
    this.#runCount++
    return {
      sequence: this.#sequence++,
      discontinuitySequence: this.#discontinuitySequence,
      programDateTimeMs: this.#wallClock.take(startDts),
    }
  }

  interrupt(clockJumps: boolean): void {
    this.#runCount = 0
    this.#runHasVideo = false
    this.#isDiscontinuity = this.#sequence > 0
    if (clockJumps) this.#wallClock.reset()
  }
}
