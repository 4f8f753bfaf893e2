/**
 * Packages one source as HLS: a consumer, a segmenter, a playlist window and a store.
 *
 * @module
 */
import createDebug from 'debug'
import { EventEmitter } from 'eventemitter3'
import { encodeUtf8 } from '../bytes/index.ts'
import { HlsPlaylist, type HlsSegment, HlsSegmenter, type HlsSegmenterOptions } from '../hls/index.ts'
import type { Consumer, Source } from '../hub/index.ts'
import type { SegmentStore } from './segment-store.ts'

const debug = createDebug('millrace:hls')

/** Options of {@link HlsPackager}. */
export interface HlsPackagerOptions {
  /** A segment ends at the first keyframe after this time, ms. @defaultValue 4000 */
  readonly targetDurationMs?: number
  /** Time that the playlist spans, ms. @defaultValue 30000 */
  readonly windowMs?: number
  /** More options of the segmenter. */
  readonly segmenter?: Omit<HlsSegmenterOptions, 'targetDurationMs' | 'startSequence'>
}

/** Bit rates of the segments in a playlist window. */
export interface HlsBandwidth {
  /** The highest of one segment, bit/s. */
  readonly peak: number
  /** All of them together, bit/s. */
  readonly average: number
}

/** A segment that was stored, with the playlist that names it. */
export interface PackagedSegment {
  /** Media sequence number. */
  readonly sequence: number
  /** Duration in seconds, as the playlist says it. */
  readonly durationSec: number
  /** Its size in bytes. */
  readonly byteLength: number
  /** Where it is in the store: `live/show/12.ts`. */
  readonly key: string
  /** Where its playlist is in the store: `live/show.m3u8`. */
  readonly playlistKey: string
}

/** Facts that an {@link HlsPackager} announces. */
export interface HlsPackagerEvents {
  /** A segment and the playlist that names it are in the store. */
  segment: (segment: PackagedSegment) => void
}

/**
 * Cuts a source into segments and keeps the playlist and the segments in a store, under `app/name.m3u8` and
 * `app/name/N.ts`. Runs until the source closes (the playlist then gets EXT-X-ENDLIST) or {@link HlsPackager.close}.
 */
export class HlsPackager extends EventEmitter<HlsPackagerEvents> {
  readonly #source: Source
  readonly #store: SegmentStore
  readonly #consumer: Consumer
  readonly #segmenter: HlsSegmenter
  readonly #playlist: HlsPlaylist
  readonly #base: string
  readonly #uriPrefix: string
  readonly #stored: Set<string>
  readonly #finished: Promise<void>
  #waiters: (() => void)[]
  #text: string | undefined
  #ended: boolean

