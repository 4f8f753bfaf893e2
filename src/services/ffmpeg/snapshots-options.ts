/**
 * What {@link Snapshots} takes and gives.
 *
 * @module
 */
import type { Clock, Hub } from '../../hub/index.ts'

/** Options of {@link Snapshots}. */
export interface SnapshotsOptions {
  /** Whose streams. */
  readonly hub: Hub
  /**
   * Streams of which snapshots are taken: `live/show`, or with `*` for any characters `live/*`.
   * @defaultValue '*'
   */
  readonly match?: string | readonly string[]
  /** Take one of each stream so often, ms. @defaultValue only when somebody asks */
  readonly intervalMs?: number
  /** Width in pixels, even; the height follows. @defaultValue that of the stream */
  readonly width?: number
  /** Quality, 2 the best, 31 the smallest. @defaultValue 5 */
  readonly quality?: number
  /** Age up to which a request gets the last picture, ms. @defaultValue 1000 */
  readonly minAgeMs?: number
  /** How long one may take, ms. @defaultValue 10000 */
  readonly snapshotTimeoutMs?: number
  /** Processes at a time. @defaultValue 2 */
  readonly maxConcurrent?: number
  /** Streams that wait for their turn. @defaultValue 64 */
  readonly maxWaiting?: number
  /** Bytes of a picture. @defaultValue 8388608 */
  readonly maxSnapshotBytes?: number
  /**
   * Pixels of a picture that is decoded; ffmpeg refuses streams with more.
   * @defaultValue 35389440 (8192 × 4320)
   */
  readonly maxPixels?: number
  /** Priority of the processes: 0 that of everything, 19 the least. @defaultValue 10 */
  readonly niceness?: number
  /** The program. @defaultValue 'ffmpeg' */
  readonly ffmpeg?: string
  /** Time and timers, for tests. @defaultValue the runtime's own */
  readonly clock?: Clock
}

/** A picture of a stream. */
export interface Snapshot {
  /** The stream. */
  readonly streamPath: string
  /** A JPEG file. */
  readonly jpeg: Uint8Array
  /** Presentation time of the keyframe it shows, ms on the source's clock. */
  readonly pts: number
  /** When it was taken, ms since 1970. */
  readonly takenAtMs: number
}
