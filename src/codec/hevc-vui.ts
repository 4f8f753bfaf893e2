/**
 * Video usability information of an H.265 SPS, up to its timing. Rec. ITU-T H.265 Annex E.2.1.
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
export interface HevcVui {
  /** Sample aspect ratio; absent when unspecified. */
  readonly aspectRatio: AspectRatio | undefined
  /** Colour; absent when not described. */
  readonly colour: ColourDescription | undefined
  /** Timing; absent if unknown. One tick a frame. */
  readonly timing: VideoTiming | undefined
  /** field_seq_flag: each picture is a field. */
  readonly fieldSequence: boolean
}

/** A VUI that says nothing. */
export const EMPTY_HEVC_VUI: HevcVui = {
  aspectRatio: undefined,
  colour: undefined,
  timing: undefined,
  fieldSequence: false,
}

/**
 * Reads vui_parameters() up to the timing. Fields before the end of a truncated VUI are kept.
 * @internal
 */
export function readHevcVui(reader: BitReader): HevcVui {
  const vui: { -readonly [K in keyof HevcVui]: HevcVui[K] } = { ...EMPTY_HEVC_VUI }
  try {
    if (reader.flag()) vui.aspectRatio = readAspectRatio(reader)
    if (reader.flag()) reader.skip(1) // overscan_appropriate_flag
    if (reader.flag()) vui.colour = readColourDescription(reader)
    if (reader.flag()) {
      reader.ue() // chroma_sample_loc_type_top_field
      reader.ue() // chroma_sample_loc_type_bottom_field
    }
    reader.skip(1) // neutral_chroma_indication_flag
    vui.fieldSequence = reader.flag()
    reader.skip(1) // frame_field_info_present_flag
    if (reader.flag()) for (let i = 0; i < 4; i++) reader.ue() // default display window offsets
    if (reader.flag()) {
      const unitsInTick = reader.bits(32)
      const timeScale = reader.bits(32)
      if (unitsInTick > 0 && timeScale > 0) vui.timing = { unitsInTick, timeScale }
    }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
  }
  return vui
}
