/**
 * Chunks to messages: the receiving half of the RTMP chunk stream, RTMP 1.0 §5.3, with the readings of it
 * that real encoders need.
 *
 * @module
 */
import { EMPTY_BYTES, readU24, readU32, readU32Le } from '../bytes/index.ts'
import { DecodeError, LimitError, MediaError } from '../errors/index.ts'
import { DEFAULT_CHUNK_SIZE, EXTENDED_TIMESTAMP, MAX_CHUNK_SIZE, MAX_HEADER_BYTES } from './chunk-header.ts'
import { type ChunkMessage, MESSAGE_TYPE_ABORT, MESSAGE_TYPE_SET_CHUNK_SIZE } from './chunk-message.ts'
import { ChunkStream } from './chunk-stream.ts'
import { endOfRun, MessageAssembly, RUN_CHUNK_SIZE } from './message-assembly.ts'

/** Default of {@link ChunkDecoderOptions.maxAssemblingBytes}: two of the longest messages. */
export const DEFAULT_MAX_ASSEMBLING_BYTES = 16_777_216

/** Options of {@link ChunkDecoder}. */
export interface ChunkDecoderOptions {
  /**
   * Longest message in bytes. A 4K keyframe at 100 Mbit/s is 1 to 3 MB; the format itself allows 16777215.
   * @defaultValue 8388608
   */
  readonly maxMessageBytes?: number
  /** Chunk streams that a peer may open, each about 150 bytes for good. @defaultValue 128 */
  readonly maxChunkStreams?: number
  /**
   * Memory of unfinished messages on all chunk streams together, in bytes. Memory is taken as bytes arrive,
   * never on the announcement of a length.
   * @defaultValue 16777216
   */
  readonly maxAssemblingBytes?: number
  /** Messages that wait for `read()`; one read of 64 kB cannot exceed it. @defaultValue 65536 */
  readonly maxQueuedMessages?: number
  /**
   * The decoder owns pushed arrays: a message that lies in one completely, in one chunk, is returned as a
   * view instead of a copy. For arrays that nobody writes to again, such as the `data` of a socket; each view
   * keeps its whole array in memory.
   * @defaultValue false
   */
  readonly ownsInput?: boolean
}

/** Takes chunks and returns complete messages. One per connection; unusable after the first throw. */
export class ChunkDecoder {
  readonly #maxMessageBytes: number
  readonly #maxChunkStreams: number
  readonly #maxQueuedMessages: number
  readonly #ownsInput: boolean
  readonly #assembly: MessageAssembly
  // The csids that encoders use by index, the others by key.
  readonly #low: (ChunkStream | undefined)[]
  #high: Map<number, ChunkStream> | undefined
  #streamCount: number
  #chunkSize: number
  /** The stream whose chunk data is being read; `#chunkLeft` bytes of it are to come. */
  #stream: ChunkStream
  #chunkLeft: number
  /** The start of a header that was cut by the end of a push. */
  #partial: Uint8Array
  #partialLength: number
  #queue: ChunkMessage[]
  #queueHead: number
  #failure: MediaError | undefined

