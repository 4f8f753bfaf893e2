/**
 * What a track of MP4 must say of its codec.
 *
 * @module
 */
import type { BoxWriter } from './box-writer.ts'

/** How the samples of one track are described and timed. */
export interface SampleFormat {
  /**
   * Ticks in a second: the sampling rate of audio, so that frames end on a tick; 90,000 for video, 90 for
   * each ms of RTMP.
   */
  readonly timescale: number
  /** Width to show in pixels, the sample aspect ratio applied; 0 for audio and if unknown. */
  readonly displayWidth: number
  /** Height to show in pixels; 0 for audio and if unknown. */
  readonly displayHeight: number
  /** Bytes of the lengths before NAL units; 0 for codecs without. */
  readonly nalLengthSize: number
  /** Ticks that a frame lasts if nothing else says so. */
  readonly defaultTicks: number
  /** Brand that a file with this codec names, `''` without one. */
  readonly brand: string
  /** Writes the sample entry, a box. */
  writeSampleEntry(writer: BoxWriter): void
  /** Ticks that `frame` lasts; 0 if only the next frame shows it, as in video. */
  frameTicks(frame: Uint8Array): number
}
