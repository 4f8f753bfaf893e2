/**
 * Reading FLV files and streams, as they come and as they are: cut anywhere, without a header, joined in the
 * middle, damaged.
 *
 * A tag is believed when its PreviousTagSize repeats its size, or else when another tag or header follows it.
 * After something that is neither, bytes are skipped until there is a tag header whose PreviousTagSize
 * agrees; a chance match needs 24 zero bits of stream id and 32 bits of size in the right places.
 *
 * @module
 */
import { amf3DataToAmf0 } from '../amf0/index.ts'
import { ByteArena, ByteQueue, readU24, readU32 } from '../bytes/index.ts'
import { DecodeError, LimitError, MediaError } from '../errors/index.ts'
import {
  type MediaPacket,
  packetFromTag,
  TAG_TYPE_AUDIO,
  TAG_TYPE_DATA,
  TAG_TYPE_VIDEO,
  TimestampUnwrapper,
} from '../media/index.ts'
import {
  decodeFlvHeader,
  firstTagOffset,
  FLV_HEADER_BYTES,
  type FlvHeader,
  isFlvSignature,
} from './flv-header.ts'
import { FLV_TAG_HEADER_BYTES, readFlvTimestamp, TAG_TYPE_DATA_AMF3 } from './flv-tag.ts'

/** Bounds of an {@link FlvDemuxer}. */
export interface FlvDemuxerOptions {
  /**
   * Data of one tag in bytes; a larger size is taken for damage. Memory is taken as the bytes arrive.
   * @defaultValue 8388608
   */
  readonly maxTagBytes?: number
  /** Bytes passed over in one go in search of a tag. @defaultValue 1048576 */
  readonly maxSkippedBytes?: number
}

/** How much a tag at a place can be trusted. */
const NO_TAG = 0
const MORE = 1
const TAG = 2

/**
 * Turns FLV bytes into packets: `push` what arrives, then `read` until `undefined`, or iterate. After
 * {@link end} the last tag needs no PreviousTagSize.
 */
export class FlvDemuxer {
  readonly #maxTagBytes: number
  readonly #maxSkippedBytes: number
  readonly #arena: ByteArena
  #queue: ByteQueue
  #queueCapacity: number
  readonly #clock: TimestampUnwrapper
  #packets: MediaPacket[]
  #readIndex: number
  #header: FlvHeader | undefined
  #started: boolean
  /** Whether a header or tag came. */
  #recognized: boolean
  #ended: boolean
  #searching: boolean
  #skippedHere: number
  #skippedBytes: number
  #resyncCount: number
  /** Bytes from the parse position that are needed to continue. */
  #needed: number
  #failure: MediaError | undefined

  /** @param options - bounds. */
  constructor(options: FlvDemuxerOptions = {}) {
    this.#maxTagBytes = options.maxTagBytes ?? 8_388_608
    this.#maxSkippedBytes = options.maxSkippedBytes ?? 1_048_576
    this.#arena = new ByteArena()
    this.#queue = new ByteQueue()
    this.#queueCapacity = 0
    this.#clock = new TimestampUnwrapper()
    this.#packets = []
    this.#readIndex = 0
    this.#header = undefined
    this.#started = false
    this.#recognized = false
    this.#ended = false
    this.#searching = false
    this.#skippedHere = 0
    this.#skippedBytes = 0
    this.#resyncCount = 0
    this.#needed = 0
    this.#failure = undefined
  }

  /** What the file header announced; `undefined` before it came or when there was none. */
  get header(): FlvHeader | undefined {
    return this.#header
  }

  /** Bytes passed over because they made no sense, or were a tag of unknown type. */
  get skippedBytes(): number {
    return this.#skippedBytes
  }

  /** How many times the stream made no sense and a tag was found again. */
  get resyncCount(): number {
    return this.#resyncCount
  }

