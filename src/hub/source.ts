/**
 * One stream: a clock, the log, the configuration in force, and everyone who reads it.
 *
 * @module
 */
import {
  type ConfigurationSet,
  EMPTY_CONFIGURATION,
  type FourCc,
  type MediaPacket,
  type TrackFilter,
  type ViewFormat,
} from '../media/index.ts'
import { renameRequest } from './access.ts'
import { Announcer, type AnnouncerEvents } from './announcer.ts'
import type { BatchLog } from './batch-log.ts'
import type { Clock, Timer } from './clock.ts'
import { Consumer, type ConsumerOptions, type ConsumerStats } from './consumer.ts'
import { Consumers } from './consumers.ts'
import { setDeadline } from './deadline.ts'
import { FanOut } from './fan-out.ts'
import { GopCache, type GopStart } from './gop-cache.ts'
import type { ResolvedHubOptions } from './hub-options.ts'
import { Intake } from './intake.ts'
import { liveMetadata } from './live-metadata.ts'
import { OpeningData } from './opening-data.ts'
import { Player } from './player.ts'
import type { PlayerOptions, PlayerStats } from './player-options.ts'
import { Publisher, type PublisherEnd, type PublishOptions } from './publisher.ts'
import type { PlayerEnd, Sink } from './sink.ts'
import { SourceClock } from './source-clock.ts'
import type { SourceStats } from './source-stats.ts'
import type { StreamPath } from './stream-path.ts'
import { addPlayer, type PlayerTotals, type StreamTotals } from './totals.ts'
import type { Turns } from './turns.ts'
import { Views } from './views.ts'

/** Packets between two evictions when no keyframe comes. */
const SWEEP_PACKETS = 256

/** Facts that a source announces. */
export interface SourceEvents extends AnnouncerEvents {
  /** A publisher has the stream: the first, one that came back, or one that took over. */
  publish: (publisher: Publisher) => void
  /** The publisher is gone; the source waits for the grace time. */
  unpublish: (reason: PublisherEnd, publisher: Publisher) => void
  /** The configuration of a track or the metadata changed. */
  configuration: (configuration: ConfigurationSet) => void
  /**
   * There is sound, but for 3 s no picture that a decoder could begin with, though there is video: readers begin with the sound, until a
   * keyframe comes. Once for each publish.
   */
  videoStalled: () => void
  /** The last player, consumer or viewer has left. Not when the source closes. */
  idle: () => void
  /** As {@link HubEvents.fanOutError}. */
  fanOutError: (error: unknown, player: Player | undefined) => void
  /** The source is over and removed from its hub. */
  close: () => void
}

/** One stream of a hub. Made by {@link Hub.publish}, never by a player. */
export class Source extends Announcer<SourceEvents> {
  /** `/app/name`. */
  readonly streamPath: StreamPath
  /** The packets; read-only for others. */
  readonly log: GopCache
  readonly #clock: Clock
  readonly #turns: Turns
  readonly #intake: Intake
  readonly #sourceClock: SourceClock
  readonly #fanOut: FanOut<Player>
  readonly #views: Views
  readonly #consumers: Consumers
  readonly #openingData: OpeningData
  readonly #onClose: () => void
  #options: ResolvedHubOptions
  #publisherStarts: number[]
  /** Of the present publisher's first audio or video. */
  #firstCodedSeq: number
  #publisher: Publisher | undefined
  #lastPublisher: Publisher | undefined
  /** The publisher that listeners know of. */
  #announced: Publisher | undefined
  #grace: Timer | undefined
  #closed: boolean
  #viewers: number
  #publishCount: number
  #publishedSinceMs: number
  #lastArrivalMs: number
  #plays: number
  /** Of players that have left. */
  #departed: PlayerTotals
  #unswept: number
  /** This round asks players what they need, and this is the oldest so far. */
  #isSweeping: boolean
  #needed: number
  #evictedTo: number
  #configuration: ConfigurationSet
  /** Of the present publisher, where it says. */
  #publisherAtc: boolean | undefined
  /** Of the present publisher, it was told that its video has stalled. */
  #toldOfStall: boolean

