/**
 * CRC_32 of PSI sections. ISO/IEC 13818-1 Annex A: polynomial 0x04c11db7, start 0xffffffff, no reflection, no
 * final inversion. Over a section with its CRC the result is 0.
 *
 * @module
 */

const TABLE = new Int32Array(256)
for (let byte = 0; byte < 256; byte++) {
  let crc = byte << 24
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c1_1db7 : crc << 1
  TABLE[byte] = crc
}

/** The CRC of `bytes[start, end)` as an unsigned number. */
export function crc32Mpeg(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  let crc = -1
  for (let i = start; i < end; i++) crc = (crc << 8) ^ TABLE[(crc >>> 24) ^ bytes[i]!]!
  return crc >>> 0
}
