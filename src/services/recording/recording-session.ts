/**
 * Recording one publisher: a reader of its packets, the files that they go to, and when one file ends and the
 * next begins.
 *
 * @module
 */
import { LimitError } from '../../errors/index.ts'
import type { Clock, Consumer, Publisher } from '../../hub/index.ts'
import { ConfigurationTracker, type MediaPacket, VideoPresence } from '../../media/index.ts'
import type { Recording, RecordingEnd } from './recorder-options.ts'
import { RecordingPart } from './recording-part.ts'
import type { RecordingFormat, RecordingPath } from './recording-path.ts'
import type { RecordingStore } from './recording-store.ts'
import type { RecordingWriter, RecordingWriterOptions } from './recording-writer.ts'

/** Memory of a held packet in addition to its body, in bytes. */
const HELD_OVERHEAD_BYTES = 256

/** Shortest distance of keyframes that the index of a file of known duration has room for, ms. */
const MIN_GOP_MS = 500

/** Room for keyframes in a file of any duration. With more of them the index gets coarser. */
const MAX_INDEX_ENTRIES = 1_024

/** What a session has to know. */
export interface SessionOptions {
  /** Store of the files. */
  readonly store: RecordingStore
  /** Their names and format. */
  readonly path: RecordingPath
  /** `[vhost]` */
  readonly vhost: string
  /** A file ends at the first keyframe after this time, ms. */
  readonly segmentDurationMs: number
  /** A file ends at the first keyframe after so many bytes. */
  readonly segmentBytes: number
  /** Media between two fragments of an MP4, ms. */
  readonly fragmentMs: number
  /** How far the store may fall behind, ms. */
  readonly maxLagMs: number
  /** Bytes that are taken for one write. */
  readonly maxWriteBytes: number
  /** Files that are begun within a minute. */
  readonly maxFilesPerMinute: number
  /** Time that passes. */
  readonly clock: Clock
  /** Time of day, ms since 1970. */
  readonly now: () => number
  /** Makes the writer of a file. */
  readonly openWriter: (format: RecordingFormat, options: RecordingWriterOptions) => RecordingWriter
}

/** Who hears of a session. */
export interface SessionHost {
  /** A file was created. */
  started(part: RecordingPart): void
  /** Everything of a file was appended. */
  ended(part: RecordingPart, reason: RecordingEnd): void
  /** The store failed and leaves `part`; the recording continues with its next segment. */
  interrupted(error: Error, part: RecordingPart): void
  /** The recording has ended, since the store failed or may not be used any longer; it leaves `parts`. */
  failed(error: Error, parts: readonly RecordingPart[]): void
}

/**
 * Records until its publisher has left, or until it is ended. Reads and writes in rounds:
 * {@link RecordingSession.wake}.
 */
export class RecordingSession {
  /** Who is recorded. */
  readonly publisher: Publisher
  /** Counts the sessions of a recorder. */
  readonly number: number
  /** Resolves when nothing is read and appended any more. */
  readonly over: Promise<void>
  readonly #options: SessionOptions
  readonly #host: SessionHost
  readonly #consumer: Consumer
  readonly #tracker: ConfigurationTracker
  readonly #video: VideoPresence
  #part: RecordingPart | undefined
  /** Bytes of media since the last file began, while there is no part because the store failed. */
  #lostBytes: number | undefined
  /** Parts that lack their last bytes. */
  #ending: { readonly part: RecordingPart; readonly reason: RecordingEnd }[]
  /** Audio for the next file, which begins at the next keyframe. */
  #held: MediaPacket[]
  #heldBytes: number
  /** When the files of the last minute were begun, ms on the clock. */
  #begunMs: number[]
  /** First times of each kind in the file: their clocks may be apart. */
  #firstAudioDts: number | undefined
  #firstVideoDts: number | undefined
  /** The longest that a kind has come to. */
  #spanMs: number
  #endDts: number
  #end: RecordingEnd | undefined
  #isDone: boolean
  /**
   * Why it ends: too many files; or what went wrong in {@link RecordingSession.end}, whose caller is not to
   * be bothered.
   */
  #error: Error | undefined
  #wake: (() => void) | undefined

