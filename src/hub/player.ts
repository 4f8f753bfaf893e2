/**
 * A network player: a cursor over the batches of a view, and the sink it feeds.
 *
 * A player that stalls costs nothing but its cursor: bytes stay in the shared batches until its sink takes them. One that
 * falls too far behind goes on at the newest keyframe, with the configuration of that place, never on an inter frame.
 *
 * @module
 */
import type { ConfigurationSet, TrackFilter, ViewFormat } from '../media/index.ts'
import type { BatchLog } from './batch-log.ts'
import type { GopStart } from './gop-cache.ts'

/** Why a player's stream ended. */
export type PlayerEnd = 'unpublished' | 'closed'

/** Where a player's bytes go: a socket, an HTTP response, a test double. */
export interface Sink {
  /** Bytes written and not yet taken by the transport. Polled at every flush. */
  readonly queuedBytes: number
  /** Queues `batch`, which is shared with all other players of the view: never write into it. Must not throw. */
  write(batch: Uint8Array): void
  /** Several writes follow; the sink may hold them for one system call. */
  cork?(): void
  /** The writes are complete. */
  uncork?(): void
  /** The budget is used up and there is more: call {@link Player.drained} once the transport has taken what is queued. */
  awaitDrain?(): void
  /** Nothing more will come. */
  end(reason: PlayerEnd): void
}

/** How a player is attached. */
export interface PlayerOptions {
  /** Wire format: `RTMP_VIEW`, `FLV_VIEW` … */
  readonly format: ViewFormat
  /** Which tracks. @defaultValue 'default' */
  readonly tracks?: TrackFilter
  /** Begin with the cached GOP (`gop`, a picture at once) or wait for the next keyframe (`keyframe`, least delay). @defaultValue the hub's `start` */
  readonly start?: 'gop' | 'keyframe'
  /** GOPs to go back beyond the newest, as far as cached. @defaultValue 0 */
  readonly gopsBack?: number
  /** Lag beyond which the player skips to the newest keyframe, ms. @defaultValue the hub's `maxLagMs` */
  readonly maxLagMs?: number
  /** The sink is written to only while it has fewer queued bytes. @defaultValue the hub's `sinkBudgetBytes` */
  readonly sinkBudgetBytes?: number
  /** Anything of the caller's, shown in stats and events. */
  readonly userData?: unknown
}

/** Counters of a {@link Player}. */
export interface PlayerStats {
  /** What it does now. */
  readonly state: PlayerState
  /** Name of its wire format. */
  readonly format: string
  /** Bytes handed to the sink. */
  readonly sentBytes: number
  /** Batches handed to the sink. */
  readonly sentBatches: number
  /** Bytes the transport has not taken yet. */
  readonly queuedBytes: number
  /** dts between the newest packet and the next one to send, ms. */
  readonly lagMs: number
  /** How often it fell behind and went on at a keyframe. */
  readonly skips: number
  /** Packets passed over by that. */
  readonly skippedPackets: number
  /** Media time passed over by that, ms. */
  readonly skippedMs: number
}

/** `waiting` for its first keyframe, `playing`, `paused` by its user, `closed`. */
export type PlayerState = 'waiting' | 'playing' | 'paused' | 'closed'

/** What a player needs of its source. Internal to the hub. */
export interface PlayerHost {
  /** The view of `format` and `tracks`, shared with other players. */
  openView(format: ViewFormat, tracks: TrackFilter): BatchLog
  /** One player fewer on `view`. */
  releaseView(view: BatchLog): void
  /** Where a decoder of `view` can start now. */
  resumePoint(view: BatchLog, tracks: TrackFilter, gopsBack: number): GopStart | undefined
  /** The next sequence number, for counting. */
  readonly headSeq: number
  /** dts of the newest packet, ms. */
  readonly lastDts: number
  /** The player has gone. */
  remove(player: Player): void
}

/** Handle of an attached player. */
export class Player {
  /** The caller's own data. */
  readonly userData: unknown
  readonly #host: PlayerHost
  readonly #sink: Sink
  readonly #format: ViewFormat
  readonly #maxLagMs: number
  readonly #budget: number
  readonly #gopsBack: number
  #tracks: TrackFilter
  #view: BatchLog
  #state: PlayerState
  #cursor: number
  #notBefore: number
  #joined: boolean
  #resumeAt: GopStart | undefined
  #configuration: ConfigurationSet | undefined
  #sentBytes: number
  #sentBatches: number
  #skips: number
  #skippedPackets: number
  #skippedMs: number

  /** @internal */
  constructor(
    host: PlayerHost,
    sink: Sink,
    options: Required<Omit<PlayerOptions, 'userData'>> & { userData: unknown },
  ) {
    this.userData = options.userData
    this.#host = host
    this.#sink = sink
    this.#format = options.format
    this.#maxLagMs = options.maxLagMs
    this.#budget = options.sinkBudgetBytes
    this.#gopsBack = options.gopsBack
    this.#tracks = options.tracks
    this.#view = host.openView(options.format, options.tracks)
    this.#state = 'waiting'
    this.#cursor = 0
    this.#notBefore = options.start === 'keyframe' ? host.headSeq : 0
    this.#joined = false
    this.#resumeAt = undefined
    this.#configuration = undefined
    this.#sentBytes = 0
    this.#sentBatches = 0
    this.#skips = 0
    this.#skippedPackets = 0
    this.#skippedMs = 0
  }

  /** What the player does now. */
  get state(): PlayerState {
    return this.#state
  }

  /** The tracks it gets. */
  get tracks(): TrackFilter {
    return this.#tracks
  }