  /**
   * Takes bytes; the buffer may be reused at once. Bodies are carved from slabs of 64 kB.
   * @throws LimitError `ERR_FLV_SKIPPED` if more than `maxSkippedBytes` pass without a tag. Every later call
   *   throws it again.
   */
  push(bytes: Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#ended) throw new TypeError('push after end')
    let at = 0
    while (this.#queue.length > 0 && at < bytes.length) {
      // Only what completes the tag in the queue goes through it: all others are copied once.
      const missing = Math.max(1, this.#needed - this.#queue.length)
      const part = bytes.subarray(at, at + missing)
      this.#enqueue(part)
      at += part.length
      if (this.#queue.length >= this.#needed) this.#queue.skip(this.#parse(this.#queue.peek()))
    }
    if (at === bytes.length) return
    const rest = at === 0 ? bytes : bytes.subarray(at)
    const consumed = this.#parse(rest)
    if (consumed < rest.length) this.#enqueue(rest.subarray(consumed))
  }

  /**
   * Signals the end of the bytes. A complete tag that lacks its PreviousTagSize is delivered; an unfinished
   * one counts as skipped.
   * @throws DecodeError `ERR_FLV_NO_TAG` if bytes came, and neither a header nor a tag was among them.
   */
  end(): void {
    if (this.#ended || this.#failure !== undefined) return
    this.#ended = true
    const rest = this.#queue.length
    const consumed = this.#parse(this.#queue.peek())
    this.#queue.skip(rest)
    this.#skippedBytes += rest - consumed
    if (this.#recognized || this.#skippedBytes === 0) return
    this.#failure = new DecodeError(
      'ERR_FLV_NO_TAG',
      `no FLV header and no FLV tag in ${this.#skippedBytes} bytes`,
    )
    throw this.#failure
  }

  /**
   * Takes the next packet, or `undefined` when more bytes are needed. Its body is immutable and stays valid.
   */
  read(): MediaPacket | undefined {
    const packet = this.#packets[this.#readIndex]
    if (packet === undefined) return undefined
    this.#readIndex += 1
    if (this.#readIndex === this.#packets.length) {
      this.#packets = []
      this.#readIndex = 0
    }
    return packet
  }

  /** The packets that are there to read. */
  *[Symbol.iterator](): Generator<MediaPacket, void, undefined> {
    for (let packet = this.read(); packet !== undefined; packet = this.read()) yield packet
  }

  /**
   * A queue that doubles up to the tag that it waits for: a keyframe of megabytes is moved a few times, and
   * its size is not believed before.
   */
  #enqueue(part: Uint8Array): void {
    const length = this.#queue.length + part.length
    if (length > this.#queueCapacity || (this.#queue.length === 0 && this.#queueCapacity > 65_536)) {
      this.#queueCapacity = Math.max(length, Math.min(this.#needed, length * 2))
      const queue = new ByteQueue(this.#queueCapacity)
      queue.push(this.#queue.peek())
      this.#queue = queue
    }
    this.#queue.push(part)
  }

  /**
   * Takes all that it can from `window`, which starts where the last call stopped.
   * @returns how many bytes are done with.
   */
  #parse(window: Uint8Array): number {
    let at = 0
    this.#needed = 0
    while (at < window.length) {
      const header = isFlvSignature(window, at) ? this.#takeHeader(window, at) : NO_TAG
      if (header === MORE) return at
      if (header > MORE) {
        at += header
        continue
      }
      if (!this.#started) {
        if (window.length - at < 4 && !this.#ended) return this.#wait(at, 4)
        this.#started = true
        if (readU32(window, at) === 0) at += 4 // PreviousTagSize0 of a stream that was joined after its header
        continue
      }
      const trust = this.#trust(window, at)
      if (trust === MORE) return at
      at += trust === TAG ? this.#takeTag(window, at) : this.#skip(1)
    }
    return at
  }

  /** Reads a file header: its length, `MORE`, or `NO_TAG` when it only looks like one. */
  #takeHeader(window: Uint8Array, at: number): number {
    const left = window.length - at
    if (left < FLV_HEADER_BYTES) {
      if (!this.#ended) return this.#wait(MORE, FLV_HEADER_BYTES)
      return NO_TAG
    }
    // In the middle of damage only the header that everybody writes is believed.
    if (
      this.#searching &&
      !(window[at + 3] === 1 && readU32(window, at + 5) === 9 && readU32(window, at + 9) === 0)
    )
      return NO_TAG
    const length = firstTagOffset(window, at) - at
    if (length > left) return this.#ended ? NO_TAG : this.#wait(MORE, length)
    this.#header = decodeFlvHeader(window.subarray(at, at + 9))
    this.#started = true
    this.#found()
    return length
  }

  /** Whether there is a tag at `at`. */
  #trust(window: Uint8Array, at: number): number {
    const type = window[at]!
    const known = isKnownType(type)
    // Encrypted tags (filter bit) and types of the future are passed over, but only on the word of their
    // PreviousTagSize.
    if (!known && (this.#searching || (type & 0xc0) !== 0)) return NO_TAG
    const left = window.length - at
    if (left < FLV_TAG_HEADER_BYTES) return this.#missing(FLV_TAG_HEADER_BYTES)
    const size = readU24(window, at + 1)
    if (size > this.#maxTagBytes) return NO_TAG
    const inStream = readU24(window, at + 8) === 0
    if (!inStream && this.#searching) return NO_TAG
    const end = FLV_TAG_HEADER_BYTES + size
    if (left < end + 4) {
      // The last tag of a file that was cut off, or whose writer adds PreviousTagSize before the next tag.
      if (this.#ended && left >= end && known && inStream && !this.#searching) return TAG
      return this.#missing(end + 4)
    }
    if (readU32(window, at + end) === end) return TAG
    if (!known || !inStream || this.#searching) return NO_TAG
    // Some writers put 0 or the data size there. Another tag or header in its place is as good a witness.
    if (left < end + 4 + FLV_TAG_HEADER_BYTES)
      return this.#ended ? TAG : this.#missing(end + 4 + FLV_TAG_HEADER_BYTES)
    const next = at + end + 4
    if (isFlvSignature(window, next)) return TAG
    const follows =
      isKnownType(window[next]!) &&
      readU24(window, next + 1) <= this.#maxTagBytes &&
      readU24(window, next + 8) === 0
    return follows ? TAG : NO_TAG
  }

  /** Delivers the tag at `at`. @returns its length with PreviousTagSize, as far as that is there. */
  #takeTag(window: Uint8Array, at: number): number {
    const type = window[at]!
    const size = readU24(window, at + 1)
    const length = Math.min(FLV_TAG_HEADER_BYTES + size + 4, window.length - at)
    this.#found()
    let body: Uint8Array | undefined
    if (isKnownType(type)) {
      body = this.#arena.take(size)
      body.set(window.subarray(at + FLV_TAG_HEADER_BYTES, at + FLV_TAG_HEADER_BYTES + size))
      if (type === TAG_TYPE_DATA_AMF3) body = readableAmf0(body)
    }
    if (body === undefined) {
      this.#skippedBytes += length
    } else {
      const dts = this.#clock.unwrap(readFlvTimestamp(window, at))
      const tagType = type === TAG_TYPE_VIDEO || type === TAG_TYPE_AUDIO ? type : TAG_TYPE_DATA
      this.#packets.push(packetFromTag(tagType, dts, body))
    }
    return length
  }

  #found(): void {
    if (this.#searching) this.#resyncCount += 1
    this.#recognized = true
    this.#searching = false
    this.#skippedHere = 0
  }

  #skip(bytes: number): number {
    this.#searching = true
    this.#skippedHere += bytes
    this.#skippedBytes += bytes
    if (this.#skippedHere > this.#maxSkippedBytes) {
      this.#failure = new LimitError(
        'ERR_FLV_SKIPPED',
        `no FLV tag in ${this.#skippedHere} bytes exceeds maxSkippedBytes ${this.#maxSkippedBytes}`,
      )
      throw this.#failure
    }
    return bytes
  }

  /** An incomplete tag: wait for it, or look past it if nothing more comes. */
  #missing(needed: number): number {
    return this.#ended ? NO_TAG : this.#wait(MORE, needed)
  }

  #wait(result: number, needed: number): number {
    this.#needed = needed
    return result
  }
}

/**
 * Script data in AMF3 (Enhanced RTMP v2, "Enabling AMF3 in FLV") as AMF0; `undefined` if its format selector
 * is one of the future, or its values cannot be read.
 */
function readableAmf0(body: Uint8Array): Uint8Array | undefined {
  if (body[0] !== 0) return undefined
  try {
    return amf3DataToAmf0(body)
  } catch (error) {
    if (error instanceof MediaError) return undefined
    throw error
  }
}

function isKnownType(type: number): boolean {
  return (
    type === TAG_TYPE_AUDIO ||
    type === TAG_TYPE_VIDEO ||
    type === TAG_TYPE_DATA ||
    type === TAG_TYPE_DATA_AMF3
  )
}

/**
 * The packets of a whole FLV file; none for an empty one.
 * @throws LimitError as {@link FlvDemuxer.push}.
 * @throws DecodeError as {@link FlvDemuxer.end}, for a file of another format.
 */
export function demuxFlv(bytes: Uint8Array, options?: FlvDemuxerOptions): MediaPacket[] {
  const demuxer = new FlvDemuxer(options)
  demuxer.push(bytes)
  demuxer.end()
  return [...demuxer]
}
