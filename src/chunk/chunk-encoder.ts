/**
 * Messages to chunks: fmt 0 for the first chunk of every message, fmt 3 for the others, never a delta. So the
 * bytes of a message depend on nothing sent before it, and one copy serves every receiver.
 *
 * @module
 */
import { writeU24, writeU32, writeU32Le } from '../bytes/index.ts'
import {
  basicHeaderLength,
  DEFAULT_CHUNK_SIZE,
  EXTENDED_TIMESTAMP,
  MAX_CHUNK_SIZE,
  MAX_CHUNK_STREAM_ID,
  MIN_CHUNK_STREAM_ID,
  writeBasicHeader,
} from './chunk-header.ts'
import type { ChunkMessage } from './chunk-message.ts'

/** Options of {@link ChunkEncoder}. */
export interface ChunkEncoderOptions {
  /**
   * Chunk data per chunk in bytes, 1 to 16777215; announce it with Set Chunk Size before use.
   * @defaultValue 128
   */
  readonly chunkSize?: number
}

/** Turns messages into chunks. Stateless but for the chunk size. */
export class ChunkEncoder {
  #chunkSize: number

  /** @throws RangeError if the chunk size is out of range. */
  constructor(options: ChunkEncoderOptions = {}) {
    this.#chunkSize = checkChunkSize(options.chunkSize ?? DEFAULT_CHUNK_SIZE)
  }

  /**
   * Chunk data per chunk in bytes, 1 to 16777215. Change it right after the Set Chunk Size message is
   * encoded.
   */
  get chunkSize(): number {
    return this.#chunkSize
  }

  /** @throws RangeError if the chunk size is out of range. */
  set chunkSize(chunkSize: number) {
    this.#chunkSize = checkChunkSize(chunkSize)
  }

  /**
   * The chunks of one message, in one new array of exactly their length.
   * @throws RangeError if the chunk stream id, the body's length or the message type id does not fit its
   *   field.
   */
  encode(message: ChunkMessage): Uint8Array {
    const { chunkStreamId, messageTypeId, body } = message
    if (!(chunkStreamId >= MIN_CHUNK_STREAM_ID && chunkStreamId <= MAX_CHUNK_STREAM_ID)) {
      throw new RangeError(`chunk stream id ${chunkStreamId}, not 2 to 65599`)
    }
    if (!(messageTypeId >= 0 && messageTypeId <= 255)) {
      throw new RangeError(`message type id ${messageTypeId}, not 0 to 255`)
    }
    if (body.length > 0xff_ffff) throw new RangeError(`body of ${body.length} bytes, more than 16777215`)
    const length = chunkedLength(body.length, message.timestamp, this.#chunkSize, chunkStreamId)
    const out = new Uint8Array(length)
    writeChunkedMessage(out, 0, message, this.#chunkSize)
    return out
  }
}

/**
 * Bytes that a message takes as chunks: what {@link writeChunkedMessage} writes.
 *
 * @param bodyLength - bytes of the body.
 * @param timestamp - ms; taken modulo 2³². From 0xffffff on, each chunk has an extended timestamp.
 * @param chunkSize - chunk data per chunk in bytes, at least 1.
 * @param chunkStreamId - 2 to 65599.
 */
export function chunkedLength(
  bodyLength: number,
  timestamp: number,
  chunkSize: number,
  chunkStreamId: number,
): number {
  const basic = basicHeaderLength(chunkStreamId)
  const extended = timestamp >>> 0 >= EXTENDED_TIMESTAMP ? 4 : 0
  const more = bodyLength > chunkSize ? Math.ceil(bodyLength / chunkSize) - 1 : 0
  return basic + 11 + extended + more * (basic + extended) + bodyLength
}

/**
 * Writes one message as chunks into `out`, which must have {@link chunkedLength} bytes of room at `offset`.
 * The fields are not checked: this runs per packet of a batch. A message without a body is one chunk, header
 * only.
 *
 * fmt 0: basic header | timestamp 24 | message length 24 | message type id 8 | message stream id 32
 * (little-endian)
 * | extended timestamp 32 if the 24 bits are 0xffffff. fmt 3: basic header | extended timestamp as in the first chunk
 * (RTMP 1.0 §5.3.1.3).
 *
 * @param chunkSize - chunk data per chunk in bytes, at least 1.
 * @returns the offset after the last byte.
 */
export function writeChunkedMessage(
  out: Uint8Array,
  offset: number,
  message: ChunkMessage,
  chunkSize: number,
): number {
  const { chunkStreamId, body } = message
  const length = body.length
  const timestamp = message.timestamp >>> 0
  const extended = timestamp >= EXTENDED_TIMESTAMP
  let at = writeBasicHeader(out, offset, 0, chunkStreamId)
  writeU24(out, at, extended ? EXTENDED_TIMESTAMP : timestamp)
  writeU24(out, at + 3, length)
  out[at + 6] = message.messageTypeId
  writeU32Le(out, at + 7, message.messageStreamId)
  at += 11
  if (extended) {
    writeU32(out, at, timestamp)
    at += 4
  }
  if (length <= chunkSize) {
    out.set(body, at)
    return at + length
  }
  out.set(body.subarray(0, chunkSize), at)
  at += chunkSize
  for (let from = chunkSize; from < length; from += chunkSize) {
    at = writeBasicHeader(out, at, 3, chunkStreamId)
    if (extended) {
      writeU32(out, at, timestamp)
      at += 4
    }
    const to = from + chunkSize < length ? from + chunkSize : length
    out.set(body.subarray(from, to), at)
    at += to - from
  }
  return at
}

function checkChunkSize(chunkSize: number): number {
  if (!(Number.isInteger(chunkSize) && chunkSize >= 1 && chunkSize <= MAX_CHUNK_SIZE)) {
    throw new RangeError(`chunk size ${chunkSize}, not an integer from 1 to ${MAX_CHUNK_SIZE}`)
  }
  return chunkSize
}
