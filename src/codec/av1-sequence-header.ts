/**
 * Sequence header OBU of AV1: picture size, profile, level, colour. AV1 specification §5.5.
 *
 * @module
 */
import { BitReader } from '../bytes/index.ts'
import { OBU_SEQUENCE_HEADER, ObuReader } from './av1-obu.ts'
import type { ColourDescription } from './video-description.ts'

/** Facts of an AV1 sequence header. */
export interface Av1SequenceHeader {
  /** seq_profile: 0 Main, 1 High, 2 Professional. */
  readonly profile: number
  /** seq_level_idx of the first operating point: 8 is 4.0. */
  readonly level: number
  /** seq_tier of the first operating point: 0 Main, 1 High. */
  readonly tier: number
  /** max_frame_width_minus_1 + 1. */
  readonly width: number
  /** max_frame_height_minus_1 + 1. */
  readonly height: number
  /** Bits of a sample: 8, 10 or 12. */
  readonly bitDepth: number
  /** mono_chrome. */
  readonly monochrome: boolean
  /** subsampling_x: chroma has half the width. */
  readonly subsamplingX: boolean
  /** subsampling_y: chroma has half the height. */
  readonly subsamplingY: boolean
  /** chroma_sample_position: 0 unknown, 1 vertical, 2 colocated. */
  readonly chromaSamplePosition: number
  /** Colour; unspecified (2) where the header does not say. */
  readonly colour: ColourDescription
}

/**
 * The first sequence header among `obus`, or `undefined` if there is none.
 * @param obus - the configOBUs of an av1C, or a temporal unit that starts a coded video sequence.
 * @throws {@link DecodeError} `ERR_BYTES_END` or `ERR_AV1_OBU` if an OBU is cut short.
 */
export function findAv1SequenceHeader(obus: Uint8Array): Av1SequenceHeader | undefined {
  const reader = new ObuReader()
  reader.reset(obus)
  while (reader.next()) {
    if (reader.type === OBU_SEQUENCE_HEADER) {
      return decodeAv1SequenceHeader(obus.subarray(reader.start, reader.end))
    }
  }
  return undefined
}

/**
 * Reads the payload of a sequence header OBU.
 * @param payload - after OBU header and size.
 * @throws {@link DecodeError} `ERR_BYTES_END` if it is cut short.
 */
export function decodeAv1SequenceHeader(payload: Uint8Array): Av1SequenceHeader {
  const reader = new BitReader(payload)
  const profile = reader.bits(3)
  reader.skip(1) // still_picture
  const reduced = reader.flag() // reduced_still_picture_header
  const { level, tier } = reduced ? { level: reader.bits(5), tier: 0 } : readOperatingPoints(reader)
  const widthBits = reader.bits(4) + 1
  const heightBits = reader.bits(4) + 1
  const width = reader.bits(widthBits) + 1
  const height = reader.bits(heightBits) + 1
  if (!reduced && reader.flag()) reader.skip(4 + 3) // frame id lengths
  reader.skip(3) // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
  if (!reduced) skipInterTools(reader)
  reader.skip(3) // enable_superres, enable_cdef, enable_restoration
  return { profile, level, tier, width, height, ...readColourConfig(reader, profile) }
}

/** Timing, decoder model and operating points; returns level and tier of the first point. */
function readOperatingPoints(reader: BitReader): { level: number; tier: number } {
  let decoderModel = false
  let delayBits = 0
  if (reader.flag()) {
    reader.skip(32 + 32) // num_units_in_display_tick, time_scale
    if (reader.flag()) reader.ue() // equal_picture_interval: num_ticks_per_picture_minus_1, uvlc() is ue(v)
    decoderModel = reader.flag()
    if (decoderModel) {
      delayBits = reader.bits(5) + 1 // buffer_delay_length_minus_1
      reader.skip(32 + 5 + 5) // num_units_in_decoding_tick, two lengths
    }
  }
  const displayDelay = reader.flag() // initial_display_delay_present_flag
  const count = reader.bits(5) + 1
  let level = 0
  let tier = 0
  for (let i = 0; i < count; i++) {
    reader.skip(12) // operating_point_idc
    const pointLevel = reader.bits(5)
    const pointTier = pointLevel > 7 ? reader.bits(1) : 0
    if (i === 0) {
      level = pointLevel
      tier = pointTier
    }
    if (decoderModel && reader.flag()) reader.skip(2 * delayBits + 1) // two delays, low_delay_mode_flag
    if (displayDelay && reader.flag()) reader.skip(4) // initial_display_delay_minus_1
  }
  return { level, tier }
}

function skipInterTools(reader: BitReader): void {
  reader.skip(4) // interintra and masked compound, warped motion, dual filter
  const orderHint = reader.flag()
  if (orderHint) reader.skip(2) // enable_jnt_comp, enable_ref_frame_mvs
  const screenContent = reader.flag() || reader.flag() // seq_choose_screen_content_tools, or the forced value
  if (screenContent && !reader.flag()) reader.skip(1) // seq_choose_integer_mv, seq_force_integer_mv
  if (orderHint) reader.skip(3) // order_hint_bits_minus_1
}

/** color_config(), §5.5.2. */
function readColourConfig(
  reader: BitReader,
  profile: number,
): Pick<
  Av1SequenceHeader,
  'bitDepth' | 'monochrome' | 'subsamplingX' | 'subsamplingY' | 'chromaSamplePosition' | 'colour'
> {
  let bitDepth = reader.flag() ? 10 : 8 // high_bitdepth
  if (profile === 2 && bitDepth === 10 && reader.flag()) bitDepth = 12 // twelve_bit
  const monochrome = profile !== 1 && reader.flag()
  const described = reader.flag()
  const primaries = described ? reader.bits(8) : 2
  const transfer = described ? reader.bits(8) : 2
  const matrix = described ? reader.bits(8) : 2
  // BT.709 primaries, sRGB transfer, identity matrix: RGB, always 4:4:4 in full range
  const rgb = !monochrome && primaries === 1 && transfer === 13 && matrix === 0
  const fullRange = rgb || reader.flag()
  let subsamplingX = !rgb && profile !== 1
  let subsamplingY = monochrome || (!rgb && profile === 0)
  if (!rgb && !monochrome && profile === 2 && bitDepth === 12) {
    subsamplingX = reader.flag()
    subsamplingY = subsamplingX && reader.flag()
  }
  const chromaSamplePosition = !monochrome && subsamplingX && subsamplingY ? reader.bits(2) : 0
  return {
    bitDepth,
    monochrome,
    subsamplingX,
    subsamplingY,
    chromaSamplePosition,
    colour: { primaries, transfer, matrix, fullRange },
  }
}
