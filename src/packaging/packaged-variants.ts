/**
 * The variants of one stream, packaged on one timeline: they come and go, the stream goes on.
 *
 * @module
 */
import createDebug from 'debug'
import { encodeUtf8 } from '../bytes/index.ts'
import { Timeline } from '../segment/index.ts'
import { type Clock, type Hub, setDeadline, type Source } from '../hub/index.ts'
import type { FourCc } from '../media/index.ts'
import { HlsPackager, type HlsPackagerOptions, startupOf, storeKey, wallOffset } from './hls-packager.ts'
import { multivariantPlaylist } from './hls-playlist-text.ts'
import type { NamedVariant } from './hls-variant-names.ts'
import { PackagedStream, type PackagedVariant } from './packaged-stream.ts'
import type { SegmentStore } from './segment-store.ts'

const debug = createDebug('millrace:hls')

/** What {@link PackagedVariants} need. */
export interface PackagedVariantsOptions {
  /** Where the variants are. */
  readonly hub: Hub
  /** The stream that they are variants of; nobody has to publish it. */
  readonly streamPath: string
  /** Its variants, as they are named now. */
  readonly names: () => readonly NamedVariant[]
  /** Most variants at a time. */
  readonly maxVariants: number
  /** Where files go. */
  readonly store: SegmentStore
  /** What packagers are given; `startSequence` is where the timeline begins. */
  readonly packager: HlsPackagerOptions
  /** For those that are late. */
  readonly clock: Clock
  /** Hears what packagers announce. */
  readonly watch: (packager: HlsPackager) => void
}

/** Packagers of all variants that are there. */
export class PackagedVariants extends PackagedStream {
  readonly #options: PackagedVariantsOptions
  readonly #timeline: Timeline
  readonly #key: string
  readonly #abort: AbortController
  #all: readonly PackagedVariant[]
  #closing: Promise<void>[]
  #storing: Promise<void>
  #text: string
  #ownsPlaylist: boolean
  /** Until when viewers wait for variants that are late. */
  #patientUntilMs: number

