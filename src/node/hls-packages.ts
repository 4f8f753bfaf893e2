/**
 * What an HLS door packages, and for how long.
 *
 * @module
 */
import createDebug from 'debug'
import type { Clock, Hub, Source } from '../hub/index.ts'
import { HlsPackager, type HlsPackagerOptions, type PackagedSegment, storeKey } from './hls-packager.ts'
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
  /** How long the playlist of a source that is over stays, watched or not, ms. */
  readonly endedMs: number
  /** Most variants of one stream. */
  readonly maxVariants: number
  /** Time and timers. */
  readonly clock: Clock
  /** A segment of a source was stored. */
  readonly onSegment: (segment: PackagedSegment, source: Source) => void
}

/** Packaged streams. */
export class HlsPackages {
  readonly #store: SegmentStore
  readonly #options: HlsPackagesOptions
  /** By source; those with variants by the path of the stream, within their hub. */
  readonly #packaged: Map<Source, PackagedStream>
  readonly #variants: Map<Hub, Map<string, PackagedStream>>
  readonly #all: Set<PackagedStream>
  /** The newest of each stream path, until its files are gone. */
  readonly #newest: Map<string, PackagedStream>

  /** @param store - where the files of all of them go. */
  constructor(store: SegmentStore, options: HlsPackagesOptions) {
    this.#store = store
    this.#options = options
    this.#packaged = new Map()
    this.#variants = new Map()
    this.#all = new Set()
    this.#newest = new Map()
  }

  /** Streams that are packaged. */
  get size(): number {
    return this.#all.size
  }

  /** Packages `source` from now on, if it is not packaged yet. */
  open(source: Source): PackagedStream {
    const present = this.#used(this.#packaged.get(source))
    if (present !== undefined) return present
    const packaged = this.#begin(source.streamPath, (startSequence) => {
      const packager = new HlsPackager(source, this.#store, { ...this.#options.packager, startSequence })
      packager.on('segment', (segment) => this.#options.onSegment(segment, source))
      return new PackagedSource(source, packager, this.#options.clock.now())
    })
    this.#packaged.set(source, packaged)
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
    const ofHub = this.#variants.get(hub) ?? new Map<string, PackagedStream>()
    this.#variants.set(hub, ofHub)
    const present = this.#used(ofHub.get(streamPath))
    present?.refresh()
    // Somebody published anew what was over.
    if (present !== undefined && !present.ended) return present
    const { packager, maxVariants, clock, onSegment } = this.#options
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
          onSegment,
        }),
    )
    ofHub.set(streamPath, packaged)
    // What was a stream for itself until its first variant came.
    const alone = hub.source(streamPath)
    const superseded = alone === undefined ? undefined : this.#packaged.get(alone)
    if (superseded !== undefined) superseded.superseded = true
    return packaged
  }

  /** Whether a stream with variants is packaged that `source` is one of. */
  hasVariant(source: Source): boolean {
    for (const packaged of this.#all) {
      packaged.refresh()
      if (packaged.hasVariant(source)) return true
    }
    return false
  }

  /** Stops what nobody needs any more, and looks for variants that came. @returns what was stopped. */
  tidy(): PackagedStream[] {
    const nowMs = this.#options.clock.now()
    const stopped: PackagedStream[] = []
    for (const packaged of this.#all) {
      packaged.refresh()
      if (packaged.ended) packaged.endedMs ??= nowMs
      const { users, lastUseMs, endedMs, superseded } = packaged
      const isOver = endedMs !== undefined && nowMs - endedMs > this.#options.endedMs
      const isIdle = superseded || nowMs - lastUseMs > this.#options.idleMs
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
    if (present !== undefined) present.lastUseMs = this.#options.clock.now()
    return present
  }

  #begin(streamPath: string, open: (startSequence: number) => PackagedStream): PackagedStream {
    // One of an earlier source by this name may still be read, or be on its way out: neither may take the other's files.
    const earlier = this.#newest.get(streamPath)
    const startSequence = Math.max(Math.floor(Date.now() / 1_000), earlier?.nextSequence ?? 0)
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
    forget(this.#packaged, packaged)
    for (const [hub, ofHub] of this.#variants) {
      forget(ofHub, packaged)
      if (ofHub.size === 0) this.#variants.delete(hub)
    }
    await packaged.close()
    forget(this.#newest, packaged)
  }
}

function forget<K>(map: Map<K, PackagedStream>, packaged: PackagedStream): void {
  for (const [key, value] of map) if (value === packaged) map.delete(key)
}
