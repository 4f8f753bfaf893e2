/**
 * Sequence parameter set of H.264: picture size, profile, timing, colour. Rec. ITU-T H.264 §7.3.2.1.1.
 *
 * @module
 */
import { BitReader } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'
import { AVC_NAL_SPS, avcNalType } from './avc-nal.ts'
import { type AvcVui, EMPTY_AVC_VUI, readAvcVui } from './avc-vui.ts'
import { removeEmulationPrevention } from './emulation-prevention.ts'

/** Facts of an H.264 sequence parameter set. */
export interface AvcSps extends AvcVui {
  /** seq_parameter_set_id, 0 to 31. */
  readonly id: number
  /** profile_idc. */
  readonly profile: number
  /** The byte of constraint_set flags. */
  readonly compatibility: number
  /** level_idc: ten times the level (9 or 11 with constraint_set3 for level 1b). */
  readonly level: number
  /** Width in luma samples after cropping. */
  readonly width: number
  /** Height in luma samples after cropping; of the frame, in interlaced streams too. */
  readonly height: number
  /** chroma_format_idc: 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chromaFormat: number
  /** Bits of a luma sample, 8 to 14. */
  readonly bitDepthLuma: number
  /** Bits of a chroma sample, 8 to 14. */
  readonly bitDepthChroma: number
  /** Whether pictures may be fields or have field macroblocks (frame_mbs_only_flag 0). */
  readonly interlaced: boolean
  /** pic_order_cnt_type, 0 to 2; 2 means that pictures come in the order in which they are shown. */
  readonly pictureOrderCountType: number
  /** max_num_ref_frames. */
  readonly maxRefFrames: number
}

/**
 * Reads an SPS NAL unit, header byte included, with emulation prevention as on the wire. A VUI that is cut
 * short is read as far as it goes.
 * @throws {@link DecodeError} `ERR_BYTES_END` if the part before the VUI is cut short.
 * @throws {@link DecodeError} `ERR_AVC_SPS` if it is not an SPS or a field is beyond what the standard
 *   allows.
 */
export function decodeAvcSps(nalUnit: Uint8Array): AvcSps {
  if (nalUnit.length === 0 || avcNalType(nalUnit[0]!) !== AVC_NAL_SPS) {
    throw new DecodeError('ERR_AVC_SPS', `NAL unit header ${nalUnit[0]} is not an SPS`)
  }
  const reader = new BitReader(removeEmulationPrevention(nalUnit))
  reader.skip(8) // NAL unit header
  const profile = reader.bits(8)
  const compatibility = reader.bits(8)
  const level = reader.bits(8)
  const id = bounded(reader.ue(), 31, 'seq_parameter_set_id')
  let chromaFormat = 1
  let separatePlanes = false
  let bitDepthLuma = 8
  let bitDepthChroma = 8
  if (PROFILES_WITH_CHROMA_FORMAT.has(profile)) {
    chromaFormat = bounded(reader.ue(), 3, 'chroma_format_idc')
    if (chromaFormat === 3) separatePlanes = reader.flag()
    bitDepthLuma = 8 + bounded(reader.ue(), 6, 'bit_depth_luma_minus8')
    bitDepthChroma = 8 + bounded(reader.ue(), 6, 'bit_depth_chroma_minus8')
    reader.skip(1) // qpprime_y_zero_transform_bypass_flag
    if (reader.flag()) skipScalingMatrix(reader, chromaFormat === 3 ? 12 : 8)
  }
  bounded(reader.ue(), 12, 'log2_max_frame_num_minus4')
  const pictureOrderCountType = readPictureOrderCount(reader)
  const maxRefFrames = reader.ue()
  reader.skip(1) // gaps_in_frame_num_value_allowed_flag
  const widthInMbs = 1 + bounded(reader.ue(), MAX_MBS, 'pic_width_in_mbs_minus1')
  const heightInMapUnits = 1 + bounded(reader.ue(), MAX_MBS, 'pic_height_in_map_units_minus1')
  const frameMbsOnly = reader.flag()
  if (!frameMbsOnly) reader.skip(1) // mb_adaptive_frame_field_flag
  reader.skip(1) // direct_8x8_inference_flag
  let width = 16 * widthInMbs
  let height = 16 * heightInMapUnits * (frameMbsOnly ? 1 : 2)
  if (reader.flag()) {
    // Crop units, H.264 (7-19) to (7-22): chroma samples, and lines of a field when there may be fields.
    const planar = separatePlanes || chromaFormat === 0
    const unitX = planar || chromaFormat === 3 ? 1 : 2
    const unitY = (planar || chromaFormat !== 1 ? 1 : 2) * (frameMbsOnly ? 1 : 2)
    width -= unitX * (reader.ue() + reader.ue()) // left, right
    height -= unitY * (reader.ue() + reader.ue()) // top, bottom
    if (width <= 0 || height <= 0) throw new DecodeError('ERR_AVC_SPS', 'cropping leaves no picture')
  }
  // Some encoders end the SPS before the flag that says whether a VUI follows.
  const vui = reader.bitsLeft > 0 && reader.flag() ? readAvcVui(reader) : EMPTY_AVC_VUI
  return {
    id,
    profile,
    compatibility,
    level,
    width,
    height,
    chromaFormat,
    bitDepthLuma,
    bitDepthChroma,
    interlaced: !frameMbsOnly,
    pictureOrderCountType,
    maxRefFrames,
    ...vui,
  }
}

/** Profiles whose SPS has the chroma format, bit depths and scaling matrix. H.264 §7.3.2.1.1. */
const PROFILES_WITH_CHROMA_FORMAT: ReadonlySet<number> = new Set([
  44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244,
])

/** 65,536 samples: four times the width that level 6.2 allows. */
const MAX_MBS = 4095

function bounded(value: number, max: number, field: string): number {
  if (value > max) throw new DecodeError('ERR_AVC_SPS', `${field} ${value} above ${max}`)
  return value
}

function skipScalingMatrix(reader: BitReader, lists: number): void {
  for (let list = 0; list < lists; list++) {
    if (!reader.flag()) continue // seq_scaling_list_present_flag
    const size = list < 6 ? 16 : 64
    let lastScale = 8
    // H.264 §7.3.2.1.1.1: deltas stop at the first scale of 0
    for (let i = 0; i < size && lastScale !== 0; i++) lastScale = (lastScale + reader.se()) & 0xff
  }
}

function readPictureOrderCount(reader: BitReader): number {
  const type = bounded(reader.ue(), 2, 'pic_order_cnt_type')
  if (type === 0) {
    bounded(reader.ue(), 12, 'log2_max_pic_order_cnt_lsb_minus4')
  } else if (type === 1) {
    reader.skip(1) // delta_pic_order_always_zero_flag
    reader.se() // offset_for_non_ref_pic
    reader.se() // offset_for_top_to_bottom_field
    const count = bounded(reader.ue(), 255, 'num_ref_frames_in_pic_order_cnt_cycle')
    for (let i = 0; i < count; i++) reader.se() // offset_for_ref_frame
  }
  return type
}
