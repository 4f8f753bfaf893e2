/**
 * Pictures of streams.
 *
 * @module
 */
import createDebug from 'debug'
import { LimitError } from '../../errors/index.ts'
import { Announcer, type AnnouncerEvents, followHub, type Source, type Timer } from '../../hub/index.ts'
import type { ServiceInfo, StreamService } from '../control/index.ts'
import { ConcurrencyLimit } from '../concurrency-limit.ts'
import { parseOptions } from '../parse-options.ts'
import { newestKeyframe } from './keyframe-bytes.ts'
import { jpegOf } from './snapshot-run.ts'
import type { Snapshot, SnapshotsOptions } from './snapshots-options.ts'
import { type ResolvedSnapshotsOptions, seriesOptions, snapshotsOptions } from './snapshots.schema.ts'

const debug = createDebug('millrace:ffmpeg')

/** Between pictures, for a caller who does not say. */
const DEFAULT_INTERVAL_MS = 10_000

/** Facts that {@link Snapshots} announces. */
export interface SnapshotsEvents extends AnnouncerEvents {
  /** A picture was taken. */
  snapshot: (snapshot: Snapshot, source: Source) => void
  /** No picture could be made of a keyframe. */
  failure: (error: Error, streamPath: string) => void
}

/** What is known of a stream's pictures. */
export interface SnapshotStats {
  /** Of which stream. */
  readonly streamPath: string
  /** When the last one was taken, ms since 1970. */
  readonly takenAtMs: number | undefined
  /** Its size. */
  readonly bytes: number | undefined
  /** How many were taken so far. */
  readonly taken: number
  /** Why the last attempt failed. */
  readonly problem: string | undefined
}

/** Pictures of one source. */
interface SnapshotState {
  latest: Snapshot | undefined
  /** The keyframe that was looked at last, whatever came of it. */
  seq: number
  atMs: number
  taken: number
  error: Error | undefined
  pending: Promise<Snapshot | undefined> | undefined
}

/**
 * Takes pictures of streams: at an interval, and of the newest keyframe when somebody asks. One ffmpeg makes one picture of one keyframe;
 * the last picture of each stream is kept until the stream is over.
 *
 * @example A picture as a file
 * ```ts
 * import { writeFile } from 'node:fs/promises'
 * import { Hub } from 'millrace/hub'
 * import { Snapshots } from 'millrace/services/ffmpeg'
 *
 * const hub = new Hub()
 * const snapshots = new Snapshots({ hub, width: 640 })
 * const source = hub.source('/live/show')
 * const picture = source && (await snapshots.take(source))
 * if (picture !== undefined) await writeFile('show.jpg', picture.jpeg)
 * ```
 */
export class Snapshots extends Announcer<SnapshotsEvents> {
  readonly #options: ResolvedSnapshotsOptions
  readonly #states: Map<Source, SnapshotState>
  readonly #closing: AbortController
  /** Those of which pictures are taken at an interval. */
  readonly #series: Map<Source, Timer>
  readonly #unfollow: () => void
  readonly #runs: ConcurrencyLimit

