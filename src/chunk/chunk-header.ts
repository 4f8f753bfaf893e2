/**
 * Sizes and limits of the chunk header. RTMP 1.0 §5.3.1.
 *
 * ```text
 * basic header 1–3 | message header 11, 7, 3 or 0 (fmt 0–3) | extended timestamp 0 or 4 | chunk data
 * ```
 *
 * @module
 */

/** Chunk size on both sides until Set Chunk Size changes it, in bytes. RTMP 1.0 §5.4.1. */
export const DEFAULT_CHUNK_SIZE = 128

/**
 * Largest chunk size that makes a difference, in bytes: the message length is a 24-bit field, so every larger
 * value means the same. RTMP 1.0 §5.4.1.
 */
export const MAX_CHUNK_SIZE = 0xff_ffff

/** Smallest chunk stream id that may be used; 0 and 1 select the longer basic headers. */
export const MIN_CHUNK_STREAM_ID = 2

/** Largest chunk stream id that the 3-byte basic header can say: 64 + 0xffff. */
export const MAX_CHUNK_STREAM_ID = 65_599

/** A timestamp field of this value says that a 4-byte extended timestamp follows. */
export const EXTENDED_TIMESTAMP = 0xff_ffff

/** The longest header: 3 basic, 11 message, 4 extended timestamp. */
export const MAX_HEADER_BYTES = 18

/** Bytes of the basic header for a chunk stream id: 1 to 63, 2 to 319, else 3. */
export function basicHeaderLength(chunkStreamId: number): number {
  if (chunkStreamId < 64) return 1
  return chunkStreamId < 320 ? 2 : 3
}

/**
 * Writes a basic header: fmt 2 bits | csid 6 bits, or 0 and csid − 64 (u8), or 1 and csid − 64 (u16, low byte
 * first).
 * @returns the offset after it.
 */
export function writeBasicHeader(
  out: Uint8Array,
  offset: number,
  fmt: number,
  chunkStreamId: number,
): number {
  if (chunkStreamId < 64) {
    out[offset] = (fmt << 6) | chunkStreamId
    return offset + 1
  }
  const rest = chunkStreamId - 64
  if (rest < 256) {
    out[offset] = fmt << 6
    out[offset + 1] = rest
    return offset + 2
  }
  out[offset] = (fmt << 6) | 1
  out[offset + 1] = rest & 0xff
  out[offset + 2] = rest >>> 8
  return offset + 3
}
