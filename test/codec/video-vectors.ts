/** AV1, VP8, VP9 and H.266 configuration from encoders. `header` and `value` are what ffprobe and trace_headers say. */
import { hex } from '../support/bytes.ts'

const UNSPECIFIED = { primaries: 2, transfer: 2, matrix: 2, fullRange: false }

/** AV1CodecConfigurationRecord with the sequence header inside. */
export const AV1_VECTORS = [
  {
    name: 'SVT-AV1, 10 bits, BT.2020 with PQ',
    bytes: hex('81014c00 0a0e0000000cc4fb6500be1424402410'),
    value: {
      profile: 0,
      level: 1,
      tier: 0,
      bitDepth: 10,
      monochrome: false,
      subsamplingX: true,
      subsamplingY: true,
      chromaSamplePosition: 0,
      initialPresentationDelay: undefined,
      configObus: hex('0a0e0000000cc4fb6500be1424402410'),
    },
    header: {
      profile: 0,
      level: 1,
      tier: 0,
      width: 638,
      height: 358,
      bitDepth: 10,
      colour: { primaries: 9, transfer: 16, matrix: 9, fullRange: false },
    },
    codecString: 'av01.0.01M.10.0.110.09.16.09.0',
  },
  {
    name: 'libaom, 4:4:4',
    bytes: hex('81210000 0a0b2000000cc4fb6536be4080'),
    value: {
      profile: 1,
      level: 1,
      tier: 0,
      bitDepth: 8,
      monochrome: false,
      subsamplingX: false,
      subsamplingY: false,
      chromaSamplePosition: 0,
      initialPresentationDelay: undefined,
      configObus: hex('0a0b2000000cc4fb6536be4080'),
    },
    header: {
      profile: 1,
      width: 638,
      height: 358,
      subsamplingX: false,
      subsamplingY: false,
      colour: UNSPECIFIED,
    },
    codecString: 'av01.1.01M.08.0.000.01.01.01.0',
  },
  {
    name: 'libaom, monochrome in full range',
    bytes: hex('81011c00 0a0b0000000cc4fb6536be4a80'),
    value: {
      profile: 0,
      level: 1,
      tier: 0,
      bitDepth: 8,
      monochrome: true,
      subsamplingX: true,
      subsamplingY: true,
      chromaSamplePosition: 0,
      initialPresentationDelay: undefined,
      configObus: hex('0a0b0000000cc4fb6536be4a80'),
    },
    header: { width: 638, height: 358, monochrome: true, colour: { ...UNSPECIFIED, fullRange: true } },
    codecString: 'av01.0.01M.08.1.110.02.02.02.1',
  },
  {
    name: 'rav1e: level without limits',
    bytes: hex('811f0c00 0a0e000000fa627db28842a204040428'),
    value: {
      profile: 0,
      level: 31,
      tier: 0,
      bitDepth: 8,
      monochrome: false,
      subsamplingX: true,
      subsamplingY: true,
      chromaSamplePosition: 0,
      initialPresentationDelay: undefined,
      configObus: hex('0a0e000000fa627db28842a204040428'),
    },
    header: { level: 31, tier: 0, width: 638, height: 358, colour: UNSPECIFIED },
    codecString: 'av01.0.31M.08',
  },
] as const

/** Whole sequence header OBUs. */
export const AV1_OBU_VECTORS = [
  {
    name: 'Chrome, without size field',
    bytes: hex('08 0000 0042a7bfe4600d0040'),
    header: { level: 8, width: 1920, height: 804, bitDepth: 8, colour: UNSPECIFIED },
  },
  {
    name: 'libaom with all inter tools',
    bytes: hex('0a0b 00000042a7bfe62edfc842'),
    header: { level: 8, width: 1920, height: 818, colour: { ...UNSPECIFIED, fullRange: true } },
  },
  {
    name: 'SVT-AV1, 1080p',
    bytes: hex('08 00000042abbfc371abe601'),
    header: { level: 8, width: 1920, height: 1080, bitDepth: 8, colour: UNSPECIFIED },
  },
  {
    name: 'AMD: timing info and frame ids, BT.709, 1082 lines',
    bytes: hex('08 0400000004000000f300000e5577f873d0027d1010101040'),
    header: {
      level: 14,
      tier: 0,
      width: 1920,
      height: 1082,
      colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false },
    },
  },
] as const

/** VPCodecConfigurationRecord behind the head of its full box. */
export const VP_VECTORS = [
  {
    name: 'VP9, 320 × 180 by FFmpeg 8.1',
    bytes: hex('01000000 000b820202020000'),
    value: { profile: 0, level: 11, bitDepth: 8, chromaSubsampling: 1, colour: UNSPECIFIED },
    codecString: 'vp09.00.11.08',
  },
  {
    name: 'VP9 profile 2, BT.2020 with PQ, by FFmpeg 5.1',
    bytes: hex('01000000 0215a20910090000'),
    value: {
      profile: 2,
      level: 21,
      bitDepth: 10,
      chromaSubsampling: 1,
      colour: { primaries: 9, transfer: 16, matrix: 9, fullRange: false },
    },
    codecString: 'vp09.02.21.10.01.09.16.09.00',
  },
] as const

/** VvcDecoderConfigurationRecord, assembled by ISO/IEC 14496-15 §11.2.4.2. */
export const VVC_VECTORS = [
  {
    name: 'Main 10, 4.0, 1920 × 1080, one sub-layer',
    bytes: hex(`ff   // 11111, LengthSizeMinusOne 3, ptl_present_flag 1
      0011           // ols_idx 9 = 0, num_sublayers 3 = 1, constant_frame_rate 2 = 0, chroma_format_idc 2 = 1
      5f             // bit_depth_minus8 3 = 2, 11111
      01             // 00, num_bytes_constraint_info 6 = 1
      02 40          // general_profile_idc 7 = 1, general_tier_flag 1 = 0, general_level_idc 8 = 64
      80             // ptl_frame_only_constraint_flag 1, ptl_multi_layer_enabled_flag 0, general_constraint_info 6 = 0
      00             // ptl_num_sub_profiles
      0780 0438 0000 // max_picture_width, max_picture_height, avg_frame_rate
      00             // num_of_arrays`),
    value: {
      nalLengthSize: 4,
      picture: { profile: 1, tier: 0, level: 64, chromaFormat: 1, bitDepth: 10, width: 1920, height: 1080 },
    },
    codecString: 'vvc1.1.L64',
  },
  {
    name: 'High tier, three sub-layers with a level, a sub-profile',
    bytes: hex(`fb   // 11111, LengthSizeMinusOne 1, ptl_present_flag 1
      0031           // ols_idx 0, num_sublayers 3, constant_frame_rate 0, chroma_format_idc 1
      1f             // bit_depth_minus8 0, 11111
      01             // num_bytes_constraint_info 1
      03 53          // general_profile_idc 1, general_tier_flag 1, general_level_idc 83
      00             // general_constraint_info
      40             // ptl_sublayer_level_present_flag of sub-layer 1 and 0: 0 and 1; reserved zeros
      40             // sublayer_level_idc
      01 12345678    // ptl_num_sub_profiles, general_sub_profile_idc
      0f00 0870 1900
      00`),
    value: {
      nalLengthSize: 2,
      picture: { profile: 1, tier: 1, level: 83, chromaFormat: 1, bitDepth: 8, width: 3840, height: 2160 },
    },
    codecString: 'vvc1.1.H83',
  },
  {
    name: 'parameter sets alone tell',
    bytes: hex('fe 00'),
    value: { nalLengthSize: 4, picture: undefined },
    codecString: 'vvc1',
  },
] as const