  /** @param source - the stream or one of its variants, which viewers are counted for. */
  constructor(source: Source, nowMs: number, options: PackagedVariantsOptions) {
    super(source, nowMs)
    const { targetDurationMs, segmenter, startSequence } = options.packager
    const startupMs = segmenter?.startupMs ?? startupOf(options.packager)
    this.#options = options
    this.#timeline = new Timeline({
      wallOffsetMs: wallOffset(options.packager),
      startupMs,
      targetDurationMs,
      maxDurationFactor: segmenter?.maxDurationFactor,
      startSequence,
    })
    this.#key = storeKey(options.streamPath)
    this.#abort = new AbortController()
    this.#all = []
    this.#closing = []
    this.#storing = Promise.resolve()
    this.#text = ''
    this.#ownsPlaylist = true
    this.#patientUntilMs = Infinity
    this.refresh()
    this.#askForMissing()
  }

  override get streamPath(): string {
    return this.#options.streamPath
  }

  override get variants(): readonly PackagedVariant[] {
    return this.#all.filter(({ packager }) => packager.playlist !== undefined && !packager.isBehind)
  }

  override get ended(): boolean {
    return this.#all.every(({ packager }) => packager.ended)
  }

  override get nextSequence(): number {
    return this.#timeline.nextSequence
  }

  override get unsupportedCodecs(): ReadonlySet<FourCc> {
    return new Set(this.#all.flatMap(({ packager }) => [...packager.unsupportedCodecs]))
  }

  override variant(name: string): PackagedVariant | undefined {
    return this.#all.find((variant) => variant.name === name)
  }

  override has(source: Source): boolean {
    return this.#all.some((variant) => variant.source === source)
  }

  /** Ready when every variant that is there has a segment, or two target durations after the first one. */
  override async whenReady(signal: AbortSignal): Promise<boolean> {
    const { clock, packager } = this.#options
    if (this.#all.length === 0) return false
    if (this.variants.length > 0 && clock.now() >= this.#patientUntilMs) return true
    const stragglers = new AbortController()
    const giveUp = (): void => stragglers.abort()
    signal.addEventListener('abort', giveUp, { once: true })
    if (signal.aborted) giveUp()
    const present = this.#all.filter(({ source }) => source.publisher !== undefined)
    const waits = (present.length > 0 ? present : this.#all).map(async (variant) =>
      variant.packager.whenReady(stragglers.signal),
    )
    await Promise.race(waits)
    const patienceMs = 2 * (packager.targetDurationMs ?? 4_000)
    if (this.#patientUntilMs === Infinity) this.#patientUntilMs = clock.now() + patienceMs
    const timer = setDeadline(clock, giveUp, Math.max(0, this.#patientUntilMs - clock.now()))
    try {
      await Promise.all(waits)
      return this.variants.length > 0
    } finally {
      timer.cancel()
      signal.removeEventListener('abort', giveUp)
    }
  }

  override refresh(): void {
    const { hub, streamPath, maxVariants, names } = this.#options
    const now: PackagedVariant[] = []
    const open = (name: string, source: Source, videoTrackId: number): void => {
      if (now.length < maxVariants) now.push(this.#open(name, source, videoTrackId))
    }
    for (const { name, streamPath: path } of names()) {
      const source = hub.source(path)
      if (source === undefined || source.closed) continue
      const tracks = videoTracksOf(source)
      if (tracks.length < 2) open(name, source, 0)
      else for (const trackId of tracks) open(trackId === 0 ? name : `${name}-${trackId}`, source, trackId)
    }
    const gone = this.#all.filter(({ name }) => !now.some((variant) => variant.name === name))
    // Of a source that is over the playlist stays for a while; what is no variant any more goes at once.
    for (const { source, packager } of gone) if (!source.closed) this.#closing.push(packager.close())
    this.#all = [...now, ...gone.filter(({ source }) => source.closed)]
    const next = hub.source(streamPath) ?? now[0]?.source
    if (this.source.closed && next !== undefined && !next.closed) this.moveTo(next)
  }

  override endPlaylists(): void {
    for (const { packager } of this.#all) void packager.endPlaylist()
  }

  override yieldPlaylist(): void {
    this.#ownsPlaylist = false
    for (const { packager } of this.#all) packager.yieldPlaylist()
  }

  override async close(): Promise<void> {
    this.#abort.abort()
    await Promise.all([...this.#closing, ...this.#all.map(({ packager }) => packager.close())])
    await this.#storing
    if (!this.#ownsPlaylist || this.#text === '') return
    const key = `${this.#key}.m3u8`
    await this.#options.store.delete(key).catch((error: unknown) => debug('cannot remove %s: %s', key, error))
  }

  #open(name: string, source: Source, videoTrackId: number): PackagedVariant {
    const present = this.variant(name)
    if (present?.source === source && present.videoTrackId === videoTrackId) return present
    if (present?.source.closed === true && present.videoTrackId === videoTrackId) {
      present.packager.follow(source)
      return { ...present, source }
    }
    // An encoder that came back with other tracks.
    present?.packager.yieldPlaylist()
    if (present !== undefined) this.#closing.push(present.packager.close())
    const key = `${this.#key}.variants/${storeKey(`/${name}`)}`
    const packager = new HlsPackager(source, this.#options.store, {
      ...this.#options.packager,
      variant: { timeline: this.#timeline, key, videoTrackId },
    })
    packager.on('segment', () => this.#storePlaylist())
    this.#options.watch(packager)
    return { name, source, videoTrackId, packager }
  }

  /** Where streams are made for those who ask (an edge), all variants are asked for. They are found when they are there. */
  #askForMissing(): void {
    const { hub, names } = this.#options
    for (const { streamPath } of names()) {
      if (hub.source(streamPath) === undefined) void hub.findSource(streamPath, this.#abort.signal)
    }
  }

  /** For a web server in front of the store. */
  #storePlaylist(): void {
    const { store } = this.#options
    const name = encodeURIComponent(this.#key.slice(this.#key.lastIndexOf('/') + 1))
    const text = multivariantPlaylist(
      this.variants.filter(({ packager }) => packager.isListed),
      (variant) => `${name}.variants/${encodeURIComponent(variant)}.m3u8`,
    )
    if (text === this.#text || !this.#ownsPlaylist) return
    this.#text = text
    this.#storing = this.#storing
      .then(() => store.put(`${this.#key}.m3u8`, encodeUtf8(text)))
      .catch((error: unknown) => debug('cannot store the playlist of %s: %s', this.#key, error))
  }
}

/** Ids of the video tracks that a multitrack publish has configured. */
function videoTracksOf(source: Source): readonly number[] {
  const ids = source.configuration.video.flatMap((packet) => packet.tracks().map(({ trackId }) => trackId))
  return [...new Set(ids)].toSorted((a, b) => a - b)
}
