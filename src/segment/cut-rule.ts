/**
 * Where the segments of one stream begin and end.
 *
 * @module
 */
import type { OpenSegment } from './open-segment.ts'
import type { Segment } from './segment.ts'

/** A frame that a segment is about to take. */
export interface Frame {
  /** Whether it is video; else it is audio. */
  readonly video: boolean
  /** Whether it is a video keyframe. */
  readonly keyframe: boolean
  /** Its time as the rule counts it, see {@link CutRule.timeOf}, in ms. */
  readonly timeMs: number
  /** When it came, in ms on the clock of the arrivals. */
  readonly nowMs: number
  /** Whether video has yet to begin, or begin again, with a keyframe. */
  readonly needsKeyframe: boolean
  /** Whether video is configured and has not stalled: pictures will come. */
  readonly expectsVideo: boolean
  /** Whether video is configured and inter frames came while it waits for a keyframe: one is on its way. */
  readonly expectsKeyframe: boolean
}

/**
 * What becomes of a frame: `in` goes into the open segment, or opens one; `cut` ends the open segment and opens the next; `out` is left out;
 * `lost` interrupts the stream, and is then asked for again.
 */
export type Placement = 'in' | 'cut' | 'out' | 'lost'

/**
 * Says where a {@link Segmenter} cuts, and numbers and dates the segments. One rule belongs to one segmenter, which calls
 * {@link CutRule.finish} for each segment that {@link CutRule.begin} began and that is not thrown away.
 */
export interface CutRule {
  /** Whether other codecs or tracks interrupt the stream as a jump in time does. Else it continues on its clock, with a discontinuity. */
  readonly changeInterrupts: boolean
  /** The time that counts for the cuts, in ms: decode time, or that plus composition time. */
  timeOf(dtsMs: number, ctsMs: number): number
  /** What becomes of `frame`. @param open - the segment that is open. */
  place(frame: Frame, open: OpenSegment | undefined): Placement
  /** The open segment is full at `timeMs`. @returns whether it may be cut there; else the stream is interrupted. */
  split(timeMs: number): boolean
  /** A segment begins. @returns whether it is a discontinuity. */
  begin(): boolean
  /** A track joins the open segment. @returns whether it can; else the segment ends first. */
  join(open: OpenSegment): boolean
  /** A frame went into the open segment. */
  observe(frame: Frame): void
  /** The open segment is finished, and ends at `endMs`. @returns its number and date. */
  finish(
    open: OpenSegment,
    endMs: number,
  ): Pick<Segment, 'sequence' | 'discontinuitySequence' | 'programDateTimeMs'>
  /** The stream is interrupted, or continues with other codecs if `clockJumps` is false. The open segment has been finished. */
  interrupt(clockJumps: boolean): void
}
