/**
 * What an HLS door packages, and for how long.
 *
 * @module
 */
import createDebug from 'debug'
import type { Clock, Hub, Source } from '../hub/index.ts'
import { HlsPackager, type HlsPackagerOptions, sequenceOfDay, storeKey } from './hls-packager.ts'
import type { NamedVariant } from './hls-variant-names.ts'
import { PackagedSource, type PackagedStream } from './packaged-stream.ts'
import { PackagedVariants } from './packaged-variants.ts'
import type { SegmentStore } from './segment-store.ts'

const debug = createDebug('millrace:hls')

/** How long {@link HlsPackages} keeps what nobody watches. */
export interface HlsPackagesOptions {
  /** What packagers are given. */
  readonly packager: HlsPackagerOptions
  /** A packager stops when nobody has watched for so long, ms; `Infinity`: never. */
  readonly idleMs: number
  /** How long the playlist of a stream that is over stays open for its return, ms. */
  readonly endListMs: number
  /** How long a playlist stays after that, watched or not, ms. */
  readonly endedMs: number
  /** Most variants of one stream. */
  readonly maxVariants: number
  /** Time and timers. */
  readonly clock: Clock
  /** Hears what packagers announce. */
  readonly watch: (packager: HlsPackager) => void
}

/** Packaged streams. */
export class HlsPackages {
  readonly #store: SegmentStore
  readonly #options: HlsPackagesOptions
  readonly #alone: StreamsByPath
  readonly #variants: StreamsByPath
  readonly #all: Set<PackagedStream>
  /** The newest of each stream path, until its files are gone. */
  readonly #newest: Map<string, PackagedStream>

  /** @param store - where the files of all of them go. */
  constructor(store: SegmentStore, options: HlsPackagesOptions) {
    this.#store = store
    this.#options = options
    this.#alone = new StreamsByPath()
    this.#variants = new StreamsByPath()
    this.#all = new Set()
    this.#newest = new Map()
  }

  /** Streams that are packaged. */
  get size(): number {
    return this.#all.size
  }

  /** Packages `source` of `hub` from now on, if it is not packaged yet. */
  open(hub: Hub, source: Source): PackagedStream {
    const { streamPath } = source
    const present = this.#used(this.#alone.get(hub, streamPath))
    // Where `resolveSource` gives sources of other hubs, two may have one path.
    if (present?.source === source) return present
    const packaged = this.#begin(streamPath, (startSequence) => {
      const packager = new HlsPackager(source, this.#store, { ...this.#options.packager, startSequence })
      this.#options.watch(packager)
      return new PackagedSource(hub, source, packager, this.#options.clock.now())
    })
    this.#alone.set(hub, streamPath, packaged)
    return packaged
  }

