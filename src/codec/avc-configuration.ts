/**
 * AVCDecoderConfigurationRecord ("avcC"): the sequence header of H.264 in FLV, RTMP and MP4. ISO/IEC 14496-15
 * §5.3.3.1.
 *
 * Layout: version 8 = 1 | profile 8 | compatibility 8 | level 8 | 111111 + lengthSizeMinusOne 2
 * | 111 + SPS count 5 | (length 16, SPS)* | PPS count 8 | (length 16, PPS)*
 * | for High and up: 111111 + chroma format 2 | 11111 + luma depth − 8 3 | 11111 + chroma depth − 8 3
 * | SPS extension count 8 | (length 16, SPS extension)*
 *
 * @module
 */
import { readU16, writeU16 } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'
import { decodeAvcSps } from './avc-sps.ts'
import { needBytes } from './need-bytes.ts'

/** Decoder configuration of H.264. */
export interface AvcConfiguration {
  /** AVCProfileIndication = profile_idc of the SPS: 66 Baseline, 77 Main, 100 High … */
  readonly profile: number
  /** profile_compatibility: the byte of constraint_set flags between profile and level in the SPS. */
  readonly compatibility: number
  /** AVCLevelIndication = level_idc: ten times the level, 31 for 3.1. */
  readonly level: number
  /** Bytes of the length before each NAL unit: 1, 2 or 4. */
  readonly nalLengthSize: number
  /**
   * Sequence parameter sets with NAL header, as views of the decoded bytes. May be empty when they come in
   * band.
   */
  readonly sps: readonly Uint8Array[]
  /** Picture parameter sets with NAL header, as views of the decoded bytes. */
  readonly pps: readonly Uint8Array[]
  /** What High profile records add; absent in others, and in those of the many writers that leave it out. */
  readonly extension?: AvcConfigurationExtension
}

/** The fields at the end of a record of High profile and up. */
export interface AvcConfigurationExtension {
  /** chroma_format_idc: 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chromaFormat: number
  /** Bits of a luma sample, 8 to 15. */
  readonly bitDepthLuma: number
  /** Bits of a chroma sample, 8 to 15. */
  readonly bitDepthChroma: number
  /** SPS extension NAL units (type 13), as views of the decoded bytes. */
  readonly spsExtensions: readonly Uint8Array[]
}

/**
 * Reads an AVCDecoderConfigurationRecord. The parameter sets are views of `bytes` and are not looked into.
 * Parameter sets of length 0 are left out, bytes after the record are ignored, and the extension of High
 * profile may be missing or cut.
 * @throws {@link DecodeError} `ERR_BYTES_END` if the record is cut short.
 * @throws {@link DecodeError} `ERR_AVC_CONFIGURATION` if the version is not 1 or the length size is 3.
 */
export function decodeAvcConfiguration(bytes: Uint8Array): AvcConfiguration {
  needBytes(bytes, 0, 7, 'avcC')
  if (bytes[0] !== 1) throw new DecodeError('ERR_AVC_CONFIGURATION', `avcC version ${bytes[0]}, not 1`)
  const nalLengthSize = (bytes[4]! & 0x03) + 1
  // "the value of this field shall be one of 0, 1, or 3" (lengthSizeMinusOne)
  if (nalLengthSize === 3) throw new DecodeError('ERR_AVC_CONFIGURATION', 'NAL unit length of 3 bytes')
  const sps: Uint8Array[] = []
  let at = readParameterSets(bytes, 6, bytes[5]! & 0x1f, sps)
  needBytes(bytes, at, 1, 'avcC PPS count')
  const pps: Uint8Array[] = []
  at = readParameterSets(bytes, at + 1, bytes[at]!, pps)
  const base = {
    profile: bytes[1]!,
    compatibility: bytes[2]!,
    level: bytes[3]!,
    nalLengthSize,
    sps,
    pps,
  }
  const extension = isHighProfile(base.profile) ? readExtension(bytes, at) : undefined
  return extension === undefined ? base : { ...base, extension }
}

/**
 * Writes an AVCDecoderConfigurationRecord.
 * @throws RangeError if a count or length does not fit its field or the length size is not 1, 2 or 4.
 */
