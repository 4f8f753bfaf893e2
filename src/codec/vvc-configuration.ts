/**
 * VvcDecoderConfigurationRecord ("vvcC"): the sequence start of H.266, read as far as profile and picture
 * size. ISO/IEC 14496-15 §11.2.4.2.
 *
 * Layout in bits: 11111 | LengthSizeMinusOne 2 | ptl_present_flag 1 | if present: ols_idx 9, num_sublayers 3,
 * constant_frame_rate 2, chroma_format_idc 2, bit_depth_minus8 3, 11111, profile tier level, width 16, height
 * 16, average frame rate 16 | arrays of NAL units
 *
 * @module
 */
import { BitReader } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'

/** What this package reads of a decoder configuration of H.266. */
export interface VvcConfiguration {
  /** Bytes of the length before each NAL unit: 1, 2 or 4. */
  readonly nalLengthSize: number
  /** Profile and picture; absent when the record leaves them to the parameter sets. */
  readonly picture: VvcPicture | undefined
}

/** Profile and picture of an H.266 stream. */
export interface VvcPicture {
  /** general_profile_idc: 1 Main 10, 33 Main 10 4:4:4. */
  readonly profile: number
  /** general_tier_flag: 0 Main, 1 High. */
  readonly tier: number
  /** general_level_idc: sixteen times the major plus three times the minor level, 51 for 3.1. */
  readonly level: number
  /** chroma_format_idc: 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chromaFormat: number
  /** Bits of a sample. */
  readonly bitDepth: number
  /** max_picture_width in luma samples. */
  readonly width: number
  /** max_picture_height in luma samples. */
  readonly height: number
}

/**
 * Reads a VvcDecoderConfigurationRecord, with the four bytes of its MP4 full box in front or without.
 * @throws {@link DecodeError} `ERR_BYTES_END` if it is cut short.
 * @throws {@link DecodeError} `ERR_VVC_CONFIGURATION` if the reserved bits are not set or the length size is
 *   3.
 */
export function decodeVvcConfiguration(bytes: Uint8Array): VvcConfiguration {
  // A full box starts with version 0 and flags 0, the record with reserved ones.
  const reader = new BitReader(bytes[0] === 0 ? bytes.subarray(4) : bytes)
  if (reader.bits(5) !== 0x1f) throw new DecodeError('ERR_VVC_CONFIGURATION', `vvcC starts with ${bytes[0]}`)
  const nalLengthSize = reader.bits(2) + 1
  if (nalLengthSize === 3) throw new DecodeError('ERR_VVC_CONFIGURATION', 'NAL unit length of 3 bytes')
  if (!reader.flag()) return { nalLengthSize, picture: undefined } // ptl_present_flag
  reader.skip(9) // ols_idx
  const subLayers = reader.bits(3)
  reader.skip(2) // constant_frame_rate
  const chromaFormat = reader.bits(2)
  const bitDepth = reader.bits(3) + 8
  reader.skip(5 + 2) // reserved ones, reserved zeros of the profile tier level record
  const constraintBytes = reader.bits(6)
  const profile = reader.bits(7)
  const tier = reader.bits(1)
  const level = reader.bits(8)
  // ptl_frame_only_constraint_flag, ptl_multi_layer_enabled_flag and general_constraint_info fill these bytes
  reader.skip(8 * constraintBytes)
  if (subLayers > 1) {
    let levels = 0
    for (let i = 0; i < 8; i++) if (reader.flag() && i < subLayers - 1) levels++ // ptl_sublayer_level_present_flag
    reader.skip(8 * levels) // sublayer_level_idc
  }
  reader.skip(32 * reader.bits(8)) // general_sub_profile_idc
  const width = reader.bits(16)
  const height = reader.bits(16)
  return { nalLengthSize, picture: { profile, tier, level, chromaFormat, bitDepth, width, height } }
}
