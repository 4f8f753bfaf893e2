/**
 * A finished media segment.
 *
 * @module
 */

/** A media segment as {@link HlsSegmenter} makes it: self-contained MPEG-TS that opens with PAT and PMT. */
export interface HlsSegment {
  /** Media sequence number: one more than that of the segment before, across discontinuities and publishers. */
  readonly sequence: number
  /** What EXTINF says, in seconds: from its first packet to the first packet of the next segment. */
  readonly durationSec: number
  /** The segment, exactly its size. Owned by whoever reads it; the segmenter keeps nothing of it. */
  readonly bytes: Uint8Array
  /** Whether clock, codecs or tracks are not those of the segment before (EXT-X-DISCONTINUITY). Always set on the first segment of a segmenter that goes on with a sequence. */
  readonly discontinuity: boolean
  /** Whether it can be decoded without any other segment: its first video frame is a keyframe, or it has none. */
  readonly independent: boolean
  /** Wall-clock time of its first packet in ms since 1970, by the stream's clock since the last discontinuity (EXT-X-PROGRAM-DATE-TIME). */
  readonly programDateTimeMs: number
  /** Decode time of its first packet, in ms on the clock of the stream. */
  readonly startDts: number
  /** Where the next segment starts on that clock, in ms; the estimated end of the last frame when no packet followed. */
  readonly endDts: number
  /** Whether video frames are in it. */
  readonly hasVideo: boolean
  /** Whether audio frames are in it. */
  readonly hasAudio: boolean
}
