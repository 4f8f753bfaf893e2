/**
 * What H.264, H.265, AV1 and VP9 say alike about their pictures.
 *
 * @module
 */
import type { BitReader } from '../bytes/index.ts'

/** Colour, in the code points of ISO/IEC 23091-2 (H.273) that all video codecs share. */
export interface ColourDescription {
  /** colour_primaries: 1 BT.709, 9 BT.2020, 2 unspecified. */
  readonly primaries: number
  /** transfer_characteristics: 1 BT.709, 16 PQ, 18 HLG, 2 unspecified. */
  readonly transfer: number
  /** matrix_coefficients: 1 BT.709, 9 BT.2020, 0 RGB, 2 unspecified. */
  readonly matrix: number
  /** Samples use the full range instead of the studio range. */
  readonly fullRange: boolean
}

/** Ratio of width to height. */
export interface AspectRatio {
  /** Horizontal part, 1 to 65535. */
  readonly width: number
  /** Vertical part, 1 to 65535. */
  readonly height: number
}

/** Frame timing of the VUI. */
export interface VideoTiming {
  /** num_units_in_tick: clock units of one tick. */
  readonly unitsInTick: number
  /** time_scale: clock units in a second. H.264 counts two ticks a frame, H.265 one. */
  readonly timeScale: number
}

/** Sample aspect ratio by aspect_ratio_idc 1 to 16. H.264 Table E-1, H.265 Table E.1. */
const ASPECT_RATIOS: readonly (readonly [number, number])[] = [
  [1, 1], [12, 11], [10, 11], [16, 11], [40, 33], [24, 11], [20, 11], [32, 11],
  [80, 33], [18, 11], [15, 11], [64, 33], [160, 99], [4, 3], [3, 2], [2, 1],
] // prettier-ignore

/** aspect_ratio_idc that announces an explicit ratio. */
const EXTENDED_SAR = 255

/**
 * Reads aspect_ratio_idc and what follows; `undefined` for unspecified, reserved and zero ratios.
 * @internal
 */
export function readAspectRatio(reader: BitReader): AspectRatio | undefined {
  const idc = reader.bits(8)
  if (idc === EXTENDED_SAR) {
    const width = reader.bits(16)
    const height = reader.bits(16)
    return width === 0 || height === 0 ? undefined : { width, height }
  }
  const ratio = ASPECT_RATIOS[idc - 1]
  return ratio === undefined ? undefined : { width: ratio[0], height: ratio[1] }
}

/**
 * Reads video_format, full range flag and colour description, the same in H.264 and H.265.
 * @internal
 */
export function readColourDescription(reader: BitReader): ColourDescription {
  reader.skip(3) // video_format
  const fullRange = reader.flag()
  const described = reader.flag()
  return {
    primaries: described ? reader.bits(8) : 2,
    transfer: described ? reader.bits(8) : 2,
    matrix: described ? reader.bits(8) : 2,
    fullRange,
  }
}