  /**
   * @param source - read through a consumer of its own.
   * @param store - where the files go.
   * @param options - durations.
   */
  constructor(source: Source, store: SegmentStore, options: HlsPackagerOptions = {}) {
    super()
    const path = source.streamPath.slice(1)
    this.#source = source
    this.#store = store
    this.#base = path
    this.#uriPrefix = `${path.slice(path.lastIndexOf('/') + 1)}/`
    const { targetDurationMs = 4_000, windowMs = 30_000 } = options
    this.#segmenter = new HlsSegmenter({
      targetDurationMs,
      ...options.segmenter,
      // Never goes back, not even across a restart of the process: segments last longer than a second.
      startSequence: Math.floor(Date.now() / 1_000),
    })
    this.#playlist = new HlsPlaylist({
      windowSec: windowMs / 1_000,
      targetDurationSec: targetDurationMs / 1_000,
    })
    this.#stored = new Set()
    this.#waiters = []
    this.#text = undefined
    this.#ended = false
    this.#consumer = source.consume({ tracks: 'default' })
    this.#finished = this.#run()
  }

  /** The media playlist as it is now, `undefined` before the first segment. */
  get playlist(): string | undefined {
    return this.#text
  }

  /** Peak and average bit rate of the window, bit/s. */
  get bandwidth(): HlsBandwidth {
    return { peak: this.#playlist.peakBandwidth, average: this.#playlist.averageBandwidth }
  }

  /** The source has closed and the playlist is complete. */
  get ended(): boolean {
    return this.#ended
  }

  /** Waits for the first segment. @returns the playlist, or `undefined` when `signal` aborts or the source ends first. */
  async whenReady(signal: AbortSignal): Promise<string | undefined> {
    if (this.#text !== undefined || this.#ended || signal.aborted) return this.#text
    await new Promise<void>((resolve) => {
      this.#waiters.push(resolve)
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    return this.#text
  }

  /** A segment by its number, while it is kept. */
  segment(sequence: number): Promise<Uint8Array | undefined> {
    return this.#store.get(this.#key(sequence))
  }

  /** Stops, and removes every file from the store. */
  async close(): Promise<void> {
    this.#consumer.detach()
    await this.#finished
    this.#wake()
    await Promise.all(Array.from(this.#stored, (key) => this.#discard(key)))
    await this.#discard(`${this.#base}.m3u8`)
  }

  async #run(): Promise<void> {
    const consumer = this.#consumer
    while (!consumer.ended) {
      const packet = consumer.read()
      if (packet === undefined) {
        if (consumer.ended) break
        // The publisher has left: what it sent is shown now, not when it comes back.
        if (this.#source.publisher === undefined) {
          this.#segmenter.discontinuity()
          await this.#takeSegments()
        }
        await consumer.ready()
        continue
      }
      if (consumer.discontinuity) this.#segmenter.discontinuity()
      this.#segmenter.push(packet, Date.now())
      await this.#takeSegments()
    }
    this.#ended = true
    if (!this.#source.closed) return
    this.#segmenter.end()
    await this.#takeSegments()
    this.#playlist.end()
    await this.#storePlaylist()
    this.#wake()
  }

  async #takeSegments(): Promise<void> {
    const stored: PackagedSegment[] = []
    for (let segment = this.#segmenter.read(); segment !== undefined; segment = this.#segmenter.read()) {
      stored.push(await this.#publish(segment))
    }
    if (stored.length === 0) return
    await this.#storePlaylist()
    for (const segment of stored) this.#announce(segment)
  }

  /** A listener that throws costs itself, not the stream. */
  #announce(segment: PackagedSegment): void {
    try {
      this.emit('segment', segment)
    } catch (error) {
      debug('a listener of %s failed: %s', segment.key, error)
    }
  }

  async #storePlaylist(): Promise<void> {
    if (this.#playlist.entries.length === 0) return
    this.#text = this.#playlist.format()
    await this.#put(`${this.#base}.m3u8`, encodeUtf8(this.#text))
    this.#wake()
  }

  async #publish(segment: HlsSegment): Promise<PackagedSegment> {
    const key = this.#key(segment.sequence)
    // First the segment, then the playlist that names it.
    await this.#put(key, segment.bytes)
    this.#stored.add(key)
    this.#playlist.add(segment, {
      uri: `${this.#uriPrefix}${segment.sequence}.ts`,
      byteLength: segment.bytes.length,
    })
    for (const { sequence } of this.#playlist.takeExpired()) {
      const old = this.#key(sequence)
      this.#stored.delete(old)
      await this.#discard(old)
    }
    const { sequence, durationSec, bytes } = segment
    return { sequence, durationSec, byteLength: bytes.length, key, playlistKey: `${this.#base}.m3u8` }
  }

  /** A disk that refuses costs the segment, not the stream. */
  async #put(key: string, bytes: Uint8Array): Promise<void> {
    try {
      await this.#store.put(key, bytes)
    } catch (error) {
      debug('cannot store %s: %s', key, error)
    }
  }

  async #discard(key: string): Promise<void> {
    try {
      await this.#store.delete(key)
    } catch (error) {
      debug('cannot remove %s: %s', key, error)
    }
  }

  #key(sequence: number): string {
    return `${this.#base}/${sequence}.ts`
  }

  #wake(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const wake of waiters) wake()
  }
}
