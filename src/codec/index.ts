/**
 * Codec facts: decoder configuration records, parameter sets, frame headers and NAL units of the codecs that
 * travel over RTMP, FLV and MPEG-2 TS. No decoding of pictures or sound: sizes, rates, profiles and
 * boundaries.
 *
 * Start with {@link decodeAvcConfiguration} and {@link decodeAudioSpecificConfig} on the payload of a packet
 * whose `configuration` flag is set, and with {@link splitAvcc} on any other video payload.
 *
 * @example
 * ```ts
 * import { decodeAvcConfiguration, decodeAvcSps } from 'millrace/codec'
 *
 * export function sizeOf(avcC: Uint8Array): string {
 *   const [sps] = decodeAvcConfiguration(avcC).sps
 *   if (sps === undefined) return 'unknown'
 *   const { width, height } = decodeAvcSps(sps)
 *   return `${width}x${height}`
 * }
 * ```
 *
 * @module codec
 * @group Formats
 */
export {
  ADTS_HEADER_BYTES,
  ADTS_MAX_PAYLOAD_BYTES,
  type AdtsConfig,
  type AdtsHeader,
  type AdtsOptions,
  decodeAdtsHeader,
  encodeAdtsHeader,
  isAdtsSync,
  writeAdtsHeader,
} from './adts-header.ts'
export { type AdtsFrame, configurationOfAdts, splitAdts } from './adts-frames.ts'
export { AAC_SAMPLING_FREQUENCIES, aacChannelCount, aacFrequencyIndex } from './aac-frequency.ts'
export { type Ac3Header, decodeAc3Header } from './ac3-header.ts'
export { AnnexBReader, joinAnnexB, splitAnnexB, startsWithStartCode } from './annex-b.ts'
export {
  AAC_LC,
  AAC_MAIN,
  AAC_PS,
  AAC_SBR,
  type AudioSpecificConfig,
  type AudioSpecificConfigInit,
  createAudioSpecificConfig,
  decodeAudioSpecificConfig,
  encodeAudioSpecificConfig,
  type SbrSignalling,
} from './audio-specific-config.ts'
export { type Av1Configuration, decodeAv1Configuration, encodeAv1Configuration } from './av1-configuration.ts'
export { encodeLeb128, OBU_SEQUENCE_HEADER, OBU_TEMPORAL_DELIMITER, ObuReader } from './av1-obu.ts'
export {
  type Av1SequenceHeader,
  decodeAv1SequenceHeader,
  findAv1SequenceHeader,
} from './av1-sequence-header.ts'
export {
  type AvcConfiguration,
  type AvcConfigurationExtension,
  createAvcConfiguration,
  decodeAvcConfiguration,
  encodeAvcConfiguration,
} from './avc-configuration.ts'
export {
  AVC_ACCESS_UNIT_DELIMITER,
  AVC_NAL_ACCESS_UNIT_DELIMITER,
  AVC_NAL_END_OF_SEQUENCE,
  AVC_NAL_END_OF_STREAM,
  AVC_NAL_FILLER_DATA,
  AVC_NAL_IDR_SLICE,
  AVC_NAL_PPS,
  AVC_NAL_SEI,
  AVC_NAL_SLICE,
  AVC_NAL_SPS,
  AVC_NAL_SPS_EXTENSION,
  avcNalType,
  isAvcRandomAccess,
  isAvcVcl,
} from './avc-nal.ts'
export { type AvcSps, decodeAvcSps } from './avc-sps.ts'
export type { AvcVui } from './avc-vui.ts'
export {
  aacCodecString,
  av1CodecString,
  avcCodecString,
  hevcCodecString,
  vpCodecString,
  vvcCodecString,
} from './codec-string.ts'
export { removeEmulationPrevention } from './emulation-prevention.ts'
export { flacFrameSamples } from './flac-frame.ts'
export { decodeFlacStreamInfo, encodeFlacStreamInfo, type FlacStreamInfo } from './flac-stream-info.ts'
export {
  createHevcConfiguration,
  decodeHevcConfiguration,
  encodeHevcConfiguration,
  type HevcConfiguration,
} from './hevc-configuration.ts'
export {
  HEVC_ACCESS_UNIT_DELIMITER,
  HEVC_NAL_ACCESS_UNIT_DELIMITER,
  HEVC_NAL_BLA_W_LP,
  HEVC_NAL_CRA,
  HEVC_NAL_END_OF_BITSTREAM,
  HEVC_NAL_END_OF_SEQUENCE,
  HEVC_NAL_FILLER_DATA,
  HEVC_NAL_IDR_N_LP,
  HEVC_NAL_IDR_W_RADL,
  HEVC_NAL_PPS,
  HEVC_NAL_PREFIX_SEI,
  HEVC_NAL_SPS,
  HEVC_NAL_SUFFIX_SEI,
  HEVC_NAL_VPS,
  hevcNalType,
  isHevcRandomAccess,
  isHevcVcl,
} from './hevc-nal.ts'
export type { HevcProfileTierLevel } from './hevc-profile-tier-level.ts'
export { decodeHevcSps, type HevcSps } from './hevc-sps.ts'
export type { HevcVui } from './hevc-vui.ts'
export {
  decodeMpegAudioHeader,
  isMpegAudioSync,
  MPEG_AUDIO_HEADER_BYTES,
  type MpegAudioHeader,
} from './mpeg-audio-header.ts'
export { annexBLength, annexBToAvcc, avccToAnnexB, writeAnnexB } from './nal-conversion.ts'
export { AvccReader, isAvcc, joinAvcc, splitAvcc } from './nal-length.ts'
export type { NalSplitOptions } from './nal-unit.ts'
export { decodeOpusHead, encodeOpusHead, type OpusChannelMapping, type OpusHead } from './opus-head.ts'
export { opusPacketSamples } from './opus-packet.ts'
export {
  type ProgramChannelElement,
  type ProgramConfigElement,
  type ProgramCouplingElement,
  programChannelCount,
} from './program-config-element.ts'
export { reorderDepth } from './reorder-depth.ts'
export type { AspectRatio, ColourDescription, VideoTiming } from './video-description.ts'
export { describeTrack, type TrackDescription } from './track-description.ts'
export { decodeVpConfiguration, encodeVpConfiguration, type VpConfiguration } from './vp-configuration.ts'
export { type FrameSize, vp8KeyframeSize, vp9KeyframeSize, vpKeyframeConfiguration } from './vp-frame-size.ts'
export { decodeVvcConfiguration, type VvcConfiguration, type VvcPicture } from './vvc-configuration.ts'
export { inBandConfiguration } from './in-band-configuration.ts'
