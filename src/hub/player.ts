/**
 * A network player: a cursor over the batches of a view, and the sink it feeds.
 *
 * A player that stalls costs nothing but its cursor: bytes stay in the shared batches until its sink takes them. One that
 * falls too far behind goes on at the newest keyframe, with the configuration of that place, never on an inter frame.
 *
 * @module
 */
import type { ConfigurationSet, TrackFilter } from '../media/index.ts'
import type { AccessRequest } from './access.ts'
import type { Audience } from './audience.ts'
import type { Batch, BatchLog } from './batch-log.ts'
import type { Given } from './check-options.ts'
import type { Clock } from './clock.ts'
import type { GopCache, GopStart } from './gop-cache.ts'
import type { PlayerOptions, PlayerState, PlayerStats } from './player-options.ts'
import type { PlayerEnd, Sink } from './sink.ts'
import type { StartPoints } from './start-points.ts'
import type { Views } from './views.ts'

/** What the players of a source share. Internal to the hub. */
export interface PlayerHost {
  /** Time and timers of the hub. */
  readonly clock: Clock
  /** The packets. */
  readonly log: GopCache
  /** The batches. */
  readonly views: Views
  /** Where a decoder can start. */
  readonly starts: StartPoints
  /** Everyone who is attached, to leave or to fail. */
  readonly audience: Audience
}

/** Handle of an attached player. Its methods may be called at any time, also from inside its sink. */
export class Player {
  /** The caller's own data. */
  readonly userData: unknown
  /** What the peer asked for; `undefined` for a player of the application's own. */
  readonly request: AccessRequest | undefined
  readonly #host: PlayerHost
  readonly #sink: Sink
  readonly #maxLagMs: number
  readonly #budget: number
  readonly #gopsBack: number
  readonly #attachedMs: number
  readonly #early: boolean
  /** The head of the log when it was attached, or resumed before its start: a keyframe from there on is its first. */
  #attachedSeq: number
  #view: BatchLog
  /** The view that takes over at the next place where its decoder can start. */
  #nextView: BatchLog | undefined
  #state: 'waiting' | 'playing' | 'closed'
  #paused: boolean
  #pumping: boolean
  /** The next batch. */
  #cursor: number
  /** No packet before this one is wanted: what was sent ends there. */
  #nextSeq: number
  /** Where the stream was when what was sent last came. */
  #sentAt: number
  /** The sink has got join bytes. */
  #joined: boolean
  /** Wants pictures and plays from a place without keyframe: an inter frame would show nothing. */
  #blind: boolean
  /** Configuration may differ at this place, which comes next. */
  #resumeAt: GopStart | undefined
  #known: ConfigurationSet | undefined
  #knownTracks: TrackFilter
  #sentBytes: number
  #sentBatches: number
  #skips: number
  #skippedPackets: number
  #skippedMs: number

  /** @internal */
  constructor(
    host: PlayerHost,
    sink: Sink,
    options: Given<Omit<PlayerOptions, 'request' | 'userData'>> & {
      request: AccessRequest | undefined
      userData: unknown
    },
  ) {
    this.userData = options.userData
    this.request = options.request
    this.#host = host
    this.#sink = sink
    this.#maxLagMs = options.maxLagMs
    this.#budget = options.sinkBudgetBytes
    this.#gopsBack = options.gopsBack
    this.#attachedMs = host.clock.now()
    this.#attachedSeq = host.log.head
    this.#early = options.start !== 'keyframe' && !host.starts.isAudioOnly
    this.#view = host.views.open(options.format, options.tracks)
    this.#nextView = undefined
    this.#state = 'waiting'
    this.#paused = false
    this.#pumping = false
    this.#cursor = 0
    this.#nextSeq = options.start === 'keyframe' ? host.log.head : 0
    this.#sentAt = 0
    this.#joined = false
    this.#blind = false
    this.#resumeAt = undefined
    this.#known = undefined
    this.#knownTracks = options.tracks
    this.#sentBytes = 0
    this.#sentBatches = 0
    this.#skips = 0
    this.#skippedPackets = 0
    this.#skippedMs = 0
  }

