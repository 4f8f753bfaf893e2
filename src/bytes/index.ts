/**
 * Byte and bit reading without `Buffer`, and the two memory shapes that the package is built on: slabs for
 * message bodies, a queue for parser input.
 *
 * @module bytes
 * @group Ground
 */
export { decodeBase64, encodeBase64 } from './base64.ts'
export { BitReader } from './bit-reader.ts'
export { ByteArena } from './byte-arena.ts'
export { ByteQueue } from './byte-queue.ts'
export { concatBytes, copyBytes, EMPTY_BYTES, equalBytes } from './concat.ts'
export {
  readF64,
  readI24,
  readU16,
  readU24,
  readU32,
  readU32Le,
  writeF64,
  writeU16,
  writeU24,
  writeU32,
  writeU32Le,
} from './integers.ts'
export { decodeUtf8, encodeUtf8, utf8Length, writeUtf8 } from './utf8.ts'
