/**
 * What kind of elementary stream a PMT entry announces. ISO/IEC 13818-1 Table 2-34; private ones from ATSC
 * A/53 and SMPTE registrations.
 *
 * @module
 */

/** MPEG-1 audio; MP3 of 32 kHz and more. */
export const STREAM_TYPE_MPEG1_AUDIO = 0x03
/** MPEG-2 audio; MP3 below 32 kHz. */
export const STREAM_TYPE_MPEG2_AUDIO = 0x04
/** PES private data, identified by a registration descriptor; Opus here. */
export const STREAM_TYPE_PRIVATE = 0x06
/** AAC with ADTS. */
export const STREAM_TYPE_AAC = 0x0f
/** AAC with LATM. */
export const STREAM_TYPE_AAC_LATM = 0x11
/** Timed metadata in PES packets (ID3 in HLS). */
export const STREAM_TYPE_METADATA = 0x15
/** H.264. */
export const STREAM_TYPE_AVC = 0x1b
/** H.265. */
export const STREAM_TYPE_HEVC = 0x24
/** AC-3 (ATSC). */
export const STREAM_TYPE_AC3 = 0x81
/** Enhanced AC-3 (ATSC). */
export const STREAM_TYPE_EAC3 = 0x87

/** PES stream_id of the first MPEG audio stream (also AAC). */
export const STREAM_ID_AUDIO = 0xc0
/** PES stream_id of the first video stream. */
export const STREAM_ID_VIDEO = 0xe0
/** PES stream_id private_stream_1: AC-3, Opus. */
export const STREAM_ID_PRIVATE_1 = 0xbd

/** Descriptor tag: four characters that name a format. */
export const DESCRIPTOR_REGISTRATION = 0x05
/** Descriptor tag: an extension tag follows. */
export const DESCRIPTOR_EXTENSION = 0x7f
