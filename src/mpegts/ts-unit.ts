/**
 * The output of a demuxer.
 *
 * @module
 */
import type { AccessUnit, FourCc } from '../media/index.ts'

/** One access unit of video, one frame of audio, or one PES payload of anything else. */
export interface TsUnit extends AccessUnit {
  /** PID it came on. */
  readonly pid: number
  /** `STREAM_TYPE_*` from the PMT. */
  readonly streamType: number
  /**
   * FourCC of the codec: `avc1`, `hvc1`, `mp4a`, `.mp3`, `ac-3`, `ec-3`, `Opus`; `''` for all else, layers I
   * and II of MPEG audio among them.
   */
  readonly codec: FourCc
  /** 0 for the first stream of its kind in the program, 1 for the second. */
  readonly trackId: number
  /** Presentation time in ms, rounded; `undefined` when no time is known. */
  readonly pts: number | undefined
  /** Decode time in ms, rounded; `undefined` when no time is known. */
  readonly dts: number | undefined
  /** Presentation time in ticks of 90 kHz, unwrapped: it continues past 2³³. */
  readonly ptsTicks: number | undefined
  /** Decode time in ticks of 90 kHz, unwrapped. */
  readonly dtsTicks: number | undefined
  /**
   * The bytes, which never change: Annex B for video, a frame with its ADTS or MPEG header for AAC and MP3, a
   * bare packet for Opus. They share a slab with their neighbours: copy what outlives the stream.
   */
  readonly data: Uint8Array
  /**
   * Whether decoding can start here: the random access indicator, or an IDR or IRAP picture. Always for
   * audio.
   */
  readonly randomAccess: boolean
  /** Whether data of this PID was lost, or its clock jumped, since the unit before. */
  readonly discontinuity: boolean
  /** Whether data of this PID was lost since the unit before. */
  readonly lost: boolean
  /** OpusHead, as the descriptors of the PMT tell of Opus; `undefined` for all other codecs. */
  readonly configuration: Uint8Array | undefined
}

/** A stream of the program that a demuxer reads. */
export interface TsStream {
  /** PID of its packets. */
  readonly pid: number
  /** `STREAM_TYPE_*`. */
  readonly streamType: number
  /** FourCC of the codec, `''` when unknown. */
  readonly codec: FourCc
  /** Descriptors of the PMT. */
  readonly descriptors: Uint8Array
  /** 0 for the first stream of its kind in the program, 1 for the second; a stream that goes on keeps it. */
  readonly trackId: number
}