  /**
   * @param number - of the session.
   * @param start - of a publisher that begins just now everything is recorded (`packet`), else what is cached
   *   and comes (`gop`).
   */
  constructor(
    publisher: Publisher,
    number: number,
    start: 'packet' | 'gop',
    options: SessionOptions,
    host: SessionHost,
  ) {
    this.publisher = publisher
    this.number = number
    this.#options = options
    this.#host = host
    this.#consumer = publisher.source.consume({ start, maxLagMs: options.maxLagMs })
    this.#tracker = new ConfigurationTracker()
    this.#video = new VideoPresence()
    this.#part = undefined
    this.#lostBytes = undefined
    this.#ending = []
    this.#held = []
    this.#heldBytes = 0
    this.#begunMs = []
    this.#firstAudioDts = undefined
    this.#firstVideoDts = undefined
    this.#spanMs = 0
    this.#endDts = Infinity
    this.#end = undefined
    this.#isDone = false
    this.#error = undefined
    this.#wake = undefined
    this.over = this.#run()
  }

  /** Whether it was asked to end. */
  get isEnding(): boolean {
    return this.#end !== undefined
  }

  /** The file that is being written. */
  get recording(): Recording | undefined {
    return this.#part?.view()
  }

  /** Time for another round. A session without a file waits only for the first packet. */
  wake(): void {
    if (this.#hasBegun) this.#wake?.()
  }

  /** Ends it with what has come until now. */
  end(reason: RecordingEnd): void {
    if (this.#end !== undefined) return
    this.#end = reason
    // A publisher that continues has more packets than the current ones.
    if (this.publisher.ended === undefined) this.#endDts = this.publisher.source.lastDts
    try {
      // A reader that has found nothing until now would find the next publisher.
      if (this.#consumer.stats().readPackets === 0) this.#read()
    } catch (error) {
      this.#error = error as Error
    }
    this.#wake?.()
  }

  async #run(): Promise<void> {
    try {
      while (!this.#isDone) {
        await this.#nextRound()
        if (this.#error !== undefined && !this.#isDone) throw this.#error
        while (!this.#isDone && this.#read()) await this.#store()
        await this.#store()
      }
      if (this.#error !== undefined) throw this.#error
    } catch (error) {
      const parts = [
        ...this.#ending.map(({ part }) => part),
        ...(this.#part === undefined ? [] : [this.#part]),
      ]
      this.#host.failed(error as Error, parts)
    }
    this.#part = undefined
    this.#consumer.detach()
  }

  async #nextRound(): Promise<void> {
    // What has ended has nobody to wake it.
    if (this.#end !== undefined) return
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    // A file has the time of its first packet.
    await (this.#hasBegun ? woken : Promise.race([woken, this.#consumer.ready()]))
  }

  get #hasBegun(): boolean {
    return this.#part !== undefined || this.#lostBytes !== undefined
  }

  /** Reads what has come, up to a round's bytes. @returns whether there is more. */
  #read(): boolean {
    for (let bytes = 0; bytes < this.#options.maxWriteBytes;) {
      const packet = this.#next()
      if (packet === undefined) {
        if (this.#end !== undefined || this.#consumer.ended) this.#finish(this.#end ?? 'ended')
        return false
      }
      if (this.#consumer.discontinuity && this.#part !== undefined) this.#part.skips++
      bytes += packet.body.length
      this.#accept(packet)
      if (this.#isDone) return false
    }
    return true
  }

  /** The next packet of this publisher, up to the end that was set. */
  #next(): MediaPacket | undefined {
    const packet = this.#consumer.read()
    if (packet === undefined || (this.publisher.ended !== undefined && this.#consumer.discontinuity))
      return undefined
    return packet.coded && packet.dts > this.#endDts ? undefined : packet
  }

  #accept(packet: MediaPacket): void {
    this.#tracker.push(packet)
    this.#video.observe(packet)
    const part = this.#part
    const isHeld = this.#held.length > 0
    if (!this.#hasBegun) {
      if (packet.coded) this.#begin([packet])
    } else if (this.#isCut(packet)) this.#cut('segment', packet)
    else if (part === undefined) this.#lostBytes! += packet.body.length
    else if (isHeld && packet.keyframe) this.#cut('changed', packet)
    else if (isHeld && packet.kind === 'audio') this.#hold(packet)
    else if (!part.writer.write(packet)) {
      // Video of the next file begins at a keyframe: audio that changes waits for that, so that no picture is
      // lost.
      if (packet.kind === 'audio' && this.#hasVideo) this.#hold(packet)
      else this.#cut('changed', packet)
    }
    this.#measure(packet)
  }

  /** Whether a segment ends before this packet. */
  #isCut(packet: MediaPacket): boolean {
    const { segmentDurationMs, segmentBytes } = this.#options
    const byteLength = this.#part?.byteLength ?? this.#lostBytes ?? 0
    if (this.#elapsedMs(packet) < segmentDurationMs && byteLength < segmentBytes) return false
    return packet.keyframe || (packet.kind === 'audio' && packet.coded && !this.#hasVideo)
  }

  /**
   * Time since the file began, by the clock of the packet's own kind; of the other one where it is the first.
   */
  #elapsedMs({ kind, dts }: MediaPacket): number {
    const first = kind === 'video' ? this.#firstVideoDts : this.#firstAudioDts
    return first === undefined ? this.#spanMs : dts - first
  }

  #measure(packet: MediaPacket): void {
    if (!packet.coded) return
    if (packet.kind === 'video') this.#firstVideoDts ??= packet.dts
    else this.#firstAudioDts ??= packet.dts
    this.#spanMs = Math.max(this.#spanMs, this.#elapsedMs(packet))
  }

  get #hasVideo(): boolean {
    return this.#video.hasPictures && !this.#video.isAbsent(true)
  }

  #hold(packet: MediaPacket): void {
    this.#held.push(packet)
    this.#heldBytes += packet.body.length + HELD_OVERHEAD_BYTES
    if (this.#heldBytes > this.#options.maxWriteBytes) this.#cut('changed')
  }

  #cut(reason: RecordingEnd, packet?: MediaPacket): void {
    const packets = packet === undefined ? this.#held : [...this.#held, packet]
    this.#held = []
    this.#heldBytes = 0
    const tooMany = this.#tooManyFiles()
    if (this.#part !== undefined)
      this.#ending.push({ part: this.#part, reason: tooMany === undefined ? reason : 'failed' })
    this.#part = undefined
    if (tooMany === undefined) this.#begin(packets)
    else {
      this.#error = tooMany
      this.#isDone = true
    }
  }

  #begin(packets: readonly MediaPacket[]): void {
    this.#begunMs.push(this.#options.clock.now())
    const { path, vhost, fragmentMs, segmentDurationMs, now, openWriter } = this.#options
    const { streamPath, request, source } = this.publisher
    const { dts } = packets[0]!
    // The first packet has waited in the log.
    const note = { vhost, streamPath, startedAtMs: Math.round(now() - Math.max(0, source.lastDts - dts)) }
    const { format } = path
    const indexEntries = Math.min(MAX_INDEX_ENTRIES, Math.ceil(segmentDurationMs / MIN_GOP_MS) + 2)
    const writer = openWriter(format, { note, configuration: this.#tracker.set, indexEntries, fragmentMs })
    this.#lostBytes = undefined
    this.#part = new RecordingPart({ note, request, key: path.expand(note), format, writer })
    this.#firstAudioDts = undefined
    this.#firstVideoDts = undefined
    this.#spanMs = 0
    for (const packet of packets) writer.write(packet)
  }

  /** Times that leap and configuration that changes all the time would make a file of every few packets. */
  #tooManyFiles(): LimitError | undefined {
    const { clock, maxFilesPerMinute } = this.#options
    const now = clock.now()
    this.#begunMs = this.#begunMs.filter((ms) => now - ms < 60_000)
    const { length } = this.#begunMs
    if (length < maxFilesPerMinute) return undefined
    return new LimitError(
      'ERR_RECORDING_FILES',
      `another file after ${length} within a minute exceeds maxFilesPerMinute ${maxFilesPerMinute}`,
    )
  }

  #finish(reason: RecordingEnd): void {
    // Held audio has a file of its own: there is no keyframe to wait for.
    if (this.#held.length > 0) this.#cut('changed')
    if (this.#part !== undefined) this.#ending.push({ part: this.#part, reason })
    this.#part = undefined
    this.#isDone = true
  }

  async #store(): Promise<void> {
    for (let next = this.#ending[0]; next !== undefined; next = this.#ending[0]) {
      const isWhole = await this.#append(next.part, next.part.writer.end())
      this.#ending.shift()
      if (isWhole) this.#host.ended(next.part, next.reason)
    }
    if (this.#part === undefined) return
    const { byteLength, writer } = this.#part
    if (await this.#append(this.#part, writer.take())) return
    this.#lostBytes = byteLength
    this.#part = undefined
    this.#held = []
    this.#heldBytes = 0
  }

  /**
   * @returns whether the store took it. One that failed is asked again with the next segment, if there is
   *   one.
   */
  async #append(part: RecordingPart, chunks: readonly Uint8Array[]): Promise<boolean> {
    let isNew: boolean
    try {
      isNew = await part.append(this.#options.store, chunks)
    } catch (error) {
      if (this.#isDone || !this.#isSegmented) throw error
      this.#host.interrupted(error as Error, part)
      return false
    }
    if (isNew) this.#host.started(part)
    return true
  }

  get #isSegmented(): boolean {
    const { segmentDurationMs, segmentBytes } = this.#options
    return segmentDurationMs < Infinity || segmentBytes < Infinity
  }
}
