/**
 * How many pictures may come before one in decoding order and after it in output order: what decode times are made from where a wire
 * tells presentation times alone. Rec. ITU-T H.264 §A.3.1, Table A-1 and Annex E.2.1; Rec. ITU-T H.265 §7.4.3.2.1.
 *
 * @module
 */
import { MediaError } from '../errors/index.ts'
import { decodeAvcConfiguration } from './avc-configuration.ts'
import { type AvcSps, decodeAvcSps } from './avc-sps.ts'
import { decodeHevcConfiguration } from './hevc-configuration.ts'
import { decodeHevcSps } from './hevc-sps.ts'

/** MaxDpbMbs by level_idc. H.264 Table A-1. */
const MAX_DPB_MBS: readonly (readonly [level: number, macroblocks: number])[] = [
  [10, 396], [11, 900], [12, 2376], [20, 2376], [21, 4752], [22, 8100], [30, 8100], [31, 18_000],
  [32, 20_480], [40, 32_768], [41, 32_768], [42, 34_816], [50, 110_400], [51, 184_320], [52, 184_320],
] // prettier-ignore

/** MaxDpbMbs of levels 6 to 6.2. */
const HIGHEST_DPB_MBS = 696_320

/** The most frames that any level allows. */
const MAX_DPB_FRAMES = 16

/** profile_idc of Baseline, which has no B pictures. */
const PROFILE_BASELINE = 66

/**
 * The reorder depth that a decoder configuration record allows: 0 where pictures come in the order in which they are shown. Streams of
 * H.264 that do not say it (bitstream_restriction) are taken to use what their level and their reference frames allow.
 * @param codec - fourCC; all but `avc1` and `hvc1` give 0, and so does a record that cannot be read.
 * @returns 0 to 16 pictures.
 */
export function reorderDepth(codec: string, configuration: Uint8Array): number {
  try {
    if (codec === 'avc1') {
      const [sps] = decodeAvcConfiguration(configuration).sps
      return sps === undefined ? 0 : avcReorderDepth(decodeAvcSps(sps))
    }
    if (codec === 'hvc1') {
      const [sps] = decodeHevcConfiguration(configuration).sps
      return sps === undefined ? 0 : Math.min(MAX_DPB_FRAMES, decodeHevcSps(sps).maxReorderPictures)
    }
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
  }
  return 0
}

function avcReorderDepth(sps: AvcSps): number {
  const { profile, pictureOrderCountType, maxReorderFrames, maxRefFrames, level } = sps
  if (maxReorderFrames !== undefined) return Math.min(MAX_DPB_FRAMES, maxReorderFrames)
  if (profile === PROFILE_BASELINE || pictureOrderCountType === 2) return 0
  const mbs = Math.ceil(sps.width / 16) * Math.ceil(sps.height / 16)
  const maxMbs = MAX_DPB_MBS.find(([idc]) => level <= idc)?.[1] ?? HIGHEST_DPB_MBS
  return Math.min(Math.floor(maxMbs / mbs), maxRefFrames, MAX_DPB_FRAMES)
}
