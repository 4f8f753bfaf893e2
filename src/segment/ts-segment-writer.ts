/**
 * Writes one MPEG-TS segment after the other: packets as they come, PAT and PMT in front at the end.
 *
 * @module
 */
import type { MediaPacket } from '../media/index.ts'
import { TS_TABLES_BYTES, TsMuxer, type TsMuxerOptions } from '../mpegts/index.ts'
import { SegmentBuffer } from './segment-buffer.ts'

/** PIDs and times of the transport stream. */
export type TsSegmentOptions = Omit<TsMuxerOptions, 'inlineTables' | 'tablesIntervalMs'>

/** A muxer and the bytes of the open segment. A packet is staged first, so that it can still go into the next segment. */
export class TsSegmentWriter {
  readonly #muxer: TsMuxer
  readonly #buffer: SegmentBuffer
  readonly #maxBytes: number

  /**
   * @param options - see {@link TsMuxer}; `audioPesMs` is 120 by default.
   * @param maxBytes - bound of a segment, for {@link overflows} and {@link isTooLarge}.
   */
  constructor(options: TsSegmentOptions | undefined, maxBytes: number) {
    this.#muxer = new TsMuxer({ audioPesMs: 120, ...options, inlineTables: false })
    this.#buffer = new SegmentBuffer(TS_TABLES_BYTES)
    this.#maxBytes = maxBytes
  }

  /** FourCCs that came and that MPEG-TS cannot carry. */
  get unsupportedCodecs(): ReadonlySet<string> {
    return this.#muxer.unsupportedCodecs
  }

  /** Whether video is configured. */
  get hasVideo(): boolean {
    return this.#muxer.hasVideo
  }

  /** Bytes of the open segment, with room for its tables. */
  get length(): number {
    return this.#buffer.length
  }

  /** Whether anything is staged: nothing is of a damaged frame, nor of audio that is held back. */
  get hasStaged(): boolean {
    return this.#muxer.stagedBytes > 0
  }

  /** Whether what is staged makes the open segment too large. */
  get overflows(): boolean {
    return this.#buffer.length + this.#muxer.stagedBytes > this.#maxBytes
  }

  /** Whether what is staged is too large for any segment. */
  get isTooLarge(): boolean {
    return TS_TABLES_BYTES + this.#muxer.stagedBytes > this.#maxBytes
  }

  /** Whether a coded packet has a place in the segments as things stand. */
  carries(packet: MediaPacket): boolean {
    return this.#muxer.carries(packet)
  }

  /** The clock jumps before the next packet. */
  discontinuity(): void {
    this.#muxer.discontinuity()
  }

  /** Takes a packet: configuration is in force at once, media waits for {@link write}. */
  stage(packet: MediaPacket): void {
    this.#muxer.stage(packet)
  }

  /** Forgets what is staged. */
  discardStaged(): void {
    this.#muxer.discardStaged()
  }

  /** Writes what is staged into the open segment. */
  write(): void {
    const bytes = this.#muxer.stagedBytes
    if (bytes === 0) return
    this.#muxer.writeStaged(this.#buffer.room(bytes), this.#buffer.length)
    this.#buffer.grow(bytes)
  }

  /** Writes audio that was held back for more of it. */
  writeHeld(): void {
    this.#muxer.stageHeld()
    this.write()
  }

  /** The open segment with its tables; the next one is empty. */
  take(): Uint8Array {
    return this.#buffer.take(this.#muxer.tables())
  }

  /** Throws the open segment away, held audio included. */
  clear(): void {
    this.#muxer.stageHeld()
    this.#muxer.discardStaged()
    this.#buffer.clear()
  }
}