  /** Stops sending. The source goes on without this player. */
  pause(): void {
    if (this.#state === 'playing' || this.#state === 'waiting') this.#state = 'paused'
  }

  /** Goes on at the newest keyframe, or where it stopped when that is later. */
  resume(): void {
    if (this.#state !== 'paused') return
    if (!this.#joined) {
      this.#state = 'waiting'
    } else {
      this.#state = 'playing'
      if (this.#cursor < this.#view.head) {
        const point = this.#host.resumePoint(this.#view, this.#tracks, 0)
        const next = this.#view.at(this.#cursor)
        if (point !== undefined && (next === undefined || point.seq > next.fromSeq)) this.#continueAt(point)
        else if (next === undefined) this.#waitForKeyframe()
      }
    }
    this.pump()
  }

  /** The sink has room again after `queuedBytes` had reached the budget. */
  drained(): void {
    this.pump()
  }

  /** Changes the tracks, from the next place where a decoder can start. */
  setTracks(tracks: TrackFilter): void {
    if (this.#state === 'closed' || tracks === this.#tracks) return
    const view = this.#host.openView(this.#format, tracks)
    this.#host.releaseView(this.#view)
    this.#view = view
    this.#tracks = tracks
    if (!this.#joined) return
    const point = this.#host.resumePoint(view, tracks, 0)
    this.#configuration = undefined
    if (point === undefined) this.#waitForKeyframe()
    else this.#continueAt(point)
    this.pump()
  }

  /** Leaves the source. The sink is not ended: its owner does as it likes. Harmless when repeated. */
  detach(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#host.releaseView(this.#view)
    this.#host.remove(this)
  }

  /** Counters, made when asked. */
  stats(): PlayerStats {
    return {
      state: this.#state,
      format: this.#format.name,
      sentBytes: this.#sentBytes,
      sentBatches: this.#sentBatches,
      queuedBytes: this.#sink.queuedBytes,
      lagMs: this.#lagMs(),
      skips: this.#skips,
      skippedPackets: this.#skippedPackets,
      skippedMs: this.#skippedMs,
    }
  }

  /** Writes what is due and fits the budget. @internal */
  pump(): void {
    if (this.#state === 'waiting') this.#start()
    if (this.#state !== 'playing') return
    const { first, head } = this.#view
    if (this.#cursor < first) this.#fallOut()
    if (this.#cursor >= head) return
    const several = head - this.#cursor > 1
    if (several) this.#sink.cork?.()
    if (this.#resumeAt !== undefined && this.#sink.queuedBytes < this.#budget)
      this.#sendChanged(this.#resumeAt)
    while (this.#cursor < head && this.#sink.queuedBytes < this.#budget) {
      const batch = this.#view.at(this.#cursor)!
      this.#configuration = batch.configuration
      this.#cursor++
      this.#send(batch.bytes)
    }
    if (several) this.#sink.uncork?.()
    if (this.#cursor < head) this.#sink.awaitDrain?.()
  }

  /**
   * Called before old packets are dropped: a player beyond its lag moves to the newest start.
   * @returns the sequence number it still needs, or `undefined` when it is at the head.
   * @internal
   */
  sweep(): number | undefined {
    if (this.#state !== 'playing') return undefined
    if (this.#cursor < this.#view.first) this.#fallOut()
    const batch = this.#view.at(this.#cursor)
    if (batch === undefined) return undefined
    if (this.#host.lastDts - batch.dts > this.#maxLagMs) {
      const point = this.#host.resumePoint(this.#view, this.#tracks, 0)
      if (point !== undefined && point.seq > batch.fromSeq) {
        this.#skips++
        this.#skippedPackets += point.seq - batch.fromSeq
        this.#skippedMs += Math.max(0, point.dts - batch.dts)
        this.#continueAt(point)
        return point.seq
      }
    }
    return batch.fromSeq
  }

  /** The source has ended. @internal */
  end(reason: PlayerEnd): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#host.releaseView(this.#view)
    this.#sink.end(reason)
  }

  #lagMs(): number {
    if (this.#state !== 'playing') return 0
    const batch = this.#view.at(this.#cursor)
    return batch === undefined ? 0 : Math.max(0, this.#host.lastDts - batch.dts)
  }

  #start(): void {
    const point = this.#host.resumePoint(this.#view, this.#tracks, this.#gopsBack)
    if (point === undefined || point.seq < this.#notBefore) return
    this.#state = 'playing'
    this.#cursor = this.#view.idAt(point.seq)
    if (this.#joined) {
      this.#resumeAt = point
      return
    }
    this.#joined = true
    this.#configuration = point.configuration
    this.#send(this.#view.join(point))
  }

  #waitForKeyframe(): void {
    this.#state = 'waiting'
    this.#notBefore = this.#host.headSeq
  }

  /** The batch under the cursor is gone: the log hit a hard bound. */
  #fallOut(): void {
    const point = this.#host.resumePoint(this.#view, this.#tracks, 0)
    const batch = this.#view.at(this.#view.first)
    this.#skips++
    if (batch !== undefined)
      this.#skippedPackets += Math.max(0, (point?.seq ?? this.#host.headSeq) - batch.fromSeq)
    if (point === undefined) this.#waitForKeyframe()
    else this.#continueAt(point)
  }

  #continueAt(point: GopStart): void {
    this.#cursor = this.#view.idAt(point.seq)
    this.#resumeAt = point
  }

  #sendChanged(point: GopStart): void {
    this.#resumeAt = undefined
    if (this.#configuration === point.configuration) return
    this.#configuration = point.configuration
    const bytes = this.#view.reconfigure(point.configuration, point.dts)
    if (bytes.length > 0) this.#send(bytes)
  }

  #send(bytes: Uint8Array): void {
    this.#sentBytes += bytes.length
    this.#sentBatches++
    this.#sink.write(bytes)
  }
}
