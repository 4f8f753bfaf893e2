/**
 * Writes one MPEG-TS segment after the other: packets as they come, PAT and PMT in front at the end.
 *
 * @module
 */
import type { MediaPacket } from '../media/index.ts'
import { TS_TABLES_BYTES, TsMuxer, type TsMuxerOptions } from '../mpegts/index.ts'
import { SegmentBuffer } from './segment-buffer.ts'
import type { SegmentWriter, WrittenSegment } from './segment-writer.ts'

/** PIDs and times of the transport stream. */
export type TsSegmentOptions = Omit<TsMuxerOptions, 'inlineTables' | 'tablesIntervalMs'>

/** How a {@link TsSegmentWriter} writes. */
export interface TsSegmentWriterOptions {
  /**
   * A segment ends before the packet that would make it larger; a packet that is larger by itself is left out. The writer holds up to twice
   * as much, in bytes.
   * @defaultValue 33_554_432
   */
  readonly maxSegmentBytes?: number | undefined
  /** PIDs and times of the transport stream. Audio frames share PES packets, with `audioPesMs` 120 by default. */
  readonly ts?: TsSegmentOptions | undefined
}

/** A muxer and the bytes of the open segment. */
export class TsSegmentWriter implements SegmentWriter {
  readonly #muxer: TsMuxer
  readonly #buffer: SegmentBuffer
  readonly #maxBytes: number

  /** @param options - bound and transport stream. */
  constructor({ maxSegmentBytes = 33_554_432, ts }: TsSegmentWriterOptions = {}) {
    this.#muxer = new TsMuxer({ audioPesMs: 120, ...ts, inlineTables: false })
    this.#buffer = new SegmentBuffer(TS_TABLES_BYTES)
    this.#maxBytes = maxSegmentBytes
  }

  get unsupportedCodecs(): ReadonlySet<string> {
    return this.#muxer.unsupportedCodecs
  }

  get hasVideo(): boolean {
    return this.#muxer.hasVideo
  }

  /** Bytes of the open segment, with room for its tables. */
  get length(): number {
    return this.#buffer.length
  }

  get hasStaged(): boolean {
    return this.#muxer.stagedBytes > 0
  }

  get overflows(): boolean {
    return this.#buffer.length + this.#muxer.stagedBytes > this.#maxBytes
  }

  get isTooLarge(): boolean {
    return TS_TABLES_BYTES + this.#muxer.stagedBytes > this.#maxBytes
  }

  carries(packet: MediaPacket): boolean {
    return this.#muxer.carries(packet)
  }

  discontinuity(): void {
    this.#muxer.discontinuity()
  }

  stage(packet: MediaPacket): void {
    this.#muxer.stage(packet)
  }

  discardStaged(): void {
    this.#muxer.discardStaged()
  }

  write(): void {
    const bytes = this.#muxer.stagedBytes
    if (bytes === 0) return
    this.#muxer.writeStaged(this.#buffer.room(bytes), this.#buffer.length)
    this.#buffer.grow(bytes)
  }

  writeHeld(): void {
    this.#muxer.stageHeld()
    this.write()
  }

  /** PAT and PMT go in front now that all streams of the segment are known. */
  take(): WrittenSegment {
    return { bytes: this.#buffer.take(this.#muxer.tables()) }
  }

  clear(): void {
    this.#muxer.stageHeld()
    this.#muxer.discardStaged()
    this.#buffer.clear()
  }
}
