/**
 * Packages one source as HLS: a consumer, a segmenter, a playlist window and a store.
 *
 * @module
 */
import createDebug from 'debug'
import { encodeUtf8 } from '../bytes/index.ts'
import { formatMediaPlaylist, HlsPlaylist, type HlsPlaylistEntry, type MediaPlaylist } from '../hls/index.ts'
import {
  KeyframeCut,
  type KeyframeCutOptions,
  type Segment,
  Segmenter,
  type SegmenterOptions,
  type Timeline,
  TimelineCut,
  TsSegmentWriter,
  type TsSegmentWriterOptions,
} from '../segment/index.ts'
import {
  Announcer,
  type AnnouncerEvents,
  type Clock,
  type Consumer,
  type Source,
  systemClock,
} from '../hub/index.ts'
import type { SegmentStore } from './segment-store.ts'
import { storedPlaylist } from './stored-playlist.ts'

const debug = createDebug('millrace:hls')

/** A variant that is being sent may be so many segments behind the first one, or so many ms if that is more. */
const MAX_BEHIND = 4
const MAX_DELAY_MS = 15_000

/** What makes a packager one of several for the same content. */
export interface HlsVariantPlace {
  /** Where segments begin, shared by the packagers of all variants. */
  readonly timeline: Timeline
  /** Key of its files in the store, such as `live/show.variants/720p`. */
  readonly key: string
  /** Track of a multitrack publish that is its video. @defaultValue 0 */
  readonly videoTrackId?: number
}

/** How an {@link HlsPackager} cuts and writes segments. */
export type HlsSegmenterOptions = Pick<KeyframeCutOptions, 'startupMs' | 'maxDurationFactor'> &
  Pick<SegmenterOptions, 'minDurationMs' | 'maxGapMs'> &
  TsSegmentWriterOptions

/** Options of {@link HlsPackager}. */
export interface HlsPackagerOptions {
  /** A segment ends at the first keyframe after this time, ms. @defaultValue 4000 */
  readonly targetDurationMs?: number | undefined
  /**
   * Time that the playlist spans, ms. Many players (VLC, GStreamer) begin at its start: it is how far behind they are.
   * @defaultValue 4 × `targetDurationMs`
   */
  readonly windowMs?: number | undefined
  /**
   * How long the store may take before packets are skipped, ms: the source's log waits for this reader. @defaultValue 15000
   */
  readonly maxLagMs?: number | undefined
  /**
   * Number of the first segment. The default does not go back, not even across a restart of the process, as long as segments last a
   * second on average. @defaultValue seconds since 1970
   */
  readonly startSequence?: number | undefined
  /** More options of the segmenter. `startupMs` is one and a half times the target by default. */
  readonly segmenter?: HlsSegmenterOptions | undefined
  /** Time at which packets come. @defaultValue the runtime's own */
  readonly clock?: Clock | undefined
  /** The time of day in ms since 1970, for the dates of segments and the default of `startSequence`. @defaultValue `Date.now` */
  readonly now?: (() => number) | undefined
  /** For a variant of a stream. `startSequence` is then the timeline's. @defaultValue a stream for itself */
  readonly variant?: HlsVariantPlace | undefined
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

/** Kinds of media that segments had so far. */
export interface CarriedKinds {
  /** Sound. */
  readonly audio: boolean
  /** Pictures. */
  readonly video: boolean
}

/** Facts that an {@link HlsPackager} announces. */
export interface HlsPackagerEvents extends AnnouncerEvents {
  /** A segment and the playlist that names it are in the store. */
  segment: (segment: PackagedSegment) => void
  /**
   * The store has refused a file, and did not before. Viewers of {@link HlsPackager.playlist} get what it lacks from memory; the playlist in
   * the store names only what is there.
   */
  storeError: (error: Error, key: string) => void
  /** After a `storeError`, a segment and its playlist are in the store again. */
  storeRecover: () => void
}

/**
 * Cuts a source into segments and keeps the playlist and the segments in a store, under `app/name.m3u8` and
 * `app/name/N.ts`. Runs until the source closes or {@link HlsPackager.close}. What is left to the caller then is to go on with the next
 * source of the stream ({@link HlsPackager.follow}) or to tell players that nothing comes ({@link HlsPackager.endPlaylist}).
 *
 * The playlist of a variant that was away while others went on begins anew, for there are no gaps in its numbers.
 */
export class HlsPackager extends Announcer<HlsPackagerEvents> {
  readonly #store: SegmentStore
  readonly #options: HlsPackagerOptions
  readonly #clock: Clock
  #source: Source
  #consumer: Consumer
  /** Of a variant: where it is on the timeline. */
  #place: TimelineCut | undefined
  #segmenter: Segmenter
  readonly #folder: string
  #window: HlsPlaylist
  #nextSequence: number
  readonly #base: string
  readonly #stored: Set<string>
  readonly #unstored: Map<number, Uint8Array>
  /** Numbers of the segments that the playlist in the store names. */
  #listed: { readonly first: number; readonly last: number } | undefined
  /** Segments that are to be removed once the stored playlist does not name them any more. */
  #expired: HlsPlaylistEntry[]
  /** The store has refused something since the last segment that it took with its playlist. */
  #isRefused: boolean
  #finished: Promise<void>
  #ownsPlaylist: boolean
  readonly #waiters: Set<() => void>
  #playlist: MediaPlaylist | undefined
  #ended: boolean
  #hasAudio: boolean
  #hasVideo: boolean