export function encodeAvcConfiguration(configuration: AvcConfiguration): Uint8Array {
  const { sps, pps, nalLengthSize, extension } = configuration
  if (nalLengthSize !== 1 && nalLengthSize !== 2 && nalLengthSize !== 4) {
    throw new RangeError(`nalLengthSize ${nalLengthSize} is not 1, 2 or 4`)
  }
  if (sps.length > 31 || pps.length > 255) throw new RangeError('avcC holds at most 31 SPS and 255 PPS')
  const extensions = extension?.spsExtensions ?? []
  const out = new Uint8Array(
    7 + (extension === undefined ? 0 : 4) + setsLength(sps) + setsLength(pps) + setsLength(extensions),
  )
  out[0] = 1 // configurationVersion
  out[1] = configuration.profile // AVCProfileIndication
  out[2] = configuration.compatibility // profile_compatibility
  out[3] = configuration.level // AVCLevelIndication
  out[4] = 0xfc | (nalLengthSize - 1) // reserved 111111 | lengthSizeMinusOne
  out[5] = 0xe0 | sps.length // reserved 111 | numOfSequenceParameterSets
  let at = writeParameterSets(out, 6, sps)
  out[at] = pps.length // numOfPictureParameterSets
  at = writeParameterSets(out, at + 1, pps)
  if (extension !== undefined) {
    out[at] = 0xfc | extension.chromaFormat // reserved 111111 | chroma_format
    out[at + 1] = 0xf8 | (extension.bitDepthLuma - 8) // reserved 11111 | bit_depth_luma_minus8
    out[at + 2] = 0xf8 | (extension.bitDepthChroma - 8) // reserved 11111 | bit_depth_chroma_minus8
    out[at + 3] = extensions.length // numOfSequenceParameterSetExt
    writeParameterSets(out, at + 4, extensions)
  }
  return out
}

/**
 * The configuration that belongs to parameter sets found in band, as a TS demuxer finds them. Profile, level
 * and chroma format come from the first SPS; NAL unit lengths take 4 bytes.
 * @throws {@link DecodeError} if the first SPS does not parse, as {@link decodeAvcSps} does.
 * @throws RangeError if `sps` is empty.
 */
export function createAvcConfiguration(
  sps: readonly Uint8Array[],
  pps: readonly Uint8Array[],
): AvcConfiguration {
  const first = sps[0]
  if (first === undefined) throw new RangeError('no SPS')
  const { profile, compatibility, level, chromaFormat, bitDepthLuma, bitDepthChroma } = decodeAvcSps(first)
  const base = { profile, compatibility, level, nalLengthSize: 4, sps, pps }
  if (!isHighProfile(profile)) return base
  return { ...base, extension: { chromaFormat, bitDepthLuma, bitDepthChroma, spsExtensions: [] } }
}

/**
 * Profiles whose record has the extension: all but Baseline, Main and Extended. ISO/IEC 14496-15 §5.3.3.1.2.
 */
function isHighProfile(profile: number): boolean {
  return profile !== 66 && profile !== 77 && profile !== 88
}

function readExtension(bytes: Uint8Array, at: number): AvcConfigurationExtension | undefined {
  if (at + 4 > bytes.length) return undefined
  const spsExtensions: Uint8Array[] = []
  try {
    readParameterSets(bytes, at + 4, bytes[at + 3]!, spsExtensions)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
  return {
    chromaFormat: bytes[at]! & 0x03,
    bitDepthLuma: (bytes[at + 1]! & 0x07) + 8,
    bitDepthChroma: (bytes[at + 2]! & 0x07) + 8,
    spsExtensions,
  }
}

/** Reads `count` parameter sets into `into` and returns the offset after them. */
function readParameterSets(bytes: Uint8Array, offset: number, count: number, into: Uint8Array[]): number {
  let at = offset
  for (let i = 0; i < count; i++) {
    needBytes(bytes, at, 2, 'parameter set length')
    const length = readU16(bytes, at)
    needBytes(bytes, at + 2, length, 'parameter set')
    if (length > 0) into.push(bytes.subarray(at + 2, at + 2 + length))
    at += 2 + length
  }
  return at
}

function writeParameterSets(out: Uint8Array, offset: number, sets: readonly Uint8Array[]): number {
  let at = offset
  for (const set of sets) {
    if (set.length > 0xffff) throw new RangeError(`parameter set of ${set.length} bytes`)
    writeU16(out, at, set.length)
    out.set(set, at + 2)
    at += 2 + set.length
  }
  return at
}

function setsLength(sets: readonly Uint8Array[]): number {
  let length = 0
  for (const set of sets) length += 2 + set.length
  return length
}
