/**
 * Finding the samples of a fragmented file without reading its media.
 *
 * @module
 */
import { DecodeError, LimitError } from '../errors/index.ts'
import { boxError, type BoxHeader, decodeBoxHeader } from './box-reader.ts'
import { FragmentReader } from './fragment-reader.ts'
import { readMovie } from './movie-reader.ts'
import { type Mp4ByteRange, type Mp4EndReason, Mp4Index } from './mp4-index.ts'

/** The file and the bounds of an {@link Mp4IndexReader}. */
export interface Mp4IndexReaderOptions {
  /** Bytes of the file. */
  readonly fileBytes: number
  /** Bytes of one `moov` or `moof`, which are read whole. @defaultValue 16_777_216 (16 MiB) */
  readonly maxBoxBytes?: number
  /** Tracks of the file. @defaultValue 32 */
  readonly maxTracks?: number
  /** Memory of the index; a sample takes 2 to 6 bytes. @defaultValue 268_435_456 (256 MiB) */
  readonly maxIndexBytes?: number
  /**
   * Bytes wanted at a time where the next box is not known: the box of a fragment is mostly smaller, and read
   * at once.
   * @defaultValue 16384
   */
  readonly readAheadBytes?: number
}

/**
 * Reads a fragmented file as far as it is complete: fetch what {@link Mp4IndexReader.wanted} says and give it
 * to {@link Mp4IndexReader.push}, until nothing is wanted. A file that ends in the middle of a fragment, as
 * after a crash, yields every sample that is there.
 */
export class Mp4IndexReader {
  /** What was found so far. */
  readonly index: Mp4Index
  readonly #maxBoxBytes: number
  readonly #maxTracks: number
  readonly #readAheadBytes: number
  readonly #fragments: FragmentReader
  #fileBytes: number
  #wanted: Mp4ByteRange | undefined

  /** @param options - the file's length, and bounds. */
  constructor(options: Mp4IndexReaderOptions) {
    this.index = new Mp4Index(options.maxIndexBytes ?? 268_435_456)
    this.#maxBoxBytes = options.maxBoxBytes ?? 16_777_216
    this.#maxTracks = options.maxTracks ?? 32
    this.#readAheadBytes = Math.max(16, options.readAheadBytes ?? 16_384)
    this.#fragments = new FragmentReader(this.index)
    this.#fileBytes = options.fileBytes
    this.#wanted = undefined
    this.#goTo(0)
  }

  /** The bytes to push next, inside the file; `undefined` when all is known. */
  wanted(): Mp4ByteRange | undefined {
    return this.#wanted
  }

  /**
   * Takes the bytes that are wanted; fewer say that the file ends there. They are not kept.
   * @throws DecodeError `ERR_MP4_MOVIE` if this is not a fragmented file, `ERR_MP4_BOX` if its `moov` is
   * damaged. Damage after that ends the index and is not an error: see {@link Mp4Index.endedBy}.
   * @throws LimitError `ERR_MP4_BOX_BYTES`, `ERR_MP4_TRACKS` or `ERR_MP4_INDEX_BYTES` beyond a bound. After a
   *   throw nothing is wanted.
   * @throws TypeError when nothing is wanted.
   * @throws RangeError for more bytes than are wanted.
   */
  push(bytes: Uint8Array): void {
    const range = this.#wanted
    if (range === undefined) throw new TypeError('nothing is wanted')
    if (bytes.length > range.length) throw new RangeError(`${bytes.length} bytes for ${range.length} wanted`)
    if (bytes.length < range.length) this.#fileBytes = range.offset + bytes.length
    this.#wanted = undefined
    try {
      this.#read(bytes, range.offset)
    } catch (error) {
      // Before the tracks are known there is nothing to save.
      if (!(error instanceof DecodeError) || this.index.tracks.length === 0) throw error
      this.#finish('damage')
    }
  }

  #read(bytes: Uint8Array, offset: number): void {
    let at = 0
    for (;;) {
      const header = decodeBoxHeader(bytes, at)
      const start = offset + at
      if (header === undefined) {
        // 8 bytes are there: the 64-bit size after them is cut off.
        const cut = bytes.length - at >= 8 && start + 16 > this.#fileBytes
        return cut ? this.#finish('cut') : this.#goTo(start)
      }
      if (header.size === 0 && header.type === '\0\0\0\0') return this.#finish('damage')
      const end = header.size === 0 ? this.#fileBytes : start + header.size
      if (header.type === 'moov' || header.type === 'moof') {
        if (end > this.#fileBytes) return this.#finish('cut')
        if (!this.#readBox(bytes, at, header, start, end)) return
      }
      if (end - offset >= bytes.length) return this.#goTo(end)
      at = end - offset
    }
  }

  /** @returns whether the box was there; else it is wanted. */
  #readBox(bytes: Uint8Array, at: number, header: BoxHeader, start: number, end: number): boolean {
    const size = end - start
    if (size > this.#maxBoxBytes) {
      throw new LimitError(
        'ERR_MP4_BOX_BYTES',
        `'${header.type}' of ${size} bytes exceeds maxBoxBytes ${this.#maxBoxBytes}`,
      )
    }
    if (at + size > bytes.length) {
      this.#wanted = { offset: start, length: size }
      return false
    }
    const content = bytes.subarray(at + header.headerBytes, at + size)
    if (header.type === 'moov') {
      // A second one, of files that were appended to each other, would need tracks of its own.
      if (this.index.tracks.length > 0) throw boxError('a second moov')
      this.index.open(readMovie(content, this.#maxTracks))
    } else if (this.index.tracks.length > 0) {
      this.#fragments.read(content, start, this.#fileBytes)
    }
    return true
  }

  /** Wants what is at `offset`, or ends there. */
  #goTo(offset: number): void {
    const left = this.#fileBytes - offset
    if (left <= 0) this.#finish(left === 0 ? 'end' : 'cut')
    else if (left < 8) this.#finish('cut')
    else this.#wanted = { offset, length: Math.min(left, this.#readAheadBytes) }
  }

  #finish(reason: Mp4EndReason): void {
    this.#wanted = undefined
    this.index.end(reason)
  }
}
