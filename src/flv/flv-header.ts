/**
 * The header of an FLV file. FLV 10.1 §E.2.
 *
 * Layout: 'FLV' | version 8 = 1 | reserved 5, audio 1, reserved 1, video 1 | DataOffset 32 = 9 | then
 * PreviousTagSize0 32 = 0.
 *
 * @module
 */
import { readU32 } from '../bytes/index.ts'

/** Bytes of the header with the PreviousTagSize0 that opens the body. */
export const FLV_HEADER_BYTES = 13

/**
 * The contents that an FLV header announces. Only tags count: live streams often announce a kind that never
 * comes, or omit one that does.
 */
export interface FlvHeader {
  /** Whether audio tags are announced. */
  readonly audio: boolean
  /** Whether video tags are announced. */
  readonly video: boolean
}

/** A DataOffset beyond this is damage, not a header of a later version. */
const MAX_DATA_OFFSET = 1024

/** The 13 bytes that open an FLV file or stream: the header and PreviousTagSize0. */
export function encodeFlvHeader(header: FlvHeader): Uint8Array {
  return Uint8Array.of(
    0x46, 0x4c, 0x56, // signature 'FLV'
    0x01, // version
    (header.audio ? 0x04 : 0) | (header.video ? 0x01 : 0), // TypeFlagsAudio, TypeFlagsVideo
    0x00, 0x00, 0x00, 0x09, // DataOffset
    0x00, 0x00, 0x00, 0x00, // PreviousTagSize0
  ) // prettier-ignore
}

/**
 * Reads the 9 bytes of a header, PreviousTagSize0 not included.
 * @returns `undefined` if `bytes` is shorter or does not open with `FLV`.
 */
export function decodeFlvHeader(bytes: Uint8Array): FlvHeader | undefined {
  if (bytes.length < 9 || !isFlvSignature(bytes, 0)) return undefined
  const flags = bytes[4]!
  return { audio: (flags & 0x04) !== 0, video: (flags & 0x01) !== 0 }
}

/** Whether `FLV` is at `offset`, as far as there are bytes; `false` at the end. */
export function isFlvSignature(bytes: Uint8Array, offset: number): boolean {
  const left = bytes.length - offset
  if (left <= 0) return false
  return (
    bytes[offset] === 0x46 &&
    (left < 2 || bytes[offset + 1] === 0x4c) &&
    (left < 3 || bytes[offset + 2] === 0x56)
  )
}

/**
 * Offset of the first tag after the header at `offset`, PreviousTagSize0 passed over. Some servers leave that
 * out and begin a tag, whose type is never 0. The caller has {@link FLV_HEADER_BYTES} bytes there.
 * @returns more than `bytes.length` when DataOffset leads past what is there.
 */
export function firstTagOffset(bytes: Uint8Array, offset: number): number {
  const dataOffset = readU32(bytes, offset + 5)
  const start = offset + (dataOffset < 9 || dataOffset > MAX_DATA_OFFSET ? 9 : dataOffset)
  return start + 4 > bytes.length || readU32(bytes, start) === 0 ? start + 4 : start
}