  /**
   * Packages the variants of a stream from now on, if they are not packaged yet.
   * @param source - which viewers are counted for.
   * @param names - tells all of them, those that are not there included.
   */
  openVariants(
    hub: Hub,
    streamPath: string,
    source: Source,
    names: () => readonly NamedVariant[],
  ): PackagedStream {
    const present = this.#used(this.#variants.get(hub, streamPath))
    // None of its variants is one any more, if it is over while `source` is not.
    if (present !== undefined && !present.ended) return present
    const { packager, maxVariants, clock, watch } = this.#options
    const packaged = this.#begin(
      streamPath,
      (startSequence) =>
        new PackagedVariants(source, clock.now(), {
          hub,
          streamPath,
          names,
          maxVariants,
          store: this.#store,
          packager: { ...packager, startSequence },
          clock,
          watch,
        }),
    )
    this.#variants.set(hub, streamPath, packaged)
    // What was a stream for itself until its first variant came.
    const superseded = this.#alone.get(hub, streamPath)
    if (superseded !== undefined) superseded.superseded = true
    return packaged
  }

  /** The stream of `hub` that is packaged under this path. */
  find(hub: Hub, streamPath: string): PackagedStream | undefined {
    return this.#variants.get(hub, streamPath) ?? this.#alone.get(hub, streamPath)
  }

  /** Whether `source` is packaged, as a stream that goes on with it or as one of several variants. */
  has(source: Source): boolean {
    for (const packaged of this.#all) {
      packaged.refresh()
      if (packaged.has(source)) return true
    }
    return false
  }

  /** Stops what nobody needs any more, and looks for variants that came and streams that are back. @returns what was stopped. */
  tidy(): PackagedStream[] {
    const { clock, idleMs, endListMs, endedMs } = this.#options
    const nowMs = clock.now()
    const stopped: PackagedStream[] = []
    for (const packaged of this.#all) {
      packaged.refresh()
      if (packaged.ended) packaged.endedMs ??= nowMs
      const { users, lastUseMs, superseded } = packaged
      const overMs = packaged.endedMs === undefined ? -1 : nowMs - packaged.endedMs
      if (overMs >= endListMs) packaged.endPlaylists()
      const isOver = overMs > endListMs + endedMs
      const isIdle = superseded || nowMs - lastUseMs > idleMs
      if (!isOver && (users > 0 || !isIdle)) continue
      stopped.push(packaged)
      void this.#close(packaged)
    }
    return stopped
  }

  /** Stops everything and removes what is stored. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#all, (packaged) => this.#close(packaged)))
  }

  #used(present: PackagedStream | undefined): PackagedStream | undefined {
    if (present === undefined) return undefined
    present.lastUseMs = this.#options.clock.now()
    present.refresh()
    return present
  }

  #begin(streamPath: string, open: (startSequence: number) => PackagedStream): PackagedStream {
    // One of an earlier source by this name may still be read, or be on its way out: neither may take the other's files.
    const earlier = this.#newest.get(streamPath)
    const startSequence = Math.max(sequenceOfDay(this.#options.packager), earlier?.nextSequence ?? 0)
    earlier?.yieldPlaylist()
    if (earlier === undefined) void this.#removeLeftovers(storeKey(streamPath), startSequence)
    const packaged = open(startSequence)
    this.#newest.set(streamPath, packaged)
    this.#all.add(packaged)
    return packaged
  }

  /** Segments of a process that was killed. Nothing of this one has lower numbers. */
  async #removeLeftovers(key: string, startSequence: number): Promise<void> {
    const store = this.#store
    const isSegment = /^(?:\/[^/]+)?\/(\d{1,15})\.ts$/
    try {
      for (const folder of [key, `${key}.variants`]) {
        for (const file of (await store.list?.(folder)) ?? []) {
          const [, number] = isSegment.exec(file.slice(folder.length)) ?? []
          // Below the folder of a stream without variants lie other streams, of longer paths.
          const isOurs = number !== undefined && (folder !== key || file === `${key}/${number}.ts`)
          if (isOurs && Number(number) < startSequence) await store.delete(file)
        }
      }
    } catch (error) {
      debug('cannot tidy up %s: %s', key, error)
    }
  }

  async #close(packaged: PackagedStream): Promise<void> {
    this.#all.delete(packaged)
    this.#alone.delete(packaged)
    this.#variants.delete(packaged)
    await packaged.close()
    forget(this.#newest, packaged)
  }
}

/** Streams by their path, within their hub. */
class StreamsByPath {
  readonly #hubs = new Map<Hub, Map<string, PackagedStream>>()

  get(hub: Hub, streamPath: string): PackagedStream | undefined {
    return this.#hubs.get(hub)?.get(streamPath)
  }

  set(hub: Hub, streamPath: string, packaged: PackagedStream): void {
    const ofHub = this.#hubs.get(hub) ?? new Map<string, PackagedStream>()
    this.#hubs.set(hub, ofHub)
    ofHub.set(streamPath, packaged)
  }

  delete(packaged: PackagedStream): void {
    for (const [hub, ofHub] of this.#hubs) {
      forget(ofHub, packaged)
      if (ofHub.size === 0) this.#hubs.delete(hub)
    }
  }
}

function forget<K>(map: Map<K, PackagedStream>, packaged: PackagedStream): void {
  for (const [key, value] of map) if (value === packaged) map.delete(key)
}