  /**
   * @param source - read through a consumer of its own.
   * @param store - where the files go.
   * @param options - durations.
   */
  constructor(source: Source, store: SegmentStore, options: HlsPackagerOptions = {}) {
    super()
    const { variant } = options
    const startSequence = variant?.timeline.nextSequence ?? options.startSequence ?? sequenceOfDay(options)
    this.#source = source
    this.#store = store
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#base = variant?.key ?? storeKey(source.streamPath)
    this.#folder = encodeURIComponent(this.#base.slice(this.#base.lastIndexOf('/') + 1))
    this.#window = this.#newWindow(0)
    this.#nextSequence = startSequence
    this.#place = undefined
    this.#stored = new Set()
    this.#unstored = new Map()
    this.#listed = undefined
    this.#expired = []
    this.#isRefused = false
    this.#ownsPlaylist = true
    this.#waiters = new Set()
    this.#playlist = undefined
    this.#ended = false
    this.#hasAudio = false
    this.#hasVideo = false
    this.#segmenter = this.#newSegmenter()
    this.#consumer = this.#consume(source)
    this.#finished = this.#run(source, this.#consumer)
  }

  /** The source that is packaged, or the last one. */
  get source(): Source {
    return this.#source
  }

  /**
   * The media playlist as it is now, `undefined` before the first segment. Its URIs are names of files in the folder of the segments: format
   * it with `uriOf` to say where that is.
   */
  get playlist(): MediaPlaylist | undefined {
    return this.#playlist
  }

