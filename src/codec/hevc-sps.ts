/**
 * Sequence parameter set of H.265: picture size, profile, bit depth, and further on timing and colour.
 * Rec. ITU-T H.265 §7.3.2.2.1.
 *
 * @module
 */
import { BitReader } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'
import { removeEmulationPrevention } from './emulation-prevention.ts'
import { HEVC_NAL_SPS, hevcNalType } from './hevc-nal.ts'
import { type HevcProfileTierLevel, readHevcProfileTierLevel } from './hevc-profile-tier-level.ts'
import { EMPTY_HEVC_VUI, type HevcVui, readHevcVui } from './hevc-vui.ts'

/** Facts of an H.265 sequence parameter set. */
export interface HevcSps extends HevcProfileTierLevel, HevcVui {
  /** sps_seq_parameter_set_id, 0 to 15. */
  readonly id: number
  /** Temporal sub-layers, 1 to 7. */
  readonly subLayerCount: number
  /** sps_temporal_id_nesting_flag. */
  readonly temporalIdNested: boolean
  /** Width in luma samples inside the conformance window. */
  readonly width: number
  /** Height in luma samples inside the conformance window. */
  readonly height: number
  /** chroma_format_idc: 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chromaFormat: number
  /** Bits of a luma sample, 8 to 16. */
  readonly bitDepthLuma: number
  /** Bits of a chroma sample, 8 to 16. */
  readonly bitDepthChroma: number
  /** sps_max_num_reorder_pics of the highest sub-layer. */
  readonly maxReorderPictures: number
}

/**
 * Reads an SPS NAL unit, 2-byte header included, with emulation prevention as on the wire. Colour and timing,
 * which follow all coding tools, are left undefined if that part is truncated or odd.
 * @throws {@link DecodeError} `ERR_BYTES_END` if the part before the coding tools is cut short.
 * @throws {@link DecodeError} `ERR_HEVC_SPS` if it is not an SPS or a field is beyond what the standard
 *   allows.
 */
export function decodeHevcSps(nalUnit: Uint8Array): HevcSps {
  if (nalUnit.length === 0 || hevcNalType(nalUnit[0]!) !== HEVC_NAL_SPS) {
    throw new DecodeError('ERR_HEVC_SPS', `NAL unit header ${nalUnit[0]} is not an SPS`)
  }
  const reader = new BitReader(removeEmulationPrevention(nalUnit))
  reader.skip(16 + 4) // NAL unit header, sps_video_parameter_set_id
  const maxSubLayersMinus1 = reader.bits(3)
  if (maxSubLayersMinus1 > 6) throw new DecodeError('ERR_HEVC_SPS', 'sps_max_sub_layers_minus1 7')
  const temporalIdNested = reader.flag()
  const profileTierLevel = readHevcProfileTierLevel(reader, maxSubLayersMinus1)
  const id = bounded(reader.ue(), 15, 'sps_seq_parameter_set_id')
  const chromaFormat = bounded(reader.ue(), 3, 'chroma_format_idc')
  if (chromaFormat === 3) reader.skip(1) // separate_colour_plane_flag
  let width = bounded(reader.ue(), 65_535, 'pic_width_in_luma_samples')
  let height = bounded(reader.ue(), 65_535, 'pic_height_in_luma_samples')
  if (reader.flag()) {
    // conformance_window_flag; units are chroma samples: SubWidthC and SubHeightC of H.265 Table 6-1
    const subWidth = chromaFormat === 1 || chromaFormat === 2 ? 2 : 1
    const subHeight = chromaFormat === 1 ? 2 : 1
    width -= subWidth * (reader.ue() + reader.ue()) // left, right
    height -= subHeight * (reader.ue() + reader.ue()) // top, bottom
  }
  if (width <= 0 || height <= 0)
    throw new DecodeError('ERR_HEVC_SPS', 'no picture inside the conformance window')
  const bitDepthLuma = 8 + bounded(reader.ue(), 8, 'bit_depth_luma_minus8')
  const bitDepthChroma = 8 + bounded(reader.ue(), 8, 'bit_depth_chroma_minus8')
  const pocLsbBits = 4 + bounded(reader.ue(), 12, 'log2_max_pic_order_cnt_lsb_minus4')
  const subLayerOrdering = reader.flag() // sps_sub_layer_ordering_info_present_flag
  let maxReorderPictures = 0
  for (let i = subLayerOrdering ? 0 : maxSubLayersMinus1; i <= maxSubLayersMinus1; i++) {
    reader.ue() // sps_max_dec_pic_buffering_minus1
    maxReorderPictures = reader.ue()
    reader.ue() // sps_max_latency_increase_plus1
  }
  return {
    ...profileTierLevel,
    id,
    subLayerCount: maxSubLayersMinus1 + 1,
    temporalIdNested,
    width,
    height,
    chromaFormat,
    bitDepthLuma,
    bitDepthChroma,
    maxReorderPictures,
    ...readVuiBehindTools(reader, pocLsbBits),
  }
}

