/**
 * Big-endian integers (and the little-endian u32 that RTMP keeps for its message stream id) at an offset of a
 * `Uint8Array`. Callers check the length first: a read past the end returns garbage, not an error, because
 * these run per chunk.
 *
 * @module
 */

/** Reads an unsigned 16-bit big-endian integer. */
export function readU16(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! << 8) | bytes[offset + 1]!
}

/** Reads an unsigned 24-bit big-endian integer. */
export function readU24(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! << 16) | (bytes[offset + 1]! << 8) | bytes[offset + 2]!
}

/** Reads a signed 24-bit big-endian integer, −2²³ to 2²³ − 1 (FLV composition time). */
export function readI24(bytes: Uint8Array, offset: number): number {
  return (readU24(bytes, offset) << 8) >> 8
}

/** Reads an unsigned 32-bit big-endian integer. */
export function readU32(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>>
    0
  )
}

/** Reads an unsigned 32-bit little-endian integer (RTMP message stream id, RTMP 1.0 §5.3.1.2.1). */
export function readU32Le(bytes: Uint8Array, offset: number): number {
  return (
    (bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24)) >>>
    0
  )
}

/** Reads an IEEE-754 double, big-endian. */
export function readF64(bytes: Uint8Array, offset: number): number {
  for (let i = 0; i < 8; i++) swapBytes[littleEndian ? 7 - i : i] = bytes[offset + i]!
  return swapDouble[0]!
}

/** Writes the low 16 bits of `value`, big-endian. */
export function writeU16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = (value >>> 8) & 0xff
  bytes[offset + 1] = value & 0xff
}

/** Writes the low 24 bits of `value`, big-endian; a negative value is written as two's complement. */
export function writeU24(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = (value >>> 16) & 0xff
  bytes[offset + 1] = (value >>> 8) & 0xff
  bytes[offset + 2] = value & 0xff
}

/** Writes the low 32 bits of `value`, big-endian. */
export function writeU32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = (value >>> 24) & 0xff
  bytes[offset + 1] = (value >>> 16) & 0xff
  bytes[offset + 2] = (value >>> 8) & 0xff
  bytes[offset + 3] = value & 0xff
}

/** Writes the low 32 bits of `value`, little-endian. */
export function writeU32Le(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value & 0xff
  bytes[offset + 1] = (value >>> 8) & 0xff
  bytes[offset + 2] = (value >>> 16) & 0xff
  bytes[offset + 3] = (value >>> 24) & 0xff
}

/** Writes an IEEE-754 double, big-endian. */
export function writeF64(bytes: Uint8Array, offset: number, value: number): void {
  swapDouble[0] = value
  for (let i = 0; i < 8; i++) bytes[offset + i] = swapBytes[littleEndian ? 7 - i : i]!
}

// One shared cell turns a double into its bytes; a DataView per call costs more than the whole conversion.
const swapDouble = new Float64Array(1)
const swapBytes = new Uint8Array(swapDouble.buffer)
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1