  /** @throws RangeError if an option is not a whole number above 0. */
  constructor(options: ChunkDecoderOptions = {}) {
    this.#maxMessageBytes = bound('maxMessageBytes', options.maxMessageBytes ?? 8_388_608)
    this.#maxChunkStreams = bound('maxChunkStreams', options.maxChunkStreams ?? 128)
    this.#maxQueuedMessages = bound('maxQueuedMessages', options.maxQueuedMessages ?? 65_536)
    this.#ownsInput = options.ownsInput ?? false
    this.#assembly = new MessageAssembly(
      bound('maxAssemblingBytes', options.maxAssemblingBytes ?? DEFAULT_MAX_ASSEMBLING_BYTES),
    )
    this.#low = NO_STREAMS.slice()
    this.#high = undefined
    this.#streamCount = 0
    this.#chunkSize = DEFAULT_CHUNK_SIZE
    this.#stream = NO_STREAM
    this.#chunkLeft = 0
    this.#partial = EMPTY_BYTES
    this.#partialLength = 0
    this.#queue = []
    this.#queueHead = 0
    this.#failure = undefined
  }

  /** The peer's chunk size in bytes: 128 until its Set Chunk Size, which is applied as it is parsed. */
  get chunkSize(): number {
    return this.#chunkSize
  }

  /** Memory that unfinished messages hold now, in bytes. */
  get assemblingBytes(): number {
    return this.#assembly.bytes
  }

  /**
   * Changes `maxAssemblingBytes`, for a peer that is trusted with more or with less from now on. What it
   * holds already stays.
   * @throws RangeError if it is not a whole number above 0.
   */
  setMaxAssemblingBytes(bytes: number): void {
    this.#assembly.maxBytes = bound('maxAssemblingBytes', bytes)
  }

  /**
   * Parses `bytes` at once, at any split. What must be kept is copied: the caller may reuse the array, unless
   * the decoder `ownsInput`.
   *
   * Set Chunk Size and Abort are carried out here, in their place between the chunks, and are given to the
   * reader too.
   *
   * @throws {@link DecodeError} `ERR_CHUNK_NO_PREVIOUS_HEADER`, `ERR_CHUNK_INTERRUPTED`, `ERR_CHUNK_SIZE`.
   * @throws {@link LimitError} `ERR_MESSAGE_TOO_LARGE`, `ERR_CHUNK_STREAM_COUNT`,
   * `ERR_CHUNK_ASSEMBLING_BYTES`, `ERR_CHUNK_QUEUE`. The decoder is dead afterwards and throws the same error
   * again; messages parsed before can still be read.
   */
  push(bytes: Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure
    try {
      let at = 0
      while (this.#partialLength > 0 && at < bytes.length) at = this.#resumeHeader(bytes, at)
      if (at < bytes.length) this.#parse(bytes, at)
    } catch (error) {
      if (error instanceof MediaError) this.#failure = error
      throw error
    }
  }

  /** Takes the next complete message, or `undefined` if more bytes are needed. */
  read(): ChunkMessage | undefined {
    if (this.#queueHead === this.#queue.length) return undefined
    const message = this.#queue[this.#queueHead++]
    // What was read lets go of its memory at the latest when it is half of the queue; never an array shift.
    if (
      this.#queueHead === this.#queue.length ||
      (this.#queueHead >= 1024 && this.#queueHead * 2 >= this.#queue.length)
    ) {
      this.#queue = this.#queue.slice(this.#queueHead)
      this.#queueHead = 0
    }
    return message
  }

  #parse(bytes: Uint8Array, from: number): void {
    const end = bytes.length
    let at = from
    while (at < end) {
      if (this.#chunkLeft === 0) {
        const next = this.#readHeader(bytes, at, end)
        if (next < 0) {
          this.#partial = new Uint8Array(MAX_HEADER_BYTES)
          this.#partial.set(bytes.subarray(at, end))
          this.#partialLength = end - at
          return
        }
        at = next
      } else {
        at = this.#readData(bytes, at, end)
      }
    }
  }

  /** Continues a header that an earlier push began. Returns the offset in `bytes` up to which it consumed. */
  #resumeHeader(bytes: Uint8Array, from: number): number {
    const partial = this.#partial
    const had = this.#partialLength
    const take = Math.min(MAX_HEADER_BYTES - had, bytes.length - from)
    partial.set(bytes.subarray(from, from + take), had)
    const next = this.#readHeader(partial, 0, had + take)
    if (next < 0) {
      this.#partialLength = had + take
      return from + take
    }
    this.#partial = EMPTY_BYTES
    this.#partialLength = 0
    if (next >= had) return from + next - had
    // The header turned out to be shorter than what was kept: the rest is chunk data (no extended timestamp
    // after all).
    this.#parse(partial.slice(next, had), 0)
    return from
  }

  /**
   * Reads one chunk header at `at` and gets ready for its data.
   * @returns the offset after the header, or −1, with nothing changed, when `end` comes first.
   */
  #readHeader(bytes: Uint8Array, at: number, end: number): number {
    const first = bytes[at]!
    const fmt = first >> 6
    let id = first & 0x3f
    let next = at + 1
    if (id === 0) {
      if (end - next < 1) return -1
      id = 64 + bytes[next]!
      next += 1
    } else if (id === 1) {
      if (end - next < 2) return -1
      id = 64 + bytes[next]! + bytes[next + 1]! * 256
      next += 2
    }
    const known = this.#known(id)
    if (fmt === 3) {
      if (known === undefined) {
        throw new DecodeError('ERR_CHUNK_NO_PREVIOUS_HEADER', `fmt 3 is the first chunk on csid ${id}`)
      }
      return known.received > 0
        ? this.#continueMessage(known, bytes, next, end)
        : this.#repeatHeader(known, bytes, next, end)
    }
    const messageHeader = fmt === 0 ? 11 : fmt === 1 ? 7 : 3
    if (end - next < messageHeader) return -1
    const field = readU24(bytes, next)
    const extended = field === EXTENDED_TIMESTAMP
    const after = next + messageHeader + (extended ? 4 : 0)
    if (end < after) return -1
    const value = extended ? readU32(bytes, after - 4) : field
    const stream = known ?? this.#open(id)
    const length = fmt < 2 ? readU24(bytes, next + 3) : stream.messageLength
    const typeId = fmt < 2 ? bytes[next + 6]! : stream.messageTypeId
    stream.extended = extended
    stream.extendedField = value
    if (stream.received > 0) {
      // A full header inside a message is read as by FFmpeg and SRS: a continuation, if it changes nothing.
      if (fmt === 0 || length !== stream.messageLength || typeId !== stream.messageTypeId) {
        throw new DecodeError(
          'ERR_CHUNK_INTERRUPTED',
          `fmt ${fmt} on csid ${id} after ${stream.received} of ${stream.messageLength} bytes of a message`,
        )
      }
      this.#expectData(stream)
      return after
    }
    if (fmt === 0) {
      stream.timestamp = value
      stream.delta = value
      stream.messageStreamId = readU32Le(bytes, next + 7)
    } else {
      // Extended or not, it is a step: RTMP 1.0 §5.3.1.3, and FFmpeg, librtmp, nginx-rtmp, gortmplib and SRS
      // since 6.0.167.
      stream.delta = value
      stream.timestamp = (stream.timestamp + value) >>> 0
    }
    stream.messageLength = length
    stream.messageTypeId = typeId
    this.#begin(stream)
    return after
  }

  /** fmt 3 that opens a message: the last header again, its delta added (FMLE sends it: `c4` …). */
  #repeatHeader(stream: ChunkStream, bytes: Uint8Array, next: number, end: number): number {
    let after = next
    if (stream.extended) {
      after = next + 4
      if (end < after) return -1
      stream.delta = readU32(bytes, next)
      stream.extendedField = stream.delta
    }
    stream.timestamp = (stream.timestamp + stream.delta) >>> 0
    this.#begin(stream)
    return after
  }

  /**
   * fmt 3 inside a message. The extended timestamp is repeated there (§5.3.1.3), but not by all: old FFmpeg
   * and librtmp leave it out, some repeat the clock after a delta, gortmplib writes zeros. So four bytes that
   * are none of these are chunk data. No byte is waited for that cannot belong to the field.
   */
  #continueMessage(stream: ChunkStream, bytes: Uint8Array, next: number, end: number): number {
    let after = next
    if (stream.extended) {
      const matched = Math.max(
        matchU32(bytes, next, end, stream.extendedField),
        matchU32(bytes, next, end, stream.timestamp),
        matchU32(bytes, next, end, 0),
      )
      if (matched === 4) after = next + 4
      else if (matched === end - next) return -1
    }
    this.#expectData(stream)
    return after
  }

  #begin(stream: ChunkStream): void {
    const length = stream.messageLength
    if (length > this.#maxMessageBytes) {
      throw new LimitError(
        'ERR_MESSAGE_TOO_LARGE',
        `message of ${length} bytes on csid ${stream.id} exceeds maxMessageBytes ${this.#maxMessageBytes}`,
      )
    }
    if (length === 0) this.#deliver(stream, EMPTY_BYTES)
    else this.#expectData(stream)
  }

  #expectData(stream: ChunkStream): void {
    const left = stream.messageLength - stream.received
    this.#stream = stream
    this.#chunkLeft = left < this.#chunkSize ? left : this.#chunkSize
  }

  /** Takes chunk data of the message that is being read, at least one byte. Returns the offset after it. */
  #readData(bytes: Uint8Array, at: number, end: number): number {
    const stream = this.#stream
    const left = this.#chunkLeft
    if (left < end - at && this.#chunkSize <= RUN_CHUNK_SIZE) {
      const to = endOfRun(stream, this.#chunkSize, bytes, at, at + left, end)
      if (to > at + left) {
        this.#chunkLeft = this.#assembly.appendRun(stream, bytes, at, to, left, this.#chunkSize)
        return to
      }
    }
    const count = left < end - at ? left : end - at
    if (this.#ownsInput && count === stream.messageLength) {
      this.#chunkLeft = 0
      // A view of a socket's Buffer would be a Buffer too: bodies are of one kind.
      this.#deliver(stream, new Uint8Array(bytes.buffer, bytes.byteOffset + at, count))
      return at + count
    }
    this.#assembly.append(stream, bytes, at, count)
    this.#chunkLeft = left - count
    if (stream.received === stream.messageLength) this.#deliver(stream, this.#assembly.take(stream))
    return at + count
  }

  #deliver(stream: ChunkStream, body: Uint8Array): void {
    if (stream.messageTypeId <= MESSAGE_TYPE_ABORT && body.length >= 4)
      this.#control(stream.messageTypeId, body)
    if (this.#queue.length - this.#queueHead >= this.#maxQueuedMessages) {
      throw new LimitError(
        'ERR_CHUNK_QUEUE',
        `more than maxQueuedMessages ${this.#maxQueuedMessages} wait for read()`,
      )
    }
    this.#queue.push({
      chunkStreamId: stream.id,
      timestamp: stream.timestamp,
      messageTypeId: stream.messageTypeId,
      messageStreamId: stream.messageStreamId,
      body,
    })
  }

  #control(messageTypeId: number, body: Uint8Array): void {
    const value = readU32(body, 0)
    if (messageTypeId === MESSAGE_TYPE_SET_CHUNK_SIZE) {
      // The first bit is always 0 (§5.4.1); some encoders announce far more than any message can be long.
      const chunkSize = value & 0x7fff_ffff
      if (chunkSize === 0) throw new DecodeError('ERR_CHUNK_SIZE', `Set Chunk Size ${value}`)
      this.#chunkSize = chunkSize < MAX_CHUNK_SIZE ? chunkSize : MAX_CHUNK_SIZE
    } else if (messageTypeId === MESSAGE_TYPE_ABORT) {
      const stream = this.#known(value)
      if (stream !== undefined && stream.received > 0) this.#assembly.take(stream)
    }
  }

  #open(id: number): ChunkStream {
    if (this.#streamCount >= this.#maxChunkStreams) {
      throw new LimitError(
        'ERR_CHUNK_STREAM_COUNT',
        `csid ${id} is beyond maxChunkStreams ${this.#maxChunkStreams}`,
      )
    }
    this.#streamCount++
    const stream = new ChunkStream(id)
    if (id < LOW_IDS) this.#low[id] = stream
    else (this.#high ??= new Map()).set(id, stream)
    return stream
  }

  #known(id: number): ChunkStream | undefined {
    return id < LOW_IDS ? this.#low[id] : this.#high?.get(id)
  }
}

/** Encoders use csids up to 8; a table of all one-byte ones would be most of an idle player. */
const LOW_IDS = 16
const NO_STREAMS: readonly (ChunkStream | undefined)[] = Array.from<undefined>({ length: LOW_IDS })
/** Stands in until the first chunk. */
const NO_STREAM = new ChunkStream(0)

function bound(name: string, value: number): number {
  if (!(Number.isInteger(value) && value > 0))
    throw new RangeError(`${name} ${value}, not a whole number above 0`)
  return value
}

/** How many bytes at `at` are those of the big-endian `value`: 0 to 4, not past `end`. */
function matchU32(bytes: Uint8Array, at: number, end: number, value: number): number {
  let matched = 0
  while (
    matched < 4 &&
    at + matched < end &&
    bytes[at + matched] === ((value >>> (24 - matched * 8)) & 0xff)
  ) {
    matched++
  }
  return matched
}