function bounded(value: number, max: number, field: string): number {
  if (value > max) throw new DecodeError('ERR_HEVC_SPS', `${field} ${value} above ${max}`)
  return value
}

/**
 * Passes over block sizes, scaling lists, PCM, reference picture sets and long-term references to the VUI.
 */
function readVuiBehindTools(reader: BitReader, pocLsbBits: number): HevcVui {
  try {
    for (let i = 0; i < 6; i++) reader.ue() // log2 sizes of coding and transform blocks, their differences and depths
    if (reader.flag() && reader.flag()) skipScalingLists(reader) // enabled, data present
    reader.skip(2) // amp_enabled_flag, sample_adaptive_offset_enabled_flag
    if (reader.flag()) {
      reader.skip(8) // pcm_sample_bit_depth_luma_minus1, chroma
      reader.ue() // log2_min_pcm_luma_coding_block_size_minus3
      reader.ue() // log2_diff_max_min_pcm_luma_coding_block_size
      reader.skip(1) // pcm_loop_filter_disabled_flag
    }
    skipReferencePictureSets(reader)
    if (reader.flag()) {
      const count = bounded(reader.ue(), 32, 'num_long_term_ref_pics_sps')
      reader.skip(count * (pocLsbBits + 1)) // lt_ref_pic_poc_lsb_sps, used_by_curr_pic_lt_sps_flag
    }
    reader.skip(2) // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
    return reader.flag() ? readHevcVui(reader) : EMPTY_HEVC_VUI
  } catch (error) {
    if (error instanceof DecodeError) return EMPTY_HEVC_VUI
    throw error
  }
}

/** scaling_list_data(), H.265 §7.3.4. */
function skipScalingLists(reader: BitReader): void {
  for (let sizeId = 0; sizeId < 4; sizeId++) {
    for (let matrixId = 0; matrixId < 6; matrixId += sizeId === 3 ? 3 : 1) {
      if (!reader.flag()) {
        reader.ue() // scaling_list_pred_matrix_id_delta
        continue
      }
      if (sizeId > 1) reader.se() // scaling_list_dc_coef_minus8
      const count = Math.min(64, 1 << (4 + 2 * sizeId))
      for (let i = 0; i < count; i++) reader.se() // scaling_list_delta_coef
    }
  }
}

/**
 * num_short_term_ref_pic_sets and st_ref_pic_set(), H.265 §7.3.7: at most 64 sets of at most 16 pictures each
 * way.
 */
function skipReferencePictureSets(reader: BitReader): void {
  const count = bounded(reader.ue(), 64, 'num_short_term_ref_pic_sets')
  let pictures = 0 // NumDeltaPocs of the set before
  for (let set = 0; set < count; set++) {
    if (set > 0 && reader.flag()) {
      // inter_ref_pic_set_prediction_flag: derived from the set before, H.265 (7-61), (7-62)
      reader.skip(1) // delta_rps_sign
      reader.ue() // abs_delta_rps_minus1
      let derived = 0
      for (let i = 0; i <= pictures; i++) {
        const used = reader.flag() // used_by_curr_pic_flag
        const useDelta = used || reader.flag() // use_delta_flag, 1 when not present
        if (useDelta) derived++
      }
      pictures = bounded(derived, 16, 'pictures of a derived set')
      continue
    }
    const negative = bounded(reader.ue(), 16, 'num_negative_pics')
    const positive = bounded(reader.ue(), 16, 'num_positive_pics')
    for (let i = 0; i < negative + positive; i++) {
      reader.ue() // delta_poc_minus1
      reader.skip(1) // used_by_curr_pic_flag
    }
    pictures = negative + positive
  }
}
