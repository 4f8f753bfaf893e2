/**
 * Audio frames from PES payloads. A PES packet may hold several frames, and a frame may end in the next PES
 * packet; the time of a PES packet is that of the first frame that begins in it (ISO/IEC 13818-1 §2.4.3.7),
 * the others follow by their length.
 *
 * @module
 */
import {
  decodeAc3Header,
  decodeAdtsHeader,
  decodeMpegAudioHeader,
  isAdtsSync,
  isMpegAudioSync,
  opusPacketSamples,
} from '../codec/index.ts'
import { EMPTY_BYTES } from '../bytes/index.ts'
import { MediaError } from '../errors/index.ts'

/** Position and duration of a frame. */
export interface FrameShape {
  /** Bytes, headers included; `Infinity` while the header is not complete. */
  readonly frameBytes: number
  /** Length in ticks; may have a fraction. */
  readonly ticks: number
  /** Bytes before the frame's own: a transport header that is not given out. */
  readonly skipBytes: number
}

/** How frames of one codec are found. */
export interface FrameSyntax {
  /** Bytes that `isSync` and `read` look at. */
  readonly headerBytes: number
  /** Whether a frame may begin at `at`. */
  isSync(bytes: Uint8Array, at: number): boolean
  /** The frame at `at`, or `undefined` if there is none after all. */
  read(bytes: Uint8Array, at: number): FrameShape | undefined
}

/**
 * Who gets the frames: `ticks` is the presentation time, `undefined` when none is known; `frame` is a view
 * that is valid during the call.
 */
export type FrameSink = (frame: Uint8Array, ticks: number | undefined) => void

/** Splits the PES payloads of one stream. */
export class FrameSplitter {
  readonly #syntax: FrameSyntax
  #rest: Uint8Array
  #nextTicks: number | undefined
  #skippedBytes: number
  #aligned: boolean

  constructor(syntax: FrameSyntax) {
    this.#syntax = syntax
    this.#rest = EMPTY_BYTES
    this.#nextTicks = undefined
    this.#skippedBytes = 0
    this.#aligned = true
  }

  /** Bytes between frames that belong to none. */
  get skippedBytes(): number {
    return this.#skippedBytes
  }

  /** Packets were lost: the frame that is not complete is worthless. */
  reset(): void {
    this.#rest = EMPTY_BYTES
    this.#nextTicks = undefined
  }

