/**
 * NAL unit types of H.265. Rec. ITU-T H.265 Table 7-1.
 *
 * Header: forbidden_zero_bit 1 | nal_unit_type 6 | nuh_layer_id 6 | nuh_temporal_id_plus1 3
 *
 * @module
 */

/** First IRAP type, BLA_W_LP. */
export const HEVC_NAL_BLA_W_LP = 16
/** IDR picture that may have leading pictures. */
export const HEVC_NAL_IDR_W_RADL = 19
/** IDR picture without leading pictures. */
export const HEVC_NAL_IDR_N_LP = 20
/** Clean random access picture. */
export const HEVC_NAL_CRA = 21
/** Video parameter set. */
export const HEVC_NAL_VPS = 32
/** Sequence parameter set. */
export const HEVC_NAL_SPS = 33
/** Picture parameter set. */
export const HEVC_NAL_PPS = 34
/** Access unit delimiter. */
export const HEVC_NAL_ACCESS_UNIT_DELIMITER = 35
/** End of sequence. */
export const HEVC_NAL_END_OF_SEQUENCE = 36
/** End of bitstream. */
export const HEVC_NAL_END_OF_BITSTREAM = 37
/** Filler data. */
export const HEVC_NAL_FILLER_DATA = 38
/** SEI that comes before the picture. */
export const HEVC_NAL_PREFIX_SEI = 39
/** SEI that comes after the picture. */
export const HEVC_NAL_SUFFIX_SEI = 40

/**
 * An access unit delimiter that allows every slice type (pic_type 2), without start code. Do not write to it.
 */
export const HEVC_ACCESS_UNIT_DELIMITER: Uint8Array = Uint8Array.of(0x46, 0x01, 0x50)

/** nal_unit_type, 0 to 63, of a NAL unit's first byte. */
export function hevcNalType(header: number): number {
  return (header >> 1) & 0x3f
}

/** Whether the NAL unit type carries picture data (VCL, types 0 to 31). */
export function isHevcVcl(type: number): boolean {
  return type < HEVC_NAL_VPS
}

/** Whether decoding can start at this NAL unit type: IRAP, types 16 to 23 (BLA, IDR, CRA). */
export function isHevcRandomAccess(type: number): boolean {
  return type >= HEVC_NAL_BLA_W_LP && type <= 23
}
