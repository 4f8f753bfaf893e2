/**
 * Picture size of VP8 and VP9, which only their keyframes tell. RFC 6386 §9.1; VP9 Bitstream & Decoding Process Specification §6.2.
 *
 * VP8: size, flags and key frame 24, little-endian | 9d 01 2a | width 14, scale 2 | height 14, scale 2, little-endian.
 * VP9: marker 2 | profile 2, reserved 1 in profile 3 | show existing 1 | frame type 1 = 0 | show 1 | error resilient 1 | 49 83 42
 * | colour | width − 1 16 | height − 1 16.
 *
 * @module
 */
import { BitReader, readU24 } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'

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
  const reader = new BitReader(frame)
  try {
    if (reader.bits(2) !== 2) return undefined // frame_marker
    const profile = reader.bits(1) | (reader.bits(1) << 1) // profile_low_bit, profile_high_bit
    if (profile === 3) reader.skip(1) // reserved_zero
    if (reader.flag() || reader.flag()) return undefined // show_existing_frame, frame_type
    reader.skip(2) // show_frame, error_resilient_mode
    if (reader.bits(24) !== 0x49_83_42) return undefined // frame_sync_code
    if (profile >= 2) reader.skip(1) // ten_or_twelve_bit
    const subsampled = profile === 1 || profile === 3
    if (reader.bits(3) === COLOR_SPACE_RGB) reader.skip(subsampled ? 1 : 0) // reserved_zero
    else reader.skip(subsampled ? 4 : 1) // color_range; subsampling_x, subsampling_y, reserved_zero
    return { width: reader.bits(16) + 1, height: reader.bits(16) + 1 }
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}