  /**
   * @param turns - whom it takes turns with when it sends.
   * @param onClose - called first of all when the source closes.
   * @internal
   */
  constructor(
    streamPath: StreamPath,
    clock: Clock,
    turns: Turns,
    options: ResolvedHubOptions,
    onClose: () => void,
  ) {
    super()
    this.streamPath = streamPath
    this.log = new GopCache(options)
    this.#clock = clock
    this.#turns = turns
    this.#intake = new Intake()
    this.#sourceClock = new SourceClock(options)
    this.#views = new Views(this.log, (view, error) => this.#viewFailed(view, error))
    this.#fanOut = new FanOut(clock, turns, options, {
      flush: () => this.#views.flush(),
      roundBegins: () => this.#beginSweep(),
      visit: (player) => {
        this.#needed = Math.min(this.#needed, player.sweep() ?? this.#needed)
      },
      roundEnded: () => this.#evictIfSwept(),
      failed: (error) => this.#failed(error),
    })
    this.#consumers = new Consumers()
    this.#openingData = new OpeningData()
    this.#onClose = onClose
    this.#options = options
    this.#publisherStarts = []
    this.#firstCodedSeq = -1
    this.#publisher = undefined
    this.#lastPublisher = undefined
    this.#announced = undefined
    this.#grace = undefined
    this.#closed = false
    this.#viewers = 0
    this.#publishCount = 0
    this.#publishedSinceMs = 0
    this.#lastArrivalMs = 0
    this.#plays = 0
    this.#departed = { sentBytes: 0, skips: 0, skippedPackets: 0, skippedMs: 0 }
    this.#unswept = 0
    this.#isSweeping = false
    this.#needed = 0
    this.#evictedTo = 0
    this.#configuration = EMPTY_CONFIGURATION
    this.#publisherAtc = undefined
    this.#toldOfStall = false
  }

  /** The present publisher, or `undefined` within the grace time. */
  get publisher(): Publisher | undefined {
    return this.#publisher
  }

  /** The present publisher, or the one before the grace time: whose packets are read still. */
  get lastPublisher(): Publisher | undefined {
    return this.#lastPublisher
  }

  /** The source is over: nothing can be attached. */
  get closed(): boolean {
    return this.#closed
  }

  /** Metadata and decoder configuration in force. */
  get configuration(): ConfigurationSet {
    return this.log.configuration
  }

  /** FourCC of the newest audio packet of this publisher, `''` when there was none: also codecs without configuration. */
  get audioCodec(): FourCc {
    return this.#intake.audioCodec
  }

  /** FourCC of the newest video packet of this publisher, `''` when there was none. */
  get videoCodec(): FourCc {
    return this.#intake.videoCodec
  }

  /** dts of the newest packet, ms on the source's clock, which starts at 0. */
  get lastDts(): number {
    return this.#sourceClock.last
  }

  /** Players, consumers and counted viewers. */
  get audience(): number {
    return this.#fanOut.players.size + this.#consumers.size + this.#viewers
  }

  /** The players that are attached, as a list of now. */
  get players(): readonly Player[] {
    return Array.from(this.#fanOut.players)
  }

  /** How many players are attached. */
  get playerCount(): number {
    return this.#fanOut.players.size
  }

  /** Milliseconds since the present publisher came, 0 without one. */
  get uptimeMs(): number {
    return this.#publisher === undefined ? 0 : this.#clock.now() - this.#publishedSinceMs
  }

  /**
   * Attaches a network sink: the join bytes at once when a start is cached, then batch after batch as they are made. A player that waits
   * for its start begins at the first keyframe that comes. The sink may be written to, and ended, before this returns.
   * @throws RangeError when the source is closed; what the format throws when it frames what is cached.
   */
  attach(sink: Sink, options: PlayerOptions): Player {
    this.#assertOpen()
    const player = new Player(this, sink, {
      format: options.format,
      tracks: options.tracks ?? 'default',
      start: options.start ?? this.#options.start,
      gopsBack: options.gopsBack ?? 0,
      maxLagMs: options.maxLagMs ?? this.#options.maxLagMs,
      sinkBudgetBytes: options.sinkBudgetBytes ?? this.#options.sinkBudgetBytes,
      request: options.request && renameRequest(options.request, this.streamPath),
      userData: options.userData,
    })
    this.#plays++
    this.#fanOut.add(player)
    player.pump()
    return player
  }

  /**
   * Opens an in-process reader. Its place is the cached GOP of now, or else the first keyframe that comes, however late it is read and whatever comes behind.
   * @throws RangeError when the source is closed.
   */
  consume(options: ConsumerOptions = {}): Consumer {
    this.#assertOpen()
    const { signal } = options
    const consumer = new Consumer(
      this,
      {
        tracks: options.tracks ?? 'all',
        start: options.start ?? 'gop',
        gopsBack: options.gopsBack ?? 0,
        maxLagMs: options.maxLagMs ?? this.#options.maxLagMs,
        openingData: options.openingData ?? false,
      },
      signal,
    )
    if (signal?.aborted === true) {
      consumer.detach()
      return consumer
    }
    this.#consumers.add(consumer)
    return consumer
  }

  /** Counts a viewer that holds no connection (HLS). @returns a function that takes it back; harmless when repeated. */
  countViewer(): () => void {
    let counted = true
    this.#viewers++
    this.#plays++
    return () => {
      if (!counted) return
      counted = false
      this.#viewers--
      this.#checkIdle()
    }
  }

  /** Counts bytes that a viewer without connection got (HLS). */
  countSent(bytes: number): void {
    this.#departed.sentBytes += bytes
  }

  /**
   * Ends the source now: publisher, players and consumers. Its stream path is free from the first event on. Of thousands of players, those who
   * do not fit a turn of the event loop are ended in the next ones.
   * @param reason - what the players' sinks are told.
   */
  close(reason: PlayerEnd = 'closed'): void {
    if (this.#closed) return
    this.#closed = true
    this.#grace?.cancel()
    this.#onClose()
    this.#publisher?.kick('closed')
    if (reason !== 'failed') this.#fanOut.drain()
    this.#fanOut.close()
    this.#turns.each(this.players, (player) => this.#endPlayer(player, reason))
    this.#consumers.close()
    this.emit('close')
  }

  /** Counters, made when asked. */
  stats(): SourceStats {
    let queuedBytes = 0
    let { lagMs } = this.#consumers
    for (const player of this.#fanOut.players) {
      queuedBytes += player.queuedBytes
      lagMs = Math.max(lagMs, player.lagMs)
    }
    return {
      streamPath: this.streamPath,
      live: this.#publisher !== undefined,
      publishCount: this.#publishCount,
      players: this.#fanOut.players.size,
      consumers: this.#consumers.size,
      viewers: this.#viewers,
      receivedBytes: this.#intake.receivedBytes,
      receivedPackets: this.#intake.receivedPackets,
      cachedBytes: this.log.bytes,
      cachedMs: this.log.durationMs,
      batchBytes: this.#views.bytes,
      views: this.#views.size,
      framing: this.#views.framing,
      queuedBytes,
      lagMs,
      lastDts: this.lastDts,
      clockJumps: this.#sourceClock.jumps,
      droppedBeforeKeyframe: this.#intake.droppedBeforeKeyframe,
      oversizedGops: this.log.oversizedGops,
      fanOut: this.#fanOut.stats(),
    }
  }

  /** What went through it so far. */
  totals(): StreamTotals {
    const totals = { ...this.#departed }
    for (const player of this.#fanOut.players) addPlayer(totals, player)
    return {
      receivedBytes: this.#intake.receivedBytes,
      receivedFrames: this.#intake.receivedFrames,
      publishes: this.#publishCount,
      plays: this.#plays,
      ...totals,
    }
  }

  /** Stats of the consumers. */
  consumerStats(): ConsumerStats[] {
    return this.#consumers.stats()
  }

  /** Stats of the players. */
  playerStats(): PlayerStats[] {
    return Array.from(this.#fanOut.players, (player) => player.stats())
  }

  /** Other options, as {@link Hub.setOptions} says. @internal */
  setOptions(options: ResolvedHubOptions): void {
    this.#options = options
    this.log.setOptions(options)
    this.#sourceClock.setOptions({ ...options, atc: this.#publisherAtc ?? options.atc })
    this.#fanOut.setOptions(options)
  }

  /** Gives the stream to a new publisher. @internal */
  publish(options: PublishOptions): Publisher {
    this.#assertOpen()
    this.#grace?.cancel()
    this.#grace = undefined
    const now = this.#clock.now()
    this.#publisherAtc = options.atc
    this.#sourceClock.setOptions({ ...this.#options, atc: options.atc ?? this.#options.atc })
    this.#sourceClock.republish(this.#publishCount > 0 ? now - this.#lastArrivalMs : 0)
    if (this.#publishCount > 0) {
      this.log.restart()
      this.#publisherStarts.push(this.log.head)
    }
    this.#publishCount++
    this.#publishedSinceMs = now
    this.#lastArrivalMs = now
    this.#intake.restart()
    this.#openingData.clear()
    this.#toldOfStall = false
    const previous = this.#publisher
    const publisher = new Publisher(this, options)
    // The stream has changed hands before anybody hears of it: listeners may publish, kick and close.
    this.#publisher = publisher
    this.#lastPublisher = publisher
    previous?.kick('taken-over')
    if (publisher.ended === undefined) {
      this.#announced = publisher
      this.emit('publish', publisher)
    }
    return publisher
  }

  /** One packet of the present publisher. @internal */
  accept(packet: MediaPacket): void {
    if (!this.#intake.admit(packet)) return
    const now = this.#clock.now()
    if (packet.coded && !this.#intake.hasBegun && this.#publishCount > 1) {
      // The time between a republish and its first media counts like the time without publisher before.
      this.#sourceClock.republish(now - this.#publishedSinceMs)
    }
    this.#lastArrivalMs = now
    const live = packet.kind === 'data' && packet.configuration ? liveMetadata(packet) : packet
    const stamped = live.withDts(this.#sourceClock.map(packet, now))
    // Bounds that are hit by a jump in time would drop what nobody has got yet.
    if (this.log.firstWith(stamped) > this.#views.flushedSeq) this.#fanOut.drain()
    if (packet.coded && !this.#intake.hasBegun) {
      // Players may begin here, so no batch lies across this place.
      this.#views.flush()
      this.#firstCodedSeq = this.log.head
    }
    if (packet.kind === 'data' && !this.#intake.hasBegun) this.#openingData.add(this.log.head, stamped)
    const opens = this.log.append(stamped)
    this.#intake.learn(stamped)
    this.#consumers.start()
    if (opens) this.#unswept = SWEEP_PACKETS
    else this.#unswept++
    if (this.log.first > this.#evictedTo) this.#evictViews()
    if (this.#views.size === 0 && this.#unswept >= SWEEP_PACKETS) {
      this.#unswept = 0
      this.#evict(this.log.head)
    }
    this.#consumers.wake()
    this.#fanOut.appended(isDefaultVideo(packet))
    if (packet.kind === 'audio' && !this.#toldOfStall && this.#isVideoStalled()) {
      this.#toldOfStall = true
      this.emit('videoStalled')
    }
    if (this.log.configuration === this.#configuration) return
    this.#configuration = this.log.configuration
    this.emit('configuration', this.#configuration)
  }

  /** A publisher's end; not always the present one's. @internal */
  leave(publisher: Publisher, reason: PublisherEnd): void {
    const wasPresent = this.#publisher === publisher
    if (wasPresent) this.#publisher = undefined
    if (wasPresent && !this.#closed) {
      this.#grace = setDeadline(this.#clock, () => this.close('unpublished'), this.#options.graceMs)
      // What is held is shown now; no packet will trigger it.
      this.#fanOut.appended(true)
      this.#consumers.wake()
    }
    if (this.#announced !== publisher) return
    this.#announced = undefined
    this.emit('unpublish', reason, publisher)
  }

  /** @internal */
  get nowMs(): number {
    return this.#clock.now()
  }

  /** @internal */
  get isAudioOnly(): boolean {
    return this.#intake.video.isAbsent(this.log.configuration.video.length > 0)
  }

  /** @internal */
  openView(format: ViewFormat, tracks: TrackFilter, fromSeq?: number): BatchLog {
    return this.#views.open(format, tracks, fromSeq)
  }

  /** @internal */
  releaseView(view: BatchLog): void {
    this.#views.release(view)
  }

  /** @internal */
  remove(player: Player): void {
    this.#removePlayer(player)
    this.#checkIdle()
  }

  /** @internal */
  playerFailed(player: Player, error: unknown): void {
    this.#endPlayer(player, 'failed')
    this.#checkIdle()
    this.emit('fanOutError', error, player)
  }

  /** @internal */
  addWaiting(consumer: Consumer): void {
    this.#consumers.addWaiting(consumer)
  }

  /** @internal */
  removeConsumer(consumer: Consumer): void {
    if (this.#consumers.remove(consumer)) this.#checkIdle()
  }

  /** @internal */
  resumePoint(view: BatchLog, gopsBack: number, early = false): GopStart | undefined {
    if (this.#startsWithoutPicture(view.tracks)) {
      return view.headStart(this.lastDts, early ? this.#firstSound() : undefined)
    }
    const start = this.log.start(gopsBack)
    if (start !== undefined && start.seq >= view.flushedSeq) this.#views.flush()
    return start
  }

  /** @internal */
  startPoint(tracks: TrackFilter, gopsBack: number, fromSeq: number): GopStart | undefined {
    if (!this.#startsWithoutPicture(tracks)) return this.log.start(gopsBack)
    const seq = Math.max(fromSeq, this.log.first)
    const dts = this.log.at(seq)?.dts ?? this.lastDts
    return { seq, dts, configuration: this.log.configurationAt(seq), keyframe: false }
  }

  #isVideoStalled(): boolean {
    const hasVideo = this.log.configuration.video.length > 0 || this.#intake.video.hasPictures
    return hasVideo && this.#startsWithoutPicture('default')
  }

  /** Whether readers of `tracks` begin with sound, anywhere: there are no pictures, or the log has none to start at and the next is overdue. */
  #startsWithoutPicture(tracks: TrackFilter): boolean {
    if (tracks === 'audio' || this.isAudioOnly) return true
    return tracks !== 'video' && this.#intake.video.lacksKeyframe && this.log.start() === undefined
  }

  /** It takes some audio to know that there is no video. Players that have waited for that get the stream from here on. */
  #firstSound(): number | undefined {
    const seq = this.#firstCodedSeq
    return seq < this.log.first || this.#intake.video.hasPictures ? undefined : seq
  }

  /** @internal */
  openingDataBefore(seq: number): MediaPacket[] {
    return this.#openingData.before(seq)
  }

  /** @internal */
  isPublisherStart(seq: number): boolean {
    return this.#publisherStarts.length > 0 && this.#publisherStarts.includes(seq)
  }

  /** Once a GOP was opened or many packets came. @returns whether players are to be asked what they need. */
  #beginSweep(): boolean {
    if (this.#unswept < SWEEP_PACKETS) return false
    this.#unswept = 0
    this.#isSweeping = true
    this.#needed = this.#views.flushedSeq
    return true
  }

  /** Everyone was asked: what no reader needs any more is dropped. */
  #evictIfSwept(): void {
    if (!this.#isSweeping) return
    this.#isSweeping = false
    this.#evict(this.#needed)
  }

  #evict(neededByPlayers: number): void {
    this.log.evict(Math.min(neededByPlayers, this.#consumers.sweep()))
    this.#evictViews()
  }

  #evictViews(): void {
    const { first } = this.log
    this.#evictedTo = first
    this.#views.evict(first)
    if (this.#publisherStarts.length > 0)
      this.#publisherStarts = this.#publisherStarts.filter((seq) => seq >= first)
  }

  #removePlayer(player: Player): void {
    if (this.#fanOut.players.has(player)) addPlayer(this.#departed, player)
    this.#fanOut.remove(player)
  }

  #endPlayer(player: Player, reason: PlayerEnd): void {
    this.#removePlayer(player)
    try {
      player.end(reason)
    } catch (error) {
      // A sink that cannot be ended is no reason to keep the others waiting; one that threw before has told so.
      if (reason !== 'failed') this.emit('fanOutError', error, player)
    }
  }

  /** A wire format threw: its players are out, those of other formats go on. */
  #viewFailed(view: BatchLog, error: unknown): void {
    for (const player of this.#fanOut.players) if (player.uses(view)) this.#endPlayer(player, 'failed')
    this.#checkIdle()
    this.emit('fanOutError', error, undefined)
  }

  /** Nothing of this source can be trusted any more. */
  #failed(error: unknown): void {
    this.emit('fanOutError', error, undefined)
    this.close('failed')
  }

  #checkIdle(): void {
    if (!this.#closed && this.audience === 0) this.emit('idle')
  }

  #assertOpen(): void {
    if (this.#closed) throw new RangeError(`the source ${this.streamPath} is closed`)
  }
}

/** Whether a frame of the default track comes with it: the one that players wait for. */
function isDefaultVideo(packet: MediaPacket): boolean {
  return packet.kind === 'video' && packet.coded && (packet.codec !== '' || !packet.multitrack)
}
