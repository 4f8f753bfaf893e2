/**
 * What an HLS viewer watches: one source, or the variants of a stream.
 *
 * @module
 */
import type { Source } from '../hub/index.ts'
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

/** A stream that is packaged, and who uses it. */
export abstract class PackagedStream {
  /** The source that viewers are counted for. */
  readonly source: Source
  /** Viewers, and requests that wait for the first segment. */
  users: number
  /** When somebody asked last, ms on a monotonic clock. */
  lastUseMs: number
  /** When it was first seen to be over, ms on a monotonic clock. */
  endedMs: number | undefined
  /** Whether new viewers get another one in its place. */
  superseded: boolean

  constructor(source: Source, nowMs: number) {
    this.source = source
    this.users = 0
    this.lastUseMs = nowMs
    this.endedMs = undefined
    this.superseded = false
  }

  /** What can be watched now, best first. */
  abstract get variants(): readonly PackagedVariant[]
  /** Whether all sources are over. */
  abstract get ended(): boolean
  /** Number that no segment has yet. */
  abstract get nextSequence(): number
  /** A variant by its name. */
  abstract variant(name: string): PackagedVariant | undefined
  /** Whether `source` is one of its variants. */
  abstract hasVariant(source: Source): boolean
  /** Waits for the first segments. @returns whether there is something to watch. */
  abstract whenReady(signal: AbortSignal): Promise<boolean>
  /** Looks for variants that came. */
  abstract refresh(): void
  /** Another one writes the playlist of this name from now on. */
  abstract yieldPlaylist(): void
  /** Stops, and removes what is stored. */
  abstract close(): Promise<void>
}

/** A source without variants. */
export class PackagedSource extends PackagedStream {
  readonly variants: readonly PackagedVariant[]
  readonly #packager: HlsPackager

  constructor(source: Source, packager: HlsPackager, nowMs: number) {
    super(source, nowMs)
    this.#packager = packager
    this.variants = [{ name: '', source, videoTrackId: 0, packager }]
  }

  override get ended(): boolean {
    return this.#packager.ended
  }

  override get nextSequence(): number {
    return this.#packager.nextSequence
  }

  /** Whatever the name: a parameter that is called `variant` is the application's. */
  override variant(): PackagedVariant | undefined {
    return this.variants[0]
  }

  override hasVariant(): boolean {
    return false
  }

  override async whenReady(signal: AbortSignal): Promise<boolean> {
    return (await this.#packager.whenReady(signal)) !== undefined
  }

  override refresh(): void {
    // It is all there is.
  }

  override yieldPlaylist(): void {
    this.#packager.yieldPlaylist()
  }

  override close(): Promise<void> {
    return this.#packager.close()
  }
}
