/**
 * Video usability information of an H.264 SPS. Rec. ITU-T H.264 Annex E.1.
 *
 * @module
 */
import type { BitReader } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'
import {
  type AspectRatio,
  type ColourDescription,
  readAspectRatio,
  readColourDescription,
  type VideoTiming,
} from './video-description.ts'

/** The facts of the VUI that a media server uses. */
export interface AvcVui {
  /** Sample aspect ratio; absent when unspecified. */
  readonly aspectRatio: AspectRatio | undefined
  /** Colour; absent when not described. */
  readonly colour: ColourDescription | undefined
  /** Timing; absent if unknown. Two ticks a frame. */
  readonly timing: VideoTiming | undefined
  /** fixed_frame_rate_flag. */
  readonly fixedFrameRate: boolean
  /**
   * max_num_reorder_frames: how many frames may come before one in decoding order and after it in output
   * order.
   */
  readonly maxReorderFrames: number | undefined
}

/** A VUI that says nothing. */
export const EMPTY_AVC_VUI: AvcVui = {
  aspectRatio: undefined,
  colour: undefined,
  timing: undefined,
  fixedFrameRate: false,
  maxReorderFrames: undefined,
}

/**
 * Reads vui_parameters(). Fields before the end of a truncated VUI are kept: some encoders write one, and
 * the picture size before it stands.
 * @internal
 */
export function readAvcVui(reader: BitReader): AvcVui {
  const vui: { -readonly [K in keyof AvcVui]: AvcVui[K] } = { ...EMPTY_AVC_VUI }
  try {
    if (reader.flag()) vui.aspectRatio = readAspectRatio(reader)
    if (reader.flag()) reader.skip(1) // overscan_appropriate_flag
    if (reader.flag()) vui.colour = readColourDescription(reader)
    if (reader.flag()) {
      reader.ue() // chroma_sample_loc_type_top_field
      reader.ue() // chroma_sample_loc_type_bottom_field
    }
    if (reader.flag()) {
      const unitsInTick = reader.bits(32)
      const timeScale = reader.bits(32)
      vui.fixedFrameRate = reader.flag()
      if (unitsInTick > 0 && timeScale > 0) vui.timing = { unitsInTick, timeScale }
    }
    const nalHrd = reader.flag()
    if (nalHrd) skipHrd(reader)
    const vclHrd = reader.flag()
    if (vclHrd) skipHrd(reader)
    if (nalHrd || vclHrd) reader.skip(1) // low_delay_hrd_flag
    reader.skip(1) // pic_struct_present_flag
    if (reader.flag()) {
      reader.skip(1) // motion_vectors_over_pic_boundaries_flag
      reader.ue() // max_bytes_per_pic_denom
      reader.ue() // max_bits_per_mb_denom
      reader.ue() // log2_max_mv_length_horizontal
      reader.ue() // log2_max_mv_length_vertical
      vui.maxReorderFrames = reader.ue()
    }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
  }
  return vui
}

/** hrd_parameters(), Annex E.1.2. */
function skipHrd(reader: BitReader): void {
  const count = reader.ue() + 1 // cpb_cnt_minus1
  if (count > 32) throw new DecodeError('ERR_AVC_SPS', `${count} coded picture buffers`)
  reader.skip(8) // bit_rate_scale, cpb_size_scale
  for (let i = 0; i < count; i++) {
    reader.ue() // bit_rate_value_minus1
    reader.ue() // cpb_size_value_minus1
    reader.skip(1) // cbr_flag
  }
  reader.skip(20) // four lengths of delays
}
