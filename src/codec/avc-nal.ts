/**
 * NAL unit types of H.264. Rec. ITU-T H.264 Table 7-1.
 *
 * Header byte: forbidden_zero_bit 1 | nal_ref_idc 2 | nal_unit_type 5
 *
 * @module
 */

/** Coded slice of a picture that is not an IDR picture. */
export const AVC_NAL_SLICE = 1
/** Coded slice of an IDR picture: decoding can start here. */
export const AVC_NAL_IDR_SLICE = 5
/** Supplemental enhancement information. */
export const AVC_NAL_SEI = 6
/** Sequence parameter set. */
export const AVC_NAL_SPS = 7
/** Picture parameter set. */
export const AVC_NAL_PPS = 8
/** Access unit delimiter. */
export const AVC_NAL_ACCESS_UNIT_DELIMITER = 9
/** End of sequence. */
export const AVC_NAL_END_OF_SEQUENCE = 10
/** End of stream. */
export const AVC_NAL_END_OF_STREAM = 11
/** Filler data. */
export const AVC_NAL_FILLER_DATA = 12
/** Sequence parameter set extension. */
export const AVC_NAL_SPS_EXTENSION = 13

/**
 * An access unit delimiter that allows every slice type (primary_pic_type 7), without start code. Do not
 * write to it.
 */
export const AVC_ACCESS_UNIT_DELIMITER: Uint8Array = Uint8Array.of(0x09, 0xf0)

/** nal_unit_type, 0 to 31, of a NAL unit's first byte. */
export function avcNalType(header: number): number {
  return header & 0x1f
}

/** Whether the NAL unit type carries picture data (VCL, types 1 to 5). */
export function isAvcVcl(type: number): boolean {
  return type >= AVC_NAL_SLICE && type <= AVC_NAL_IDR_SLICE
}

/** Whether decoding can start at this NAL unit type: a slice of an IDR picture. */
export function isAvcRandomAccess(type: number): boolean {
  return type === AVC_NAL_IDR_SLICE
}
