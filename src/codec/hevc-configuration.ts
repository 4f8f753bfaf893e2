/**
 * HEVCDecoderConfigurationRecord ("hvcC"): the sequence header of H.265 in Enhanced RTMP, FLV and MP4.
 * ISO/IEC 14496-15 §8.3.3.1.
 *
 * Layout: version 8 = 1 | profile space 2, tier 1, profile 5 | compatibility 32 | constraints 48 | level 8
 * | 1111 + min spatial segmentation 12 | 111111 + parallelism 2 | 111111 + chroma format 2 | 11111 + luma depth − 8 3
 * | 11111 + chroma depth − 8 3 | average frame rate 16 | constant frame rate 2, temporal layers 3, nested 1,
 * lengthSizeMinusOne 2 | array count 8 | (completeness 1, 0, type 6 | count 16 | (length 16, NAL unit)*)*
 *
 * @module
 */
import { readU16, readU32, writeU16, writeU32 } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'
import { HEVC_NAL_PPS, HEVC_NAL_SPS, HEVC_NAL_VPS } from './hevc-nal.ts'
import type { HevcProfileTierLevel } from './hevc-profile-tier-level.ts'
import { decodeHevcSps } from './hevc-sps.ts'
import { DEFAULT_MAX_NAL_UNITS, type NalSplitOptions, tooManyNalUnits } from './nal-unit.ts'
import { needBytes } from './need-bytes.ts'

/** Decoder configuration of H.265. */
export interface HevcConfiguration extends HevcProfileTierLevel {
  /** min_spatial_segmentation_idc, 0 to 4095. */
  readonly minSpatialSegmentation: number
  /** parallelismType: 0 unknown, 1 slices, 2 tiles, 3 wavefront. */
  readonly parallelism: number
  /** chroma_format_idc: 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chromaFormat: number
  /** Bits of a luma sample, 8 to 15. */
  readonly bitDepthLuma: number
  /** Bits of a chroma sample, 8 to 15. */
  readonly bitDepthChroma: number
  /** Frames in 256 seconds; 0 if unknown. */
  readonly averageFrameRate: number
  /** constantFrameRate: 1 constant, 2 constant in every temporal layer, 0 unknown. */
  readonly constantFrameRate: number
  /** numTemporalLayers: 0 unknown, 1 not scalable in time. */
  readonly temporalLayerCount: number
  /** temporalIdNested: any picture of a higher layer is a point to switch up. */
  readonly temporalIdNested: boolean
  /** Bytes of the length before each NAL unit: 1, 2 or 4. */
  readonly nalLengthSize: number
  /** Whether no parameter sets come in band (array_completeness of the VPS, SPS and PPS arrays). */
  readonly complete: boolean
  /** Video parameter sets with NAL header, as views of the decoded bytes. */
  readonly vps: readonly Uint8Array[]
  /** Sequence parameter sets with NAL header, as views of the decoded bytes. */
  readonly sps: readonly Uint8Array[]
  /** Picture parameter sets with NAL header, as views of the decoded bytes. */
  readonly pps: readonly Uint8Array[]
  /** NAL units of other arrays, SEI as a rule, as views of the decoded bytes. */
  readonly other: readonly Uint8Array[]
}

/** Bytes before the arrays. */
const HEADER_BYTES = 23

/**
 * Reads an HEVCDecoderConfigurationRecord. The NAL units are views of `bytes` and are not looked into. NAL
 * units of length 0 are left out, bytes after the record are ignored. Version 0 is accepted: that is what
 * encoders wrote before the standard was out.
 * @throws {@link DecodeError} `ERR_BYTES_END` if the record is cut short.
 * @throws {@link DecodeError} `ERR_HEVC_CONFIGURATION` if the version is above 1 or the length size is 3.
 * @throws {@link LimitError} `ERR_NAL_COUNT` beyond `maxNalUnits`.
 */
export function decodeHevcConfiguration(bytes: Uint8Array, options?: NalSplitOptions): HevcConfiguration {
  needBytes(bytes, 0, HEADER_BYTES, 'hvcC')
  if (bytes[0]! > 1) throw new DecodeError('ERR_HEVC_CONFIGURATION', `hvcC version ${bytes[0]}, not 1`)
  const nalLengthSize = (bytes[21]! & 0x03) + 1
  if (nalLengthSize === 3) throw new DecodeError('ERR_HEVC_CONFIGURATION', 'NAL unit length of 3 bytes')
  const vps: Uint8Array[] = []
  const sps: Uint8Array[] = []
  const pps: Uint8Array[] = []
  const other: Uint8Array[] = []
  const max = options?.maxNalUnits ?? DEFAULT_MAX_NAL_UNITS
  let found = 0
  let complete = bytes[22]! > 0
  let at = HEADER_BYTES
  for (let array = 0; array < bytes[22]!; array++) {
    needBytes(bytes, at, 3, 'hvcC array')
    const type = bytes[at]! & 0x3f // NAL_unit_type
    const count = readU16(bytes, at + 1)
    const into =
      type === HEVC_NAL_VPS ? vps : type === HEVC_NAL_SPS ? sps : type === HEVC_NAL_PPS ? pps : other
    if (into !== other && bytes[at]! < 0x80) complete = false // array_completeness
    at += 3
    for (let i = 0; i < count; i++) {
      needBytes(bytes, at, 2, 'hvcC NAL unit length')
      const length = readU16(bytes, at)
      needBytes(bytes, at + 2, length, 'hvcC NAL unit')
      if (length > 0) {
        if (++found > max) throw tooManyNalUnits('hvcC', max)
        into.push(bytes.subarray(at + 2, at + 2 + length))
      }
      at += 2 + length
    }
  }
  return {
    profileSpace: bytes[1]! >> 6,
    tier: (bytes[1]! >> 5) & 0x01,
    profile: bytes[1]! & 0x1f,
    profileCompatibility: readU32(bytes, 2),
    constraints: readU16(bytes, 6) * 2 ** 32 + readU32(bytes, 8),
    level: bytes[12]!,
    minSpatialSegmentation: readU16(bytes, 13) & 0x0fff,
    parallelism: bytes[15]! & 0x03,
    chromaFormat: bytes[16]! & 0x03,
    bitDepthLuma: (bytes[17]! & 0x07) + 8,
    bitDepthChroma: (bytes[18]! & 0x07) + 8,
    averageFrameRate: readU16(bytes, 19),
    constantFrameRate: bytes[21]! >> 6,
    temporalLayerCount: (bytes[21]! >> 3) & 0x07,
    temporalIdNested: (bytes[21]! & 0x04) !== 0,
    nalLengthSize,
    complete,
    vps,
    sps,
    pps,
    other,
  }
}

