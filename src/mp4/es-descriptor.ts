/**
 * `esds`, the elementary stream descriptor of MPEG-4 audio. ISO/IEC 14496-14 §5.6.1, ISO/IEC 14496-1 §7.2.6.
 *
 * Layout: ES_Descriptor 03: ES_ID 16, flags 8 | DecoderConfigDescriptor 04: object type 8, stream type 6,
 * upstream 1, 1 1, buffer 24, maximum bitrate 32, average bitrate 32 | DecoderSpecificInfo 05 |
 * SLConfigDescriptor 06: 02. Each tag 8 is followed by its length.
 *
 * @module
 */
import type { BoxWriter } from './box-writer.ts'

/** objectTypeIndication of MPEG-4 audio: AAC and what else an AudioSpecificConfig describes. */
export const OBJECT_TYPE_AAC = 0x40
/** objectTypeIndication of MPEG-2 audio (ISO/IEC 13818-3): MP3 below 32 kHz. */
export const OBJECT_TYPE_MPEG2_AUDIO = 0x69
/** objectTypeIndication of MPEG-1 audio (ISO/IEC 11172-3): MP3 from 32 kHz. */
export const OBJECT_TYPE_MPEG1_AUDIO = 0x6b

/** Bytes of a tag with a length of four bytes, a form that all readers know. */
const TAG_BYTES = 5
const DECODER_CONFIG_BYTES = 13

/**
 * Writes `esds`.
 * @param specificInfo - AudioSpecificConfig; empty for MPEG-1 and MPEG-2 audio, which have none.
 */
export function writeEsds(writer: BoxWriter, objectType: number, specificInfo: Uint8Array): void {
  const specificBytes = specificInfo.length === 0 ? 0 : TAG_BYTES + specificInfo.length
  const decoderBytes = DECODER_CONFIG_BYTES + specificBytes
  writer.openFull('esds', 0, 0)
  writeTag(writer, 0x03, 3 + TAG_BYTES + decoderBytes + TAG_BYTES + 1)
  writer.u16(0) // ES_ID: in a file the track says
  writer.u8(0) // no dependency, URL or clock; priority 0
  writeTag(writer, 0x04, decoderBytes)
  writer.u8(objectType) // objectTypeIndication
  writer.u8((0x05 << 2) | 1) // streamType audio | upStream 0 | reserved 1
  writer.u24(0) // bufferSizeDB
  writer.u32(0) // maxBitrate, unknown
  writer.u32(0) // avgBitrate, unknown
  if (specificBytes > 0) {
    writeTag(writer, 0x05, specificInfo.length)
    writer.bytes(specificInfo)
  }
  writeTag(writer, 0x06, 1)
  writer.u8(0x02) // predefined: for MP4 files
  writer.close()
}

/** A tag and its length, 7 bits a byte, the top bit set in all but the last. */
function writeTag(writer: BoxWriter, tag: number, length: number): void {
  writer.u8(tag)
  writer.u8(0x80 | (length >> 21))
  writer.u8(0x80 | (length >> 14))
  writer.u8(0x80 | (length >> 7))
  writer.u8(length & 0x7f)
}
