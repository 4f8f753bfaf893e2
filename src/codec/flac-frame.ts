/**
 * How long a FLAC frame plays. RFC 9639 §9.1.
 *
 * Layout: sync 15 = 7ffc, blocking strategy 1 | block size 4, sample rate 4 | channels 4, bit depth 3, 0 |
 * coded number 8 to 56
 * | block size − 1 8 or 16 where it is uncommon …
 *
 * @module
 */
import { readU16 } from '../bytes/index.ts'

/** Samples a channel of a frame, or 0 when `frame` does not start with a frame header. */
export function flacFrameSamples(frame: Uint8Array): number {
  if (frame.length < 6 || frame[0] !== 0xff || (frame[1]! & 0xfe) !== 0xf8) return 0
  const code = frame[2]! >> 4
  if (code === 0) return 0 // reserved
  if (code === 1) return 192
  if (code < 6) return 144 * 2 ** code // 576, 1152, 2304, 4608
  if (code >= 8) return 2 ** code // 256 to 32,768
  const at = 4 + codedNumberBytes(frame[4]!)
  if (at + (code - 5) > frame.length) return 0
  return 1 + (code === 6 ? frame[at]! : readU16(frame, at))
}

/** Bytes of the frame or sample number, which is coded as in UTF-8 but for up to 36 bits. RFC 9639 §9.1.5 */
function codedNumberBytes(first: number): number {
  let ones = 0
  while (ones < 7 && (first & (0x80 >> ones)) !== 0) ones++
  return ones === 0 ? 1 : ones
}
