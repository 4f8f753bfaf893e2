/**
 * What an HLS door packages, and for how long.
 *
 * @module
 */
import type { Source } from '../hub/index.ts'
import { HlsPackager, type HlsPackagerOptions, type PackagedSegment } from './hls-packager.ts'
import type { SegmentStore } from './segment-store.ts'

/** A source that is packaged. */
export interface PackagedSource {
  /** The source. */
  readonly source: Source
  /** Its segments. */
  readonly packager: HlsPackager
  /** Viewers, and requests that wait for the first segment. */
  users: number
  /** When somebody asked last, ms on a monotonic clock. */
  lastUseMs: number
  /** When its source was first seen to be over, ms on a monotonic clock. */
  endedMs: number | undefined
}

/** How long {@link HlsPackages} keeps what nobody watches. */
export interface HlsPackagesOptions {
  /** What packagers are given. */
  readonly packager: HlsPackagerOptions
  /** A packager stops when nobody has watched for so long, ms; `Infinity`: never. */
  readonly idleMs: number
  /** How long the playlist of a source that is over stays, watched or not, ms. */
  readonly endedMs: number
  /** A segment of a source was stored. */
  readonly onSegment: (segment: PackagedSegment, source: Source) => void
}

/** Packagers by source. */
export class HlsPackages {
  readonly #store: SegmentStore
  readonly #options: HlsPackagesOptions
  readonly #packaged: Map<Source, PackagedSource>
  /** The newest packager of each stream path, until its files are gone. */
  readonly #newest: Map<string, HlsPackager>

  /** @param store - where the files of all of them go. */
  constructor(store: SegmentStore, options: HlsPackagesOptions) {
    this.#store = store
    this.#options = options
    this.#packaged = new Map()
    this.#newest = new Map()
  }

  /** Sources that are packaged. */
  get size(): number {
    return this.#packaged.size
  }

  /** Packages `source` from now on, if it is not packaged yet. */
  open(source: Source, nowMs: number): PackagedSource {
    const present = this.#packaged.get(source)
    if (present !== undefined) {
      present.lastUseMs = nowMs
      return present
    }
    const { streamPath } = source
    // One of an earlier source by this name may still be read, or be on its way out: neither may take the other's files.
    const earlier = this.#newest.get(streamPath)
    const startSequence = Math.max(Math.floor(Date.now() / 1_000), earlier?.nextSequence ?? 0)
    earlier?.yieldPlaylist()
    const packager = new HlsPackager(source, this.#store, { ...this.#options.packager, startSequence })
    packager.on('segment', (segment) => this.#options.onSegment(segment, source))
    this.#newest.set(streamPath, packager)
    const packaged: PackagedSource = { source, packager, users: 0, lastUseMs: nowMs, endedMs: undefined }
    this.#packaged.set(source, packaged)
    return packaged
  }

  /** Stops what nobody needs any more. @returns what was stopped. */
  tidy(nowMs: number): PackagedSource[] {
    const stopped: PackagedSource[] = []
    for (const packaged of this.#packaged.values()) {
      if (packaged.packager.ended) packaged.endedMs ??= nowMs
      const { users, lastUseMs, endedMs } = packaged
      const isOver = endedMs !== undefined && nowMs - endedMs > this.#options.endedMs
      if (!isOver && (users > 0 || nowMs - lastUseMs <= this.#options.idleMs)) continue
      stopped.push(packaged)
      void this.#close(packaged)
    }
    return stopped
  }

  /** Stops everything and removes what is stored. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#packaged.values(), (packaged) => this.#close(packaged)))
  }

  async #close({ source, packager }: PackagedSource): Promise<void> {
    this.#packaged.delete(source)
    await packager.close()
    if (this.#newest.get(source.streamPath) === packager) this.#newest.delete(source.streamPath)
  }
}
