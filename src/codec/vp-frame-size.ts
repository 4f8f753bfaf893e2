/**
 * Picture size of VP8 and VP9, which only their keyframes tell, and what else these say. RFC 6386 §9.1; VP9 Bitstream & Decoding Process Specification §6.2.
 *
 * VP8: size, flags and key frame 24, little-endian | 9d 01 2a | width 14, scale 2 | height 14, scale 2, little-endian.
 * VP9: marker 2 | profile 2, reserved 1 in profile 3 | show existing 1 | frame type 1 = 0 | show 1 | error resilient 1 | 49 83 42
 * | colour | width − 1 16 | height − 1 16.
 *
 * @module
 */
import { BitReader, readU24 } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'
import type { ColourDescription } from './video-description.ts'
import type { VpConfiguration } from './vp-configuration.ts'

/** Size of a picture. */
export interface FrameSize {
  /** Width in pixels. */
  readonly width: number
  /** Height in pixels. */
  readonly height: number
}

/** VP9 color_space: RGB, which has no range and other subsampling fields. */
const COLOR_SPACE_RGB = 7

/** Size of a VP8 keyframe; `undefined` for any other frame. Upscaling, which decoders leave to the player, is not applied. */
export function vp8KeyframeSize(frame: Uint8Array): FrameSize | undefined {
  if (frame.length < 10 || (frame[0]! & 0x01) !== 0 || readU24(frame, 3) !== 0x9d_01_2a) return undefined
  return { width: frame[6]! | ((frame[7]! & 0x3f) << 8), height: frame[8]! | ((frame[9]! & 0x3f) << 8) }
}

/** Size of a VP9 keyframe, the first of a superframe; `undefined` for any other frame. */
export function vp9KeyframeSize(frame: Uint8Array): FrameSize | undefined {
  const keyframe = readVp9Keyframe(frame)
  return keyframe && { width: keyframe.width, height: keyframe.height }
}

/**
 * What a keyframe of VP8 or VP9 says that a decoder configuration record says, its level by the size of the picture; `undefined` for any
 * other frame.
 */
export function vpKeyframeConfiguration(
  codec: 'vp08' | 'vp09',
  frame: Uint8Array,
): VpConfiguration | undefined {
  if (codec === 'vp09') return readVp9Keyframe(frame)
  const size = vp8KeyframeSize(frame)
  const colour = { ...COLOURS[0]!, fullRange: false }
  return size && { profile: 0, level: levelOf(size), bitDepth: 8, chromaSubsampling: 0, colour }
}

function readVp9Keyframe(frame: Uint8Array): (VpConfiguration & FrameSize) | undefined {
  const reader = new BitReader(frame)
  try {
    if (reader.bits(2) !== 2) return undefined // frame_marker
    const profile = reader.bits(1) | (reader.bits(1) << 1) // profile_low_bit, profile_high_bit
    if (profile === 3) reader.skip(1) // reserved_zero
    if (reader.flag() || reader.flag()) return undefined // show_existing_frame, frame_type
    reader.skip(2) // show_frame, error_resilient_mode
    if (reader.bits(24) !== 0x49_83_42) return undefined // frame_sync_code
    const bitDepth = profile < 2 ? 8 : reader.flag() ? 12 : 10 // ten_or_twelve_bit
    const hasSubsampling = profile === 1 || profile === 3
    const space = reader.bits(3) // color_space
    let fullRange = true
    let chromaSubsampling = SUBSAMPLING_444
    if (space === COLOR_SPACE_RGB) reader.skip(hasSubsampling ? 1 : 0) // reserved_zero
    else {
      fullRange = reader.flag() // color_range
      chromaSubsampling = SUBSAMPLING_420_COLOCATED
      if (hasSubsampling) {
        const narrow = reader.flag() // subsampling_x
        const low = reader.flag() // subsampling_y
        chromaSubsampling = narrow && !low ? SUBSAMPLING_422 : narrow ? chromaSubsampling : SUBSAMPLING_444
        reader.skip(1) // reserved_zero
      }
    }
    const size = { width: reader.bits(16) + 1, height: reader.bits(16) + 1 }
    const colour = { ...COLOURS[space]!, fullRange }
    return { profile, level: levelOf(size), bitDepth, chromaSubsampling, colour, ...size }
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

const SUBSAMPLING_420_COLOCATED = 1
const SUBSAMPLING_422 = 2
const SUBSAMPLING_444 = 3

/** Code points of ISO/IEC 23091-2 by color_space of VP9. */
const COLOURS: readonly Omit<ColourDescription, 'fullRange'>[] = [
  { primaries: 2, transfer: 2, matrix: 2 }, // CS_UNKNOWN
  { primaries: 6, transfer: 6, matrix: 6 }, // CS_BT_601
  { primaries: 1, transfer: 1, matrix: 1 }, // CS_BT_709
  { primaries: 6, transfer: 6, matrix: 6 }, // CS_SMPTE_170
  { primaries: 7, transfer: 7, matrix: 7 }, // CS_SMPTE_240
  { primaries: 9, transfer: 14, matrix: 9 }, // CS_BT_2020
  { primaries: 2, transfer: 2, matrix: 2 }, // CS_RESERVED
  { primaries: 1, transfer: 13, matrix: 0 }, // CS_RGB
]

/** Ten times the level, by the most luma samples of a picture. VP9 Annex A. */
const LEVELS: readonly (readonly [level: number, samples: number])[] = [
  [10, 36_864], [11, 73_728], [20, 122_880], [21, 245_760], [30, 552_960],
  [31, 983_040], [40, 2_228_224], [50, 8_912_896], [60, 35_651_584],
] // prettier-ignore

function levelOf({ width, height }: FrameSize): number {
  return LEVELS.find(([, samples]) => width * height <= samples)?.[0] ?? 0
}
