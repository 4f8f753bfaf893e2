/**
 * Flags of the boxes in a movie fragment: which fields are there. ISO/IEC 14496-12 §8.8.7.1, §8.8.8.1.
 *
 * @module
 */

/** tfhd: base_data_offset. */
export const TFHD_BASE_DATA_OFFSET = 0x00_0001
/** tfhd: sample_description_index. */
export const TFHD_DESCRIPTION_INDEX = 0x00_0002
/** tfhd: default_sample_duration. */
export const TFHD_DEFAULT_DURATION = 0x00_0008
/** tfhd: default_sample_size. */
export const TFHD_DEFAULT_SIZE = 0x00_0010
/** tfhd: default_sample_flags. */
export const TFHD_DEFAULT_FLAGS = 0x00_0020
/** tfhd: offsets count from the start of `moof`. */
export const TFHD_DEFAULT_BASE_IS_MOOF = 0x02_0000

/** trun: data_offset. */
export const TRUN_DATA_OFFSET = 0x001
/** trun: first_sample_flags. */
export const TRUN_FIRST_SAMPLE_FLAGS = 0x004
/** trun: sample_duration of each. */
export const TRUN_DURATION = 0x100
/** trun: sample_size of each. */
export const TRUN_SIZE = 0x200
/** trun: sample_flags of each. */
export const TRUN_FLAGS = 0x400
/** trun: sample_composition_time_offset of each. */
export const TRUN_COMPOSITION_OFFSET = 0x800
