/**
 * VPCodecConfigurationRecord ("vpcC"): the sequence start of VP8 and VP9. VP Codec ISO Media File Format
 * Binding, version 1.0. Enhanced RTMP senders put the head of the MP4 full box in front.
 *
 * Layout: box version 8 = 1, flags 24 = 0 | profile 8 | level 8 | bitDepth 4, chromaSubsampling 3, fullRange
 * 1
 * | colourPrimaries 8 | transferCharacteristics 8 | matrixCoefficients 8 | codecInitializationDataSize 16 = 0
 *
 * @module
 */
import { DecodeError } from '../errors/index.ts'
import { needBytes } from './need-bytes.ts'
import type { ColourDescription } from './video-description.ts'

/** Decoder configuration of VP8 or VP9. */
export interface VpConfiguration {
  /** Profile, 0 to 3. */
  readonly profile: number
  /** Ten times the level, 31 for 3.1; 0 when unknown. */
  readonly level: number
  /** Bits of a sample: 8, 10 or 12. */
  readonly bitDepth: number
  /** 0 4:2:0 with vertical chroma, 1 4:2:0 colocated, 2 4:2:2, 3 4:4:4. */
  readonly chromaSubsampling: number
  /** Colour. */
  readonly colour: ColourDescription
}

/** Bytes of the record after the box head. */
const RECORD_BYTES = 8

/**
 * Reads a VPCodecConfigurationRecord, with the head of its full box or without.
 * @throws {@link DecodeError} `ERR_BYTES_END` if it is cut short.
 * @throws {@link DecodeError} `ERR_VP_CONFIGURATION` if no reading yields a profile up to 3 and a depth of 8,
 *   10 or 12.
 */
export function decodeVpConfiguration(bytes: Uint8Array): VpConfiguration {
  needBytes(bytes, 0, RECORD_BYTES, 'vpcC')
  // The record has 8 bytes; with the box head there are 12.
  const at = bytes.length >= RECORD_BYTES + 4 && bytes[0] === 1 ? 4 : 0
  const profile = bytes[at]!
  const bitDepth = bytes[at + 2]! >> 4
  if (profile > 3 || (bitDepth !== 8 && bitDepth !== 10 && bitDepth !== 12)) {
    throw new DecodeError('ERR_VP_CONFIGURATION', `vpcC with profile ${profile} and bit depth ${bitDepth}`)
  }
  return {
    profile,
    level: bytes[at + 1]!,
    bitDepth,
    chromaSubsampling: (bytes[at + 2]! >> 1) & 0x07,
    colour: {
      primaries: bytes[at + 3]!,
      transfer: bytes[at + 4]!,
      matrix: bytes[at + 5]!,
      fullRange: (bytes[at + 2]! & 0x01) === 1,
    },
  }
}

/** Writes a VPCodecConfigurationRecord after the head of its full box, 12 bytes. */
export function encodeVpConfiguration(configuration: VpConfiguration): Uint8Array {
  const { profile, level, bitDepth, chromaSubsampling, colour } = configuration
  const out = new Uint8Array(4 + RECORD_BYTES)
  out[0] = 1 // version of the full box; flags 0 follow
  out[4] = profile
  out[5] = level
  out[6] = (bitDepth << 4) | (chromaSubsampling << 1) | (colour.fullRange ? 1 : 0)
  out[7] = colour.primaries
  out[8] = colour.transfer
  out[9] = colour.matrix
  return out // codecInitializationDataSize 0
}
