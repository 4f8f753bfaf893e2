/**
 * What an HLS viewer watches: one source, or the variants of a stream.
 *
 * @module
 */
import type { Hub, Source, StreamPath } from '../hub/index.ts'
import type { FourCc } from '../media/index.ts'
import type { HlsPackager } from './hls-packager.ts'

/** A source that is packaged, alone or as one of several. */
export interface PackagedVariant {
  /** What it is called in URLs; `''` for a stream that has no variants. */
  readonly name: string
  /** The source. */
  readonly source: Source
  /** Its video track. */
  readonly videoTrackId: number
  /** Its segments. */
  readonly packager: HlsPackager
}

/** A stream that is packaged, and who uses it. It outlives its sources: a stream that is published again goes on. */
export abstract class PackagedStream {
  /** Viewers, and requests that wait for the first segment. */
  users: number
  /** When somebody asked last, ms on a monotonic clock. */
  lastUseMs: number
  /** When it was first seen to be over, ms on a monotonic clock. */
  endedMs: number | undefined
  /** Whether new viewers get another one in its place. */
  superseded: boolean
  #source: Source
  /** Viewers, each with what takes it from the count of the source. */
  readonly #viewers: Set<{ uncount: () => void }>

  constructor(source: Source, nowMs: number) {
    this.#source = source
    this.#viewers = new Set()
    this.users = 0
    this.lastUseMs = nowMs
    this.endedMs = undefined
    this.superseded = false
  }

  /** The source that viewers are counted for. */
  get source(): Source {
    return this.#source
  }

  /** Counts a viewer until the function that is returned is called. */
  addViewer(): () => void {
    const viewer = { uncount: this.#source.countViewer() }
    this.#viewers.add(viewer)
    this.users++
    return () => {
      if (!this.#viewers.delete(viewer)) return
      this.users--
      viewer.uncount()
    }
  }

  /** Viewers are counted for `source` from now on. */
  protected moveTo(source: Source): void {
    this.#source = source
    this.endedMs = undefined
    for (const viewer of this.#viewers) {
      viewer.uncount()
      viewer.uncount = source.countViewer()
    }
  }

  /** Its path in the hub. */
  abstract get streamPath(): string
  /** What can be watched now, best first. */
  abstract get variants(): readonly PackagedVariant[]
  /** Whether all sources are over. They may be published again. */
  abstract get ended(): boolean
  /** Number that no segment has yet. */
  abstract get nextSequence(): number
  /** FourCCs that came and that no segment can carry. */
  abstract get unsupportedCodecs(): ReadonlySet<FourCc>
  /** A variant by its name. */
  abstract variant(name: string): PackagedVariant | undefined
  /** Whether `source` is it, or one of its variants. */
  abstract has(source: Source): boolean
  /** Waits for the first segments. @returns whether there is something to watch. */
  abstract whenReady(signal: AbortSignal): Promise<boolean>
  /** Looks for variants that came, and for a stream that is published again. */
  abstract refresh(): void
  /** Nothing is awaited any more: playlists say that they are complete. */
  abstract endPlaylists(): void
  /** Another one writes the playlist of this name from now on. */
  abstract yieldPlaylist(): void
  /** Stops, and removes what is stored. */
  abstract close(): Promise<void>
}

/** A source without variants. */
export class PackagedSource extends PackagedStream {
  readonly #hub: Hub
  readonly #packager: HlsPackager
  readonly #abort: AbortController
  #isAsking: boolean
  #variants: readonly PackagedVariant[]

  /** @param hub - where the stream may be published again. */
  constructor(hub: Hub, source: Source, packager: HlsPackager, nowMs: number) {
    super(source, nowMs)
    this.#hub = hub
    this.#packager = packager
    this.#abort = new AbortController()
    this.#isAsking = false
    this.#variants = [{ name: '', source, videoTrackId: 0, packager }]
  }

  override get streamPath(): string {
    return this.source.streamPath
  }

  override get variants(): readonly PackagedVariant[] {
    return this.#variants
  }

  override get ended(): boolean {
    return this.#packager.ended
  }

  override get nextSequence(): number {
    return this.#packager.nextSequence
  }

  override get unsupportedCodecs(): ReadonlySet<FourCc> {
    return this.#packager.unsupportedCodecs
  }

  /** Whatever the name: a parameter that is called `variant` is the application's. */
  override variant(): PackagedVariant | undefined {
    return this.variants[0]
  }

  override has(source: Source): boolean {
    return this.source === source
  }

  override async whenReady(signal: AbortSignal): Promise<boolean> {
    return (await this.#packager.whenReady(signal)) !== undefined
  }

  override refresh(): void {
    const { source } = this
    if (!source.closed) return
    const next = this.#hub.source(source.streamPath)
    if (next === undefined || next.closed) {
      this.#ask(source.streamPath)
      return
    }
    this.#packager.follow(next)
    this.#variants = [{ name: '', source: next, videoTrackId: 0, packager: this.#packager }]
    this.moveTo(next)
  }

  override endPlaylists(): void {
    void this.#packager.endPlaylist()
  }

  override yieldPlaylist(): void {
    this.#packager.yieldPlaylist()
  }

  override close(): Promise<void> {
    this.#abort.abort()
    return this.#packager.close()
  }

  /** Where streams are made for those who ask (an edge), viewers that stay ask. What comes is found by {@link refresh}. */
  #ask(streamPath: StreamPath): void {
    if (this.#isAsking || this.users === 0) return
    this.#isAsking = true
    void this.#hub.findSource(streamPath, this.#abort.signal).then(() => (this.#isAsking = false))
  }
}