  /** Takes one PES payload and delivers the complete frames. */
  push(payload: Uint8Array, ptsTicks: number | undefined, deliver: FrameSink): void {
    const { headerBytes } = this.#syntax
    const before = this.#rest.length
    let bytes = payload
    if (before > 0) {
      bytes = new Uint8Array(before + payload.length)
      bytes.set(this.#rest)
      bytes.set(payload, before)
    }
    let timed = ptsTicks === undefined
    let at = 0
    while (at + headerBytes <= bytes.length) {
      const shape = this.#syntax.isSync(bytes, at) ? this.#syntax.read(bytes, at) : undefined
      const end = shape === undefined ? 0 : at + shape.frameBytes
      if (shape === undefined || this.#isFalse(bytes, at, end)) {
        this.#aligned = false
        this.#skippedBytes++
        at++
        continue
      }
      if (end > bytes.length) break
      if (!timed && at >= before) {
        this.#nextTicks = ptsTicks
        timed = true
      }
      this.#aligned = true
      deliver(bytes.subarray(at + shape.skipBytes, end), this.#nextTicks)
      if (this.#nextTicks !== undefined) this.#nextTicks += shape.ticks
      at = end
    }
    // The frame that is cut began here: its time is known already.
    if (!timed && at >= before && at < bytes.length) this.#nextTicks = ptsTicks
    this.#rest = at < bytes.length ? bytes.slice(at) : EMPTY_BYTES
  }

  /**
   * Whether the apparent frame at `at` is not one. Two bytes of audio may look like a sync word: if bytes
   * were skipped, only a frame counts that another one follows.
   */
  #isFalse(bytes: Uint8Array, at: number, end: number): boolean {
    if (end - at > MAX_FRAME_BYTES && (end !== Infinity || bytes.length - at > MAX_FRAME_BYTES)) return true
    const { headerBytes } = this.#syntax
    return !this.#aligned && end + headerBytes <= bytes.length && !this.#syntax.isSync(bytes, end)
  }
}

/**
 * No frame of these codecs is larger: 48 Opus frames of 1275 bytes. Bounds what waits for the end of a frame.
 */
const MAX_FRAME_BYTES = 65_536

const TICKS_PER_SEC = 90_000
const AC3_HEADER_BYTES = 8
/**
 * substreamid has 3 bits. Without a bound, bytes that are dependent substreams throughout would be walked
 * again from each of them.
 */
const MAX_DEPENDENTS = 8
/** strmtyp of a dependent substream. ATSC A/52 §E.1.3.1.1. */
const EAC3_DEPENDENT = 1

/** AAC with ADTS headers, which stay on the frames. */
export const ADTS_FRAMES: FrameSyntax = {
  headerBytes: 7,
  isSync: isAdtsSync,
  read: (bytes, at) =>
    readOrNone(() => {
      const { frameBytes, blockCount, samplingFrequency } = decodeAdtsHeader(bytes, at)
      return { frameBytes, ticks: (1024 * blockCount * TICKS_PER_SEC) / samplingFrequency, skipBytes: 0 }
    }),
}

/** MPEG audio of all layers. */
export const MPEG_AUDIO_FRAMES: FrameSyntax = {
  headerBytes: 4,
  isSync: isMpegAudioSync,
  read: (bytes, at) =>
    readOrNone(() => {
      const { frameBytes, frameSamples, samplingFrequency } = decodeMpegAudioHeader(bytes, at)
      if (frameBytes === undefined || frameBytes < 4) return undefined
      return { frameBytes, ticks: (frameSamples * TICKS_PER_SEC) / samplingFrequency, skipBytes: 0 }
    }),
}

/**
 * AC-3 and E-AC-3 sync frames. The dependent substreams of E-AC-3 are further channels of the frame before
 * them and stay with it.
 */
export const AC3_FRAMES: FrameSyntax = {
  headerBytes: AC3_HEADER_BYTES,
  isSync: isAc3Sync,
  read: (bytes, at) =>
    readOrNone(() => {
      const { frameBytes, frameSamples, samplingFrequency } = decodeAc3Header(bytes.subarray(at))
      let end = at + frameBytes
      for (let i = 0; i < MAX_DEPENDENTS; i++) {
        if (end + AC3_HEADER_BYTES > bytes.length || !isAc3Sync(bytes, end)) break
        const next = decodeAc3Header(bytes.subarray(end))
        if (!next.enhanced || next.streamType !== EAC3_DEPENDENT) break
        end += next.frameBytes
      }
      return { frameBytes: end - at, ticks: (frameSamples * TICKS_PER_SEC) / samplingFrequency, skipBytes: 0 }
    }),
}

/** Opus with its control header, which is taken off. */
export const OPUS_FRAMES: FrameSyntax = {
  headerBytes: 4,
  isSync: (bytes, at) => bytes[at] === 0x7f && (bytes[at + 1]! & 0xe0) === 0xe0,
  read(bytes, at) {
    const flags = bytes[at + 1]!
    let offset = at + 2
    let size = 0
    while (bytes[offset] === 0xff) {
      size += 255
      offset++
    }
    if (offset >= bytes.length) return { frameBytes: Infinity, ticks: 0, skipBytes: 0 }
    size += bytes[offset++]!
    if ((flags & 0x10) !== 0) offset += 2 // start_trim
    if ((flags & 0x08) !== 0) offset += 2 // end_trim
    if ((flags & 0x04) !== 0) offset += 1 + (bytes[offset] ?? 0) // control extension
    const ticks = (opusPacketSamples(bytes, offset) * TICKS_PER_SEC) / 48_000
    return { frameBytes: offset - at + size, ticks, skipBytes: offset - at }
  },
}

function isAc3Sync(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x0b && bytes[at + 1] === 0x77
}

function readOrNone(read: () => FrameShape | undefined): FrameShape | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof MediaError) return undefined
    throw error
  }
}
