/**
 * The views of a source that somebody watches: one {@link BatchLog} for each wire format and choice of tracks.
 *
 * @module
 */
import type { TrackFilter, ViewFormat } from '../media/index.ts'
import { BatchLog, type FramingStats } from './batch-log.ts'
import type { GopCache } from './gop-cache.ts'

/** Views in use, counted by their players. All are flushed together, so that a player can change from one to another. */
export class Views {
  readonly #log: GopCache
  readonly #players: Map<BatchLog, number>
  readonly #onFailed: (view: BatchLog, error: unknown) => void
  /** Of views that are gone. */
  #past: FramingStats

  /**
   * @param log - what the views are framed from.
   * @param onFailed - the framing of a view threw: the view is out of use, and nobody else's concern.
   */
  constructor(log: GopCache, onFailed: (view: BatchLog, error: unknown) => void) {
    this.#log = log
    this.#players = new Map()
    this.#onFailed = onFailed
    this.#past = { batches: 0, bytes: 0, largestBatchBytes: 0 }
  }

  /** Views in use. */
  get size(): number {
    return this.#players.size
  }

  /** Bytes of all batches. */
  get bytes(): number {
    let bytes = 0
    for (const view of this.#players.keys()) bytes += view.bytes
    return bytes
  }

  /** What was framed so far, for views that are gone too. */
  get framing(): FramingStats {
    let framing = this.#past
    for (const view of this.#players.keys()) framing = sumOf(framing, view.framing)
    return framing
  }

  /** The log is framed up to this sequence number in every view; its head when there is no view. */
  get flushedSeq(): number {
    let seq = this.#log.head
    for (const view of this.#players.keys()) seq = Math.min(seq, view.flushedSeq)
    return seq
  }

  /**
   * The view of `format` and `tracks` for one more player.
   * @param fromSeq - where one that is made begins. @defaultValue the oldest start of the log
   * @throws what the format throws when it frames what is there already.
   */
  open(format: ViewFormat, tracks: TrackFilter, fromSeq?: number): BatchLog {
    for (const [view, players] of this.#players) {
      if (view.format !== format || view.tracks !== tracks) continue
      this.#players.set(view, players + 1)
      return view
    }
    const view = new BatchLog(this.#log, format, tracks, fromSeq)
    view.flush()
    this.#players.set(view, 1)
    this.flush()
    return view
  }

  /** One player fewer; the last one takes the view along. */
  release(view: BatchLog): void {
    const players = this.#players.get(view)
    if (players === undefined) return
    if (players > 1) this.#players.set(view, players - 1)
    else this.#close(view)
  }

  /** Frames what the log holds beyond the last flush. */
  flush(): void {
    for (const view of this.#players.keys()) {
      try {
        view.flush()
      } catch (error) {
        this.#close(view)
        this.#onFailed(view, error)
      }
    }
  }

  /** Drops batches that end at or before `seq`. */
  evict(seq: number): void {
    for (const view of this.#players.keys()) view.evict(seq)
  }

  #close(view: BatchLog): void {
    this.#players.delete(view)
    this.#past = sumOf(this.#past, view.framing)
  }
}

function sumOf(a: FramingStats, b: FramingStats): FramingStats {
  return {
    batches: a.batches + b.batches,
    bytes: a.bytes + b.bytes,
    largestBatchBytes: Math.max(a.largestBatchBytes, b.largestBatchBytes),
  }
}