  /** What the player does now. */
  get state(): PlayerState {
    return this.#paused && this.#state !== 'closed' ? 'paused' : this.#state
  }

  /** Milliseconds since it was attached. */
  get uptimeMs(): number {
    return this.#host.clock.now() - this.#attachedMs
  }

  /** The tracks it asked for. */
  get tracks(): TrackFilter {
    return (this.#nextView ?? this.#view).tracks
  }

  /** Bytes written that the transport has not taken yet. */
  get queuedBytes(): number {
    return this.#sink.queuedBytes
  }

  /** As {@link PlayerStats.lagMs}. */
  get lagMs(): number {
    if (this.state !== 'playing' || this.#cursor >= this.#view.head) return 0
    return Math.max(0, this.#host.log.latestDts - (this.#view.at(this.#cursor)?.arrival ?? this.#sentAt))
  }

  /** Stops sending. The source goes on without this player. */
  pause(): void {
    this.#paused = true
  }

  /** Goes on at the newest keyframe, or where it stopped when that is later. */
  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    if (!this.#joined) this.#attachedSeq = this.#host.log.head
    if (this.#state === 'playing' && this.#cursor < this.#view.head) {
      const point = this.#resumePoint()
      if (point !== undefined && point.seq > this.#nextSeq) this.#continueAt(point)
      else if (this.#cursor < this.#view.first) {
        this.#state = 'waiting'
        this.#nextSeq = this.#host.log.head
        this.#sentAt = this.#host.log.latestDts
      }
    }
    this.pump()
  }

  /** The sink has room again after `queuedBytes` had reached the budget. */
  drained(): void {
    this.pump()
  }

  /**
   * Changes the tracks: at once where tracks are left out, else at the next place where a decoder of the added ones can start. Until
   * then the present ones go on. Configuration of tracks that come in, or that changed, is sent before.
   */
  setTracks(tracks: TrackFilter): void {
    if (this.#state === 'closed' || tracks === this.tracks) return
    if (this.#nextView !== undefined) this.#host.views.release(this.#nextView)
    this.#nextView = undefined
    if (tracks !== this.#view.tracks) {
      const view = this.#openView(tracks)
      if (view === undefined) return
      if (this.#state === 'waiting') this.#useView(view)
      else this.#nextView = view
    } else if (this.#blind && tracks === 'audio') {
      // It has listened, and goes on to.
      this.#blind = false
      this.#knownTracks = tracks
    }
    this.pump()
  }

  /** Leaves the source. The sink is not ended: its owner does as it likes. Harmless when repeated. */
  detach(): void {
    if (this.#state === 'closed') return
    this.#close()
    this.#host.audience.remove(this)
  }

  /** Ends it from outside: it leaves the source, and its sink is told to end. */
  kick(): void {
    if (this.#state === 'closed') return
    this.detach()
    this.#sink.end('kicked')
  }

  /** Counters, made when asked. */
  stats(): PlayerStats {
    return {
      state: this.state,
      format: this.#view.format.name,
      tracks: this.tracks,
      sentBytes: this.#sentBytes,
      sentBatches: this.#sentBatches,
      queuedBytes: this.queuedBytes,
      lagMs: this.lagMs,
      skips: this.#skips,
      skippedPackets: this.#skippedPackets,
      skippedMs: this.#skippedMs,
      userData: this.userData,
    }
  }

  /** Writes what is due and fits the budget. @internal */
  pump(): void {
    // A sink may call back from inside a write; the loop below goes on by itself.
    if (this.#pumping || this.#paused || this.#state === 'closed') return
    this.#pumping = true
    try {
      if (this.#state === 'waiting') this.#start()
      this.#write()
    } catch (error) {
      this.#host.audience.playerFailed(this, error)
    } finally {
      this.#pumping = false
    }
  }

  /** Whether it gets the batches of `view`, now or soon. @internal */
  uses(view: BatchLog): boolean {
    return this.#view === view || this.#nextView === view
  }

  /**
   * Called before old packets are dropped.
   * @returns the sequence number that is kept for this player, or `undefined` when none is.
   * @internal
   */
  sweep(): number | undefined {
    if (this.#state !== 'playing' || this.#paused) return undefined
    const batch = this.#view.at(this.#cursor)
    if (batch === undefined) return undefined
    return this.#skipTarget(batch) === undefined ? batch.fromSeq : undefined
  }

  /** Nothing more comes: the source has ended, or this player failed. @internal */
  end(reason: PlayerEnd): void {
    if (this.#state === 'closed') return
    this.#close()
    this.#sink.end(reason)
  }

  /** It has the sound alone until a keyframe comes. */
  get #isListening(): boolean {
    return this.#blind && this.#nextView !== undefined && this.#view.tracks === 'audio'
  }

  #openView(tracks: TrackFilter, fromSeq?: number): BatchLog | undefined {
    try {
      return this.#host.views.open(this.#view.format, tracks, fromSeq)
    } catch (error) {
      this.#host.audience.playerFailed(this, error)
      return undefined
    }
  }

  #close(): void {
    this.#state = 'closed'
    this.#host.views.release(this.#view)
    if (this.#nextView !== undefined) this.#host.views.release(this.#nextView)
    this.#nextView = undefined
  }

  #start(): void {
    let point = this.#joined
      ? this.#resumePoint()
      : this.#host.starts.forPlayer(this.#view, this.#gopsBack, this.#early)
    if (point !== undefined && point.seq < this.#nextSeq) point = this.#host.starts.forPlayer(this.#view, 0)
    if (point === undefined || point.seq < this.#nextSeq) return
    // A burst may bring several keyframes at once: one who waited for the first begins there.
    if (!this.#joined && point.keyframe && point.seq > this.#attachedSeq)
      point = this.#host.log.startFrom(this.#attachedSeq)!
    this.#state = 'playing'
    if (this.#joined) {
      this.#countSkipped(point)
      this.#continueAt(point)
      return
    }
    this.#joined = true
    this.#moveTo(point)
    this.#sentAt = this.#arrivalOf(point)
    this.#know(point.configuration)
    this.#send(this.#view.join(point))
  }

  #write(): void {
    let corked = false
    while (this.state === 'playing' && this.#sink.queuedBytes < this.#budget) {
      const bytes = this.#take()
      if (bytes === undefined) break
      if (!corked && this.#cursor < this.#view.head) {
        corked = true
        this.#sink.cork?.()
      }
      this.#send(bytes)
    }
    if (corked) this.#sink.uncork?.()
    if (this.#cursor < this.#view.head && this.state === 'playing') this.#sink.awaitDrain?.()
  }

  /** The next bytes in line; the cursor moves behind them. */
  #take(): Uint8Array | undefined {
    if (this.#cursor < this.#view.first) this.#fallOut()
    if (this.#nextView !== undefined) this.#changeView(this.#nextView)
    let batch = this.#view.at(this.#cursor)
    if (batch === undefined || this.#state !== 'playing') return undefined
    const target = this.#skipTarget(batch)
    if (target !== undefined) {
      this.#skips++
      this.#countSkipped(target)
      this.#continueAt(target)
      batch = this.#view.at(this.#cursor)
      if (batch === undefined) return undefined
    }
    if (this.#blind && batch.picture === 'inter') {
      if (this.#view.tracks === 'video') this.#waitForKeyframe()
      else this.#listen(batch)
      return this.state === 'playing' ? this.#take() : undefined
    }
    if (this.#resumeAt !== undefined) {
      const bytes = this.#changedConfiguration(this.#resumeAt)
      this.#resumeAt = undefined
      if (bytes.length > 0) return bytes
    }
    if (batch.picture === 'key') this.#blind = false
    this.#cursor++
    this.#nextSeq = batch.toSeq
    this.#sentAt = batch.arrival
    // The configuration of the pictures has not reached one who listens.
    if (!this.#isListening) this.#known = batch.configuration
    return batch.bytes
  }

  #waitForKeyframe(): void {
    this.#skips++
    this.#state = 'waiting'
    this.#start()
  }

  /** Inter frames come, which would show nothing: goes on with the sound of `batch` and what follows, until a keyframe comes. */
  #listen(batch: Batch): void {
    const sound = this.#openView('audio', batch.fromSeq)
    if (sound === undefined) return
    if (this.#nextView === undefined) this.#nextView = this.#view
    else this.#host.views.release(this.#view)
    this.#view = sound
    this.#cursor = sound.idAt(batch.fromSeq)
  }

  /** Where it can go on now. One who listens looks for a picture. */
  #resumePoint(): GopStart | undefined {
    return this.#host.starts.forPlayer(this.#isListening ? this.#nextView! : this.#view, 0)
  }

  /** Where a player that lags too far goes on; `undefined` while it keeps up, or when there is no newer place. */
  #skipTarget(batch: Batch): GopStart | undefined {
    // Against the newest batch, not the newest packet: what is held for the next flush is nobody's lag.
    if (this.#view.at(this.#view.head - 1)!.arrival - batch.arrival <= this.#maxLagMs) return undefined
    const point = this.#resumePoint()
    return point !== undefined && point.seq > batch.fromSeq ? point : undefined
  }

  /** The batch under the cursor is gone: the log dropped it. */
  #fallOut(): void {
    this.#skips++
    const point = this.#resumePoint()
    if (point === undefined) {
      this.#state = 'waiting'
      return
    }
    this.#countSkipped(point)
    this.#continueAt(point)
  }

  #countSkipped(point: GopStart): void {
    this.#skippedPackets += Math.max(0, point.seq - this.#nextSeq)
    this.#skippedMs += Math.max(0, this.#arrivalOf(point) - this.#sentAt)
  }

  #arrivalOf({ seq, dts }: GopStart): number {
    return this.#host.log.arrivalAt(seq) ?? dts
  }

  /** Goes on at a place that is not behind what was sent. */
  #continueAt(point: GopStart): void {
    const next = this.#nextView
    if (next !== undefined && (point.keyframe || this.#canChangeAnywhere(next))) this.#useView(next)
    this.#moveTo(point)
    this.#resumeAt = point
  }

  #moveTo(point: GopStart): void {
    this.#cursor = this.#view.idAt(point.seq)
    this.#nextSeq = point.seq
    this.#blind = !point.keyframe && (this.#blind || this.#view.tracks !== 'audio')
  }

  #useView(view: BatchLog): void {
    this.#host.views.release(this.#view)
    this.#view = view
    this.#nextView = undefined
  }

  /** Goes over to `view` if the place that was reached allows it. All views are flushed together, so such a place comes. */
  #changeView(view: BatchLog): void {
    const batch = this.#view.at(this.#cursor)
    const seq = batch?.fromSeq ?? this.#view.flushedSeq
    if (!this.#canChangeAnywhere(view)) {
      const start = this.#host.log.startFrom(this.#nextSeq)
      if (start !== undefined && start.seq <= seq) this.#continueAt(start)
      return
    }
    if (!view.isBoundary(seq)) return
    const blind = this.#blind || this.#view.tracks === 'audio'
    // Not what the player knows: configuration of tracks that it left out, or passed over, has not reached it.
    this.#continueAt(this.#host.starts.at(seq))
    this.#blind = blind && view.tracks !== 'audio'
  }

  /** Whether `view` can take over between any two packets: it adds no pictures, or there are none. */
  #canChangeAnywhere({ tracks }: BatchLog): boolean {
    const addsPictures = tracks !== 'audio' && (tracks === 'all' || this.#view.tracks === 'audio')
    return !addsPictures || (this.#host.starts.isAudioOnly && !this.#isListening)
  }

  #changedConfiguration(start: GopStart): Uint8Array {
    const known = this.#known ?? start.configuration
    const bytes = this.#view.reconfigure({ known, knownTracks: this.#knownTracks, start })
    this.#know(start.configuration)
    return bytes
  }

  #know(configuration: ConfigurationSet): void {
    this.#known = configuration
    this.#knownTracks = this.#view.tracks
  }

  #send(bytes: Uint8Array): void {
    this.#sentBytes += bytes.length
    this.#sentBatches++
    this.#sink.write(bytes)
  }
}
