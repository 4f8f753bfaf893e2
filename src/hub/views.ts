/**
 * The views of a source that somebody watches: one {@link BatchLog} for each wire format and choice of tracks.
 *
 * @module
 */
import type { TrackFilter, ViewFormat } from '../media/index.ts'
import { BatchLog } from './batch-log.ts'
import type { GopCache } from './gop-cache.ts'

/** Views in use, counted by their players. All are flushed together, so that a player can change from one to another. */
export class Views {
  readonly #log: GopCache
  readonly #players: Map<BatchLog, number>

  /** @param log - what the views are framed from. */
  constructor(log: GopCache) {
    this.#log = log
    this.#players = new Map()
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

  /** The log is framed up to this sequence number in every view; its head when there is no view. */
  get flushedSeq(): number {
    let seq = this.#log.head
    for (const view of this.#players.keys()) seq = Math.min(seq, view.flushedSeq)
    return seq
  }

  /** The view of `format` and `tracks` for one more player. */
  open(format: ViewFormat, tracks: TrackFilter): BatchLog {
    for (const [view, players] of this.#players) {
      if (view.format !== format || view.tracks !== tracks) continue
      this.#players.set(view, players + 1)
      return view
    }
    const view = new BatchLog(this.#log, format, tracks)
    this.#players.set(view, 1)
    this.flush()
    return view
  }

  /** One player fewer; the last one takes the view along. */
  release(view: BatchLog): void {
    const players = this.#players.get(view)
    if (players === undefined) return
    if (players > 1) this.#players.set(view, players - 1)
    else this.#players.delete(view)
  }

  /** Frames what the log holds beyond the last flush. */
  flush(): void {
    for (const view of this.#players.keys()) view.flush()
  }

  /** Drops batches that end at or before `seq`. */
  evict(seq: number): void {
    for (const view of this.#players.keys()) view.evict(seq)
  }
}