/**
 * Writes an HEVCDecoderConfigurationRecord: arrays of VPS, SPS and PPS, then one for each run of other NAL
 * units of a type. Empty arrays are left out.
 * @throws RangeError if a count or length does not fit its field or the length size is not 1, 2 or 4.
 */
export function encodeHevcConfiguration(configuration: HevcConfiguration): Uint8Array {
  const { nalLengthSize } = configuration
  if (nalLengthSize !== 1 && nalLengthSize !== 2 && nalLengthSize !== 4) {
    throw new RangeError(`nalLengthSize ${nalLengthSize} is not 1, 2 or 4`)
  }
  const arrays = [
    configuration.vps,
    configuration.sps,
    configuration.pps,
    ...runsByType(configuration.other),
  ].filter((units) => units.length > 0)
  if (arrays.length > 255) throw new RangeError('hvcC holds at most 255 arrays')
  let length = HEADER_BYTES
  for (const units of arrays) {
    length += 3
    for (const unit of units) length += 2 + unit.length
  }
  const out = new Uint8Array(length)
  out[0] = 1 // configurationVersion
  out[1] = (configuration.profileSpace << 6) | (configuration.tier << 5) | configuration.profile
  writeU32(out, 2, configuration.profileCompatibility)
  writeU16(out, 6, Math.floor(configuration.constraints / 2 ** 32)) // upper 16 of 48 constraint flags
  writeU32(out, 8, configuration.constraints)
  out[12] = configuration.level // general_level_idc
  writeU16(out, 13, 0xf000 | configuration.minSpatialSegmentation) // reserved 1111
  out[15] = 0xfc | configuration.parallelism // reserved 111111
  out[16] = 0xfc | configuration.chromaFormat // reserved 111111
  out[17] = 0xf8 | (configuration.bitDepthLuma - 8) // reserved 11111
  out[18] = 0xf8 | (configuration.bitDepthChroma - 8) // reserved 11111
  writeU16(out, 19, configuration.averageFrameRate)
  out[21] =
    (configuration.constantFrameRate << 6) |
    (configuration.temporalLayerCount << 3) |
    (configuration.temporalIdNested ? 0x04 : 0) |
    (nalLengthSize - 1)
  out[22] = arrays.length // numOfArrays
  let at = HEADER_BYTES
  for (const units of arrays) {
    const type = (units[0]![0]! >> 1) & 0x3f
    const parameterSets = type >= HEVC_NAL_VPS && type <= HEVC_NAL_PPS
    out[at] = (configuration.complete && parameterSets ? 0x80 : 0) | type // array_completeness | 0 | NAL_unit_type
    writeU16(out, at + 1, units.length) // numNalus
    at += 3
    for (const unit of units) {
      if (unit.length > 0xffff) throw new RangeError(`NAL unit of ${unit.length} bytes`)
      writeU16(out, at, unit.length)
      out.set(unit, at + 2)
      at += 2 + unit.length
    }
  }
  return out
}

/**
 * The configuration that belongs to parameter sets found in band, as a TS demuxer finds them. Profile, level,
 * chroma format and depths come from the first SPS; NAL unit lengths take 4 bytes.
 * @throws {@link DecodeError} if the first SPS does not parse, as {@link decodeHevcSps} does.
 * @throws RangeError if `sps` is empty.
 */
export function createHevcConfiguration(
  vps: readonly Uint8Array[],
  sps: readonly Uint8Array[],
  pps: readonly Uint8Array[],
): HevcConfiguration {
  const first = sps[0]
  if (first === undefined) throw new RangeError('no SPS')
  const facts = decodeHevcSps(first)
  return {
    profileSpace: facts.profileSpace,
    tier: facts.tier,
    profile: facts.profile,
    profileCompatibility: facts.profileCompatibility,
    constraints: facts.constraints,
    level: facts.level,
    minSpatialSegmentation: 0,
    parallelism: 0,
    chromaFormat: facts.chromaFormat,
    bitDepthLuma: facts.bitDepthLuma,
    bitDepthChroma: facts.bitDepthChroma,
    averageFrameRate: 0,
    constantFrameRate: 0,
    temporalLayerCount: facts.subLayerCount,
    temporalIdNested: facts.temporalIdNested,
    nalLengthSize: 4,
    complete: true,
    vps,
    sps,
    pps,
    other: [],
  }
}

function runsByType(units: readonly Uint8Array[]): Uint8Array[][] {
  const runs: Uint8Array[][] = []
  let last = -1
  for (const unit of units) {
    const type = unit[0]! >> 1
    if (type === last) runs.at(-1)!.push(unit)
    else runs.push([unit])
    last = type
  }
  return runs
}
