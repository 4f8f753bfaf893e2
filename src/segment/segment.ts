/**
 * A finished media segment.
 *
 * @module
 */
import type { WrittenSegment } from './segment-writer.ts'

/** A media segment as a {@link Segmenter} makes it: as MPEG-TS, it is self-contained and opens with PAT and PMT. */
export interface Segment extends WrittenSegment {
  /**
   * Media sequence number: one more than that of the segment before, across discontinuities and publishers. Of a variant, numbers are
   * missing where it was away and others were not.
   */
  readonly sequence: number
  /** Number of discontinuities up to and with this segment, the same in all variants (EXT-X-DISCONTINUITY-SEQUENCE). */
  readonly discontinuitySequence: number
  /** What EXTINF says, in seconds: from its first packet to the first packet of the next segment. */
  readonly durationSec: number
  /** Whether clock, codecs or tracks are not those of the segment before (EXT-X-DISCONTINUITY). Always set on the first segment of a segmenter that goes on with a sequence. */
  readonly discontinuity: boolean
  /** Whether it can be decoded without any other segment: its first video frame is a keyframe, or it has none. */
  readonly independent: boolean
  /** Wall-clock time of its first packet in ms since 1970, by the stream's clock since the last discontinuity (EXT-X-PROGRAM-DATE-TIME). */
  readonly programDateTimeMs: number
  /** Time of its first packet, in ms on the clock of the stream: decode time, or presentation time of a variant. */
  readonly startDts: number
  /** Where the next segment starts on that clock, in ms; the estimated end of the last frame when no packet followed. */
  readonly endDts: number
  /** Whether video frames are in it. */
  readonly hasVideo: boolean
  /** Whether audio frames are in it. */
  readonly hasAudio: boolean
}
