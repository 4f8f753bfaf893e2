/**
 * AV1CodecConfigurationRecord ("av1C"): the sequence start of AV1. AV1 in ISOBMFF §2.3.3.
 *
 * Layout: marker 1 = 1, version 7 = 1 | seq_profile 3, seq_level_idx_0 5 | seq_tier_0 1, high_bitdepth 1,
 * twelve_bit 1, monochrome 1, chroma_subsampling_x 1, chroma_subsampling_y 1, chroma_sample_position 2
 * | reserved 3, initial_presentation_delay_present 1, delay − 1 4 | configOBUs
 *
 * @module
 */
import { DecodeError } from '../errors/index.ts'
import { needBytes } from './need-bytes.ts'

/** Decoder configuration of AV1. */
export interface Av1Configuration {
  /** seq_profile: 0 Main, 1 High, 2 Professional. */
  readonly profile: number
  /** seq_level_idx_0: 8 is 4.0. */
  readonly level: number
  /** seq_tier_0: 0 Main, 1 High. */
  readonly tier: number
  /** Bits of a sample: 8, 10 or 12. */
  readonly bitDepth: number
  /** Whether there is no chroma. */
  readonly monochrome: boolean
  /** Chroma has half the width. */
  readonly subsamplingX: boolean
  /** Chroma has half the height. */
  readonly subsamplingY: boolean
  /** chroma_sample_position: 0 unknown, 1 vertical, 2 colocated. */
  readonly chromaSamplePosition: number
  /** Frames to decode before the first is shown, 1 to 16; absent if unknown. */
  readonly initialPresentationDelay: number | undefined
  /**
   * OBUs that go before the first frame, a sequence header as a rule; a view of the decoded bytes, may be
   * empty.
   */
  readonly configObus: Uint8Array
}

/**
 * Reads an AV1CodecConfigurationRecord. See {@link findAv1SequenceHeader} for the picture size.
 * @throws {@link DecodeError} `ERR_BYTES_END` if fewer than 4 bytes are there.
 * @throws {@link DecodeError} `ERR_AV1_CONFIGURATION` without marker bit or with another version than 1.
 */
export function decodeAv1Configuration(bytes: Uint8Array): Av1Configuration {
  needBytes(bytes, 0, 4, 'av1C')
  if (bytes[0] !== 0x81)
    throw new DecodeError('ERR_AV1_CONFIGURATION', `av1C starts with ${bytes[0]}, not 129`)
  const b2 = bytes[2]!
  const b3 = bytes[3]!
  return {
    profile: bytes[1]! >> 5,
    level: bytes[1]! & 0x1f,
    tier: b2 >> 7,
    bitDepth: (b2 & 0x40) === 0 ? 8 : (b2 & 0x20) === 0 ? 10 : 12,
    monochrome: (b2 & 0x10) !== 0,
    subsamplingX: (b2 & 0x08) !== 0,
    subsamplingY: (b2 & 0x04) !== 0,
    chromaSamplePosition: b2 & 0x03,
    initialPresentationDelay: (b3 & 0x10) === 0 ? undefined : (b3 & 0x0f) + 1,
    configObus: bytes.subarray(4),
  }
}

/** Writes an AV1CodecConfigurationRecord. */
export function encodeAv1Configuration(configuration: Av1Configuration): Uint8Array {
  const { bitDepth, initialPresentationDelay, configObus } = configuration
  const out = new Uint8Array(4 + configObus.length)
  out[0] = 0x81 // marker | version 1
  out[1] = (configuration.profile << 5) | configuration.level
  out[2] =
    (configuration.tier << 7) |
    (bitDepth > 8 ? 0x40 : 0) | // high_bitdepth
    (bitDepth > 10 ? 0x20 : 0) | // twelve_bit
    (configuration.monochrome ? 0x10 : 0) |
    (configuration.subsamplingX ? 0x08 : 0) |
    (configuration.subsamplingY ? 0x04 : 0) |
    configuration.chromaSamplePosition
  out[3] = initialPresentationDelay === undefined ? 0 : 0x10 | (initialPresentationDelay - 1)
  out.set(configObus, 4)
  return out
}
