/**
 * FLV tags. FLV 10.1 §E.4.1.
 *
 * Layout: filter and type 8 | DataSize 24 | timestamp 24 (ms) | timestamp high 8 | stream id 24 = 0 | data |
 * PreviousTagSize 32
 *
 * @module
 */
import { readU24, writeU24, writeU32 } from '../bytes/index.ts'
import { type MediaPacket, TAG_TYPE_AUDIO, TAG_TYPE_DATA, TAG_TYPE_VIDEO } from '../media/index.ts'

/** Bytes before the data of a tag. */
export const FLV_TAG_HEADER_BYTES = 11
/** Largest data of a tag: its size is a UI24. */
export const FLV_MAX_TAG_DATA_BYTES = 0xff_ffff
/** Tag type of script data in AMF3 (Enhanced RTMP v2, "Enabling AMF3 in FLV"). */
export const TAG_TYPE_DATA_AMF3 = 15

/** Bytes that a packet takes as a tag: header, data and PreviousTagSize. */
export function flvTagLength(packet: MediaPacket): number {
  return FLV_TAG_HEADER_BYTES + packet.body.length + 4
}

/**
 * Writes a packet as a tag, PreviousTagSize included, at `offset`, which must leave {@link flvTagLength}
 * bytes of room.
 * @param dts - integer ms; written modulo 2³², so that a clock may run forever and start a little below zero.
 * @returns the offset after the last byte.
 * @throws RangeError if the body is larger than a tag can say.
 */
export function writeFlvTag(out: Uint8Array, offset: number, packet: MediaPacket, dts: number): number {
  const { body, kind } = packet
  const size = body.length
  if (size > FLV_MAX_TAG_DATA_BYTES) throw new RangeError(`a body of ${size} bytes does not fit an FLV tag`)
  out[offset] = kind === 'video' ? TAG_TYPE_VIDEO : kind === 'audio' ? TAG_TYPE_AUDIO : TAG_TYPE_DATA // TagType
  writeU24(out, offset + 1, size) // DataSize
  writeU24(out, offset + 4, dts) // Timestamp: the lower 24 bits
  out[offset + 7] = (dts >>> 24) & 0xff // TimestampExtended: the upper 8 bits follow the lower 24
  writeU24(out, offset + 8, 0) // StreamID
  out.set(body, offset + FLV_TAG_HEADER_BYTES)
  const end = offset + FLV_TAG_HEADER_BYTES + size
  writeU32(out, end, FLV_TAG_HEADER_BYTES + size) // PreviousTagSize
  return end + 4
}

/** Reads the timestamp of the tag header at `offset`: u32 ms. */
export function readFlvTimestamp(bytes: Uint8Array, offset: number): number {
  return (readU24(bytes, offset + 4) | (bytes[offset + 7]! << 24)) >>> 0
}