  /** Peak and average bit rate of the window, bit/s. */
  get bandwidth(): HlsBandwidth {
    return { peak: this.#window.peakBandwidth, average: this.#window.averageBandwidth }
  }

  /** Whether audio and video were in any segment of this source: an announced track may never come. */
  get carries(): CarriedKinds {
    return { audio: this.#hasAudio, video: this.#hasVideo }
  }

  /** FourCCs that came and that MPEG-TS cannot carry: they are in no segment. */
  get unsupportedCodecs(): ReadonlySet<string> {
    return this.#segmenter.unsupportedCodecs
  }

  /** Video frames per second as measured; `undefined` before the first segment with video. */
  get frameRate(): number | undefined {
    return this.#segmenter.frameRate
  }

  /** Whether the other variants have gone on without this one: nobody can go on with it. */
  get isBehind(): boolean {
    const { targetDurationMs = 4_000, variant } = this.#options
    if (variant === undefined) return false
    const isRunning = this.#place?.running === true
    const most = isRunning ? Math.max(MAX_BEHIND, MAX_DELAY_MS / targetDurationMs) : 1
    return variant.timeline.passedSince(this.#nextSequence - 1) > most
  }

  /** Number that the next segment gets; of a variant, if it comes in time. @internal */
  get nextSequence(): number {
    return this.#nextSequence
  }

  /** Whether the store has its playlist. @internal */
  get isListed(): boolean {
    return this.#listed !== undefined
  }

  /** The source has closed and all of it is in the playlist, or packaging was stopped. */
  get ended(): boolean {
    return this.#ended
  }

  /**
   * Waits for a playlist that players can begin with: two segments at least and one and a half target durations, or they stall before the
   * next one is there.
   * @returns the playlist; what there is of it when `signal` aborts or the source ends first, `undefined` before the first segment.
   */
  async whenReady(signal: AbortSignal): Promise<MediaPlaylist | undefined> {
    if (this.#isPlayable || this.#ended || signal.aborted) return this.#playlist
    await new Promise<void>((resolve) => {
      // Who gives up is forgotten: a source that never gets a segment may be asked for without end.
      const wake = (): void => {
        if (!this.#isPlayable && !this.#ended && !signal.aborted) return
        this.#waiters.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiters.add(wake)
      signal.addEventListener('abort', wake, { once: true })
    })
    return this.#playlist
  }

  /** A segment by its number, while it is kept. */
  async segment(sequence: number): Promise<Uint8Array | undefined> {
    return this.#unstored.get(sequence) ?? (await this.#store.get(this.#key(sequence)))
  }

  /**
   * Goes on with the source of a later publish, after the one before has closed: the same playlist, the next number, and a discontinuity.
   * An EXT-X-ENDLIST goes with the first segment.
   */
  follow(source: Source): void {
    this.#ended = false
    const before = this.#finished
    const consumer = this.#consume(source)
    this.#consumer = consumer
    this.#finished = (async () => {
      await before
      this.#source = source
      // Nothing of the stream before holds for this one: not its clock, not its tracks.
      this.#segmenter = this.#newSegmenter()
      this.#hasAudio = false
      this.#hasVideo = false
      await this.#run(source, consumer)
    })()
  }

  /** Another packager writes this playlist from now on: its file is not this one's to write or to remove. @internal */
  yieldPlaylist(): void {
    this.#ownsPlaylist = false
  }

  /** Nothing is expected any more: EXT-X-ENDLIST. Does nothing while a source is packaged. */
  async endPlaylist(): Promise<void> {
    if (!this.#ended || this.#window.ended) return
    this.#window.end()
    await this.#storePlaylist()
  }

  /** Stops, and removes every file from the store. */
  async close(): Promise<void> {
    this.#consumer.detach()
    await this.#finished
    this.#unstored.clear()
    await Promise.all(Array.from(this.#stored, (key) => this.#discard(key)))
    if (this.#ownsPlaylist) await this.#discard(`${this.#base}.m3u8`)
  }

  get #isPlayable(): boolean {
    const { entries, durationSec } = this.#window
    return (
      this.#playlist !== undefined && entries.length > 1 && durationSec * 1_000 >= startupOf(this.#options)
    )
  }

  async #run(source: Source, consumer: Consumer): Promise<void> {
    try {
      await this.#package(source, consumer)
    } catch (error) {
      debug('%s is packaged no more: %s', this.#base, error)
      consumer.detach()
    }
    if (consumer !== this.#consumer) return
    this.#ended = true
    this.#wake()
  }

  #consume(source: Source): Consumer {
    const { variant, maxLagMs = 15_000 } = this.#options
    const tracks = (variant?.videoTrackId ?? 0) > 0 ? 'all' : 'default'
    return source.consume({ tracks, gopsBack: Infinity, maxLagMs })
  }

  async #package(source: Source, consumer: Consumer): Promise<void> {
    while (!consumer.ended) {
      const packet = consumer.read()
      if (packet === undefined) {
        if (consumer.ended) break
        // The publisher has left: what it sent is shown now, not when it comes back.
        if (source.publisher === undefined) {
          this.#segmenter.discontinuity()
          await this.#takeSegments()
        }
        await consumer.ready()
        continue
      }
      if (consumer.discontinuity) this.#segmenter.discontinuity()
      this.#segmenter.push(packet, this.#clock.now())
      await this.#takeSegments()
    }
    // Of a variant that goes on no more, the others are told.
    this.#segmenter.end()
    if (source.closed) await this.#takeSegments()
  }

  async #takeSegments(): Promise<void> {
    const stored: PackagedSegment[] = []
    let count = 0
    for (let segment = this.#segmenter.read(); segment !== undefined; segment = this.#segmenter.read()) {
      const { sequence, durationSec, bytes } = segment
      const key = this.#key(sequence)
      count++
      if (!(await this.#publish(key, segment))) continue
      const playlistKey = `${this.#base}.m3u8`
      stored.push({ sequence, durationSec, byteLength: bytes.length, key, playlistKey })
    }
    if (count === 0) return
    const isListed = await this.#storePlaylist()
    await this.#forgetExpired()
    if (!isListed) return
    if (this.#isRefused && stored.length === count) {
      this.#isRefused = false
      this.emit('storeRecover')
    }
    for (const segment of stored) this.emit('segment', segment)
  }

  /** @returns whether the stored playlist names the newest segment that is stored. */
  async #storePlaylist(): Promise<boolean> {
    if (this.#window.entries.length === 0) return false
    const { variant } = this.#options
    if (variant !== undefined) this.#window.raiseTargetDuration(variant.timeline.longestSec)
    this.#playlist = this.#window.toMediaPlaylist()
    this.#wake()
    if (!this.#ownsPlaylist) return false
    const stored = storedPlaylist(this.#playlist, (sequence) => this.#stored.has(this.#key(sequence)))
    if (stored === undefined) return false
    const text = formatMediaPlaylist(stored, { uriOf: (uri) => `${this.#folder}/${uri}` })
    if (!(await this.#put(`${this.#base}.m3u8`, encodeUtf8(text)))) return false
    const { mediaSequence: first, segments } = stored
    this.#listed = { first, last: first + segments.length - 1 }
    return true
  }

  /** First the segment, then the playlist that names it. @returns whether it was stored. */
  async #publish(key: string, segment: Segment): Promise<boolean> {
    const { sequence, bytes } = segment
    this.#hasAudio ||= segment.hasAudio
    this.#hasVideo ||= segment.hasVideo
    const isStored = await this.#put(key, bytes)
    if (isStored) this.#stored.add(key)
    else this.#unstored.set(sequence, bytes)
    this.#followOthers(segment)
    this.#nextSequence = sequence + 1
    this.#window.add(segment, { uri: `${sequence}.ts`, byteLength: bytes.length })
    this.#expired.push(...this.#window.takeExpired())
    return isStored
  }

  /** The playlist of a variant begins anew with a segment that is not the next: there are no gaps in its numbers. */
  #followOthers(segment: Segment): void {
    const { sequence, discontinuity, discontinuitySequence } = segment
    if (this.#playlist !== undefined && sequence === this.#nextSequence) return
    this.#expired.push(...this.#window.clear())
    this.#window = this.#newWindow(discontinuity ? discontinuitySequence - 1 : discontinuitySequence)
  }

  #newSegmenter(): Segmenter {
    const { segmenter, variant } = this.#options
    const writer = new TsSegmentWriter(segmenter)
    if (variant === undefined) return new Segmenter({ ...segmenter, writer, cut: this.#newKeyframeCut() })
    const { timeline, videoTrackId } = variant
    this.#place = new TimelineCut(timeline, this.#playlist === undefined ? -1 : this.#nextSequence - 1)
    return new Segmenter({ ...segmenter, writer, cut: this.#place, videoTrackId })
  }

  #newKeyframeCut(): KeyframeCut {
    const { targetDurationMs, segmenter } = this.#options
    return new KeyframeCut({
      // A stream that is published again has viewers with other segments in hand.
      startupMs: this.#playlist === undefined ? startupOf(this.#options) : 0,
      ...segmenter,
      targetDurationMs,
      startSequence: this.#nextSequence,
      wallOffsetMs: wallOffset(this.#options),
    })
  }

  #newWindow(startDiscontinuitySequence: number): HlsPlaylist {
    const { targetDurationMs = 4_000, windowMs = 4 * targetDurationMs } = this.#options
    return new HlsPlaylist({
      windowSec: windowMs / 1_000,
      targetDurationSec: targetDurationMs / 1_000,
      startDiscontinuitySequence,
    })
  }

  /** A stored playlist that could not be replaced for so long goes with the first segment that it names. */
  async #forgetExpired(): Promise<void> {
    const expired = this.#expired
    this.#expired = []
    for (const { sequence } of expired) {
      const key = this.#key(sequence)
      this.#unstored.delete(sequence)
      if (!this.#stored.delete(key)) continue
      const listed = this.#listed
      if (this.#ownsPlaylist && listed !== undefined && sequence >= listed.first && sequence <= listed.last) {
        this.#listed = undefined
        await this.#discard(`${this.#base}.m3u8`)
      }
      await this.#discard(key)
    }
  }

  /** A disk that refuses costs memory, where the segment is kept instead, not the stream. */
  async #put(key: string, bytes: Uint8Array): Promise<boolean> {
    try {
      await this.#store.put(key, bytes)
      return true
    } catch (error) {
      debug('cannot store %s: %s', key, error)
      const isNew = !this.#isRefused
      this.#isRefused = true
      if (isNew) this.emit('storeError', error as Error, key)
      return false
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
    for (const wake of this.#waiters) wake()
  }
}

/** A number that no segment of the stream had, across restarts of the process, if segments last a second on average. */
export function sequenceOfDay({ now = () => Date.now() }: HlsPackagerOptions): number {
  return Math.floor(now() / 1_000)
}

/** The time of day minus the time at which packets come, ms. */
export function wallOffset({
  clock = systemClock,
  now = () => Date.now(),
}: HlsPackagerOptions): () => number {
  return () => now() - clock.now()
}

/** What players must have at hand to begin with, ms: a segment, and the time until they look for the next. */
export function startupOf({ targetDurationMs = 4_000 }: HlsPackagerOptions): number {
  return 1.5 * targetDurationMs
}

/**
 * The key of a stream's files: its path, but for what would leave its place in a file system (dot segments, characters of Windows) or
 * meet the files of another stream (names that end like files do). Different paths have different keys.
 */
export function storeKey(streamPath: string): string {
  return streamPath
    .slice(1)
    .split('/')
    .map((part) => {
      // eslint-disable-next-line no-control-regex
      const safe = part.replaceAll(/[\u0000-\u001f\u007f"%*:<>?\\|]/g, escapeCharacter)
      return /^\.*$/.test(safe) ? `%${safe}` : safe.replace(/\.(?=(?:m3u8|ts|variants)$)/i, escapeCharacter)
    })
    .join('/')
}

function escapeCharacter(character: string): string {
  return `%${character.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`
}
