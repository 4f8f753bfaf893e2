/**
 * What a segmenter needs of a container format.
 *
 * @module
 */
import type { MediaPacket } from '../media/index.ts'

/** What a writer makes of one segment. */
export interface WrittenSegment {
  /** The segment, exactly its size. Owned by the reader; nothing of it is kept. */
  readonly bytes: Uint8Array
}

/**
 * Writes one segment after the other. A packet is staged first, so that it can still go into the next segment; then it is written or
 * discarded.
 */
export interface SegmentWriter {
  /** FourCCs that came and that the format cannot carry. */
  readonly unsupportedCodecs: ReadonlySet<string>
  /** Whether video is configured. */
  readonly hasVideo: boolean
  /** Bytes of the open segment. */
  readonly length: number
  /** Whether anything is staged: nothing is of a damaged frame, nor of audio that is held back. */
  readonly hasStaged: boolean
  /** Whether what is staged makes the open segment too large. */
  readonly overflows: boolean
  /** Whether what is staged is too large for any segment. */
  readonly isTooLarge: boolean
  /** Whether a coded packet has a place in the segments as things stand. */
  carries(packet: MediaPacket): boolean
  /** The clock jumps before the next packet. */
  discontinuity(): void
  /** Takes a packet: configuration is in force at once, media waits for {@link SegmentWriter.write}. */
  stage(packet: MediaPacket): void
  /** Discards what is staged. */
  discardStaged(): void
  /** Writes what is staged into the open segment. */
  write(): void
  /** Writes what was held back for more of it. */
  writeHeld(): void
  /** The open segment; the next one is empty. */
  take(): WrittenSegment
  /** Discards the open segment and what was held back. */
  clear(): void
}
