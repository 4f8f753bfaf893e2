/**
 * What wires without FLV tags carry: access units of video and frames of audio, with times and nothing else around them.
 *
 * @module
 */
import type { FourCc } from './codecs.ts'

/** One access unit of video or one frame of audio. */
export interface AccessUnit {
  /** The codec: a fourCC of Enhanced RTMP, or `alaw` or `ulaw`. */
  readonly codec: FourCc
  /** 0 to 255 among the tracks of its kind; 0 is the default track. @defaultValue 0 */
  readonly trackId?: number
  /** Presentation time in ms on any clock, with a fraction if there is one; `undefined` if it is not known. */
  readonly pts: number | undefined
  /** Decode time in ms on the same clock; `undefined` if it is not known. */
  readonly dts: number | undefined
  /**
   * The bytes: NAL units with lengths of 4 bytes or in Annex B for H.264, HEVC and H.266; a temporal unit in the low-overhead format for
   * AV1; a frame for VP8 and VP9; raw AAC or ADTS; a frame with its header for MP3, AC-3 and FLAC; a packet for Opus; samples for G.711.
   */
  readonly data: Uint8Array
  /** Whether decoding can start here. Pictures that show it by themselves need not say it. @defaultValue false */
  readonly randomAccess?: boolean
  /** Whether media of this track was lost before it. @defaultValue false */
  readonly lost?: boolean
  /** Decoder configuration that came apart from the media, as in SDP: a record as in FLV. */
  readonly configuration?: Uint8Array | undefined
}