  /**
   * @param options - see {@link SnapshotsOptions}.
   * @throws TypeError for wrong options.
   */
  constructor(options: SnapshotsOptions) {
    super()
    this.#options = parseOptions(snapshotsOptions, options, 'Snapshots')
    this.#states = new Map()
    this.#closing = new AbortController()
    this.#runs = new ConcurrencyLimit(this.#options.maxConcurrent, this.#options.maxWaiting)
    this.#series = new Map()
    const { hub, intervalMs } = this.#options
    this.#unfollow = followHub(hub, {
      withinGrace: true,
      publish: (source) => {
        if (intervalMs !== undefined && this.covers(source.streamPath)) this.#startSeries(source, intervalMs)
      },
      close: (source) => {
        this.#stopSeries(source)
        this.#states.delete(source)
      },
    })
  }

  /** The last picture of a source. */
  latest(source: Source): Snapshot | undefined {
    return this.#states.get(source)?.latest
  }

  /** Whether pictures of a source are taken at an interval. */
  isPeriodic(source: Source): boolean {
    return this.#series.has(source)
  }

  /** Whether pictures of a stream are taken. */
  covers(streamPath: string): boolean {
    return this.#options.match.some((pattern) => pattern.matches(streamPath))
  }

  /**
   * A picture of the newest keyframe. The last one is given again while it is younger than `minAgeMs`, or no keyframe came since; all who
   * ask meanwhile get the same.
   * @returns `undefined` while the stream has no keyframe, and when no pictures of it are taken.
   * @throws DecodeError `ERR_SNAPSHOT_FAILED`, LimitError `ERR_SNAPSHOT_TIMEOUT`, `ERR_SNAPSHOT_BYTES`, `ERR_SNAPSHOT_QUEUE`.
   */
  take(source: Source): Promise<Snapshot | undefined> {
    const state = this.#states.get(source)
    if (state?.pending !== undefined) return state.pending
    const isMeant = this.covers(source.streamPath) || this.#series.has(source)
    if (this.#closing.signal.aborted || source.closed || !isMeant) return Promise.resolve(undefined)
    const keyframe = newestKeyframe(source)
    if (keyframe === undefined) return Promise.resolve(state?.latest)
    const now = this.#options.clock.now()
    if (state !== undefined && (state.seq === keyframe.seq || now - state.atMs < this.#options.minAgeMs)) {
      return state.error === undefined ? Promise.resolve(state.latest) : Promise.reject(state.error)
    }
    if (this.#runs.isFull) {
      return Promise.reject(
        new LimitError('ERR_SNAPSHOT_QUEUE', `${this.#runs.waiting} pictures are waited for already`),
      )
    }
    const entry: SnapshotState = state ?? {
      latest: undefined,
      seq: -1,
      atMs: 0,
      taken: 0,
      error: undefined,
      pending: undefined,
    }
    this.#states.set(source, entry)
    entry.pending = this.#runs
      .run(() => this.#take(source, entry))
      .finally(() => {
        entry.pending = undefined
      })
    return entry.pending
  }

  /**
   * For {@link StreamServices}: pictures of a stream at an interval, which the caller may name in `{ "intervalMs": 10000 }`; until it is
   * stopped or the stream is over.
   */
  get service(): StreamService {
    return {
      description: 'takes pictures of a stream at an interval',
      isRunning: ({ source }) => this.isPeriodic(source),
      start: ({ source }, options) => {
        const { intervalMs } = parseOptions(seriesOptions, options ?? {}, 'snapshot')
        this.#startSeries(source, intervalMs ?? this.#options.intervalMs ?? DEFAULT_INTERVAL_MS)
      },
      stop: ({ source }) => this.#stopSeries(source),
      status: ({ source }) => {
        const state = this.#states.get(source)
        return state && infoOf(statsOf(source, state))
      },
      list: () => this.stats().map((stats) => ({ streamPath: stats.streamPath, ...infoOf(stats) })),
    }
  }

  /** Pictures of all streams. */
  stats(): readonly SnapshotStats[] {
    return Array.from(this.#states, ([source, state]) => statsOf(source, state))
  }

  /** Ends everything that is under way; nothing more is taken. Resolves when no process is left. */
  async close(): Promise<void> {
    this.#unfollow()
    for (const source of this.#series.keys()) this.#stopSeries(source)
    this.#closing.abort()
    const pending = Array.from(this.#states.values(), (state) => state.pending ?? Promise.resolve())
    await Promise.allSettled(pending)
    this.#states.clear()
  }

  async #take(source: Source, state: SnapshotState): Promise<Snapshot | undefined> {
    const { clock } = this.#options
    const { signal } = this.#closing
    const { streamPath } = source
    try {
      // The newest one of now: it may have waited.
      const keyframe = newestKeyframe(source)
      if (keyframe === undefined || signal.aborted || source.closed) return state.latest
      state.seq = keyframe.seq
      state.atMs = clock.now()
      const jpeg = await jpegOf(keyframe.read(), this.#options, signal)
      state.error = undefined
      state.taken++
      state.latest = { streamPath, jpeg, pts: keyframe.pts, takenAtMs: Date.now() }
      if (!source.closed) this.emit('snapshot', state.latest, source)
      return state.latest
    } catch (error) {
      state.error = error instanceof Error ? error : new Error(String(error))
      debug('no picture of %s: %s', streamPath, error)
      if (!signal.aborted) this.emit('failure', state.error, streamPath)
      throw error
    }
  }

  #startSeries(source: Source, intervalMs: number): void {
    if (source.closed || this.#series.has(source)) return
    const tick = (): void => {
      this.#series.set(source, this.#options.clock.setTimeout(tick, intervalMs))
      if (source.publisher === undefined) return
      this.take(source).catch((error: unknown) => debug('%s: %s', source.streamPath, error))
    }
    tick()
  }

  #stopSeries(source: Source): void {
    this.#series.get(source)?.cancel()
    this.#series.delete(source)
  }
}

function statsOf({ streamPath }: Source, { latest, taken, error }: SnapshotState): SnapshotStats {
  return {
    streamPath,
    takenAtMs: latest?.takenAtMs,
    bytes: latest?.jpeg.length,
    taken,
    problem: error?.message,
  }
}

function infoOf({ takenAtMs, bytes, taken, problem }: SnapshotStats): ServiceInfo {
  const takenAt = takenAtMs === undefined ? undefined : new Date(takenAtMs).toISOString()
  return { takenAt, bytes, taken, problem }
}
